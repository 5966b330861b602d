package rest

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// versionBody is one version of a record; Values and Times are absent in lists.
type versionBody struct {
	Number  int               `json:"number"`
	Label   string            `json:"label,omitempty"`
	Basis   int               `json:"basis,omitempty"`
	Default bool              `json:"default"`
	Author  string            `json:"author"`
	Channel registry.Channel  `json:"channel"`
	Reason  string            `json:"reason"`
	At      time.Time         `json:"at"`
	Values  map[string]string `json:"values,omitempty"`
	Times   map[string]times  `json:"times,omitempty"`
}

func versionBodyOf(v registry.Version, defaultNo int) versionBody {
	out := versionBody{Number: v.No, Label: v.Label, Basis: v.Basis, Default: v.No == defaultNo, Author: v.Author, Channel: v.Channel, Reason: v.Reason, At: v.At}
	out.Values, out.Times = splitValues(v.Values)
	return out
}

// Versions answers GET /people/{id}/versions, as of a group.
func (h *Handlers) Versions(c *gin.Context) error {
	id, page, err := recordPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.VersionPage(c.Request.Context(), actorOf(c), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Versions, func(v registry.Version) versionBody { return versionBodyOf(v, found.DefaultNo) }, found.Next)
}

// Version answers GET /people/{id}/versions/{number}, as of a group.
func (h *Handlers) Version(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	number, err := pathNumber(c, "number")
	if err != nil {
		return err
	}
	current, err := h.reg.CurrentVersion(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	v, err := h.reg.Version(c.Request.Context(), actorOf(c), id, number)
	if err != nil {
		return err
	}
	return ok(c, versionBodyOf(v, current))
}

// newVersion is a named version that is to be added.
type newVersion struct {
	recordChange
	Label   string `json:"label"`
	Default bool   `json:"default"` // it becomes the record
}

// AddVersion answers POST /people/{id}/versions.
func (h *Handlers) AddVersion(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body newVersion
	if err := decode(c, &body); err != nil {
		return err
	}
	v, err := h.reg.AddVersion(c.Request.Context(), actorOf(c), id, body.Label, body.change(version), body.Default)
	if err != nil {
		return err
	}
	if body.Default {
		version = v.No
	}
	setETag(c, version)
	return created(c, peoplePath+"/"+id.String()+"/versions/"+strconv.Itoa(v.No), versionBodyOf(v, version))
}

// defaultChoice names the version that becomes the record.
type defaultChoice struct {
	Version int    `json:"version"`
	Reason  string `json:"reason"`
}

// SetDefault answers PUT /people/{id}/default.
func (h *Handlers) SetDefault(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body defaultChoice
	if err := decode(c, &body); err != nil {
		return err
	}
	p, err := h.reg.SetDefault(c.Request.Context(), actorOf(c), id, body.Version, version, body.Reason)
	if err != nil {
		return err
	}
	return okPerson(c, p)
}

// comparisonBody says in what two versions differ.
type comparisonBody struct {
	From        versionBody      `json:"from"`
	To          versionBody      `json:"to"`
	Differences []differenceBody `json:"differences"`
}

// differenceBody is one field; an absent text is no value.
type differenceBody struct {
	Field string            `json:"field"`
	Label map[string]string `json:"label"` // per language
	Old   string            `json:"old,omitempty"`
	New   string            `json:"new,omitempty"`
}

// Comparison answers GET /people/{id}/comparison?from=&to=, as of a group.
func (h *Handlers) Comparison(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "from", "to"); err != nil {
		return err
	}
	current, err := h.reg.CurrentVersion(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	found, err := h.reg.CompareVersions(c.Request.Context(), actorOf(c), id, c.Query("from"), c.DefaultQuery("to", registry.DefaultVersion))
	if err != nil {
		return err
	}
	out := comparisonBody{From: versionBodyOf(found.From, current), To: versionBodyOf(found.To, current), Differences: []differenceBody{}}
	for _, d := range found.Differences {
		out.Differences = append(out.Differences, differenceBody{Field: d.Field, Label: d.Label, Old: d.Old.Text, New: d.New.Text})
	}
	return ok(c, out)
}

// PersonAsOf answers GET /people/{id}/as-of?time=; without a time, as of now.
func (h *Handlers) PersonAsOf(c *gin.Context) error {
	id, at, err := asOf(c)
	if err != nil {
		return err
	}
	p, err := h.reg.PersonAt(c.Request.Context(), actorOf(c), id, at)
	if err != nil {
		return err
	}
	return ok(c, personBodyOf(p))
}

// GroupAsOf answers GET /groups/{id}/as-of?time=; without a time, as of now.
func (h *Handlers) GroupAsOf(c *gin.Context) error {
	id, at, err := asOf(c)
	if err != nil {
		return err
	}
	g, err := h.reg.GroupAt(c.Request.Context(), actorOf(c), id, at)
	if err != nil {
		return err
	}
	return ok(c, groupBodyOf(g))
}

// asOf reads what a record is asked for by: its id, and the moment.
func asOf(c *gin.Context) (id uuid.UUID, at time.Time, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return id, at, err
	}
	if err = onlyQuery(c, "time"); err != nil {
		return id, at, err
	}
	at, err = momentOf(c, "time")
	return id, at, err
}

// endOfTime is later than every entry of a log.
func endOfTime() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }

// momentOf reads a moment of the query; absent, it is the end of time. Error:
// Invalid "bad_query" with the parameter.
func momentOf(c *gin.Context, name string) (time.Time, error) {
	text, ok := c.GetQuery(name)
	if !ok {
		return endOfTime(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, badQuery(name, "bad_time", "A moment as in RFC 3339, such as 2026-01-31T12:00:00Z.")
	}
	return at, nil
}
