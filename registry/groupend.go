package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

const jobGroupEnd = "group_end"

// groupBatch is how many memberships one transaction of the end of a group ends.
const groupBatch = 50

// GroupEnd says when and why a group ends.
type GroupEnd struct {
	ExpectVersion int
	On            string // day; "": today
	Reason        string
}

// GroupEndResult is the result of a job of kind group_end.
type GroupEndResult struct {
	Ended int `json:"ended"` // memberships
}

// EndGroup ends all memberships of a group, and then the group. Its record stays.
// Those of a great group end in batches, each one transaction, who has a role of
// which there is one last: a group whose end was broken off is one with fewer
// members, and the same call ends the rest. The version is compared once, at the
// beginning. It returns Forbidden, NotFound
// "no_such_group", Invalid "invalid_membership" (a date), Conflict
// "version_conflict", "group_ended", "changed_meanwhile", or "still_member" while
// the group is itself a member of another.
func (r *Registry) EndGroup(ctx context.Context, a Actor, id uuid.UUID, e GroupEnd) error {
	e, err := r.cleanEnd(a, e)
	if err != nil {
		return err
	}
	for at := (groupEndCursor{}); err == nil && !at.Closed; {
		at, err = r.endSome(ctx, a, id, e, at, nil)
		at.Begun = true
	}
	return err
}

// StartGroupEnd ends a group as EndGroup does: at once where one transaction holds
// its members, else as a job, whose result is a GroupEndResult; waits tells of the
// second. A job that is cancelled keeps the batches that have committed. It
// returns the errors of EndGroup, or Conflict "job_exists" while a job ends the
// group on another day or for another reason.
func (r *Registry) StartGroupEnd(ctx context.Context, a Actor, id uuid.UUID, e GroupEnd) (j Job, waits bool, err error) {
	if e, err = r.cleanEnd(a, e); err != nil {
		return Job{}, false, err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		s, open, err := r.openEnd(tx, r.newBuilder(nil, a, e.Reason, now), id, e, false)
		if err != nil {
			return err
		}
		if waits = len(open) > groupBatch; !waits {
			return s.endAll(open, e)
		}
		job, err := r.enqueue(tx, now, a, jobGroupEnd, groupEndArgs{id, e}, oneAtATime(id.String()))
		if err == nil {
			j, err = readJob(tx, a, job, true)
		}
		return err
	})
	return j, waits, err
}

// groupEndArgs are the arguments of a job of kind group_end.
type groupEndArgs struct {
	ID  uuid.UUID
	End GroupEnd
}

// groupEndCursor is where the end of a group stands.
type groupEndCursor struct {
	Ended  int  // memberships
	Total  int  // memberships that were to be ended at the beginning
	Begun  bool // the version was compared
	Closed bool
}

// workGroupEnd is the work of a job of kind group_end.
func (r *Registry) workGroupEnd(ctx context.Context, a Actor, run *jobs.Run) (any, error) {
	var args groupEndArgs
	if err := run.Args(&args); err != nil {
		return nil, err
	}
	if err := a.checkWithin(toKeepMembers); err != nil {
		return nil, err
	}
	var at groupEndCursor
	if err := goOn(run, &at); err != nil {
		return nil, err
	}
	at.Begun = true // by StartGroupEnd
	keep := func(tx *gorm.DB, next groupEndCursor) error {
		return run.Save(tx, cursorText(next), int64(next.Ended), int64(max(next.Ended, next.Total)))
	}
	for !at.Closed {
		var err error
		if at, err = r.endSome(ctx, a, args.ID, args.End, at, keep); err != nil {
			return nil, err
		}
	}
	return GroupEndResult{at.Ended}, nil
}

// cleanEnd decides about the actor, and settles the day: a job that goes on after
// midnight ends nobody later.
func (r *Registry) cleanEnd(a Actor, e GroupEnd) (GroupEnd, error) {
	if err := a.checkWithin(toKeepMembers); err != nil {
		return e, err
	}
	var err error
	if e.Reason, err = cleanReason(e.Reason); err != nil {
		return e, err
	}
	on, wrong := r.newBuilder(nil, a, e.Reason, db.TimeOf(r.now())).day(e.On)
	if wrong != nil {
		return e, errBadDate(wrong.code, wrong.words)
	}
	e.On = on
	return e, nil
}

