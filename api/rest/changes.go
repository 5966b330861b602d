package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// loggedBody is one entry of the log of all records, or an import as one. It tells
// which fields were touched, and not from what to what: that is to read the record.
type loggedBody struct {
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor"`
	Channel registry.Channel  `json:"channel"`
	Reason  string            `json:"reason"`
	Record  *loggedRecord     `json:"record,omitempty"` // none: an import as one
	Number  int64             `json:"number,omitempty"` // in the history of the record
	Changes []fieldChangeBody `json:"changes,omitempty"`
	Import  *loggedImport     `json:"import,omitempty"`
}

type loggedRecord struct {
	ID     uuid.UUID `json:"id"`
	Kind   string    `json:"kind"`
	Number string    `json:"registration_number"`
}

type loggedImport struct {
	ID      uuid.UUID `json:"id"`
	Name    string    `json:"name"`
	Records int       `json:"records,omitempty"` // that it changed, where it stands as one
}

func loggedBodyOf(e registry.ChangesEntry) loggedBody {
	out := loggedBody{At: e.At, Actor: e.Actor, Channel: e.Channel, Reason: e.Reason, Number: e.ChainNo}
	if e.ID != uuid.Nil {
		out.Record = &loggedRecord{e.ID, e.Kind, e.Number}
	}
	if e.Import != uuid.Nil {
		out.Import = &loggedImport{e.Import, e.ImportName, e.Records}
	}
	for _, change := range e.Changes {
		out.Changes = append(out.Changes, fieldChangeBody(change))
	}
	return out
}

// Changes answers GET /changes: the change logs of all records, newest first.
func (h *Handlers) Changes(c *gin.Context) error {
	if err := onlyQuery(c, "actor", "channel", "field", "import", "since", "after", "limit"); err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	q := registry.ChangesQuery{Actor: c.Query("actor"), Channel: registry.Channel(c.Query("channel")), Field: c.Query("field"), After: page.After, Limit: page.Limit}
	if q.Since, err = moment(c, "since"); err != nil {
		return err
	}
	if q.Import, err = queryID(c, "import"); err != nil {
		return err
	}
	found, err := h.reg.Changes(c.Request.Context(), actorOf(c), q)
	if err != nil {
		return err
	}
	return okList(c, found.Entries, loggedBodyOf, found.Next)
}

// queryID reads an id of the query; the zero one: it is not there. Error: Invalid
// "bad_query".
func queryID(c *gin.Context, name string) (uuid.UUID, error) {
	text := c.Query(name)
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return id, badQuery(name, "bad_"+name, "A UUID.")
	}
	return id, nil
}

// issuedBody is a credential in the list of all.
type issuedBody struct {
	credentialBody
	RegistrantID uuid.UUID `json:"registrant_id"`
	ReservedAt   time.Time `json:"reserved_at"` // by which they are ordered
}

// IssuedCredentials answers GET /credentials: those of everybody, newest first.
func (h *Handlers) IssuedCredentials(c *gin.Context) error {
	if err := onlyQuery(c, "credential_configuration_id", "state", "since", "registrant_id", "reference", "after", "limit"); err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	q := issuer.IssuedQuery{ConfigID: c.Query("credential_configuration_id"), State: c.Query("state"), Reference: c.Query("reference"), After: page.After, Limit: page.size()}
	if q.Since, err = moment(c, "since"); err != nil {
		return err
	}
	if q.RegistrantID, err = queryID(c, "registrant_id"); err != nil {
		return err
	}
	found, err := h.iss.Find(c.Request.Context(), actorOf(c), q)
	if err != nil {
		return err
	}
	return okList(c, found.Issued, func(i issuer.Issued) issuedBody {
		return issuedBody{credentialBodyOf(i), i.RegistrantID, i.ReservedAt}
	}, found.Next)
}

// UnlockPerson answers POST /people/{id}/unlock: who was locked out after wrong
// tries signs in again.
func (h *Handlers) UnlockPerson(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body reasonBody
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := h.reg.Unlock(c.Request.Context(), actorOf(c), id, body.Reason); err != nil {
		return err
	}
	return noContent(c)
}

// UnlockStaff answers POST /staff/{name}/unlock.
func (h *Handlers) UnlockStaff(c *gin.Context) error {
	var body reasonBody
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := h.reg.UnlockStaff(c.Request.Context(), actorOf(c), c.Param("name"), body.Reason); err != nil {
		return err
	}
	return noContent(c)
}
