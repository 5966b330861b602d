package registry

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Group is the default version of one group's record. A group is a registrant
// as a person is one: values, versions, log, decisions and numbers are the same.
type Group struct {
	ID        uuid.UUID
	Kind      string // key of a GroupKind
	Number    string // registration number
	Status    string // ACTIVE, or INACTIVE once the group has ended
	VersionNo int    // of this version; send it back as Change.ExpectVersion
	LatestNo  int
	ChainNo   int64            // moves with every edit, every decision and every change of membership
	Values    map[string]Value // by field
	Size      int              // members now
	CreatedAt time.Time
	UpdatedAt time.Time       // of the values
	Pending   []ChangeRequest // of EditGroup only: what was not written but waits for approval
}

// StatusInactive is the Status of a group that has ended.
const StatusInactive = "INACTIVE"

// KindStatus is the Kind of a FieldChange that ended a group.
const KindStatus = "status"

// CreateGroup makes a group with its first members. A kind that needs a head
// gets it here. It returns Forbidden, NotFound "no_such_group_kind", Invalid
// "invalid_values" or "invalid_members", or the conflicts of AddMembers.
func (r *Registry) CreateGroup(ctx context.Context, a Actor, kind string, c Change, members []NewMember) (Group, error) {
	if err := a.checkWithin(toRegister); err != nil {
		return Group{}, err
	}
	if kind == PersonKind {
		return Group{}, errNoGroupKind()
	}
	var g Group
	err := r.newRecord(ctx, a, kind, c, func(tx *gorm.DB, b *builder, made *built) (err error) {
		g, err = r.found(tx, b, made.Row.ID, members)
		without(b.fields.hiddenFrom(a), g.Values)
		return err
	})
	if err != nil {
		return Group{}, err
	}
	return g, nil
}

// found adds the first members of a new group.
func (r *Registry) found(tx *gorm.DB, b *builder, id uuid.UUID, members []NewMember) (Group, error) {
	s, err := r.openRoster(tx, b, id, membersOf(members))
	if err != nil {
		return Group{}, err
	}
	if s.kind.NeedsHead && !hasHead(members) {
		return Group{}, errBadMembers(fault.Field{Name: "members", Code: "head_required", Detail: "A group of this kind begins with a head."})
	}
	if _, err := s.add(members); err != nil {
		return Group{}, err
	}
	if err := s.note(); err != nil {
		return Group{}, err
	}
	g := groupOf(s.group.row, s.group.text)
	g.Size = len(members)
	return g, nil
}

// Group gives one group: to staff, and to a registered person who is in it. It
// returns NotFound "no_such_group" or Forbidden.
func (r *Registry) Group(ctx context.Context, a Actor, id uuid.UUID) (Group, error) {
	if err := a.checkAny(toRead); err != nil {
		return Group{}, err
	}
	var g Group
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		who, err := a.checkOnGroup(tx, toRead, id, asMember)
		if err != nil {
			return err
		}
		rec, err := r.loadGroup(tx, who, id, "")
		if err != nil {
			return err
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		sizes, err := sizesOf(tx, []uuid.UUID{id})
		g = groupOf(rec.row, without(hidden, rec.text))
		g.Size = sizes[id]
		return err
	})
	return g, err
}

// EditGroup changes values of a group: see Edit, whose errors it returns, but
// NotFound is "no_such_group". A group that has ended can still be corrected, but
// for what needs approval.
func (r *Registry) EditGroup(ctx context.Context, a Actor, id uuid.UUID, c Change) (Group, error) {
	if err := a.checkWithin(toEdit); err != nil {
		return Group{}, err
	}
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return Group{}, err
	}
	var g Group
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := r.loadGroup(tx, a.to(toEdit), id, r.db.Dialect.ForUpdate())
		switch {
		case err != nil:
			return err
		case old.row.VersionNo != c.ExpectVersion:
			return errVersionConflict()
		}
		b, err := r.loadBuilderOf(tx, old.row.Kind, a, reason, now)
		if err != nil {
			return err
		}
		rec, pending, err := r.editRecord(tx, b, old, c)
		if err != nil {
			return err
		}
		sizes, err := sizesOf(tx, []uuid.UUID{id})
		g = groupOf(rec.row, without(b.fields.hiddenFrom(a), rec.text))
		g.Size, g.Pending = sizes[id], pending
		return err
	})
	return g, err
}

// loadGroup is loadRecord of a group: a person is none. It returns NotFound
// "no_such_group".
func (r *Registry) loadGroup(tx *gorm.DB, who access, id uuid.UUID, lock string) (record, error) {
	rec, err := r.loadRecord(tx, who, id, lock)
	if fault.KindOf(err) == fault.NotFound || err == nil && rec.row.Kind == PersonKind {
		return record{}, errNoGroup()
	}
	return rec, err
}

func groupOf(row registrantRow, text map[string]string) Group {
	return Group{ID: row.ID, Kind: row.Kind, Number: row.Number, Status: row.Status, VersionNo: row.VersionNo, LatestNo: row.LatestNo,
		ChainNo: row.ChainNo, Values: row.Values.with(text), CreatedAt: row.CreatedAt.Time, UpdatedAt: row.UpdatedAt.Time}
}

// errNoGroup is the answer about a group that is not there, or not for this
// actor: the two are not told apart.
func errNoGroup() error {
	return fault.New(fault.NotFound, "no_such_group", "There is no such group.")
}
