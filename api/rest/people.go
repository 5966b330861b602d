package rest

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const peoplePath = "/api/v1/people"

// personBody is a person as the interface shows one: the default version.
type personBody struct {
	ID            uuid.UUID         `json:"id"`
	Number        string            `json:"number"`
	Status        string            `json:"status"`
	Version       int               `json:"version"` // also the ETag
	LatestVersion int               `json:"latest_version"`
	Values        map[string]string `json:"values"` // by field, in canonical form
	Times         map[string]times  `json:"times"`  // by field
	CreatedAt     time.Time         `json:"created_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
	Pending       []requestBody     `json:"pending_changes,omitempty"` // after an edit: what waits for approval
}

// times is when a value was recorded and, where known, collected, and by which
// version of its field's definition it was checked.
type times struct {
	RecordedAt  time.Time `json:"recorded_at"`
	CollectedAt time.Time `json:"collected_at,omitzero"`
	Definition  int       `json:"definition"`
}

func personBodyOf(p registry.Person) personBody {
	out := personBody{ID: p.ID, Number: p.Number, Status: p.Status, Version: p.VersionNo, LatestVersion: p.LatestNo,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, Pending: requestBodies(p.Pending)}
	out.Values, out.Times = splitValues(p.Values)
	return out
}

// splitValues parts values from their times, so that a merge patch has the
// shape of what it patches.
func splitValues(values map[string]registry.Value) (map[string]string, map[string]times) {
	text, at := make(map[string]string, len(values)), make(map[string]times, len(values))
	for key, v := range values {
		text[key], at[key] = v.Text, times{RecordedAt: v.RecordedAt, CollectedAt: v.CollectedAt, Definition: v.Definition}
	}
	return text, at
}

// recordChange is what a write says about the values of a person: the body of
// a POST and, as a merge patch, of a PATCH.
type recordChange struct {
	Values      valuesPatch `json:"values"`
	CollectedAt time.Time   `json:"collected_at"` // of the values; absent: unknown
	Reason      string      `json:"reason"`
}

// valuesPatch is {field: text}; null removes a value (RFC 7396 §2).
type valuesPatch map[string]string

// UnmarshalJSON refuses null for the whole: it would remove everything.
func (v *valuesPatch) UnmarshalJSON(data []byte) error {
	var members map[string]*string
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if members == nil {
		return errors.New("values are null")
	}
	*v = make(valuesPatch, len(members))
	for key, text := range members {
		if (*v)[key] = ""; text != nil {
			(*v)[key] = *text
		}
	}
	return nil
}

func (b recordChange) change(version int) registry.Change {
	return registry.Change{Set: b.Values, CollectedAt: b.CollectedAt, Reason: b.Reason, ExpectVersion: version}
}

// SearchPeople answers GET /people.
func (h *Handlers) SearchPeople(c *gin.Context) error {
	q, err := queryOf(c)
	if err != nil {
		return err
	}
	found, err := h.reg.Search(c.Request.Context(), actorOf(c), q)
	if err != nil {
		return err
	}
	return okSearch(c, found.People, personBodyOf, found.Next, found.Total)
}

// CreatePerson answers POST /people.
func (h *Handlers) CreatePerson(c *gin.Context) error {
	var body recordChange
	if err := decode(c, &body); err != nil {
		return err
	}
	p, err := h.reg.Register(c.Request.Context(), actorOf(c), body.change(0))
	if err != nil {
		return err
	}
	setETag(c, p.VersionNo)
	return created(c, peoplePath+"/"+p.ID.String(), personBodyOf(p))
}

// Person answers GET /people/{id}.
func (h *Handlers) Person(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "purpose"); err != nil {
		return err
	}
	actor := actorOf(c)
	actor.Purpose = c.Query("purpose")
	p, err := h.reg.Person(c.Request.Context(), actor, id)
	if err != nil {
		return err
	}
	return okPerson(c, p)
}

// EditPerson answers PATCH /people/{id}.
func (h *Handlers) EditPerson(c *gin.Context) error {
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
	p, err := h.reg.Edit(c.Request.Context(), actorOf(c), id, body.change(version))
	if err != nil {
		return err
	}
	return edited(c, version, p.VersionNo, p.Pending, personBodyOf(p))
}

func okPerson(c *gin.Context, p registry.Person) error {
	setETag(c, p.VersionNo)
	return ok(c, personBodyOf(p))
}
