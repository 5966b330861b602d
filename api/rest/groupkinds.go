package rest

import (
	"cmp"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

const groupKindsPath = "/api/v1/group-kinds"

// newGroupKind is the body of POST /group-kinds.
type newGroupKind struct {
	Key         string                `json:"key"`
	Label       map[string]string     `json:"label"`
	NeedsHead   bool                  `json:"needs_head"`
	Exclusive   bool                  `json:"exclusive"`
	Roles       []registry.MemberRole `json:"roles"`
	MemberKinds []string              `json:"member_kinds"`
	MaxMembers  int                   `json:"max_members"`
	Reason      string                `json:"reason"`
}

func (b newGroupKind) kind() registry.GroupKind {
	return registry.GroupKind{Key: b.Key, Label: b.Label, NeedsHead: b.NeedsHead, Exclusive: b.Exclusive, Roles: b.Roles,
		MemberKinds: b.MemberKinds, MaxMembers: b.MaxMembers}
}

// groupKindPatch is the body of PATCH /group-kinds/{key}: what is absent stays.
type groupKindPatch struct {
	Label       map[string]string     `json:"label"`
	Roles       []registry.MemberRole `json:"roles"`
	MemberKinds []string              `json:"member_kinds"`
	MaxMembers  int                   `json:"max_members"`
	Reason      string                `json:"reason"`
}

func (b groupKindPatch) apply(k registry.GroupKind) registry.GroupKind {
	k.MaxMembers = cmp.Or(b.MaxMembers, k.MaxMembers)
	if b.Label != nil {
		k.Label = b.Label
	}
	if b.Roles != nil {
		k.Roles = b.Roles
	}
	if b.MemberKinds != nil {
		k.MemberKinds = b.MemberKinds
	}
	return k
}

// GroupKinds answers GET /group-kinds.
func (h *Handlers) GroupKinds(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	kinds, err := h.reg.GroupKinds(c.Request.Context())
	if err != nil {
		return err
	}
	return okList(c, kinds, func(k registry.GroupKind) registry.GroupKind { return k }, "")
}

// DefineGroupKind answers POST /group-kinds.
func (h *Handlers) DefineGroupKind(c *gin.Context) error {
	var body newGroupKind
	if err := decode(c, &body); err != nil {
		return err
	}
	k, err := h.reg.DefineGroupKind(c.Request.Context(), actorOf(c), body.kind(), body.Reason)
	if err != nil {
		return err
	}
	setETag(c, k.VersionNo)
	return created(c, groupKindsPath+"/"+k.Key, k)
}

// GroupKind answers GET /group-kinds/{key}.
func (h *Handlers) GroupKind(c *gin.Context) error {
	k, err := h.reg.GroupKind(c.Request.Context(), c.Param("key"))
	if err != nil {
		return err
	}
	setETag(c, k.VersionNo)
	return ok(c, k)
}

// EditGroupKind answers PATCH /group-kinds/{key}.
func (h *Handlers) EditGroupKind(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body groupKindPatch
	if err := decodePatch(c, &body); err != nil {
		return err
	}
	k, err := h.reg.GroupKind(c.Request.Context(), c.Param("key"))
	if err != nil {
		return err
	}
	k.VersionNo = version
	if k, err = h.reg.EditGroupKind(c.Request.Context(), actorOf(c), body.apply(k), body.Reason); err != nil {
		return err
	}
	setETag(c, k.VersionNo)
	return ok(c, k)
}
