package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// MembershipEnd says when and why somebody leaves a group.
type MembershipEnd struct {
	MemberID uuid.UUID
	Seq      int       // of the membership that ends
	On       string    // the first day on which it does not hold; "": today
	NextHead uuid.UUID // a member who becomes head that day; needed when the head of a kind that needs one leaves
	Reason   string
}

// EndMembership ends a membership. It stays in the record. It returns Forbidden,
// NotFound "no_such_group" or "no_such_membership", Invalid "invalid_membership"
// (on: end_before_start, date_in_future, bad_date), Conflict "membership_ended",
// "head_needed" when a kind that needs a head would be left without one,
// "not_a_member" when the next head is none, or "kind_not_allowed" when it is a
// group. next_head: not_head when somebody
// else leaves.
func (r *Registry) EndMembership(ctx context.Context, a Actor, group uuid.UUID, e MembershipEnd) error {
	return r.changeRoster(ctx, a, group, e.Reason, []uuid.UUID{e.MemberID, e.NextHead}, func(s *roster) error {
		on, wrong := s.b.day(e.On)
		if wrong != nil {
			return errBadDate(wrong.code, wrong.words)
		}
		row, err := s.holding(e.MemberID, e.Seq)
		if err != nil {
			return err
		}
		if err := s.end(row, on, s.b.reason); err != nil {
			return err
		}
		switch {
		case row.Role != HeadRole && e.NextHead != uuid.Nil:
			return fault.InvalidFields("invalid_membership", "The membership cannot be accepted.",
				[]fault.Field{{Name: "next_head", Code: "not_head", Detail: "The one who leaves is not the head."}})
		case e.NextHead != uuid.Nil && e.NextHead != e.MemberID:
			return s.turn(e.NextHead, HeadRole, on)
		case s.isNeededHead(row):
			return errHeadNeeded()
		}
		return nil
	})
}

// RoleChange gives a member another role from a day on.
type RoleChange struct {
	MemberID uuid.UUID
	Seq      int    // of the membership that is changed
	Role     string // key of one of the kind's roles
	On       string // day; "": today
	Former   string // the role that whoever has a unique role now gets instead
	Reason   string
}

// ChangeRole ends a membership and begins one with another role, on the same
// day. With a unique role, such as that of the head, whoever has it gets the
// role Former in the same transaction, so that there is never none and never
// two. It returns Forbidden, NotFound "no_such_group" or "no_such_membership",
// Invalid "invalid_membership" (role, former: unknown_role; on: see
// EndMembership), Conflict "membership_ended", "role_taken" when Former is
// missing, "head_needed", "kind_not_allowed" when a group would become head, or
// "changed_meanwhile".
func (r *Registry) ChangeRole(ctx context.Context, a Actor, group uuid.UUID, c RoleChange) error {
	var holder uuid.UUID
	if err := a.checkWithin(toKeepMembers); err != nil {
		return err
	}
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		holder, err = holderOf(tx, group, c.Role)
		return err
	})
	if err != nil {
		return err
	}
	return r.changeRoster(ctx, a, group, c.Reason, []uuid.UUID{c.MemberID, holder}, func(s *roster) error {
		return s.changeRole(c)
	})
}

func (s *roster) changeRole(c RoleChange) error {
	on, role, err := s.checkRoleChange(c)
	if err != nil {
		return err
	}
	row, err := s.holding(c.MemberID, c.Seq)
	switch {
	case err != nil:
		return err
	case row.Role == role.Key:
		return nil
	case s.isNeededHead(row):
		return errHeadNeeded()
	}
	if role.Unique {
		if err := s.relieve(role, c.Former, on); err != nil {
			return err
		}
	}
	return s.turn(c.MemberID, role.Key, on)
}

// relieve gives whoever has a unique role another one.
func (s *roster) relieve(role MemberRole, former, on string) error {
	holder, err := holderOf(s.tx, s.group.row.ID, role.Key)
	switch {
	case err != nil || holder == uuid.Nil:
		return err
	case s.records[holder] == nil:
		return errChangedMeanwhile()
	case former == "" || former == role.Key:
		return fault.New(fault.Conflict, "role_taken", "Another member has this role. Say which role they get instead.")
	}
	return s.turn(holder, former, on)
}

