package registry

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// exportPlan is one download as one query. Its rows have the number and the
// version, the key if anything is sealed, the decisions that stand if they are asked
// for, and one cell for each field.
type exportPlan struct {
	req      ExportRequest
	fields   []*fieldDef
	where    *where
	hex      func(column string) string
	now      db.Time // decisions that have expired by then do not stand
	sealed   bool    // a field is
	keyed    bool    // a field is sealed, or there are comments: the keys are read
	states   bool    // the decisions are
	keyAt    int     // where the key begins, if keyed
	statesAt int     // where the decisions are, if states
	valuesAt int     // where the fields begin
}

// Places of cells in a row of the query. Those that nobody asks for are not there:
// a column of NULL costs as much as any other.
const (
	cellNumber = iota
	cellVersion
	cellsHead
)

// Cells of a row's key, from exportPlan.keyAt on.
const (
	keyID = iota
	keyKID
	keyWrapped
	keyKEK
	keyCells
)

// Separators within the cell of decisions. No text of ours may hold them: see checkText.
const (
	unitSeparator   = "\x1f" // between the parts of a decision
	recordSeparator = "\x1e" // between decisions
)

// planExport checks a download against the definitions of this moment. It returns
// Forbidden "not_visible", Invalid "invalid_export" or "bad_query".
func (r *Registry) planExport(tx *gorm.DB, a Actor, req ExportRequest) (*exportPlan, error) {
	wanted := AnyGroup
	if req.Kind == PersonKind {
		wanted = PersonKind
	}
	set, ofKind, err := r.searchedKind(tx, wanted, req.Kind)
	if err != nil {
		return nil, err
	}
	hidden := set.hiddenFrom(a)
	p := &exportPlan{req: req, hex: r.db.Dialect.Hex, now: db.TimeOf(r.now())}
	if err := p.choose(set, hidden); err != nil {
		return nil, err
	}
	p.place()
	if p.where, err = r.conditions(tx, set, hidden, req.Query); err != nil {
		return nil, err
	}
	p.where.add(ofKind)
	p.where.within(a.to(toExport))
	p.where.and("EXISTS (SELECT 1 FROM record_key k WHERE k.registrant_id = registrant.id)") // else it is erased
	return p, nil
}

// choose finds the definitions of the fields.
func (p *exportPlan) choose(set *fieldSet, hidden map[string]bool) error {
	var bad, unseen []fault.Field
	for i, key := range p.req.Fields {
		def := set.byKey[key]
		switch {
		case def == nil || def.Approval.Note: // no record holds a note
			bad = append(bad, fault.Field{Name: shortKey(key), Code: CodeUnknownField, Detail: "There is no such field."})
		case slices.Contains(p.req.Fields[:i], key):
			bad = append(bad, fault.Field{Name: key, Code: "doubled", Detail: "This field is chosen twice."})
		case hidden[key]:
			unseen = append(unseen, errUnseen(key))
		default:
			p.fields, p.sealed = append(p.fields, def), p.sealed || def.Sealed
		}
	}
	switch {
	case bad != nil:
		return errBadExport(append(bad, unseen...))
	case unseen != nil:
		return errNotVisible(unseen)
	}
	return nil
}

func errUnseen(key string) fault.Field {
	return fault.Field{Name: key, Code: "not_visible", Detail: "This account is not told the values of this field."}
}

func errNotVisible(unseen []fault.Field) error {
	return &fault.Error{Kind: fault.Forbidden, Code: "not_visible", Fields: unseen,
		Detail: "The download has fields whose values this account is not told; leave them out."}
}

// headers is the first line of the file.
func (p *exportPlan) headers() []string {
	list := []string{numberColumn, "version_no"}
	for _, def := range p.fields {
		list = append(list, def.Key)
		if p.req.Attestations && def.Attestable {
			list = append(list, def.Key+":attestation", def.Key+":comment", def.Key+":attested_by", def.Key+":attested_at")
		}
	}
	return list
}

func (p *exportPlan) count(tx *gorm.DB) (n int64, err error) {
	if err := tx.Raw(`SELECT count(*) FROM registrant WHERE `+p.where.text(), p.where.args...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count the rows of a download: %w", err)
	}
	return n, nil
}

