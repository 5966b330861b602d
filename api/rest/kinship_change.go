package rest

import (
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// parentsBody is the body of PUT /people/{id}/parents. A parent who is null or
// absent is not known.
type parentsBody struct {
	Parent1ID uuid.UUID `json:"parent1_id"`
	Parent2ID uuid.UUID `json:"parent2_id"`
	IsAdopted bool      `json:"is_adopted"`
	AgeReason string    `json:"age_reason"`
	Reason    string    `json:"reason"`
}

// newSpouseBody is the body of POST /people/{id}/spouses.
type newSpouseBody struct {
	SpouseID uuid.UUID `json:"spouse_id"`
	marriageBody
	Reason string `json:"reason"`
}

// spouseChangeBody is the body of PUT /people/{id}/spouses/{marriage}.
type spouseChangeBody struct {
	marriageBody
	Reason string `json:"reason"`
}

// removalBody is the body of POST /people/{id}/spouses/{marriage}/removal.
type removalBody struct {
	Reason string `json:"reason"`
}

// newGuardianBody is the body of POST /people/{id}/guardians.
type newGuardianBody struct {
	GuardianID uuid.UUID `json:"guardian_id"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	Reason     string    `json:"reason"`
}

// guardianEndBody is the body of POST /people/{id}/guardians/{guardian}/end.
type guardianEndBody struct {
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// guardianRemovalBody is the body of POST /people/{id}/guardians/{guardian}/removal.
type guardianRemovalBody struct {
	From   string `json:"from"` // says which one
	Reason string `json:"reason"`
}

// SetParents answers PUT /people/{id}/parents.
func (h *Handlers) SetParents(c *gin.Context) error {
	var body parentsBody
	id, seen, err := kinshipChange(c, &body)
	if err != nil {
		return err
	}
	k, err := h.reg.SetParents(c.Request.Context(), actorOf(c), id, registry.ParentsChange{Parent1: body.Parent1ID, Parent2: body.Parent2ID,
		IsAdopted: body.IsAdopted, AgeReason: body.AgeReason, Reason: body.Reason, Expect: seen})
	return okKinship(c, k, err)
}

// AddSpouse answers POST /people/{id}/spouses.
func (h *Handlers) AddSpouse(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body newSpouseBody
	if err := decode(c, &body); err != nil {
		return err
	}
	k, err := h.reg.AddSpouse(c.Request.Context(), actorOf(c), id,
		registry.SpouseChange{Spouse: body.SpouseID, Marriage: registry.Marriage(body.marriageBody), Reason: body.Reason})
	return createdKinship(c, k, err)
}

// EditSpouse answers PUT /people/{id}/spouses/{marriage}.
func (h *Handlers) EditSpouse(c *gin.Context) error {
	var body spouseChangeBody
	id, marriage, seen, err := kinshipChangeOf(c, "marriage", &body)
	if err != nil {
		return err
	}
	k, err := h.reg.EditSpouse(c.Request.Context(), actorOf(c), id, marriage,
		registry.SpouseChange{Marriage: registry.Marriage(body.marriageBody), Reason: body.Reason, Expect: seen})
	return okKinship(c, k, err)
}

// RemoveSpouse answers POST /people/{id}/spouses/{marriage}/removal.
func (h *Handlers) RemoveSpouse(c *gin.Context) error {
	var body removalBody
	id, marriage, seen, err := kinshipChangeOf(c, "marriage", &body)
	if err != nil {
		return err
	}
	k, err := h.reg.RemoveSpouse(c.Request.Context(), actorOf(c), id, marriage, registry.SpouseChange{Reason: body.Reason, Expect: seen})
	return okKinship(c, k, err)
}

// AddGuardian answers POST /people/{id}/guardians.
func (h *Handlers) AddGuardian(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body newGuardianBody
	if err := decode(c, &body); err != nil {
		return err
	}
	k, err := h.reg.AddGuardian(c.Request.Context(), actorOf(c), id,
		registry.GuardianChange{Guardian: body.GuardianID, From: body.From, To: body.To, Reason: body.Reason})
	return createdKinship(c, k, err)
}

// EndGuardian answers POST /people/{id}/guardians/{guardian}/end.
func (h *Handlers) EndGuardian(c *gin.Context) error {
	var body guardianEndBody
	id, guardian, seen, err := kinshipChangeOf(c, "guardian", &body)
	if err != nil {
		return err
	}
	k, err := h.reg.EndGuardian(c.Request.Context(), actorOf(c), id,
		registry.GuardianChange{Guardian: guardian, To: body.To, Reason: body.Reason, Expect: seen})
	return okKinship(c, k, err)
}

// RemoveGuardian answers POST /people/{id}/guardians/{guardian}/removal.
func (h *Handlers) RemoveGuardian(c *gin.Context) error {
	var body guardianRemovalBody
	id, guardian, seen, err := kinshipChangeOf(c, "guardian", &body)
	if err != nil {
		return err
	}
	k, err := h.reg.RemoveGuardian(c.Request.Context(), actorOf(c), id,
		registry.GuardianChange{Guardian: guardian, From: body.From, Reason: body.Reason, Expect: seen})
	return okKinship(c, k, err)
}

// kinshipChange reads a change of a person's kinship: whose, from which state,
// and the body.
func kinshipChange(c *gin.Context, body any) (id uuid.UUID, seen int64, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return id, 0, err
	}
	version, err := ifMatch(c)
	if err != nil {
		return id, 0, err
	}
	return id, int64(version), decode(c, body)
}

// kinshipChangeOf is kinshipChange of something that the path names too.
func kinshipChangeOf(c *gin.Context, name string, body any) (id, other uuid.UUID, seen int64, err error) {
	if other, err = pathID(c, name); err != nil {
		return id, other, 0, err
	}
	id, seen, err = kinshipChange(c, body)
	return id, other, seen, err
}