// endSome is one batch of the end of a group; the last one ends the group as well.
// keep, if there is one, writes where it stands in the same transaction.
func (r *Registry) endSome(ctx context.Context, a Actor, id uuid.UUID, e GroupEnd, at groupEndCursor, keep func(*gorm.DB, groupEndCursor) error) (next groupEndCursor, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		next = at
		s, open, err := r.openEnd(tx, r.newBuilder(nil, a, e.Reason, now), id, e, at.Begun)
		if err != nil {
			return err
		}
		if next.Total == 0 && keep != nil {
			sizes, err := sizesOf(tx, []uuid.UUID{id})
			if err != nil {
				return err
			}
			next.Total = sizes[id]
		}
		ended, err := s.endMembers(open, e)
		if err != nil {
			return err
		}
		next.Ended += ended
		next.Closed = s.group.row.Status == StatusInactive
		if keep == nil {
			return nil
		}
		return keep(tx, next)
	})
	return next, err
}

// openEnd locks a group that may end, and the next of its members: at most
// groupBatch of them, and one more that is not locked if there are more. An end
// that has begun does not look at the version: it would stop at the first edit.
func (r *Registry) openEnd(tx *gorm.DB, b *builder, id uuid.UUID, e GroupEnd, begun bool) (*roster, []membershipRow, error) {
	if _, err := r.loadGroup(tx, b.actor.to(toKeepMembers), id, ""); err != nil {
		return nil, nil, err // before its members are read, which would show in the time
	}
	open, err := openMemberships(tx, id)
	if err != nil {
		return nil, nil, err
	}
	var members []uuid.UUID
	for _, row := range open[:min(len(open), groupBatch)] {
		members = append(members, row.MemberID)
	}
	s, err := r.openRoster(tx, b, id, members)
	switch {
	case err != nil:
		return nil, nil, err
	case !begun && s.group.row.VersionNo != e.ExpectVersion:
		return nil, nil, errVersionConflict()
	}
	if err := s.mayEnd(e.On); err != nil {
		return nil, nil, err
	}
	open, err = openMemberships(tx, id) // now that they are locked
	return s, open, err
}

// mayEnd tells whether nothing is in the way of the end of a group on a day.
func (s *roster) mayEnd(on string) error {
	var found struct {
		Above int    // groups that this one is a member of
		Last  string // day on which the youngest membership began
	}
	err := s.tx.Raw(`SELECT (SELECT count(*) FROM membership WHERE member_id = ? AND end_date IS NULL) AS above,
			(SELECT coalesce(CAST(max(start_date) AS text), '') FROM membership WHERE group_id = ? AND end_date IS NULL) AS last`,
		s.group.row.ID, s.group.row.ID).Scan(&found).Error
	switch {
	case err != nil:
		return fmt.Errorf("look for what is in the way of the end of a group: %w", err)
	case found.Above > 0:
		return fault.New(fault.Conflict, "still_member", "This group is a member of another one. End that membership first.")
	case on < found.Last:
		return errBadDate("end_before_start", "It cannot end before "+found.Last+", when a membership began.")
	}
	return nil
}

// endAll ends a group whose members are all locked. Error: Conflict
// "changed_meanwhile" if somebody joined before they were.
func (s *roster) endAll(open []membershipRow, e GroupEnd) error {
	_, err := s.endMembers(open, e)
	if err == nil && s.group.row.Status != StatusInactive {
		return errChangedMeanwhile()
	}
	return err
}

// endMembers ends the memberships of those who are locked, and the group once
// nobody else is in it.
func (s *roster) endMembers(open []membershipRow, e GroupEnd) (ended int, err error) {
	for _, row := range open {
		if s.records[row.MemberID] == nil {
			continue
		}
		if err := s.end(row, e.On, e.Reason); err != nil {
			return ended, err
		}
		ended++
	}
	switch {
	case ended < len(open) && ended == 0:
		return 0, errChangedMeanwhile()
	case ended < len(open):
		return ended, s.note()
	}
	s.group.row.Status = StatusInactive
	if err := s.tx.Model(&s.group.row).Select("status").Updates(&s.group.row).Error; err != nil {
		return ended, fmt.Errorf("end a group: %w", err)
	}
	over := diffEntry{Field: "status", Kind: KindStatus, Old: statusActive, New: StatusInactive, Comment: e.On}
	s.notes[s.group.row.ID] = append(s.notes[s.group.row.ID], over)
	return ended, s.note()
}

// openMemberships lists who is in a group now, at most one more than groupBatch,
// and who has a role of which there is one last.
func openMemberships(tx *gorm.DB, group uuid.UUID) ([]membershipRow, error) {
	var rows []membershipRow
	err := tx.Where("group_id = ? AND end_date IS NULL", group).Order("is_unique_role, member_id").Limit(groupBatch + 1).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list the members of a group: %w", err)
	}
	return rows, nil
}
