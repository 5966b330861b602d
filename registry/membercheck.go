package registry

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// earliestDay is before anything that is recorded happened.
const earliestDay = "1850-01-01"

// day checks a day on which something happened: "" is today (UTC), and no day
// is in the future.
func (b *builder) day(typed string) (string, *mistake) {
	today := b.at.UTC().Format(time.DateOnly)
	if typed == "" {
		return today, nil
	}
	if wrong := checkText(typed); wrong != nil {
		return "", wrong
	}
	return canonicalDate(typed, earliestDay, maxToday, today)
}

// dayFor is day for something that happens to a registrant: not before birth.
func (b *builder) dayFor(rec *record, typed string) (string, *mistake) {
	on, wrong := b.day(typed)
	if wrong == nil && on < rec.text["birth_date"] {
		return "", &mistake{"before_birth", "The day is before the person's birth."}
	}
	return on, wrong
}

// checkNew gives the rows of new memberships, or all that speaks against them:
// what is wrong by itself first, and only then what others are in the way of.
func (s *roster) checkNew(members []NewMember) ([]membershipRow, error) {
	if len(members) > MaxMembersAtOnce {
		return nil, fault.New(fault.Invalid, "too_many_at_once", fmt.Sprintf("At most %d members are added at once.", MaxMembersAtOnce))
	}
	var bad []fault.Field
	rows := make([]membershipRow, len(members))
	seen := map[uuid.UUID]bool{}
	for i, m := range members {
		add := func(name string, wrong *mistake) {
			if wrong != nil {
				bad = append(bad, fault.Field{Name: fmt.Sprintf("members[%d].%s", i, name), Code: wrong.code, Detail: wrong.words})
			}
		}
		role, known := s.kind.role(m.Role)
		if !known {
			add("role", &mistake{"unknown_role", "This kind of group has no such role."})
		}
		if wrong := s.checkMember(m, seen); wrong != nil {
			add("member", wrong)
			continue
		}
		start, wrong := s.b.dayFor(s.records[m.MemberID], m.Start)
		add("start", wrong)
		rows[i] = s.newRow(m.MemberID, 0, role, start)
	}
	if len(bad) > 0 {
		return nil, errBadMembers(bad...)
	}
	return rows, s.checkOthers(rows)
}

// checkMember tells whether somebody can be in this group at all.
func (s *roster) checkMember(m NewMember, seen map[uuid.UUID]bool) *mistake {
	member := s.records[m.MemberID]
	doubled := seen[m.MemberID]
	seen[m.MemberID] = true
	switch {
	case member == nil:
		return &mistake{"no_such_member", "There is no such person or group."}
	case doubled:
		return &mistake{"doubled", "This member stands here twice."}
	case !s.kind.admits(member.row.Kind), m.Role == HeadRole && member.row.Kind != PersonKind:
		return &mistake{"kind_not_allowed", "A group of this kind does not have such members, or not in this role."}
	}
	return nil
}

// checkOthers numbers the rows, and refuses those that other memberships are in
// the way of: one Conflict with a field for each.
func (s *roster) checkOthers(rows []membershipRow) error {
	held, err := s.heldWith(rows)
	if err != nil {
		return err
	}
	var bad []fault.Field
	for i := range rows {
		wrong := s.inTheWay(&rows[i], held)
		if wrong == nil {
			wrong, err = s.checkGroup(rows[i].MemberID)
			if err != nil {
				return err
			}
		}
		if wrong != nil {
			bad = append(bad, fault.Field{Name: fmt.Sprintf("members[%d]", i), Code: wrong.code, Detail: wrong.words})
		}
		held = append(held, rows[i])
	}
	if len(bad) > 0 {
		e := fault.New(fault.Conflict, bad[0].Code, bad[0].Detail)
		e.Fields = bad
		return e
	}
	return s.checkSize(len(rows))
}

