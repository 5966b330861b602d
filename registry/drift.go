package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// What is kept twice so that it can be read quickly could drift apart: by a
// defect, or by somebody with the database in hand. The check looks for that. It
// does not read the change log: ChainCheck does, and takes much longer.

// DriftKind says which of two things that should be equal are not.
type DriftKind string

// The kinds of drift.
const (
	DriftVersion     DriftKind = "version"     // the version that the live row names as the default is not there
	DriftLatest      DriftKind = "latest"      // latest_no is not the highest number of a version
	DriftValue       DriftKind = "value"       // a value of the live row is not that of its version
	DriftRecordHash  DriftKind = "record_hash" // the keyed hash of all values is not that of the values
	DriftName        DriftKind = "name"        // the name that is searched is not the name
	DriftArea        DriftKind = "area"        // the record lies in another area than its values name
	DriftAttestation DriftKind = "attestation" // the state of a field holds another value's hash
	DriftIdentifier  DriftKind = "identifier"  // an identifier is not found by its value, or by another's
	DriftIndex       DriftKind = "index"       // a searchable field is found by another value
	DriftQueue       DriftKind = "queue"       // the record stands in other queues than its values and decisions say
	DriftUnreadable  DriftKind = "unreadable"  // a sealed value does not open
	DriftChain       DriftKind = "chain"       // the change log, played again, does not make the record: see VerifyChain
)

// Drift is one finding. It holds no value of a person.
type Drift struct {
	RegistrantID uuid.UUID
	Kind         DriftKind
	Field        string // "": the record as a whole
}

// DriftPage is what a part of the check found.
type DriftPage struct {
	Findings []Drift
	Checked  int    // people and groups looked at; those whose values are erased are not
	Next     string // after for the next part; "": everybody was looked at
}

// maxDriftPage bounds one part of the check, in people and groups.
const maxDriftPage = 1000

// DriftCheck looks at up to limit people and groups after a cursor ("" = from
// the beginning), in the order of their ids, and changes nothing. It returns
// Invalid "bad_cursor", or Forbidden.
func (r *Registry) DriftCheck(ctx context.Context, a Actor, after string, limit int) (DriftPage, error) {
	return r.checkPage(ctx, a, after, limit, r.driftOf)
}

// ChainCheck is DriftCheck for change logs: it plays them again, see VerifyChain.
func (r *Registry) ChainCheck(ctx context.Context, a Actor, after string, limit int) (DriftPage, error) {
	return r.checkPage(ctx, a, after, limit, func(tx *gorm.DB, rows []registrantRow) (page DriftPage, err error) {
		for _, row := range rows {
			err := r.verifyChain(tx, row.ID)
			switch {
			case fault.KindOf(err) == fault.Gone:
				continue // erased
			case errors.Is(err, ErrChainBroken):
				page.Findings = append(page.Findings, Drift{RegistrantID: row.ID, Kind: DriftChain})
			case err != nil && tx.Exec(`SELECT 1`).Error != nil:
				return page, err // it is the database that is away
			case err != nil:
				page.Findings = append(page.Findings, Drift{RegistrantID: row.ID, Kind: DriftUnreadable})
			}
			page.Checked++
		}
		return page, nil
	})
}

func (r *Registry) checkPage(ctx context.Context, a Actor, after string, limit int, check func(*gorm.DB, []registrantRow) (DriftPage, error)) (DriftPage, error) {
	if err := a.check(toAudit); err != nil {
		return DriftPage{}, err
	}
	start, err := parseAfter(after)
	if err != nil {
		return DriftPage{}, err
	}
	limit = max(1, min(limit, maxDriftPage))
	var page DriftPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		var rows []registrantRow
		err := tx.Raw(`SELECT `+registrantColumns+` FROM registrant WHERE id > ? ORDER BY id LIMIT ?`, start, limit).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("read records for a check: %w", err)
		}
		if page, err = check(tx, rows); err == nil && len(rows) == limit {
			page.Next = formatAfter(rows[limit-1].ID)
		}
		return err
	})
	return page, err
}

func (r *Registry) driftOf(tx *gorm.DB, rows []registrantRow) (DriftPage, error) {
	c, err := r.loadCopies(tx, rows)
	if err != nil {
		return DriftPage{}, err
	}
	var page DriftPage
	for _, row := range rows {
		wrapped, there := c.keys[row.ID]
		if !there {
			continue
		}
		fields, err := r.fieldSetOf(tx, row.Kind)
		if err != nil {
			return page, err
		}
		page.Checked++
		page.Findings = append(page.Findings, r.driftIn(fields, row, wrapped, c)...)
	}
	return page, nil
}

