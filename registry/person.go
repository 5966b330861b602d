package registry

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

const (
	statusActive    = "ACTIVE"
	maxReasonLength = 500 // characters
)

// Person is the default version of one person's record.
type Person struct {
	ID        uuid.UUID
	Number    string // registration number
	Status    string
	Area      string           // code of the area that the values name; "": none
	VersionNo int              // of this version; send it back as Change.ExpectVersion
	LatestNo  int              // highest version number used
	ChainNo   int64            // moves with every edit and every decision
	Values    map[string]Value // by field; a field without a value, or not for this actor to see, is absent
	CreatedAt time.Time
	UpdatedAt time.Time       // of the values
	Pending   []ChangeRequest // of Edit only: what was not written but waits for approval
}

// Change is what somebody wants a record to say.
type Change struct {
	Set           map[string]string // by field; "" removes the value
	CollectedAt   time.Time         // when the values were collected; zero: unknown
	Reason        string            // for the change log; at most 500 characters
	ExpectVersion int               // Edit only: the version that the change was made from
}

// Register adds a person. It returns Invalid "invalid_values" with one field per
// mistake, Conflict "identifier_taken", or Forbidden, "outside_area" where the
// values name no area of this account's.
func (r *Registry) Register(ctx context.Context, a Actor, c Change) (Person, error) {
	if err := a.checkWithin(toRegister); err != nil {
		return Person{}, err
	}
	var p Person
	err := r.newRecord(ctx, a, PersonKind, c, func(_ *gorm.DB, b *builder, made *built) error {
		p = personOf(made.Row, without(b.fields.hiddenFrom(a), made.Text))
		return nil
	})
	if err != nil {
		return Person{}, err
	}
	return p, nil
}

// newRecord stores a new person or group under a registration number, and has done
// finish it in the same transaction. A number that was not used is given back.
func (r *Registry) newRecord(ctx context.Context, a Actor, kind string, c Change, done func(tx *gorm.DB, b *builder, made *built) error) error {
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("register a %s: %w", kind, err)
	}
	numbers, err := r.takeNumbers(ctx, 1)
	if err != nil {
		return err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if kind != PersonKind {
			if _, err := r.loadGroupKind(tx, kind, ""); err != nil {
				return err
			}
		}
		b, err := r.loadBuilderOf(tx, kind, a, reason, now)
		if err != nil {
			return err
		}
		made, err := b.register(id, numbers[0], c.Set, c.CollectedAt)
		if err != nil {
			return err
		}
		if err := r.store(tx, made); err != nil {
			return err
		}
		return done(tx, b, made)
	})
	if err != nil {
		r.returnNumbers(err, numbers...)
	}
	return err
}

// Edit changes values of a person and gives the record as it is then. A change
// that changes nothing writes nothing. What needs approval (Field.Approval) is not
// written: it becomes change requests in the same transaction, Person.Pending. It
// returns NotFound, Conflict "version_conflict" when ExpectVersion is not the
// current version, Invalid "invalid_values" with one field per mistake, Conflict
// "identifier_taken", "too_many_requests" or "record_inactive" (the latter two for
// what needs approval), or Forbidden: "outside_area" where the record would leave
// this account's areas, "step_up_needed" or "session_needed" to a registrant who
// changes how they are reached (Field.Reaches).
func (r *Registry) Edit(ctx context.Context, a Actor, id uuid.UUID, c Change) (Person, error) {
	if err := a.checkOn(toEdit, id); err != nil {
		return Person{}, err
	}
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return Person{}, err
	}
	var p Person
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := r.loadAtVersion(tx, a.to(toEdit), id, c.ExpectVersion) // before the definitions: see IndexField
		if err != nil {
			return err
		}
		b, err := r.loadBuilder(tx, a, reason, now)
		if err != nil {
			return err
		}
		rec, pending, err := r.editRecord(tx, b, old, c)
		if err == nil {
			p = personOf(rec.row, without(b.fields.hiddenFrom(a), rec.text))
			p.Pending = pending
		}
		return err
	})
	return p, err
}

