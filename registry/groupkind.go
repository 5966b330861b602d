package registry

import (
	"context"
	_ "embed" // groupkinds.json
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

//go:embed groupkinds.json
var coreGroupKinds []byte

// HeadRole is the role of the one who stands for a group, where its kind has it.
const HeadRole = "head"

// MaxGroupSize is the most that GroupKind.MaxMembers may be.
const MaxGroupSize = 100_000

// GroupKind says what a kind of group is and who may belong to one. Kinds are
// data: the first ones are in groupkinds.json, an administrator adds others.
type GroupKind struct {
	Key         string            `json:"key"`          // snake_case, never changed
	Label       map[string]string `json:"label"`        // words per language; en is always there
	NeedsHead   bool              `json:"needs_head"`   // one member has HeadRole until the group ends; never changed
	Exclusive   bool              `json:"exclusive"`    // nobody is in two groups of this kind at a time; never changed
	Roles       []MemberRole      `json:"roles"`        // added to and relabelled, never taken away
	MemberKinds []string          `json:"member_kinds"` // PersonKind and kinds of group; empty: people only
	MaxMembers  int               `json:"max_members"`  // at a time; 1 to MaxGroupSize
	VersionNo   int               `json:"version_no"`   // moves with every change; send it back to EditGroupKind
}

// MemberRole is what a member can be in a group.
type MemberRole struct {
	Key    string            `json:"key"`
	Label  map[string]string `json:"label"`
	Unique bool              `json:"unique,omitempty"` // one member at a time; never changed
}

// groupKindRow is a row of group_kind.
type groupKindRow struct {
	Key         string               `gorm:"column:key;primaryKey"`
	Label       column[labels]       `gorm:"column:label"`
	NeedsHead   bool                 `gorm:"column:needs_head"`
	Exclusive   bool                 `gorm:"column:is_exclusive"`
	Roles       column[[]MemberRole] `gorm:"column:roles"`
	MemberKinds column[[]string]     `gorm:"column:member_kinds"`
	MaxMembers  int                  `gorm:"column:max_members"`
	VersionNo   int                  `gorm:"column:version_no"`
	CreatedBy   string               `gorm:"column:created_by"`
	CreatedAt   db.Time              `gorm:"column:created_at;autoCreateTime:false"`
}

func (groupKindRow) TableName() string { return "group_kind" }

func groupKindRowOf(k GroupKind, by string, at db.Time) *groupKindRow {
	return &groupKindRow{Key: k.Key, Label: column[labels]{k.Label}, NeedsHead: k.NeedsHead, Exclusive: k.Exclusive, Roles: column[[]MemberRole]{k.Roles},
		MemberKinds: column[[]string]{k.MemberKinds}, MaxMembers: k.MaxMembers, VersionNo: k.VersionNo, CreatedBy: by, CreatedAt: at}
}

func (r groupKindRow) toGroupKind() GroupKind {
	return GroupKind{Key: r.Key, Label: r.Label.V, NeedsHead: r.NeedsHead, Exclusive: r.Exclusive, Roles: r.Roles.V,
		MemberKinds: r.MemberKinds.V, MaxMembers: r.MaxMembers, VersionNo: r.VersionNo}
}

// GroupKinds lists the kinds of group by their keys. They are no secret, as the
// definitions of fields are none.
func (r *Registry) GroupKinds(ctx context.Context) ([]GroupKind, error) {
	var out []GroupKind
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		var rows []groupKindRow
		if err := tx.Order("key").Find(&rows).Error; err != nil {
			return fmt.Errorf("list kinds of group: %w", err)
		}
		out = make([]GroupKind, len(rows))
		for i, row := range rows {
			out[i] = row.toGroupKind()
		}
		return nil
	})
	return out, err
}

// GroupKind gives one kind. It returns NotFound "no_such_group_kind".
func (r *Registry) GroupKind(ctx context.Context, key string) (GroupKind, error) {
	var k GroupKind
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		k, err = r.loadGroupKind(tx, key, "")
		return err
	})
	return k, err
}

