package db

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// timeLayout has one width, so that on SQLite the order of text is the order of
// time. PostgreSQL takes the same text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Time is a moment in UTC with microseconds: timestamptz on PostgreSQL, TEXT on
// SQLite. A nullable column is a *Time.
type Time struct{ time.Time }

// TimeOf cuts t to what both databases keep: UTC, microseconds.
func TimeOf(t time.Time) Time { return Time{t.UTC().Truncate(time.Microsecond)} }

// Value gives the text that is stored.
func (t Time) Value() (driver.Value, error) {
	if err := t.inRange(); err != nil {
		return nil, err
	}
	return t.UTC().Format(timeLayout), nil
}

func (t Time) inRange() error {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return fmt.Errorf("db: year %d of a time is out of range", year)
	}
	return nil
}

// Scan reads what either driver gives. NULL is refused: scan into a *Time.
func (t *Time) Scan(v any) error {
	switch x := v.(type) {
	case time.Time:
		*t = TimeOf(x)
		return nil
	case string:
		u, err := time.Parse(timeLayout, x)
		if err != nil {
			return errors.New("db: stored time has another form than " + timeLayout)
		}
		*t = TimeOf(u)
		return nil
	}
	return fmt.Errorf("db: cannot read a time from %T", v)
}

// Date is a day as YYYY-MM-DD: date on PostgreSQL, TEXT on SQLite. The empty
// Date is NULL.
type Date string

// Value refuses what is not a day of the calendar, on both databases alike.
func (d Date) Value() (driver.Value, error) {
	if d == "" {
		return nil, nil
	}
	if _, err := d.day(); err != nil {
		return nil, err
	}
	return string(d), nil
}

func (d Date) day() (time.Time, error) {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, errors.New("db: date is not a day as YYYY-MM-DD")
	}
	return day, nil
}

// Scan reads what either driver gives; NULL becomes "".
func (d *Date) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*d = ""
	case time.Time:
		*d = Date(x.Format(time.DateOnly))
	case string:
		*d = Date(x)
	default:
		return fmt.Errorf("db: cannot read a date from %T", v)
	}
	return nil
}

// JSON is an object: jsonb on PostgreSQL, TEXT on SQLite. A nil JSON is stored
// as {}. Numbers are read as json.Number; decimals that must keep their form
// are written as strings, since PostgreSQL and SQLite print numbers differently.
type JSON map[string]any

// Value gives the text that is stored.
func (j JSON) Value() (driver.Value, error) {
	if j == nil {
		return "{}", nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any(j)); err != nil {
		return nil, fmt.Errorf("db: encode JSON column: %w", err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// Scan replaces j by the stored object; NULL becomes nil.
func (j *JSON) Scan(v any) error {
	var text []byte
	switch x := v.(type) {
	case nil:
		*j = nil
		return nil
	case string:
		text = []byte(x)
	case []byte:
		text = x
	default:
		return fmt.Errorf("db: cannot read JSON from %T", v)
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return errors.New("db: stored JSON is not an object")
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("db: stored JSON has more than one value")
	}
	*j = m
	return nil
}

// Bytes is bytea on PostgreSQL, BLOB on SQLite. A plain []byte argument that
// follows "(" in a statement is spread by GORM into one parameter per byte;
// Bytes is not.
type Bytes []byte

// Value gives the bytes; nil is NULL.
func (b Bytes) Value() (driver.Value, error) {
	if b == nil {
		return nil, nil
	}
	return []byte(b), nil
}

// Scan copies what the driver gives; NULL becomes nil.
func (b *Bytes) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*b = nil
	case []byte:
		*b = append(Bytes{}, x...)
	default:
		return fmt.Errorf("db: cannot read bytes from %T", v)
	}
	return nil
}
