package registry

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// What the other is to the person in whose change log it stands.
const (
	tieParent1  = "parent1"
	tieParent2  = "parent2"
	tieChild    = "child"
	tieSpouse   = "spouse"
	tieGuardian = "guardian"
	tieWard     = "ward"
)

// Codes of the mistakes in a change of kinship, as they stand in
// fault.Field.Code, beside those of dates and texts.
const (
	CodeSelf             = "self"                    // somebody as the own parent, spouse or guardian
	CodeSameParent       = "same_parent"             // both parents are one person
	CodeNoParents        = "no_parents"              // adopted by nobody
	CodeDescendant       = "descendant_as_parent"    // somebody would be the own ancestor
	CodeParentTooYoung   = "parent_too_young"        // needs a reason
	CodeParentIsSpouse   = "parent_is_spouse"        // now, or in former days
	CodeSpousesSiblings  = "spouses_become_siblings" // of the child and one of its spouses
	CodeCloseKin         = "close_kin"               // the spouse is a parent, a child or a sibling
	CodeNotMarried       = "not_married"             // a day of marriage without one
	CodeNotSeparated     = "not_separated"           // a day of separation without one
	CodeBeforeBirth      = "before_birth"
	CodeBeforeMarriage   = "before_marriage"
	CodeBeforeStart      = "before_start"
	CodeGuardianIsMinor  = "guardian_is_minor"
	CodeDegreeOutOfRange = "out_of_range"
)

// kinChange is one transaction that changes kinship. Everything is read under
// the locks of the people concerned, all of them in the order of their ids.
type kinChange struct {
	reg    *Registry
	tx     *gorm.DB
	b      *builder
	id     uuid.UUID // whose kinship is changed
	today  string
	held   map[uuid.UUID]bool    // locked
	people map[uuid.UUID]*record // locked and opened
	bad    []fault.Field
	diffs  map[uuid.UUID][]diffEntry
}

// relate runs one change of kinship and gives the kinship of id after it.
func (r *Registry) relate(ctx context.Context, a Actor, id uuid.UUID, reason string, change func(k *kinChange) error) (Kinship, error) {
	reason, err := cleanReason(reason)
	if err != nil {
		return Kinship{}, err
	}
	var out Kinship
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		k := &kinChange{reg: r, tx: tx, b: r.newBuilder(nil, a, reason, now), id: id, today: now.UTC().Format(time.DateOnly),
			held: map[uuid.UUID]bool{}, people: map[uuid.UUID]*record{}, diffs: map[uuid.UUID][]diffEntry{}}
		if err := k.exists(); err != nil {
			return err
		}
		if err := change(k); err != nil {
			return err
		}
		if err := k.note(); err != nil {
			return err
		}
		after, err := r.loadKinship(tx, a, id)
		out = after
		return err
	})
	return out, err
}

// open locks people and opens their records. Groups are nobody.
func (k *kinChange) open(ids ...uuid.UUID) error {
	people, err := k.reg.lockRecords(k.tx, k.b.actor.to(toRelate), ids...)
	if err != nil {
		return err
	}
	for id, rec := range people {
		if rec.row.Kind != PersonKind {
			return errNoPerson()
		}
		k.held[id], k.people[id] = true, rec
	}
	return nil
}

// exists returns NotFound unless k.id is a person. It comes before all else: what
// is read about somebody whom the actor does not reach would show in the time.
func (k *kinChange) exists() error {
	_, err := k.reg.load(k.tx, k.b.actor.to(toRelate), k.id, "")
	return err
}

// at holds the change to the state that it was made from.
func (k *kinChange) at(chainNo int64) error {
	if k.people[k.id].row.ChainNo != chainNo {
		return errVersionConflict()
	}
	return nil
}

// wrong adds a mistake.
func (k *kinChange) wrong(field, code, words string) {
	k.bad = append(k.bad, fault.Field{Name: field, Code: code, Detail: words})
}

// mistakes gives the error of all mistakes so far.
func (k *kinChange) mistakes() error {
	return errBadKinship(k.bad)
}

func errBadKinship(bad []fault.Field) error {
	if len(bad) == 0 {
		return nil
	}
	return fault.InvalidFields("invalid_kinship", "This cannot be recorded.", bad)
}

// isAnother refuses a spouse or guardian who is not named, or is the person.
func isAnother(field string, id, other uuid.UUID) error {
	switch other {
	case uuid.Nil:
		return errBadKinship([]fault.Field{{Name: field, Code: CodeRequired, Detail: "Say who."}})
	case id:
		return errBadKinship([]fault.Field{{Name: field, Code: CodeSelf, Detail: "Nobody is this to themself."}})
	}
	return nil
}

// needReason is for what is taken back.
func needReason(reason string) error {
	if strings.TrimSpace(reason) != "" {
		return nil
	}
	return errBadKinship([]fault.Field{{Name: "reason", Code: CodeRequired, Detail: "Say why this was a mistake."}})
}

// changed keeps what is to be noted in the change log of one of the people.
func (k *kinChange) changed(id uuid.UUID, tie, before, after, comment string) {
	if before != after {
		k.diffs[id] = append(k.diffs[id], diffEntry{Field: tie, Kind: KindKinship, Old: before, New: after, Comment: comment})
	}
}

// note writes the change logs.
func (k *kinChange) note() error {
	for _, id := range slices.SortedFunc(maps.Keys(k.diffs), byBytes) {
		if err := k.reg.note(k.tx, k.b, k.people[id], k.diffs[id]...); err != nil {
			return err
		}
	}
	return nil
}

func byBytes(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// number is the registration number of one of the people.
func (k *kinChange) number(id uuid.UUID) string { return k.people[id].row.Number }

// born is a birth date, or "".
func (k *kinChange) born(id uuid.UUID) string { return string(k.people[id].row.Values.BirthDate) }

// day checks a date; "" is one that is not known. latest is maxToday, or "" for
// a date that may be in the future.
func (k *kinChange) day(field, raw, latest string) string {
	if raw == "" {
		return ""
	}
	wrong := checkText(raw)
	if wrong == nil {
		var day string
		if day, wrong = canonicalDate(raw, earliestDay, latest, k.today); wrong == nil {
			return day
		}
	}
	k.wrong(field, wrong.code, wrong.words)
	return ""
}

// notBeforeBirth holds a date against the births of people, where they are known.
func (k *kinChange) notBeforeBirth(field, day string, people ...uuid.UUID) {
	for _, id := range people {
		if day != "" && day < k.born(id) {
			k.wrong(field, CodeBeforeBirth, "The date is before a birth.")
			return
		}
	}
}

// yearsAfter is the same day, years later.
func yearsAfter(day string, years int) (string, error) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "", fmt.Errorf("read a stored date: %w", err)
	}
	return t.AddDate(years, 0, 0).Format(time.DateOnly), nil
}

// youngerThan tells whether somebody is not yet years old on a day. Nobody is
// whose birth is not known.
func (k *kinChange) youngerThan(years int, id uuid.UUID, day string) (bool, error) {
	born := k.born(id)
	if born == "" || day == "" {
		return false, nil
	}
	then, err := yearsAfter(born, years)
	return day < then, err
}