// editRecord changes values of a locked record and gives it as it is then, with
// the requests for what needs approval.
func (r *Registry) editRecord(tx *gorm.DB, b *builder, old record, c Change) (record, []ChangeRequest, error) {
	var pending []ChangeRequest
	set := c.Set
	if b.waits(set) {
		p, err := b.part(old, c)
		if err != nil || p.whole == nil {
			return old, nil, err
		}
		if set = p.write; len(p.ask) > 0 {
			if pending, err = r.ask(tx, b, old, p, c, false); err != nil {
				return old, nil, err
			}
		}
	}
	change, err := b.edit(old, set, c.CollectedAt)
	switch {
	case err != nil:
		return old, nil, err
	case change == nil && len(b.beside) == 0:
		return old, pending, nil
	case change == nil:
		return old, pending, r.note(tx, b, &old, b.beside...)
	}
	if err := r.store(tx, change); err != nil {
		return record{}, nil, err
	}
	return record{row: change.Row, key: old.key, text: change.Text, above: old.above}, pending, nil
}

// Person gives one person. It returns NotFound, also to a registrant for
// somebody else's record, or Forbidden.
func (r *Registry) Person(ctx context.Context, a Actor, id uuid.UUID) (Person, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return Person{}, err
	}
	var p Person
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		rec, err := r.load(tx, a.to(toRead), id, "")
		if err == nil {
			p = personOf(rec.row, without(hidden, rec.text))
		}
		return err
	})
	return p, err
}

// PersonByNumber gives the person with a registration number, as people type
// it: see Person.
func (r *Registry) PersonByNumber(ctx context.Context, a Actor, number string) (Person, error) {
	if err := a.checkOn(toRead, a.RegistrantID); err != nil {
		return Person{}, err
	}
	id, err := r.idByNumber(ctx, number)
	if err != nil {
		return Person{}, err
	}
	return r.Person(ctx, a, id)
}

// idByNumber finds a person for anybody; it returns NotFound.
func (r *Registry) idByNumber(ctx context.Context, typed string) (uuid.UUID, error) {
	number, ok := cleanNumber(typed)
	if !ok {
		return uuid.Nil, errNoPerson()
	}
	var ids []uuid.UUID
	if err := r.db.WithContext(ctx).Raw(`SELECT id FROM registrant WHERE number = ? AND kind = ?`, number, PersonKind).Scan(&ids).Error; err != nil {
		return uuid.Nil, fmt.Errorf("find a registration number: %w", err)
	}
	if len(ids) == 0 {
		return uuid.Nil, errNoPerson()
	}
	return ids[0], nil
}

func personOf(row registrantRow, text map[string]string) Person {
	return Person{ID: row.ID, Number: row.Number, Status: row.Status, Area: string(row.Area), VersionNo: row.VersionNo, LatestNo: row.LatestNo,
		ChainNo: row.ChainNo, Values: row.Values.with(text), CreatedAt: row.CreatedAt.Time, UpdatedAt: row.UpdatedAt.Time}
}

// with adds to each text when it was recorded and collected, and under which definition.
func (v *values) with(text map[string]string) map[string]Value {
	out := make(map[string]Value, len(text))
	for k, t := range text {
		at := v.Times.V[k]
		value := Value{Text: t, RecordedAt: time.UnixMicro(at.R).UTC(), Definition: max(at.D, 1)}
		if at.C != 0 {
			value.CollectedAt = time.UnixMicro(at.C).UTC()
		}
		out[k] = value
	}
	return out
}

// cleanReason checks the words that go into the change log.
func cleanReason(reason string) (string, error) {
	wrong := checkText(reason)
	if wrong == nil && utf8.RuneCountInString(reason) > maxReasonLength {
		wrong = tooLong(maxReasonLength)
	}
	if wrong != nil {
		return "", fault.InvalidFields("invalid_values", "Some values cannot be accepted.",
			[]fault.Field{{Name: "reason", Code: wrong.code, Detail: wrong.words}})
	}
	return strings.TrimSpace(reason), nil
}
