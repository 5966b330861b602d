package registry

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// regIDRow is a row of registrant_identifier.
type regIDRow struct {
	RegistrantID uuid.UUID        `gorm:"column:registrant_id;primaryKey"`
	Seq          int              `gorm:"column:seq;primaryKey;autoIncrement:false"`
	Type         string           `gorm:"column:type"`
	Enc          db.Bytes         `gorm:"column:enc"`
	Bidx         db.Bytes         `gorm:"column:bidx"`
	Status       IdentifierStatus `gorm:"column:status"` // never EXPIRED
	ValidFrom    db.Date          `gorm:"column:valid_from"`
	ValidTo      db.Date          `gorm:"column:valid_to"`
	IssuedBy     string           `gorm:"column:issued_by"`
	Version      int              `gorm:"column:version_no"`
	RecordedBy   string           `gorm:"column:recorded_by"`
	RecordedAt   db.Time          `gorm:"column:recorded_at"`
	ChangedBy    string           `gorm:"column:changed_by"`
	ChangedAt    db.Time          `gorm:"column:changed_at"`
}

func (regIDRow) TableName() string { return "registrant_identifier" }

const regIDColumns = "registrant_id, seq, type, enc, bidx, status, valid_from, valid_to, issued_by, version_no, recorded_by, recorded_at, changed_by, changed_at"

// sealedIdentifier is the place that sealed identifiers are bound to, with
// name: none can be put in the place of another.
const sealedIdentifier = "registrant_identifier"

// name is the identifier within its record: type/seq.
func (row *regIDRow) name() string { return row.Type + "/" + strconv.Itoa(row.Seq) }

// open gives the identifier with its value.
func (row *regIDRow) open(key seal.Record, today string) (Identifier, error) {
	text, err := key.Open(sealedIdentifier, row.name(), row.Enc)
	if err != nil {
		return Identifier{}, fmt.Errorf("open an identifier: %w", err)
	}
	return row.toIdentifier(string(text), today), nil
}

func (row *regIDRow) toIdentifier(text, today string) Identifier {
	return Identifier{Seq: row.Seq, Type: row.Type, Value: text, Status: row.statusOn(today), ValidFrom: string(row.ValidFrom),
		ValidTo: string(row.ValidTo), IssuedBy: row.IssuedBy, Version: row.Version, RecordedBy: row.RecordedBy,
		RecordedAt: row.RecordedAt.Time, ChangedBy: row.ChangedBy, ChangedAt: row.ChangedAt.Time}
}

// statusOn is the status on a day: the last day of validity still counts.
func (row *regIDRow) statusOn(today string) IdentifierStatus {
	if row.Status == IdentifierValid && row.ValidTo != "" && today > string(row.ValidTo) {
		return IdentifierExpired
	}
	return row.Status
}

// isHeld tells whether the registrant has the value now: it is found by it, and
// nobody else may have it.
func (row *regIDRow) isHeld() bool { return row.Status == IdentifierValid }

// index is the row of the table identifier that says so.
func (row *regIDRow) index(t *idType) identifierRow {
	return identifierRow{Scheme: t.scheme(), Bidx: row.Bidx, RegistrantID: row.RegistrantID, IsUnique: t.Unique}
}

// diff lists what differs from old (nil: a new identifier, whose value is text).
func (row *regIDRow) diff(old *regIDRow, text string) []diffEntry {
	var out []diffEntry
	add := func(member, before, after string) {
		if before != after {
			out = append(out, diffEntry{Field: row.name() + "/" + member, Kind: KindIdentifier, Old: before, New: after})
		}
	}
	if old == nil {
		old = &regIDRow{}
		add(memberValue, "", text)
	}
	add("status", string(old.Status), string(row.Status))
	add("valid_from", string(old.ValidFrom), string(row.ValidFrom))
	add("valid_to", string(old.ValidTo), string(row.ValidTo))
	add("issued_by", old.IssuedBy, row.IssuedBy)
	return out
}

const memberValue = "value"

// maskFor hides the value from whoever may read only the own record: a screen is
// seen by others, and the card is at hand.
func (i *Identifier) maskFor(a Actor) {
	if !a.may(toRead) {
		i.Value, i.Masked = maskEnd(i.Value), true
	}
}

// maskEnd shows the last four characters of a text, of a short one less than half.
func maskEnd(text string) string {
	runes := []rune(text)
	shown := min(4, (len(runes)-1)/2)
	if shown <= 0 {
		return strings.Repeat("•", len(runes))
	}
	hidden := len(runes) - shown
	return strings.Repeat("•", hidden) + string(runes[hidden:])
}

// maskIdentifiers hides the values of identifiers in an entry of the change log:
// who needs one whole reads it where it is kept.
func maskIdentifiers(changes []FieldChange) {
	for i := range changes {
		if c := &changes[i]; c.Kind == KindIdentifier && strings.HasSuffix(c.Field, "/"+memberValue) {
			c.Old, c.New = maskEnd(c.Old), maskEnd(c.New)
		}
	}
}
