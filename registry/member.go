package registry

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// KindMembership is the Kind of a FieldChange about who belongs to which group.
// Field is the registration number of the other record; Old and New are the
// role and the time, as "head 2024-05-01/.." (ISO 8601-2: open end).
const KindMembership = "membership"

// MaxMembersAtOnce is how many members one call adds.
const MaxMembersAtOnce = 500

// Membership is somebody's part in a group for a time: from Start to the day
// before End.
type Membership struct {
	GroupID    uuid.UUID
	MemberID   uuid.UUID
	Seq        int    // 1, 2, 3, ... per pair; names the membership to EndMembership
	Kind       string // of the group
	Role       string // key of one of the kind's roles
	Start      string // day, 2006-01-02
	End        string // day; "": it holds now
	EndReason  string
	RecordedAt time.Time
	RecordedBy string
	EndedAt    time.Time // when the end was recorded; zero: it holds now
	EndedBy    string
}

// NewMember is who shall belong to a group.
type NewMember struct {
	MemberID uuid.UUID
	Role     string
	Start    string // day; "": today
}

// membershipRow is a row of membership. It is ended by one update and else never
// changed.
type membershipRow struct {
	GroupID    uuid.UUID `gorm:"column:group_id;primaryKey"`
	MemberID   uuid.UUID `gorm:"column:member_id;primaryKey"`
	Seq        int       `gorm:"column:seq;primaryKey;autoIncrement:false"`
	Kind       string    `gorm:"column:kind"`
	Role       string    `gorm:"column:role"`
	Start      db.Date   `gorm:"column:start_date"`
	End        db.Date   `gorm:"column:end_date"`
	Exclusive  bool      `gorm:"column:is_exclusive"`
	UniqueRole bool      `gorm:"column:is_unique_role"`
	RecordedAt db.Time   `gorm:"column:recorded_at"`
	RecordedBy string    `gorm:"column:recorded_by"`
	EndReason  string    `gorm:"column:end_reason"`
	EndedAt    *db.Time  `gorm:"column:ended_at"`
	EndedBy    string    `gorm:"column:ended_by"`
}

func (membershipRow) TableName() string { return "membership" }

func (m membershipRow) toMembership() Membership {
	out := Membership{GroupID: m.GroupID, MemberID: m.MemberID, Seq: m.Seq, Kind: m.Kind, Role: m.Role, Start: string(m.Start), End: string(m.End),
		EndReason: m.EndReason, RecordedAt: m.RecordedAt.Time, RecordedBy: m.RecordedBy, EndedBy: m.EndedBy}
	if m.EndedAt != nil {
		out.EndedAt = m.EndedAt.Time
	}
	return out
}

// words is how the change log tells of a membership.
func (m membershipRow) words() string {
	end := string(m.End)
	if end == "" {
		end = ".."
	}
	return m.Role + " " + string(m.Start) + "/" + end
}

// AddMembers adds up to 500 members to a group: all, or none. It returns
// Forbidden, NotFound "no_such_group", Invalid "invalid_members" with one field
// per mistake (members[0].role: unknown_role; members[0].member: no_such_member,
// kind_not_allowed, doubled; members[0].start: bad_date, date_in_future,
// before_birth), or a Conflict that names every member that is in its way:
// already_member, overlaps (an earlier membership), role_taken, member_elsewhere
// (of an exclusive kind), member_ended, cycle, too_many_members; or group_ended.
func (r *Registry) AddMembers(ctx context.Context, a Actor, group uuid.UUID, members []NewMember, reason string) ([]Membership, error) {
	if err := a.checkWithin(toKeepMembers); err != nil {
		return nil, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, fault.New(fault.Invalid, "no_members", "Name at least one member.")
	}
	var out []Membership
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		s, err := r.openRoster(tx, r.newBuilder(nil, a, reason, now), group, membersOf(members))
		if err != nil {
			return err
		}
		if out, err = s.add(members); err != nil {
			return err
		}
		return s.note()
	})
	return out, err
}

func membersOf(members []NewMember) []uuid.UUID {
	ids := make([]uuid.UUID, len(members))
	for i, m := range members {
		ids[i] = m.MemberID
	}
	return ids
}

func hasHead(members []NewMember) bool {
	for _, m := range members {
		if m.Role == HeadRole {
			return true
		}
	}
	return false
}

func errBadMembers(bad ...fault.Field) error {
	return fault.InvalidFields("invalid_members", "Some members cannot be accepted.", bad)
}