// driftIn compares one record with its copies.
func (r *Registry) driftIn(fields *fieldSet, row registrantRow, wrapped keyRow, c *copies) (found []Drift) {
	add := func(wrong bool, kind DriftKind, field string) {
		if wrong {
			found = append(found, Drift{row.ID, kind, field})
		}
	}
	v, there := c.versions[row.ID]
	add(!there, DriftVersion, "")
	add(row.LatestNo != c.latest[row.ID], DriftLatest, "")
	rec, was, err := r.openBoth(row, v, wrapped)
	if err != nil {
		add(true, DriftUnreadable, "")
		return found
	}
	if there {
		for _, k := range keysThatDiffer(rec.text, was) {
			add(true, DriftValue, k)
		}
	}
	add(!bytes.Equal(row.Values.VHash, r.keys.RecordHash(row.ID, rec.text)), DriftRecordHash, "")
	add(row.Values.FullNameNorm != searchText(fields.names(rec.text)), DriftName, "")
	add(!c.liesWhereItSays(&row), DriftArea, "")
	add(!slices.Equal(waitingLines(c.waiting[row.ID]), waitingLines(fields.waiting(&row, c.statesOf(row.ID)))), DriftQueue, "")
	for _, s := range c.states[row.ID] {
		if def := fields.byNo[s.Field]; def != nil {
			add(!r.knowsLive(rec, def.Key, s), DriftAttestation, def.Key)
		}
	}
	for _, k := range r.identifierDrift(fields, rec, c.identifiers[row.ID]) {
		add(true, DriftIdentifier, k)
	}
	for _, k := range indexDrift(fields, rec, c.indexed[row.ID]) {
		add(true, DriftIndex, k)
	}
	return found
}

// openBoth opens a record and its default version.
func (r *Registry) openBoth(row registrantRow, v versionRow, wrapped keyRow) (rec record, was map[string]string, err error) {
	key, err := r.keys.OpenRecord(row.ID, wrapped.wrapped())
	if err != nil {
		return record{}, nil, err
	}
	if rec, err = openRecord(row, key); err != nil {
		return record{}, nil, err
	}
	was, err = v.Values.open(key)
	return rec, was, err
}

// knowsLive tells whether the state of a field knows the value that is live.
func (r *Registry) knowsLive(rec record, key string, s stateRow) bool {
	text := rec.text[key]
	if text == "" {
		return s.LiveHash == nil
	}
	return s.LiveHash != nil && r.keys.SameValue(s.HashKeyID, s.LiveHash, rec.row.ID, key, text)
}

// identifierDrift lists the fields whose blind index is not that of the value.
// Identifiers that are no field have no part in it.
func (r *Registry) identifierDrift(fields *fieldSet, rec record, rows []identifierRow) (keys []string) {
	for _, def := range fields.list {
		if !def.Unique && !def.Lookup {
			continue
		}
		var want []identifierRow
		if text := rec.text[def.Key]; text != "" {
			want = append(want, identifierRow{def.Key, db.Bytes(r.keys.BlindIndex(def.Key, text)), rec.row.ID, def.Unique})
		}
		have := slices.DeleteFunc(slices.Clone(rows), func(x identifierRow) bool { return x.Scheme != def.Key })
		if !slices.EqualFunc(want, have, func(x, y identifierRow) bool { return bytes.Equal(x.Bidx, y.Bidx) && x.IsUnique == y.IsUnique }) {
			keys = append(keys, def.Key)
		}
	}
	return keys
}

// indexDrift lists the searchable fields that are not found by their value. One
// whose index is still being filled is left out.
func indexDrift(fields *fieldSet, rec record, rows []fieldValueRow) (keys []string) {
	for _, def := range fields.list {
		if !def.Searchable || !def.Indexed {
			continue
		}
		var have []string
		for _, row := range rows {
			if row.Field == def.No {
				have = append(have, row.NormValue)
			}
		}
		slices.Sort(have)
		if !slices.Equal(def.searchForms(rec.text[def.Key]), have) {
			keys = append(keys, def.Key)
		}
	}
	return keys
}
