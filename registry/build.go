package registry

// What one change of one person writes, computed in memory. The same functions
// serve a single edit and a bulk import, so that the two cannot differ:
//
//	b := r.newBuilder(fields, actor, reason, now)
//	change, err := b.register(id, number, set, collected)   // a new person
//	change, err := b.edit(record, set, collected)           // nil, nil: nothing changes
//
// set is {field: text}, "" removes. Bad input is one *fault.Error with a Field
// per mistake. A built change holds every row of the transaction but what only
// the database knows: where the hash chain stands (chain_no, prev_hash, hash:
// see registrantRow.link, or chain_hash in SQL) and the number of the transaction.
//
// One change writes, in one transaction: the live row (INSERT, or UPDATE guarded
// by version_no), one version, one change_log row, record_key for a new person,
// identifiers dropped, then added, the searchable values, and live_hash of the field_state rows that
// exist for the changed fields.

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// record is one stored person with key and values opened.
type record struct {
	row   registrantRow
	key   seal.Record
	text  map[string]string // {field: text}, sealed values too
	above []string          // codes of its area and those above, if it was read for somebody with bounds
}

// builder computes changes that one actor makes for one reason at one moment.
type builder struct {
	keys   seal.Keys
	fields *fieldSet
	actor  Actor
	reason string
	at     db.Time
	fresh  bool        // the actor has lately proved who they are
	asked  *asked      // whose request this change carries out; nil: nobody's
	keeps  string      // key of the field that the registry itself sets in this change; "": none
	beside []diffEntry // what the log says beside the values
	label  string      // names the versions that register and edit make; "": none

	placeOf func(key string) (place, error) // finds the area of an areaKey; nil: nobody with bounds builds
	above   []string                        // codes of the area of the record at work and of those above it

	hasDocument func(id uuid.UUID, sha256 string) (bool, error) // tells whether a record has a document with this content
}

func (r *Registry) newBuilder(fields *fieldSet, a Actor, reason string, at db.Time) *builder {
	return &builder{keys: r.keys, fields: fields, actor: a, reason: reason, at: at, fresh: r.Fresh(a)}
}

// built is one change, ready to be stored.
type built struct {
	From    int               // the version that it was made from; 0 for a new person
	Label   string            // the name of the version that is made; "": none
	Basis   int               // the version that it repeats but for facts of today; 0: none
	Switch  bool              // the row takes the values of a version that is there: none is made
	Row     registrantRow     // the new live row; ChainNo and ChainHead are the old ones until link
	Text    map[string]string // all its values
	NewKey  *keyRow           // nil but for a new person
	Changed []fieldHash       // fields of a stored person whose value changed
	Dropped []identifierRow   // to delete first
	Added   []identifierRow   // to insert then
	Indexed []indexedValue    // searchable fields whose value changed
	Log     changeRow         // without TxNo; without ChainNo, PrevHash and Hash until link

	asked    *asked // whose request it carries out: the author of the version
	key      seal.Record
	diff     []diffEntry // what Log says
	AreaName *string     // what the values name as the area now, normalised; nil: what they named before
	by       Actor
}

// fieldHash is the keyed hash of a field's new value; nil if it was removed.
type fieldHash struct {
	No   int
	Hash db.Bytes
}

// register builds a new person.
func (b *builder) register(id uuid.UUID, number string, set map[string]string, collected time.Time) (*built, error) {
	if err := b.enter(set); err != nil {
		return nil, err
	}
	clean, bad := b.clean(set, nil, collected)
	key, wrapped := b.keys.NewRecord(id)
	out := &built{
		NewKey: &keyRow{RegistrantID: id, KID: wrapped.KID, Wrapped: wrapped.Key, KEK: wrapped.KEK},
		Row: registrantRow{ID: id, Number: number, Kind: b.fields.kind, Status: statusActive, CreatedAt: b.at, ChainHead: make([]byte, chainHashSize),
			Values: values{Extra: copyColumn[string](nil), Enc: copyColumn[string](nil), Times: copyColumn[recorded](nil)}},
		Text: map[string]string{},
	}
	diff := b.apply(out, key, clean, collected)
	diff = append(diff, b.apply(out, key, b.derive(out.Text), time.Time{})...)
	bad = append(bad, b.fields.missing(out.Text, nil, bad)...)
	bad = append(bad, b.guard(nil, out.Text, nil, bad)...)
	out.nameArea("")
	return b.finish(out, key, b.named(out, diff), bad)
}

// edit builds a change of a stored person. It gives nil if nothing changes.
func (b *builder) edit(old record, set map[string]string, collected time.Time) (*built, error) {
	b.above = old.above
	clean, bad := b.clean(set, old.text, collected)
	out := newEdit(old)
	diff, bad := b.change(out, old, clean, collected, bad)
	if len(bad) == 0 && len(diff) == 0 {
		return nil, nil
	}
	if err := b.mayMoveContact(diff); err != nil {
		return nil, err
	}
	out.nameArea(old.row.Values.areaText())
	return b.finish(out, old.key, b.named(out, diff), bad)
}

// change writes clean, and all that follows from it, into out. Without a change
// nothing follows.
func (b *builder) change(out *built, old record, clean map[string]string, collected time.Time, bad []fault.Field) ([]diffEntry, []fault.Field) {
	diff := b.apply(out, old.key, clean, collected)
	if len(diff) > 0 {
		diff = append(diff, b.apply(out, old.key, b.derive(out.Text), time.Time{})...)
	}
	bad = append(bad, b.fields.missing(out.Text, clean, bad)...)
	return diff, append(bad, b.guard(old.text, out.Text, clean, bad)...)
}

