package registry

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// roster is the members of one group during one transaction that changes them.
// The group and everybody concerned are locked, so that what is looked up holds
// until the transaction ends; the unique indexes of membership say the same.
type roster struct {
	r       *Registry
	tx      *gorm.DB
	b       *builder
	kind    GroupKind
	group   *record
	records map[uuid.UUID]*record     // the group and everybody concerned who is there
	notes   map[uuid.UUID][]diffEntry // what the log will say, by record
}

// openRoster locks a group that has not ended, and members, who need not be in
// it or be there at all. Somebody outside the actor's bounds is not there, but for
// who is or was in the group. It returns NotFound "no_such_group" or Conflict
// "group_ended".
func (r *Registry) openRoster(tx *gorm.DB, b *builder, group uuid.UUID, members []uuid.UUID) (*roster, error) {
	ids := append(slices.Clone(members), group)
	var there []uuid.UUID
	for chunk := range slices.Chunk(ids, MaxMembersAtOnce) {
		var some []uuid.UUID
		w := &where{}
		w.and("id IN ?", chunk)
		w.withinOrMember(b.actor.to(toKeepMembers), group)
		if err := tx.Raw(`SELECT id FROM registrant WHERE `+w.text(), w.args...).Scan(&some).Error; err != nil {
			return nil, fmt.Errorf("look up members: %w", err)
		}
		there = append(there, some...)
	}
	if !slices.Contains(there, group) {
		return nil, errNoGroup()
	}
	records, err := r.lockRecords(tx, System().to(toRead), there...)
	if err != nil {
		return nil, err
	}
	s := &roster{r: r, tx: tx, b: b, group: records[group], records: records, notes: map[uuid.UUID][]diffEntry{}}
	switch {
	case s.group.row.Kind == PersonKind:
		return nil, errNoGroup()
	case s.group.row.Status != statusActive:
		return nil, fault.New(fault.Conflict, "group_ended", "This group has ended.")
	}
	s.kind, err = r.loadGroupKind(tx, s.group.row.Kind, "")
	return s, err
}

// add checks members and begins their memberships.
func (s *roster) add(members []NewMember) ([]Membership, error) {
	if len(members) == 0 {
		return nil, nil
	}
	rows, err := s.checkNew(members)
	if err != nil {
		return nil, err
	}
	out := make([]Membership, len(rows))
	for i, row := range rows {
		out[i] = row.toMembership()
	}
	return out, s.begin(rows...)
}

// begin stores new memberships.
func (s *roster) begin(rows ...membershipRow) error {
	err := s.tx.CreateInBatches(rows, MaxMembersAtOnce).Error
	if s.r.db.Dialect.IsDuplicate(err) {
		return errChangedMeanwhile()
	}
	if err != nil {
		return fmt.Errorf("store a membership: %w", err)
	}
	for _, row := range rows {
		s.tell(row, "", row.words(), "")
	}
	return nil
}

// end ends a membership that holds.
func (s *roster) end(row membershipRow, on, reason string) error {
	if on < string(row.Start) {
		return errBadDate("end_before_start", "It cannot end before "+string(row.Start)+", when it began.")
	}
	before := row.words()
	row.End, row.EndReason, row.EndedAt, row.EndedBy = db.Date(on), reason, &s.b.at, s.b.actor.name()
	done := s.tx.Model(&row).Where("end_date IS NULL").Select("end_date", "end_reason", "ended_at", "ended_by").Updates(&row)
	if done.Error != nil {
		return fmt.Errorf("end a membership: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return errMembershipEnded()
	}
	s.tell(row, before, row.words(), reason)
	return nil
}

// tell notes a change for the logs of both.
func (s *roster) tell(row membershipRow, before, after, comment string) {
	member := s.records[row.MemberID]
	note := func(in uuid.UUID, other string) {
		s.notes[in] = append(s.notes[in], diffEntry{Field: other, Kind: KindMembership, Old: before, New: after, Comment: comment})
	}
	note(row.GroupID, member.row.Number)
	note(row.MemberID, s.group.row.Number)
}

// note writes the logs.
func (s *roster) note() error { return s.r.noteMany(s.tx, s.b, s.records, s.notes) }

// newRow is a membership that begins.
func (s *roster) newRow(member uuid.UUID, seq int, role MemberRole, start string) membershipRow {
	return membershipRow{GroupID: s.group.row.ID, MemberID: member, Seq: seq, Kind: s.kind.Key, Role: role.Key, Start: db.Date(start),
		Exclusive: s.kind.Exclusive, UniqueRole: role.Unique, RecordedAt: s.b.at, RecordedBy: s.b.actor.name()}
}

func errBadDate(code, words string) error {
	return fault.InvalidFields("invalid_membership", "The membership cannot be accepted.", []fault.Field{{Name: "on", Code: code, Detail: words}})
}

func errMembershipEnded() error {
	return fault.New(fault.Conflict, "membership_ended", "This membership has ended already.")
}

const codeChangedMeanwhile = "changed_meanwhile"

func errChangedMeanwhile() error {
	return fault.New(fault.Conflict, codeChangedMeanwhile, "Somebody else is changing this now. Try again.")
}
