package rest

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// identifierBody is one identifier of a person or a group.
type identifierBody struct {
	Number     int                       `json:"number"` // within the record, from 1
	Type       string                    `json:"type"`
	Value      string                    `json:"value"`
	Masked     bool                      `json:"masked"` // only the end of the value is shown
	Status     registry.IdentifierStatus `json:"status"`
	ValidFrom  string                    `json:"valid_from,omitempty"`
	ValidTo    string                    `json:"valid_to,omitempty"` // the last day
	IssuedBy   string                    `json:"issued_by,omitempty"`
	Version    int                       `json:"version"` // also the ETag
	RecordedBy string                    `json:"recorded_by"`
	RecordedAt time.Time                 `json:"recorded_at"`
	ChangedBy  string                    `json:"changed_by"`
	ChangedAt  time.Time                 `json:"changed_at"`
}

func identifierBodyOf(i registry.Identifier) identifierBody {
	return identifierBody{Number: i.Seq, Type: i.Type, Value: i.Value, Masked: i.Masked, Status: i.Status, ValidFrom: i.ValidFrom, ValidTo: i.ValidTo,
		IssuedBy: i.IssuedBy, Version: i.Version, RecordedBy: i.RecordedBy, RecordedAt: i.RecordedAt, ChangedBy: i.ChangedBy, ChangedAt: i.ChangedAt}
}

// newIdentifierBody is the body of POST /registrants/{id}/identifiers.
type newIdentifierBody struct {
	Type      string `json:"type"`
	Value     string `json:"value"`
	ValidFrom string `json:"valid_from"`
	ValidTo   string `json:"valid_to"`
	IssuedBy  string `json:"issued_by"`
	Reason    string `json:"reason"`
}

// identifierPatch is the merge patch of an identifier.
type identifierPatch struct {
	Status    patchText `json:"status"`
	ValidFrom patchText `json:"valid_from"`
	ValidTo   patchText `json:"valid_to"`
	IssuedBy  patchText `json:"issued_by"`
	Reason    string    `json:"reason"`
}

func (b identifierPatch) change(version int) registry.IdentifierChange {
	return registry.IdentifierChange{Status: (*registry.IdentifierStatus)(b.Status.text), ValidFrom: b.ValidFrom.text,
		ValidTo: b.ValidTo.text, IssuedBy: b.IssuedBy.text, Reason: b.Reason, ExpectVersion: version}
}

// patchText is a text in a merge patch: nil if it is absent, "" for null, which
// removes it (RFC 7396 §2).
type patchText struct{ text *string }

// UnmarshalJSON reads a string or null.
func (p *patchText) UnmarshalJSON(data []byte) error {
	p.text = new(string)
	return json.Unmarshal(data, p.text)
}

// Identifiers answers GET /registrants/{id}/identifiers.
func (h *Handlers) Identifiers(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	list, err := h.reg.Identifiers(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return okList(c, list, identifierBodyOf, "")
}

// AddIdentifier answers POST /registrants/{id}/identifiers.
func (h *Handlers) AddIdentifier(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body newIdentifierBody
	if err := decode(c, &body); err != nil {
		return err
	}
	i, err := h.reg.AddIdentifier(c.Request.Context(), actorOf(c), id, registry.NewIdentifier(body))
	if err != nil {
		return err
	}
	setETag(c, i.Version)
	return created(c, "/api/v1/registrants/"+id.String()+"/identifiers/"+strconv.Itoa(i.Seq), identifierBodyOf(i))
}

// identifierAt reads the path of one identifier.
func identifierAt(c *gin.Context) (id uuid.UUID, number int, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return id, 0, err
	}
	number, err = pathNumber(c, "number")
	return id, number, err
}

// Identifier answers GET /registrants/{id}/identifiers/{number}.
func (h *Handlers) Identifier(c *gin.Context) error {
	id, number, err := identifierAt(c)
	if err != nil {
		return err
	}
	i, err := h.reg.Identifier(c.Request.Context(), actorOf(c), id, number)
	if err != nil {
		return err
	}
	setETag(c, i.Version)
	return ok(c, identifierBodyOf(i))
}

// ChangeIdentifier answers PATCH /registrants/{id}/identifiers/{number}.
func (h *Handlers) ChangeIdentifier(c *gin.Context) error {
	id, number, err := identifierAt(c)
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body identifierPatch
	if err := decodePatch(c, &body); err != nil {
		return err
	}
	i, err := h.reg.ChangeIdentifier(c.Request.Context(), actorOf(c), id, number, body.change(version))
	if err != nil {
		return err
	}
	setETag(c, i.Version)
	return ok(c, identifierBodyOf(i))
}

// holderBody is who has an identifier.
type holderBody struct {
	ID     uuid.UUID                 `json:"id"`
	Kind   string                    `json:"kind"`
	Number string                    `json:"number"`     // registration number
	Seq    int                       `json:"identifier"` // its number within the record
	Status registry.IdentifierStatus `json:"status"`
}

func holderBodyOf(h registry.Holder) holderBody { return holderBody(h) }

// FindByIdentifier answers POST /identifiers/find: the value stands in the body,
// so that no log of addresses holds it.
func (h *Handlers) FindByIdentifier(c *gin.Context) error {
	var body struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	holders, err := h.reg.FindByIdentifier(c.Request.Context(), actorOf(c), body.Type, body.Value)
	if err != nil {
		return err
	}
	return okList(c, holders, holderBodyOf, "")
}