// newEdit is a change of a stored person that changes nothing yet. It shares no
// map with the record.
func newEdit(old record) *built {
	out := &built{From: old.row.VersionNo, Row: old.row, Text: maps.Clone(old.text)}
	v := &out.Row.Values
	v.Extra, v.Enc, v.Times = copyColumn(v.Extra.V), copyColumn(v.Enc.V), copyColumn(v.Times.V)
	return out
}

// apply writes every value of clean that differs into out.
func (b *builder) apply(out *built, key seal.Record, clean map[string]string, collected time.Time) []diffEntry {
	var diff []diffEntry
	for _, k := range b.fields.sortedKeys(clean) {
		before, after := out.Text[k], clean[k]
		if before == after {
			continue
		}
		def := b.fields.byKey[k]
		diff = append(diff, diffEntry{Field: k, Old: before, New: after})
		if out.NewKey == nil { // nobody has decided on a new person
			out.Changed = append(out.Changed, fieldHash{def.No, b.valueHash(out.Row.ID, k, after)})
		}
		b.moveIdentifier(out, def, before, after)
		b.index(out, def, after)
		out.Row.Values.put(def, key, after)
		if after == "" {
			delete(out.Text, k)
			delete(out.Row.Values.Times.V, k)
			continue
		}
		out.Text[k] = after
		out.Row.Values.Times.V[k] = recordedAt(b.at.Time, collected, def.Version)
	}
	return diff
}

// finish computes what covers the whole record and the log entry.
func (b *builder) finish(out *built, key seal.Record, diff []diffEntry, bad []fault.Field) (*built, error) {
	lost, err := b.lostDocuments(out, diff)
	if err != nil {
		return nil, err
	}
	if bad = append(bad, lost...); len(bad) > 0 {
		return nil, fault.InvalidFields("invalid_values", "Some values cannot be accepted.", bad)
	}
	out.by, out.asked = b.actor, b.asked
	row := &out.Row
	row.Values.FullNameNorm = searchText(b.fields.names(out.Text))
	row.Values.VHash, row.Values.HashKeyID = b.keys.RecordHash(row.ID, out.Text), b.keys.HashKeyID()
	row.LatestNo++
	row.VersionNo = row.LatestNo
	row.UpdatedAt = b.at
	out.key = key
	return out, b.addToLog(out, append(diff, b.beside...)...)
}

// addToLog makes the entry of a change say more.
func (b *builder) addToLog(c *built, diff ...diffEntry) (err error) {
	c.diff = append(c.diff, diff...)
	c.Log, err = b.logEntry(c.Row.ID, c.key, c.diff)
	return err
}

// lostDocuments lists the values that name a file which the record does not have.
func (b *builder) lostDocuments(out *built, diff []diffEntry) (bad []fault.Field, err error) {
	for _, d := range diff {
		def := b.fields.byKey[d.Field]
		if def == nil || def.Type != TypeDocument || d.New == "" || d.Kind != "" && d.Kind != KindVersionValue {
			continue
		}
		has := false
		if out.NewKey == nil { // a new record has no documents
			if has, err = b.hasDocument(out.Row.ID, d.New); err != nil {
				return nil, err
			}
		}
		if !has {
			bad = append(bad, fault.Field{Name: d.Field, Code: CodeNoDocument, Detail: "This record has no such document: add it first."})
		}
	}
	return bad, nil
}

// logEntry makes the row of the change log for a diff.
func (b *builder) logEntry(id uuid.UUID, key seal.Record, diff []diffEntry) (changeRow, error) {
	plain, err := json.Marshal(diff)
	if err != nil {
		return changeRow{}, fmt.Errorf("write a diff: %w", err)
	}
	log := changeRow{RegistrantID: id, At: b.at, Actor: b.actor.name(), ActorKind: b.actor.kind(),
		Channel: b.actor.channel(), Reason: b.reason, Diff: key.Seal(sealedDiff, "diff", plain)}
	log.PayloadHash = log.payload()
	return log, nil
}

func (b *builder) moveIdentifier(out *built, def *fieldDef, before, after string) {
	if !def.Unique && !def.Lookup {
		return
	}
	row := func(text string) identifierRow {
		return identifierRow{def.Key, b.keys.BlindIndex(def.Key, text), out.Row.ID, def.Unique}
	}
	if before != "" && after != "" && seal.Normalise(before) == seal.Normalise(after) {
		return
	}
	if before != "" {
		out.Dropped = append(out.Dropped, row(before))
	}
	if after != "" {
		out.Added = append(out.Added, row(after))
	}
}

func (b *builder) valueHash(id uuid.UUID, field, text string) db.Bytes {
	if text == "" {
		return nil
	}
	return b.keys.ValueHash(id, field, text)
}

func recordedAt(at, collected time.Time, definition int) recorded {
	t := recorded{R: at.UnixMicro()}
	if definition > 1 {
		t.D = definition
	}
	if !collected.IsZero() {
		t.C = collected.UnixMicro()
	}
	return t
}

// names joins the names of a person in the order of their fields.
func (s *fieldSet) names(text map[string]string) string {
	var parts []string
	for _, def := range s.list {
		if def.Name && text[def.Key] != "" {
			parts = append(parts, text[def.Key])
		}
	}
	return strings.Join(parts, " ")
}
