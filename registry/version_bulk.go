package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// DefaultSwitch asks that everybody whom a query finds gets the version with one
// label as their default.
type DefaultSwitch struct {
	Label       string
	Query       Query  // After and Limit are not used
	ExpectCount int    // SwitchCount.ToSwitch as it was confirmed
	Reason      string // for the change log; at most 500 characters
	After       string // SwitchResult.Next of a run that ended early; "": from the beginning
}

// SwitchCount is what a DefaultSwitch would do: exact numbers.
type SwitchCount struct {
	ToSwitch int // people who have the version and another default
	Already  int // people whose default it is
}

// SwitchResult is what a DefaultSwitch did.
type SwitchResult struct {
	Switched    int
	Skipped     int    // the default of others was theirs already by then, or their values are erased
	Conflicting int    // the version holds an identifier that another person has, or a value that the actor may not enter, or would take the person out of the actor's areas: nothing was changed
	Next        string // DefaultSwitch.After to go on from; "": everybody was looked at
}

// switchBatch is how many people one transaction of a bulk switch holds.
const switchBatch = 200

// CountDefaultSwitch tells how many people SetDefaultByLabel would switch, and
// changes nothing. It returns the errors of SetDefaultByLabel.
func (r *Registry) CountDefaultSwitch(ctx context.Context, a Actor, label string, q Query) (SwitchCount, error) {
	if err := a.checkWithin(toSetDefault); err != nil {
		return SwitchCount{}, err
	}
	s, err := DefaultSwitch{Label: label, Query: q}.clean()
	if err != nil {
		return SwitchCount{}, err
	}
	var n SwitchCount
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		n, err = r.countSwitch(tx, a, s, uuid.Nil)
		return err
	})
	return n, err
}

// SetDefaultByLabel switches the default version of many people within the
// actor's bounds, each as SetDefault does, in batches of one transaction each. People whose default it
// is already are left alone, so that the same call may be made again; one that
// ended early, by its context or a crash, goes on after the last batch when its
// Next is sent along, and from the beginning without. An error comes with what
// was done until then.
//
// It returns Invalid "invalid_label", "bad_query" or "bad_cursor", Conflict
// "count_changed" when more people would be switched than ExpectCount, or
// Forbidden.
func (r *Registry) SetDefaultByLabel(ctx context.Context, a Actor, s DefaultSwitch) (SwitchResult, error) {
	result := SwitchResult{Next: s.After}
	if err := a.checkWithin(toSetDefault); err != nil {
		return result, err
	}
	s, err := s.clean()
	if err != nil {
		return result, err
	}
	after, err := parseAfter(s.After)
	if err != nil {
		return result, err
	}
	if _, err := r.confirmSwitch(ctx, a, s, after); err != nil {
		return result, err
	}
	for {
		batch, err := r.switchSome(ctx, a, s, after, s.ExpectCount-result.Switched, nil)
		if err != nil {
			return result, err
		}
		result.add(batch)
		if batch.Next == "" {
			return result, nil
		}
		if after, err = parseAfter(batch.Next); err != nil {
			return result, err
		}
	}
}

func (s DefaultSwitch) clean() (_ DefaultSwitch, err error) {
	if s.Label, err = cleanLabel(s.Label); err != nil {
		return s, err
	}
	s.Reason, err = cleanReason(s.Reason)
	return s, err
}

func (x *SwitchResult) add(batch SwitchResult) {
	x.Switched += batch.Switched
	x.Skipped += batch.Skipped
	x.Conflicting += batch.Conflicting
	x.Next = batch.Next
}

// confirmSwitch counts what is to be done, and compares it with what somebody has
// agreed to.
func (r *Registry) confirmSwitch(ctx context.Context, a Actor, s DefaultSwitch, after uuid.UUID) (n SwitchCount, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if n, err = r.countSwitch(tx, a, s, after); err == nil && n.ToSwitch > s.ExpectCount {
			err = errCountChanged()
		}
		return err
	})
	return n, err
}

func errCountChanged() error {
	return fault.New(fault.Conflict, "count_changed", "More people would be switched than were confirmed. Count again.")
}

// namedSQL is the people with a version of one label: its number is named_no.
const namedSQL = ` FROM registrant JOIN (SELECT registrant_id AS named_id, version_no AS named_no FROM registrant_version WHERE label = ?) AS named
	ON named_id = id WHERE `

// onNamed tells whether the default is that version, or repeats it.
const onNamed = `(version_no = named_no OR EXISTS (SELECT 1 FROM registrant_version live
	WHERE live.registrant_id = registrant.id AND live.version_no = registrant.version_no AND live.basis = named_no))`

// switchWhere are the people of a switch from one id on.
func (r *Registry) switchWhere(tx *gorm.DB, a Actor, s DefaultSwitch, after uuid.UUID) (*where, error) {
	fields, err := r.fieldSet(tx)
	if err != nil {
		return nil, err
	}
	w, err := r.conditions(tx, fields, fields.hiddenFrom(a), s.Query)
	if err != nil {
		return nil, err
	}
	w.and("kind = ?", PersonKind)
	w.and("id > ?", after)
	w.within(a.to(toSetDefault))
	return w, nil
}

