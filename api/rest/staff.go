package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const staffPath = "/api/v1/staff"

// grantBody is a role and the bounds in which it holds; what is absent bounds
// nothing.
type grantBody struct {
	Role    registry.Role `json:"role"`
	Area    string        `json:"area,omitempty"`    // code: it and what lies below it
	Kind    string        `json:"kind,omitempty"`    // person, group or a kind of group
	Section string        `json:"section,omitempty"` // of fields, for edits and decisions
	Until   string        `json:"until,omitempty"`   // the last day on which it holds
}

func (b grantBody) grant() registry.Grant { return registry.Grant(b) }

// assignmentBody is a role that somebody has.
type assignmentBody struct {
	ID uuid.UUID `json:"id"`
	grantBody
	GrantedBy string    `json:"granted_by"`
	GrantedAt time.Time `json:"granted_at"`
}

func assignmentBodyOf(a registry.Assignment) assignmentBody {
	return assignmentBody{ID: a.ID, grantBody: grantBody(a.Grant), GrantedBy: a.By, GrantedAt: a.At}
}

// staffBody is an account of a member of staff.
type staffBody struct {
	Username   string           `json:"username"`
	Roles      []assignmentBody `json:"roles"`
	CreatedAt  time.Time        `json:"created_at"`
	DisabledAt time.Time        `json:"disabled_at,omitzero"`
}

func staffBodyOf(s registry.StaffAccount) staffBody {
	return staffBody{Username: s.Username, Roles: listOf(s.Assignments, assignmentBodyOf).Items, CreatedAt: s.CreatedAt, DisabledAt: s.DisabledAt}
}

// Staff answers GET /staff.
func (h *Handlers) Staff(c *gin.Context) error {
	if err := onlyQuery(c, "q", "after", "limit"); err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	found, err := h.reg.Staff(c.Request.Context(), actorOf(c), registry.StaffQuery{Text: c.Query("q"), After: page.After, Limit: page.Limit})
	if err != nil {
		return err
	}
	return okList(c, found.Accounts, staffBodyOf, found.Next)
}

// OpenStaff answers POST /staff.
func (h *Handlers) OpenStaff(c *gin.Context) error {
	var body struct {
		Username string      `json:"username"`
		Password string      `json:"password"`
		Roles    []grantBody `json:"roles"`
		Reason   string      `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	account, err := h.reg.OpenStaff(c.Request.Context(), actorOf(c), body.Username, body.Password, listOf(body.Roles, grantBody.grant).Items, body.Reason)
	if err != nil {
		return err
	}
	return created(c, staffPath+"/"+account.Username, map[string]string{"username": account.Username})
}

// StaffAccount answers GET /staff/{name}.
func (h *Handlers) StaffAccount(c *gin.Context) error {
	s, err := h.reg.StaffAccount(c.Request.Context(), actorOf(c), c.Param("name"))
	if err != nil {
		return err
	}
	return ok(c, staffBodyOf(s))
}

// GrantRole answers POST /staff/{name}/roles.
func (h *Handlers) GrantRole(c *gin.Context) error {
	var body struct {
		grantBody
		Reason string `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	a, err := h.reg.GrantRole(c.Request.Context(), actorOf(c), c.Param("name"), body.grant(), body.Reason)
	if err != nil {
		return err
	}
	return created(c, staffPath+"/"+c.Param("name"), assignmentBodyOf(a))
}

// RevokeRole answers DELETE /staff/{name}/roles/{id}.
func (h *Handlers) RevokeRole(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "reason"); err != nil {
		return err
	}
	if err := h.reg.RevokeRole(c.Request.Context(), actorOf(c), c.Param("name"), id, c.Query("reason")); err != nil {
		return err
	}
	return noContent(c)
}

// SetStaffPassword answers PUT /staff/{name}/password.
func (h *Handlers) SetStaffPassword(c *gin.Context) error {
	var body struct {
		Password string `json:"password"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := h.reg.SetStaffPassword(c.Request.Context(), actorOf(c), c.Param("name"), body.Password); err != nil {
		return err
	}
	return noContent(c)
}

// DisableStaff answers POST /staff/{name}/disable.
func (h *Handlers) DisableStaff(c *gin.Context) error {
	if err := h.reg.DisableStaff(c.Request.Context(), actorOf(c), c.Param("name")); err != nil {
		return err
	}
	return noContent(c)
}
