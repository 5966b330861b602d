package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// switchBody asks for another default version of everybody whom a query finds.
type switchBody struct {
	Label       string      `json:"label"`
	Query       switchQuery `json:"query"`
	ExpectCount int         `json:"expect_count"` // what was confirmed
	Reason      string      `json:"reason"`
}

// switchQuery finds people as GET /people does; empty, it finds everybody.
type switchQuery struct {
	Text      string                   `json:"q"`
	AsWritten bool                     `json:"as_written"`
	Field     string                   `json:"field"`
	State     registry.State           `json:"state"`
	Values    map[string]string        `json:"values"` // by field, each the whole value
	Area      string                   `json:"area"`
	Version   string                   `json:"version"`
	Default   string                   `json:"default_version"`
	Programme string                   `json:"programme"`
	Enrolment registry.EnrolmentStatus `json:"enrolment"`
	Since     time.Time                `json:"changed_since"`
}

func (q switchQuery) query() registry.Query {
	return registry.Query{Text: q.Text, AsWritten: q.AsWritten, Field: q.Field, State: q.State, Equals: q.Values, Area: q.Area,
		Version: q.Version, Default: q.Default, Programme: q.Programme, Enrolment: q.Enrolment, ChangedSince: q.Since}
}

// switchCountBody is what a switch would do.
type switchCountBody struct {
	ToSwitch int `json:"to_switch"`
	Already  int `json:"already"`
}

// switchResultBody is what a switch did.
type switchResultBody struct {
	Switched    int `json:"switched"`
	Skipped     int `json:"skipped"`
	Conflicting int `json:"conflicting"`
}

// CountDefaults answers POST /default-switches/count. The query may name a
// person, so it stands in the body and not in the address.
func (h *Handlers) CountDefaults(c *gin.Context) error {
	var body struct {
		Label string      `json:"label"`
		Query switchQuery `json:"query"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	n, err := h.reg.CountDefaultSwitch(c.Request.Context(), actorOf(c), body.Label, body.Query.query())
	if err != nil {
		return err
	}
	return ok(c, switchCountBody(n))
}

// SwitchDefaults answers POST /default-switches; with Prefer: respond-async by a
// job.
func (h *Handlers) SwitchDefaults(c *gin.Context) error {
	var body switchBody
	if err := decode(c, &body); err != nil {
		return err
	}
	s := registry.DefaultSwitch{Label: body.Label, Query: body.Query.query(), ExpectCount: body.ExpectCount, Reason: body.Reason}
	if wantsAsync(c) {
		j, err := h.reg.StartDefaultSwitch(c.Request.Context(), actorOf(c), s)
		if err != nil {
			return err
		}
		return accepted(c, j)
	}
	done, err := h.reg.SetDefaultByLabel(c.Request.Context(), actorOf(c), s)
	if err != nil {
		return err
	}
	return ok(c, switchResultBody{Switched: done.Switched, Skipped: done.Skipped, Conflicting: done.Conflicting})
}
