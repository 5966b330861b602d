package registry

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// A text is looked for in three ways at once, each better than the next: as a
// number or identifier, as words of a name, as parts of one; and, unless AsWritten
// was asked for, as what sounds like one. Where it is found decides the order of
// what is found: see ranks.

// textMatch is one text that people or groups are found by.
type textMatch struct {
	exact where      // SQL of ids: who has it as a number or an identifier; empty: nobody
	words []nameWord // of a name; none: the text has no letter
	near  bool       // sounds count as well
}

// matchText reads a text. types and fields are those by which the text may be an
// identifier.
func (r *Registry) matchText(tx *gorm.DB, fields *fieldSet, hidden map[string]bool, q Query) (textMatch, error) {
	text := strings.TrimSpace(q.Text)
	m := textMatch{words: nameWords(text), near: !q.AsWritten}
	types, err := loadIdentifierTypes(tx)
	if err != nil {
		return m, err
	}
	number, ok := cleanNumber(text)
	if !ok {
		number = text
	}
	m.exact.and(`SELECT id FROM registrant WHERE number = ?`, number) // an identifier may look like a number: both are found
	for _, def := range fields.list {
		if (def.Unique || def.Lookup) && !hidden[def.Key] && seal.Normalise(text) != "" {
			m.exact.and(`SELECT registrant_id FROM identifier WHERE scheme = ? AND bidx = ?`,
				def.Key, db.Bytes(r.keys.BlindIndex(def.Key, lookupText(def, text))))
		}
	}
	typed, values := r.whereTyped(types, text)
	m.exact.sql, m.exact.args = append(m.exact.sql, typed...), append(m.exact.args, values...)
	return m, m.settle(tx)
}

// settle looks whether anybody has the text as a number or an identifier: mostly
// nobody, and then no other statement need ask again.
func (m *textMatch) settle(tx *gorm.DB) error {
	var any []uuid.UUID
	if err := tx.Raw(m.union()+" LIMIT 1", m.exact.args...).Scan(&any).Error; err != nil {
		return fmt.Errorf("look for a number or identifier: %w", err)
	}
	if len(any) == 0 {
		m.exact = where{}
	}
	return nil
}

func (m *textMatch) union() string { return strings.Join(m.exact.sql, " UNION ") }

// lookupText brings what somebody typed into the form that was indexed.
func lookupText(def *fieldDef, typed string) string {
	if text, wrong := def.canonicalType(typed, ""); wrong == nil {
		return text
	}
	return typed
}

// named says that all words fit the names in a column.
func (m *textMatch) named(column string, patterns func(nameWord) []string) *where {
	w := &where{}
	for _, word := range m.words {
		list := patterns(word)
		args := make([]any, len(list))
		for i, p := range list {
			args[i] = p
		}
		w.and("("+strings.Repeat(column+" LIKE ? OR ", len(list)-1)+column+" LIKE ?)", args...)
	}
	return w
}

// widest gives the patterns of the last rank.
func (m *textMatch) widest() func(nameWord) []string {
	if m.near {
		return nameWord.near
	}
	return nameWord.part
}

// ranks are conditions on the rows of registrant_search, the best first, none of
// which finds what one before it finds; nil finds nobody. searched is the column
// that the database has indexed, full_name_norm the same text in the row.
func (m *textMatch) ranks() []*where {
	ranks := []*where{nil}
	if len(m.exact.sql) > 0 {
		ranks[0] = &where{}
		ranks[0].and("id IN ("+m.union()+")", m.exact.args...)
	}
	if len(m.words) == 0 {
		return ranks
	}
	steps := []func(nameWord) []string{nameWord.whole, nameWord.part}
	if m.near {
		steps = append(steps, nameWord.near)
	}
	for i, patterns := range steps {
		w := m.named("searched", patterns)
		if len(m.exact.sql) > 0 {
			w.and("id NOT IN ("+m.union()+")", m.exact.args...)
		}
		if i > 0 {
			before := m.named("full_name_norm", steps[i-1])
			w.and("NOT ("+before.text()+")", before.args...)
		}
		ranks = append(ranks, w)
	}
	return ranks
}

// any says of rows of registrant that one of the ranks finds them.
func (m *textMatch) any() *where {
	found := m.exact.copy()
	if len(m.words) > 0 {
		named := m.named("searched", m.widest())
		found.and("SELECT id FROM registrant_search WHERE "+named.text(), named.args...)
	}
	w := &where{}
	if len(found.sql) == 0 {
		w.and("1 = 0")
		return w
	}
	w.and("id IN ("+strings.Join(found.sql, " UNION ")+")", found.args...)
	return w
}
