package registry

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// column is a value of one Go type in a JSON column. Nothing is ever read back
// from the stored text but through it: PostgreSQL reorders and SQLite escapes.
type column[T any] struct{ V T }

// Value writes the value as JSON.
func (c column[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(c.V)
	if err != nil {
		return nil, fmt.Errorf("write a JSON column: %w", err)
	}
	return string(b), nil
}

// Scan reads the JSON of either database.
func (c *column[T]) Scan(v any) error {
	var b []byte
	switch x := v.(type) {
	case string:
		b = []byte(x)
	case []byte:
		b = x
	default:
		return fmt.Errorf("read a JSON column: got %T", v)
	}
	if err := json.Unmarshal(b, &c.V); err != nil {
		return fmt.Errorf("read a JSON column: %w", err)
	}
	return nil
}

// optional is text that is NULL in the database when it is empty.
type optional string

// Value writes "" as NULL.
func (o optional) Value() (driver.Value, error) {
	if o == "" {
		return nil, nil
	}
	return string(o), nil
}

// Scan reads NULL as "".
func (o *optional) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*o = ""
	case string:
		*o = optional(x)
	case []byte:
		*o = optional(x)
	default:
		return fmt.Errorf("read an optional text: got %T", v)
	}
	return nil
}