func (r *Registry) countSwitch(tx *gorm.DB, a Actor, s DefaultSwitch, after uuid.UUID) (SwitchCount, error) {
	w, err := r.switchWhere(tx, a, s, after)
	if err != nil {
		return SwitchCount{}, err
	}
	var n SwitchCount
	err = tx.Raw(`SELECT count(*) FILTER (WHERE NOT `+onNamed+`) AS to_switch, count(*) FILTER (WHERE `+onNamed+`) AS already`+namedSQL+
		strings.Join(w.sql, " AND "), append([]any{s.Label}, w.args...)...).Scan(&n).Error
	if err != nil {
		return SwitchCount{}, fmt.Errorf("count the people of a switch: %w", err)
	}
	return n, nil
}

// switchSome is one batch: at most most people are switched in it. keep, if there
// is one, writes what was done in the same transaction.
func (r *Registry) switchSome(ctx context.Context, a Actor, s DefaultSwitch, after uuid.UUID, most int, keep func(*gorm.DB, SwitchResult) error) (SwitchResult, error) {
	var out SwitchResult
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		out = SwitchResult{}
		w, err := r.switchWhere(tx, a, s, after)
		if err != nil {
			return err
		}
		w.and("NOT " + onNamed)
		var ids []uuid.UUID
		err = tx.Raw(`SELECT id`+namedSQL+strings.Join(w.sql, " AND ")+` ORDER BY id LIMIT ?`,
			append(append([]any{s.Label}, w.args...), switchBatch)...).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("find the people of a switch: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		rows, err := r.lockPeople(tx, a, ids)
		if err != nil {
			return err
		}
		b, err := r.loadBuilder(tx, a, s.Reason, now)
		if err != nil {
			return err
		}
		if out, err = r.switchAll(tx, b, s.Label, rows, ids); err != nil {
			return err
		}
		if out.Switched > most {
			return errCountChanged()
		}
		if len(ids) == switchBatch {
			out.Next = formatAfter(ids[len(ids)-1])
		}
		if keep != nil {
			return keep(tx, out)
		}
		return nil
	})
	return out, err
}

// lockPeople reads and holds people in the order of their ids: nobody else locks
// several records in another one. The definitions are read after it: see
// IndexField.
func (r *Registry) lockPeople(tx *gorm.DB, a Actor, ids []uuid.UUID) ([]placedRow, error) {
	rows, err := findRows(tx, a.to(toSetDefault), ids, r.db.Dialect.ForUpdate())
	if err != nil {
		return nil, fmt.Errorf("lock the people of a switch: %w", err)
	}
	return rows, nil
}

// switchAll switches the locked people.
func (r *Registry) switchAll(tx *gorm.DB, b *builder, label string, rows []placedRow, ids []uuid.UUID) (SwitchResult, error) {
	var versions []versionRow
	if err := tx.Where("label = ? AND registrant_id IN ?", label, ids).Find(&versions).Error; err != nil {
		return SwitchResult{}, fmt.Errorf("load the versions of a switch: %w", err)
	}
	keys, err := r.loadKeys(tx, ids)
	if err != nil {
		return SwitchResult{}, err
	}
	named := make(map[uuid.UUID]versionRow, len(versions))
	for _, v := range versions {
		named[v.RegistrantID] = v
	}
	var out SwitchResult
	for _, found := range rows {
		row := found.Row
		key, readable := keys[row.ID]
		v := named[row.ID]
		if !readable || v.VersionNo == row.VersionNo {
			out.Skipped++
			continue
		}
		old, err := openRecord(row, key)
		if err != nil {
			return out, err
		}
		old.above = pathCodes(string(found.Path))
		if err := r.switchOne(tx, b, old, v, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// switchOne switches one person and counts how it went. Where identifiers move,
// another person may be in the way: a savepoint takes that person's part back.
func (r *Registry) switchOne(tx *gorm.DB, b *builder, old record, v versionRow, out *SwitchResult) error {
	change, err := b.switchTo(old, v)
	if code := fault.CodeOf(err); code == CodeNotEditable || code == CodeApprovalNeeded {
		out.Conflicting++
		return nil
	}
	if err != nil {
		return err
	}
	if change == nil {
		out.Skipped++
		return nil
	}
	store := func(tx *gorm.DB) error { return r.store(tx, change) }
	if len(change.Added) == 0 {
		err = store(tx)
	} else {
		err = tx.Transaction(store)
	}
	switch {
	case err == nil:
		out.Switched++
		return nil
	case fault.CodeOf(err) == "identifier_taken", fault.CodeOf(err) == fault.CodeOf(errOutsideArea()):
		out.Conflicting++
		return nil
	}
	return err
}