// query is the whole download in SQL.
func (p *exportPlan) query() (string, []any) {
	columns, from, args := []string{"number", "version_no"}, "registrant", []any(nil)
	if p.keyed {
		columns = append(columns, "id", "rk.kid", p.hex("rk.wrapped"), "rk.kek")
		from += " JOIN record_key rk ON rk.registrant_id = registrant.id"
	}
	if p.states {
		cell, more := p.stateCell()
		columns, args = append(columns, cell), more
	}
	for _, def := range p.fields {
		switch {
		case def.Sealed:
			columns, args = append(columns, "enc ->> ?"), append(args, def.Key)
		case slices.Contains(typedFields(), def.Key):
			columns = append(columns, def.Key)
		default:
			columns, args = append(columns, "extra ->> ?"), append(args, def.Key)
		}
	}
	return `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + from + ` WHERE ` + p.where.text() + ` ORDER BY id`, append(args, p.where.args...)
}

// place says where the cells are.
func (p *exportPlan) place() {
	p.states = (p.req.Attestations || p.req.AttestedOnly) && slices.ContainsFunc(p.fields, func(def *fieldDef) bool { return def.Attestable })
	p.keyed = p.sealed || p.states && p.req.Attestations
	p.keyAt, p.statesAt, p.valuesAt = cellsHead, cellsHead, cellsHead
	if p.keyed {
		p.statesAt, p.valuesAt = p.statesAt+keyCells, p.valuesAt+keyCells
	}
	if p.states {
		p.valuesAt++
	}
}

// stateCell is the decisions that stand about one person, as field and, if they
// are asked for, seq, state, status, sealed comment, by whom and when.
func (p *exportPlan) stateCell() (string, []any) {
	var numbers []int
	for _, def := range p.fields {
		if def.Attestable {
			numbers = append(numbers, def.No)
		}
	}
	const stands = ` s.registrant_id = registrant.id AND s.field IN ? AND s.live_hash = s.decided_hash`
	if !p.req.Attestations {
		return `(SELECT string_agg(CAST(s.field AS text), CAST(? AS text)) FROM field_state s WHERE` + stands + ` AND s.state = ? AND (s.expires_at IS NULL OR s.expires_at > ?))`,
			[]any{recordSeparator, numbers, StateAttested, p.now}
	}
	const unit = " || CAST(? AS text) || "
	const expired = `s.state = 'ATTESTED' AND s.expires_at <= ?`
	return `(SELECT string_agg(CAST(s.field AS text)` + unit + `CAST(s.seq AS text)` + unit + `CASE WHEN ` + expired + ` THEN 'EXPIRED' ELSE s.state END` +
			unit + `CASE WHEN ` + expired + ` THEN '' ELSE s.status END` + unit + `d.comment` + unit + `d.attested_by` + unit + `CAST(d.at AS text), CAST(? AS text))
		FROM field_state s JOIN attestation d ON d.registrant_id = s.registrant_id AND d.field = s.field AND d.seq = s.seq WHERE` + stands + `)`,
		[]any{unitSeparator, unitSeparator, p.now, unitSeparator, p.now, unitSeparator, unitSeparator, unitSeparator, recordSeparator, numbers}
}

// wrappedKey reads whose row it is and the key of the record.
func (p *exportPlan) wrappedKey(cells [][]byte) (uuid.UUID, seal.Wrapped, error) {
	cells = cells[p.keyAt:]
	id, err := uuid.ParseBytes(cells[keyID])
	if err != nil {
		return id, seal.Wrapped{}, fmt.Errorf("read a row of a download: %w", err)
	}
	key := make([]byte, hex.DecodedLen(len(cells[keyWrapped])))
	if _, err := hex.Decode(key, cells[keyWrapped]); err != nil {
		return id, seal.Wrapped{}, fmt.Errorf("read a record key: %w", err)
	}
	return id, seal.Wrapped{KID: string(cells[keyKID]), Key: key, KEK: string(cells[keyKEK])}, nil
}