// DefineGroupKind adds a kind of group. It returns Forbidden, Invalid
// "invalid_group_kind" with the wrong members, or Conflict "group_kind_exists".
func (r *Registry) DefineGroupKind(ctx context.Context, a Actor, k GroupKind, reason string) (GroupKind, error) {
	if err := a.check(toDefineGroups); err != nil {
		return GroupKind{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return GroupKind{}, err
	}
	k = k.withDefaults()
	k.VersionNo = 1
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := k.check(tx); err != nil {
			return err
		}
		err := tx.Create(groupKindRowOf(k, a.name(), now)).Error
		if r.db.Dialect.IsDuplicate(err) {
			return fault.New(fault.Conflict, "group_kind_exists", "There is a kind of group with this key.")
		}
		if err != nil {
			return fmt.Errorf("store a kind of group: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, "group_kind:"+k.Key, nil, k)
	})
	return k, err
}

// EditGroupKind changes labels, the greatest size and who may be a member, and
// adds roles; what memberships were checked by is never changed. It returns
// Forbidden, NotFound "no_such_group_kind", Conflict "version_conflict" when
// VersionNo is not the current one, or Invalid "invalid_group_kind".
func (r *Registry) EditGroupKind(ctx context.Context, a Actor, k GroupKind, reason string) (GroupKind, error) {
	if err := a.check(toDefineGroups); err != nil {
		return GroupKind{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return GroupKind{}, err
	}
	expect := k.VersionNo
	k = k.withDefaults()
	k.VersionNo = expect + 1
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := r.loadGroupKind(tx, k.Key, r.db.Dialect.ForUpdate())
		switch {
		case err != nil:
			return err
		case old.VersionNo != expect:
			return errVersionConflict()
		}
		if bad := k.broken(old); len(bad) > 0 {
			return errBadGroupKind(bad)
		}
		if err := k.check(tx); err != nil {
			return err
		}
		row := groupKindRowOf(k, "", now)
		if err := tx.Model(row).Select("label", "roles", "member_kinds", "max_members", "version_no").Updates(row).Error; err != nil {
			return fmt.Errorf("change a kind of group: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, "group_kind:"+k.Key, old, k)
	})
	return k, err
}

// loadGroupKind reads one kind; lock is "" or one of the dialect's lock clauses.
// It returns NotFound "no_such_group_kind".
func (r *Registry) loadGroupKind(tx *gorm.DB, key, lock string) (GroupKind, error) {
	var rows []groupKindRow
	if keysFine([]string{key}) {
		if err := tx.Raw(`SELECT * FROM group_kind WHERE key = ?`+lock, key).Scan(&rows).Error; err != nil {
			return GroupKind{}, fmt.Errorf("load a kind of group: %w", err)
		}
	}
	if len(rows) == 0 {
		return GroupKind{}, errNoGroupKind()
	}
	return rows[0].toGroupKind(), nil
}

func errNoGroupKind() error {
	return fault.New(fault.NotFound, "no_such_group_kind", "There is no such kind of group.")
}

// role gives one of the kind's roles.
func (k GroupKind) role(key string) (MemberRole, bool) {
	i := slices.IndexFunc(k.Roles, func(r MemberRole) bool { return r.Key == key })
	if i < 0 {
		return MemberRole{}, false
	}
	return k.Roles[i], true
}

// seedGroupKinds writes the kinds that come with the program and are not there.
func (r *Registry) seedGroupKinds(ctx context.Context) error {
	var kinds []GroupKind
	if err := json.Unmarshal(coreGroupKinds, &kinds); err != nil {
		return fmt.Errorf("read groupkinds.json: %w", err)
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rows := make([]*groupKindRow, len(kinds))
		for i, k := range kinds {
			if bad := k.problems(); len(bad) > 0 {
				return fmt.Errorf("read groupkinds.json: kind %q: %s", k.Key, bad[0].Detail)
			}
			k.VersionNo = 1
			rows[i] = groupKindRowOf(k, System().name(), now)
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(rows).Error; err != nil {
			return fmt.Errorf("seed kinds of group: %w", err)
		}
		return nil
	})
}
