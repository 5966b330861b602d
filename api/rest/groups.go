package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const groupsPath = "/api/v1/groups"

// groupBody is a group as the interface shows one: the default version.
type groupBody struct {
	ID            uuid.UUID         `json:"id"`
	Kind          string            `json:"kind"`
	Number        string            `json:"number"`
	Status        string            `json:"status"`
	Version       int               `json:"version"` // also the ETag
	LatestVersion int               `json:"latest_version"`
	Size          int               `json:"size"`   // members now
	Values        map[string]string `json:"values"` // by field, in canonical form
	Times         map[string]times  `json:"times"`  // by field
	CreatedAt     time.Time         `json:"created_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
	Pending       []requestBody     `json:"pending_changes,omitempty"` // after an edit: what waits for approval
}

func groupBodyOf(g registry.Group) groupBody {
	out := groupBody{ID: g.ID, Kind: g.Kind, Number: g.Number, Status: g.Status, Version: g.VersionNo, LatestVersion: g.LatestNo, Size: g.Size,
		CreatedAt: g.CreatedAt, UpdatedAt: g.UpdatedAt, Pending: requestBodies(g.Pending)}
	out.Values, out.Times = splitValues(g.Values)
	return out
}

// newGroup is the body of POST /groups.
type newGroup struct {
	Kind string `json:"kind"`
	recordChange
	Members []newMember `json:"members"`
}

// SearchGroups answers GET /groups.
func (h *Handlers) SearchGroups(c *gin.Context) error {
	q, err := queryOf(c, "kind")
	if err != nil {
		return err
	}
	found, err := h.reg.Groups(c.Request.Context(), actorOf(c), q)
	if err != nil {
		return err
	}
	return okSearch(c, found.Groups, groupBodyOf, found.Next, found.Total)
}

// CreateGroup answers POST /groups.
func (h *Handlers) CreateGroup(c *gin.Context) error {
	var body newGroup
	if err := decode(c, &body); err != nil {
		return err
	}
	g, err := h.reg.CreateGroup(c.Request.Context(), actorOf(c), body.Kind, body.change(0), newMembersOf(body.Members))
	if err != nil {
		return err
	}
	setETag(c, g.VersionNo)
	return created(c, groupsPath+"/"+g.ID.String(), groupBodyOf(g))
}

// Group answers GET /groups/{id}.
func (h *Handlers) Group(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	g, err := h.reg.Group(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	setETag(c, g.VersionNo)
	return ok(c, groupBodyOf(g))
}

// EditGroup answers PATCH /groups/{id}.
func (h *Handlers) EditGroup(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body recordChange
	if err := decodePatch(c, &body); err != nil {
		return err
	}
	g, err := h.reg.EditGroup(c.Request.Context(), actorOf(c), id, body.change(version))
	if err != nil {
		return err
	}
	return edited(c, version, g.VersionNo, g.Pending, groupBodyOf(g))
}

// endBody is the body of POST /groups/{id}/end.
type endBody struct {
	On     string `json:"on"` // day; absent: today
	Reason string `json:"reason"`
}

// EndGroup answers POST /groups/{id}/end: of a great group with the job that does it.
func (h *Handlers) EndGroup(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body endBody
	if err := decode(c, &body); err != nil {
		return err
	}
	end := registry.GroupEnd{ExpectVersion: version, On: body.On, Reason: body.Reason}
	j, waits, err := h.reg.StartGroupEnd(c.Request.Context(), actorOf(c), id, end)
	switch {
	case err != nil:
		return err
	case waits:
		return accepted(c, j)
	}
	return noContent(c)
}

// factsBody is what is counted from the members of a group as of a day.
type factsBody struct {
	AsOf       string           `json:"as_of"`
	Size       int              `json:"size"`
	Groups     int              `json:"groups"`
	Counts     []ageSexBody     `json:"counts"`
	HeadSex    string           `json:"head_sex,omitempty"`
	HeadBand   registry.AgeBand `json:"head_age_band,omitempty"`
	Dependants int              `json:"dependants"`
	WorkingAge int              `json:"working_age"`
	Dependency *float64         `json:"dependency_ratio"` // dependants to 100 of working age; null: nobody is
}

type ageSexBody struct {
	Band registry.AgeBand `json:"age_band"`
	Sex  string           `json:"sex"`
	N    int              `json:"count"`
}

func factsBodyOf(f registry.HouseholdFacts) factsBody {
	out := factsBody{AsOf: f.AsOf, Size: f.Size, Groups: f.Groups, Counts: make([]ageSexBody, len(f.Counts)), HeadSex: f.HeadSex, HeadBand: f.HeadBand,
		Dependants: f.Dependants, WorkingAge: f.WorkingAge}
	for i, n := range f.Counts {
		out.Counts[i] = ageSexBody(n)
	}
	if ratio, known := f.DependencyRatio(); known {
		out.Dependency = &ratio
	}
	return out
}

// GroupFacts answers GET /groups/{id}/facts.
func (h *Handlers) GroupFacts(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "as_of"); err != nil {
		return err
	}
	f, err := h.reg.HouseholdFacts(c.Request.Context(), actorOf(c), id, c.Query("as_of"))
	if err != nil {
		return err
	}
	return ok(c, factsBodyOf(f))
}