// turn ends what a member is now, and begins another role on the same day.
func (s *roster) turn(member uuid.UUID, role, on string) error {
	row, err := s.held(member)
	switch {
	case err != nil:
		return err
	case row.Role == role:
		return nil
	case role == HeadRole && s.records[member].row.Kind != PersonKind:
		return fault.New(fault.Conflict, "kind_not_allowed", "The head of a group is a person.")
	}
	if err := s.end(row, on, "role "+role); err != nil {
		return err
	}
	to, _ := s.kind.role(role)
	rows := []membershipRow{s.newRow(member, 0, to, on)}
	if err := s.checkOthers(rows); err != nil {
		return err
	}
	return s.begin(rows...)
}

// holding finds a membership by its number, which must hold now.
func (s *roster) holding(member uuid.UUID, seq int) (membershipRow, error) {
	var rows []membershipRow
	err := s.tx.Raw(`SELECT * FROM membership WHERE group_id = ? AND member_id = ? AND seq = ?`, s.group.row.ID, member, seq).Scan(&rows).Error
	switch {
	case err != nil:
		return membershipRow{}, fmt.Errorf("load a membership: %w", err)
	case len(rows) == 0:
		return membershipRow{}, fault.New(fault.NotFound, "no_such_membership", "There is no such membership.")
	case rows[0].End != "":
		return membershipRow{}, errMembershipEnded()
	}
	return rows[0], nil
}

// held finds the membership that a member has now. It returns Conflict
// "not_a_member".
func (s *roster) held(member uuid.UUID) (membershipRow, error) {
	var rows []membershipRow
	err := s.tx.Raw(`SELECT * FROM membership WHERE group_id = ? AND member_id = ? AND end_date IS NULL`, s.group.row.ID, member).Scan(&rows).Error
	if err != nil {
		return membershipRow{}, fmt.Errorf("load a membership: %w", err)
	}
	if len(rows) == 0 {
		return membershipRow{}, fault.New(fault.Conflict, "not_a_member", "The one who is named is not in this group now.")
	}
	return rows[0], nil
}

func (s *roster) isNeededHead(row membershipRow) bool {
	return s.kind.NeedsHead && row.Role == HeadRole
}

func (s *roster) checkRoleChange(c RoleChange) (on string, role MemberRole, err error) {
	var bad []fault.Field
	on, wrong := s.b.day(c.On)
	if wrong != nil {
		bad = append(bad, fault.Field{Name: "on", Code: wrong.code, Detail: wrong.words})
	}
	role, known := s.kind.role(c.Role)
	if !known {
		bad = append(bad, fault.Field{Name: "role", Code: "unknown_role", Detail: "This kind of group has no such role."})
	}
	if former, known := s.kind.role(c.Former); c.Former != "" && (!known || former.Unique) {
		bad = append(bad, fault.Field{Name: "former", Code: "unknown_role", Detail: "This kind of group has no such role, or only one member may have it."})
	}
	if len(bad) > 0 {
		return "", role, fault.InvalidFields("invalid_membership", "The membership cannot be accepted.", bad)
	}
	return on, role, nil
}

// changeRoster runs f over the roster of one group in one transaction, and writes
// the logs.
func (r *Registry) changeRoster(ctx context.Context, a Actor, group uuid.UUID, why string, members []uuid.UUID, f func(*roster) error) error {
	if err := a.checkWithin(toKeepMembers); err != nil {
		return err
	}
	reason, err := cleanReason(why)
	if err != nil {
		return err
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		s, err := r.openRoster(tx, r.newBuilder(nil, a, reason, now), group, members)
		if err != nil {
			return err
		}
		if err := f(s); err != nil {
			return err
		}
		return s.note()
	})
}

// holderOf finds who has a unique role in a group now; uuid.Nil: nobody.
func holderOf(tx *gorm.DB, group uuid.UUID, role string) (uuid.UUID, error) {
	if !keysFine([]string{role}) {
		return uuid.Nil, nil
	}
	var ids []uuid.UUID
	err := tx.Raw(`SELECT member_id FROM membership WHERE group_id = ? AND role = ? AND end_date IS NULL AND is_unique_role`, group, role).Scan(&ids).Error
	if err != nil {
		return uuid.Nil, fmt.Errorf("find who has a role: %w", err)
	}
	if len(ids) == 0 {
		return uuid.Nil, nil
	}
	return ids[0], nil
}

func errHeadNeeded() error {
	return fault.New(fault.Conflict, "head_needed", "A group of this kind has a head. Name another one, or end the group.")
}