// heldWith reads the memberships that could be in the way of rows: the members'
// own in this group, their others of an exclusive kind, and who has or had a
// role of which there is one.
func (s *roster) heldWith(rows []membershipRow) ([]membershipRow, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.MemberID
	}
	var held []membershipRow
	err := s.tx.Raw(`SELECT * FROM membership WHERE group_id = ? AND (member_id IN ? OR is_unique_role)
		UNION SELECT * FROM membership WHERE member_id IN ? AND kind = ? AND is_exclusive`,
		s.group.row.ID, ids, ids, s.kind.Key).Scan(&held).Error
	if err != nil {
		return nil, fmt.Errorf("load memberships: %w", err)
	}
	return held, nil
}

// inTheWay numbers a row and gives the first reason against it.
func (s *roster) inTheWay(row *membershipRow, held []membershipRow) *mistake {
	row.Seq = 1
	var wrong *mistake
	for _, h := range held {
		same := h.GroupID == row.GroupID && h.MemberID == row.MemberID
		if same {
			row.Seq = max(row.Seq, h.Seq+1)
		}
		switch {
		case wrong != nil || !h.meets(*row):
		case same && h.End == "":
			wrong = &mistake{"already_member", "This member is in the group already."}
		case same:
			wrong = &mistake{"overlaps", "This member was in the group until " + string(h.End) + "."}
		case h.GroupID == row.GroupID && row.UniqueRole && h.Role == row.Role:
			wrong = &mistake{"role_taken", "Another member has or had this role at that time."}
		case h.GroupID != row.GroupID && row.Exclusive:
			wrong = &mistake{"member_elsewhere", "This member is or was in another group of this kind at that time."}
		}
	}
	return wrong
}

// meets tells whether two memberships hold at the same time; row has no end.
func (m membershipRow) meets(row membershipRow) bool {
	return m.End == "" || m.End > row.Start && m.End > m.Start
}

// admits tells whether registrants of a kind may be members.
func (k GroupKind) admits(kind string) bool {
	for _, member := range k.MemberKinds {
		if member == kind {
			return true
		}
	}
	return false
}

func (s *roster) checkSize(more int) error {
	sizes, err := sizesOf(s.tx, []uuid.UUID{s.group.row.ID})
	if err != nil {
		return err
	}
	if sizes[s.group.row.ID]+more > s.kind.MaxMembers {
		return fault.New(fault.Conflict, "too_many_members", fmt.Sprintf("A group of this kind has at most %d members.", s.kind.MaxMembers))
	}
	return nil
}

// checkGroup tells what speaks against a group as a member: that it has ended,
// or has this group among its own members or theirs. Every writer of such a
// membership takes the same lock, so that no two make a circle together.
func (s *roster) checkGroup(member uuid.UUID) (*mistake, error) {
	rec := s.records[member]
	switch {
	case rec.row.Kind == PersonKind:
		return nil, nil
	case rec.row.Status != statusActive:
		return &mistake{"member_ended", "This group has ended."}, nil
	}
	var lock []string
	if err := s.tx.Raw(`SELECT key FROM group_kind ORDER BY key` + s.r.db.Dialect.ForUpdate()).Scan(&lock).Error; err != nil {
		return nil, fmt.Errorf("lock the tree of groups: %w", err)
	}
	found, err := reaches(s.tx, member, s.group.row.ID)
	if err != nil || !found {
		return nil, err
	}
	return &mistake{"cycle", "This group would belong to itself."}, nil
}

// reaches tells whether a group is another one, or has it among its members, or
// theirs, now.
func reaches(tx *gorm.DB, from, to uuid.UUID) (bool, error) {
	var n int64
	err := tx.Raw(`WITH RECURSIVE below (id) AS (
			SELECT r.id FROM registrant r WHERE r.id = ?
			UNION SELECT r.id FROM below b JOIN membership m ON m.group_id = b.id AND m.end_date IS NULL
				JOIN registrant r ON r.id = m.member_id AND r.kind <> 'person')
		SELECT count(*) FROM below WHERE id = ?`, from, to).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("follow the tree of groups: %w", err)
	}
	return n > 0, nil
}
