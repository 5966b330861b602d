package db

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// What follows tells pgx how our types stand on the wire. Without it, it makes text of
// each, fails to send that, reads the text back and sends the result.

// TimestamptzValue gives the moment as PostgreSQL counts it (pgtype.TimestamptzValuer). It
// refuses what Value refuses.
func (t Time) TimestamptzValue() (pgtype.Timestamptz, error) {
	if err := t.inRange(); err != nil {
		return pgtype.Timestamptz{}, err
	}
	return pgtype.Timestamptz{Time: t.UTC(), Valid: true}, nil
}

// DateValue gives the day, NULL for the empty Date (pgtype.DateValuer). It refuses what
// Value refuses.
func (d Date) DateValue() (pgtype.Date, error) {
	if d == "" {
		return pgtype.Date{}, nil
	}
	day, err := d.day()
	return pgtype.Date{Time: day, Valid: err == nil}, err
}

// uuidValue is a UUID as pgx knows it.
type uuidValue uuid.UUID

// UUIDValue gives its bytes (pgtype.UUIDValuer).
func (v uuidValue) UUIDValue() (pgtype.UUID, error) { return pgtype.UUID{Bytes: v, Valid: true}, nil }

// uuidPlan sends a uuid.UUID as a uuidValue.
type uuidPlan struct{ next pgtype.EncodePlan }

func (p *uuidPlan) SetNext(next pgtype.EncodePlan) { p.next = next }

func (p *uuidPlan) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(uuidValue(value.(uuid.UUID)), buf)
}

// sendTypes teaches a connection to send uuid.UUID.
func sendTypes(m *pgtype.Map) {
	wrap := func(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
		id, ok := value.(uuid.UUID)
		return &uuidPlan{}, uuidValue(id), ok
	}
	m.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{wrap}, m.TryWrapEncodePlanFuncs...)
}
