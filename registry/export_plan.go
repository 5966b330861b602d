package registry

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// exportPlan is one download as one query. Its rows have the cells of exportHead,
// then one for each field.
type exportPlan struct {
	req    ExportRequest
	fields []*fieldDef
	sealed bool // a field is: the keys are read
	where  *where
	hex    func(column string) string
	now    db.Time // what has expired by then is not attested
}

// exportHead are the cells of a row before those of the fields.
const (
	cellID = iota
	cellNumber
	cellVersion
	cellKID // NULL where no field is sealed
	cellWrapped
	cellKEK
	cellStates // of the decisions that stand: see stateCell; NULL if nobody asks
	exportHead
)

// Separators within cellStates. No text of ours may hold them: see checkText.
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
		case def == nil:
			bad = append(bad, fault.Field{Name: shortKey(key), Code: CodeUnknownField, Detail: "There is no such field."})
		case slices.Contains(p.req.Fields[:i], key):
			bad = append(bad, fault.Field{Name: key, Code: "doubled", Detail: "This field is chosen twice."})
		case hidden[key]:
			unseen = append(unseen, fault.Field{Name: key, Code: "not_visible", Detail: "This account is not told the values of this field."})
		default:
			p.fields, p.sealed = append(p.fields, def), p.sealed || def.Sealed
		}
	}
	switch {
	case bad != nil:
		return errBadExport(append(bad, unseen...))
	case unseen != nil:
		return &fault.Error{Kind: fault.Forbidden, Code: "not_visible", Fields: unseen,
			Detail: "The download has fields whose values this account is not told; leave them out."}
	}
	return nil
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
	columns, from, args := []string{"id", "number", "version_no", "NULL", "NULL", "NULL"}, "registrant", []any(nil)
	if p.sealed {
		columns[cellKID], columns[cellWrapped], columns[cellKEK] = "rk.kid", p.hex("rk.wrapped"), "rk.kek"
		from += " JOIN record_key rk ON rk.registrant_id = registrant.id"
	}
	states, more := p.stateCell()
	columns, args = append(columns, states), append(args, more...)
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

// stateCell is the decisions that stand about one person, as field and, if they
// are asked for, state, status, comment, by whom and when.
func (p *exportPlan) stateCell() (string, []any) {
	var numbers []int
	for _, def := range p.fields {
		if def.Attestable {
			numbers = append(numbers, def.No)
		}
	}
	const stands = ` s.registrant_id = registrant.id AND s.field IN ? AND s.live_hash = s.decided_hash`
	switch {
	case len(numbers) == 0 || !p.req.Attestations && !p.req.AttestedOnly:
		return "NULL", nil
	case !p.req.Attestations:
		return `(SELECT string_agg(CAST(s.field AS text), CAST(? AS text)) FROM field_state s WHERE` + stands + ` AND s.state = ? AND (s.expires_at IS NULL OR s.expires_at > ?))`,
			[]any{recordSeparator, numbers, StateAttested, p.now}
	}
	const unit = " || CAST(? AS text) || "
	const expired = `s.state = 'ATTESTED' AND s.expires_at <= ?`
	return `(SELECT string_agg(CAST(s.field AS text)` + unit + `CASE WHEN ` + expired + ` THEN 'EXPIRED' ELSE s.state END` +
			unit + `CASE WHEN ` + expired + ` THEN '' ELSE s.status END` + unit + `d.comment` + unit + `d.attested_by` + unit + `CAST(d.at AS text), CAST(? AS text))
		FROM field_state s JOIN attestation d ON d.registrant_id = s.registrant_id AND d.field = s.field AND d.seq = s.seq WHERE` + stands + `)`,
		[]any{unitSeparator, p.now, unitSeparator, p.now, unitSeparator, unitSeparator, unitSeparator, recordSeparator, numbers}
}

// wrappedKey reads the key cells of a row.
func wrappedKey(cells [][]byte) (seal.Wrapped, error) {
	key, err := hexBytes(cells[cellWrapped])
	if err != nil {
		return seal.Wrapped{}, fmt.Errorf("read a record key: %w", err)
	}
	return seal.Wrapped{KID: string(cells[cellKID]), Key: key, KEK: string(cells[cellKEK])}, nil
}
