package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// KindIdentifier is the kind of a FieldChange of an identifier. Its Field is
// type/seq/member, such as passport/3/status; a value is shown masked.
const KindIdentifier = "identifier"

// maxIdentifiers is how many identifiers one record may have had.
const maxIdentifiers = 500

// IdentifierStatus is where an identifier stands.
type IdentifierStatus string

// The statuses. A lost one can be found again; a revoked one stays revoked.
const (
	IdentifierValid   IdentifierStatus = "VALID"
	IdentifierExpired IdentifierStatus = "EXPIRED" // valid, but its last day is over: follows from the clock
	IdentifierRevoked IdentifierStatus = "REVOKED"
	IdentifierLost    IdentifierStatus = "LOST"
)

// Identifier is one identifier of a person or a group. Days are written
// 2006-01-02 and end with the day in UTC; "" is unknown.
type Identifier struct {
	Seq        int // 1, 2, 3, ... per registrant
	Type       string
	Value      string // as it was written; to a registrant only its end is shown
	Masked     bool
	Status     IdentifierStatus
	ValidFrom  string
	ValidTo    string // the last day
	IssuedBy   string
	Version    int // moves with every change, from 1
	RecordedBy string
	RecordedAt time.Time
	ChangedBy  string
	ChangedAt  time.Time
}

// NewIdentifier is an identifier that is to be added.
type NewIdentifier struct {
	Type      string
	Value     string
	ValidFrom string
	ValidTo   string
	IssuedBy  string // at most 200 characters
	Reason    string // for the change log; at most 500 characters
}

// IdentifierChange is what is to be changed about an identifier: nil leaves as it
// is, "" removes. A value never changes: revoke the identifier, and add another.
type IdentifierChange struct {
	Status        *IdentifierStatus // VALID, LOST or REVOKED
	ValidFrom     *string
	ValidTo       *string
	IssuedBy      *string
	Reason        string
	ExpectVersion int // the version that the change was made from
}

// Identifiers lists the identifiers of a person or a group, in the order in which
// they were added. It returns NotFound, Gone "record_erased" or Forbidden: see
// Person.
func (r *Registry) Identifiers(ctx context.Context, a Actor, id uuid.UUID) ([]Identifier, error) {
	return r.listIdentifiers(ctx, a, id, `SELECT `+regIDColumns+` FROM registrant_identifier WHERE registrant_id = ? ORDER BY seq`, id)
}

// Identifier gives one identifier of a person or a group: see Identifiers.
func (r *Registry) Identifier(ctx context.Context, a Actor, id uuid.UUID, seq int) (Identifier, error) {
	list, err := r.listIdentifiers(ctx, a, id, `SELECT `+regIDColumns+` FROM registrant_identifier WHERE registrant_id = ? AND seq = ?`, id, seq)
	if err != nil {
		return Identifier{}, err
	}
	if len(list) == 0 {
		return Identifier{}, errNoIdentifier()
	}
	return list[0], nil
}

func (r *Registry) listIdentifiers(ctx context.Context, a Actor, id uuid.UUID, query string, args ...any) ([]Identifier, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return nil, err
	}
	today := dayOf(r.now())
	var list []Identifier
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		var rows []regIDRow
		if err := tx.Raw(query, args...).Scan(&rows).Error; err != nil {
			return fmt.Errorf("load identifiers: %w", err)
		}
		list = make([]Identifier, len(rows))
		for i := range rows {
			if list[i], err = rows[i].open(rec.key, today); err != nil {
				return err
			}
			list[i].maskFor(a)
		}
		return nil
	})
	return list, err
}

// AddIdentifier adds an identifier to a person or a group. It returns NotFound,
// Forbidden, Invalid "invalid_identifier" with one field per mistake (codes of
// values, and unknown_type, type_retired, wrong_kind, not_editable,
// wrong_check_digit, never_expires), Conflict "identifier_taken" when another
// registrant has the value now, which does not say who, Conflict
// "identifier_doubled" when this one has it, or Conflict "too_many_identifiers".
func (r *Registry) AddIdentifier(ctx context.Context, a Actor, id uuid.UUID, n NewIdentifier) (Identifier, error) {
	if err := a.checkOn(toIdentify, id); err != nil {
		return Identifier{}, err
	}
	reason, err := cleanReason(n.Reason)
	if err != nil {
		return Identifier{}, err
	}
	var out Identifier
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		records, err := r.lockRecords(tx, a.to(toIdentify), id)
		if err != nil {
			return err
		}
		rec := records[id]
		t, err := r.typeForNew(tx, a, n.Type, rec)
		if err != nil {
			return err
		}
		row, text, err := r.draftIdentifier(t, rec, a, n, now)
		if err != nil {
			return err
		}
		if err := r.insertIdentifier(tx, t, rec, row, text); err != nil {
			return err
		}
		if err := r.note(tx, r.newBuilder(nil, a, reason, now), rec, row.diff(nil, text)...); err != nil {
			return err
		}
		out = row.toIdentifier(text, dayOf(now.Time))
		out.maskFor(a)
		return nil
	})
	return out, err
}

// ChangeIdentifier changes status, days or issuer of an identifier, and gives it
// as it is then. A change that changes nothing writes nothing. It returns
// NotFound, Forbidden, Conflict "version_conflict", Conflict "identifier_revoked",
// Invalid "invalid_identifier" with one field per mistake (bad_status besides
// those of AddIdentifier), or Conflict "identifier_taken" when a lost one is found
// again and somebody else has its value now.
func (r *Registry) ChangeIdentifier(ctx context.Context, a Actor, id uuid.UUID, seq int, c IdentifierChange) (Identifier, error) {
	if err := a.checkOn(toIdentify, id); err != nil {
		return Identifier{}, err
	}
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return Identifier{}, err
	}
	var out Identifier
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		records, err := r.lockRecords(tx, a.to(toIdentify), id)
		if err != nil {
			return err
		}
		rec := records[id]
		old, t, err := r.identifierForChange(tx, a, rec, seq, c.ExpectVersion)
		if err != nil {
			return err
		}
		row, err := old.apply(t, a, c, now)
		if err != nil {
			return err
		}
		if diff := row.diff(&old, ""); len(diff) > 0 {
			row.Version, row.ChangedBy, row.ChangedAt = old.Version+1, a.name(), now
			if err := r.moveIdentifierRow(tx, t, old, row); err != nil {
				return err
			}
			if err := r.note(tx, r.newBuilder(nil, a, reason, now), rec, diff...); err != nil {
				return err
			}
		}
		out, err = row.open(rec.key, dayOf(now.Time))
		out.maskFor(a)
		return err
	})
	return out, err
}

// dayOf is the day that validity is counted in.
func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

func errNoIdentifier() error {
	return fault.New(fault.NotFound, "no_such_identifier", "There is no such identifier.")
}

// errBadIdentifier names the mistakes in an identifier.
func errBadIdentifier(bad []fault.Field) error {
	return fault.InvalidFields("invalid_identifier", "This identifier cannot be accepted.", bad)
}

func badMember(member string, wrong *mistake) fault.Field {
	return fault.Field{Name: member, Code: wrong.code, Detail: wrong.words}
}
