package ledger

import (
	"errors"
	"strings"
	"time"

	"socialregistry/internal/db"
)

// The reasons for which a step is refused. Nothing is written when one of them
// is returned, save a wrong transaction code, which is counted.
var (
	ErrNotFound         = errors.New("ledger: not found")
	ErrExists           = errors.New("ledger: exists already")
	ErrUsed             = errors.New("ledger: used before")
	ErrExpired          = errors.New("ledger: expired")
	ErrRevoked          = errors.New("ledger: revoked")
	ErrKeyRevoked       = errors.New("ledger: the signing key is revoked")
	ErrNoConsent        = errors.New("ledger: it was not agreed to, or not any more")
	ErrMoved            = errors.New("ledger: the record changed since it was read")
	ErrNotReserved      = errors.New("ledger: the reservation is over")
	ErrTooMany          = errors.New("ledger: the grant has led to enough credentials")
	ErrOtherURL         = errors.New("ledger: the database belongs to another public URL")
	ErrSuspended        = errors.New("ledger: a credential of the kind is suspended")
	ErrTxCodeMissing    = errors.New("ledger: transaction code missing")
	ErrTxCodeUnexpected = errors.New("ledger: transaction code not asked for")
	ErrTxCodeWrong      = errors.New("ledger: transaction code wrong")
)

// maxID bounds the length of an id; those made here have 22 characters.
const maxID = 64

// Ledger reads and writes the rows of one issuer, and what all issuers share:
// clients, wallet providers, messages and the log.
type Ledger struct {
	db     *db.DB
	now    func() time.Time
	issuer string // "" = the one at the root of the public URL
}

// New makes the ledger of the issuer at the root, on a migrated database. now is the
// only clock it reads, once per transaction.
func New(d *db.DB, now func() time.Time) *Ledger { return &Ledger{db: d, now: now} }

// Of gives the ledger of the issuer with this name, on the same database.
func (l *Ledger) Of(issuer string) *Ledger { return &Ledger{db: l.db, now: l.now, issuer: issuer} }

// duplicate makes ErrExists of the refusal of a primary key or unique index.
func (l *Ledger) duplicate(err error) error {
	if l.db.Dialect.IsDuplicate(err) {
		return ErrExists
	}
	return err
}

// isID tells whether an id that came from outside has the form of those made
// here (secret.RandomID), so that no database is asked what it cannot read.
func isID(id string) bool {
	other := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	}
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, other)
}

// Lists of ids are stored as one text, separated by spaces.
func splitIDs(s string) []string { return strings.Fields(s) }

func joinIDs[S ~string](ids []S) string {
	var b strings.Builder
	for n, id := range ids {
		if n > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(id))
	}
	return b.String()
}

func splitGrants(s string) []GrantKind {
	var kinds []GrantKind
	for _, kind := range strings.Fields(s) {
		kinds = append(kinds, GrantKind(kind))
	}
	return kinds
}

func timeOf(t *db.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}
