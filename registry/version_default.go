package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// SetDefault makes a version the default: the record takes its values,
// identifiers included. It is an edit in all but the version, which is there
// already: a decision stands again if the value that it was about comes back,
// and is stale if its value goes. If the version is the default already, nothing
// is written. It returns NotFound "no_such_person" or "no_such_version",
// Conflict "version_conflict" (expectVersion is not the default) or
// "identifier_taken", or Forbidden, also "not_editable" with the fields that the
// version has otherwise and this account may not change, and "approval_required"
// with those whose change needs approval.
func (r *Registry) SetDefault(ctx context.Context, a Actor, id uuid.UUID, versionNo, expectVersion int, reason string) (Person, error) {
	if err := a.checkOn(toSetDefault, id); err != nil {
		return Person{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Person{}, err
	}
	var p Person
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := r.loadAtVersion(tx, a.to(toSetDefault), id, expectVersion)
		if err != nil {
			return err
		}
		b, err := r.loadBuilder(tx, a, reason, now)
		if err != nil {
			return err
		}
		hidden := b.fields.hiddenFrom(a)
		p = personOf(old.row, old.text)
		without(hidden, p.Values)
		if versionNo == old.row.VersionNo {
			return nil
		}
		if versionNo < 1 || versionNo > old.row.LatestNo {
			return errNoVersion()
		}
		v, err := loadVersion(tx, id, versionNo)
		if err != nil {
			return err
		}
		change, err := b.switchTo(old, v)
		if err != nil || change == nil {
			return err
		}
		if err := r.store(tx, change); err != nil {
			return err
		}
		p = personOf(change.Row, without(hidden, change.Text))
		return nil
	})
	return p, err
}

// switchTo builds a change that gives a record the values of one of its
// versions, or nil if it repeats that version already. What is computed from
// values is computed anew: the version may be older than the way in which that is
// done.
func (b *builder) switchTo(old record, v versionRow) (*built, error) {
	text, err := v.Values.open(old.key)
	if err != nil {
		return nil, fmt.Errorf("open version %d: %w", v.VersionNo, err)
	}
	out := &built{From: old.row.VersionNo, Switch: true, Row: old.row, Text: text}
	out.Row.Values, out.Row.VersionNo, out.Row.UpdatedAt = v.Values, v.VersionNo, b.at
	var diff []diffEntry
	if b.keepFacts(out, old) {
		if len(keysThatDiffer(old.text, text)) == 0 {
			return nil, nil
		}
		out.Switch, out.Basis = false, v.VersionNo
		out.Row.LatestNo++
		out.Row.VersionNo = out.Row.LatestNo
		diff = append(diff, versionEntry(out.From, out.Row.VersionNo, ""))
	}
	if err := b.mayTake(old, text); err != nil {
		return nil, err
	}
	diff = append(diff, defaultEntry(out.From, out.Row.VersionNo, out.Basis))
	out.by = b.actor
	out.nameArea(old.row.Values.areaText())
	row := &out.Row
	row.Values.FullNameNorm = searchText(b.fields.names(text))
	row.Values.VHash, row.Values.HashKeyID = b.keys.RecordHash(row.ID, text), b.keys.HashKeyID()
	out.Log, err = b.logEntry(row.ID, old.key, append(diff, b.replace(out, old.text)...))
	return out, err
}

// keepFacts puts back what the registry itself keeps, and tells whether the
// version has it otherwise.
func (b *builder) keepFacts(out *built, old record) (kept bool) {
	for _, k := range keysThatDiffer(old.text, out.Text) {
		def := b.fields.byKey[k]
		if def == nil || !def.kept() {
			continue
		}
		if v := &out.Row.Values; !kept {
			v.Extra, v.Enc, v.Times = copyColumn(v.Extra.V), copyColumn(v.Enc.V), copyColumn(v.Times.V)
			kept = true
		}
		out.Row.Values.put(def, old.key, old.text[k])
		if out.Text[k] = old.text[k]; old.text[k] == "" {
			delete(out.Text, k)
			delete(out.Row.Values.Times.V, k)
			continue
		}
		out.Row.Values.Times.V[k] = old.row.Values.Times.V[k]
	}
	return kept
}

// mayTake refuses what the actor could not edit. What is computed goes with what
// it is computed from, and a retired field may get back what it had.
func (b *builder) mayTake(old record, text map[string]string) error {
	var locked []fault.Field
	for _, k := range keysThatDiffer(old.text, text) {
		def := b.fields.byKey[k]
		if def == nil || def.kept() || def.Type == TypeComputed {
			continue
		}
		f := def.Field
		f.Retired = false
		if !b.actor.mayEdit(f, b.fields.kind, old.above) {
			locked = append(locked, fault.Field{Name: k, Code: CodeNotEditable, Detail: "This account may not change this field."})
		}
	}
	if waiting := b.mustWait(old.text, text); len(locked) == 0 && len(waiting) > 0 {
		return &fault.Error{Kind: fault.Forbidden, Code: CodeApprovalNeeded, Fields: waiting,
			Detail: "The version has other values of fields whose changes need approval: ask for those changes."}
	}
	if len(locked) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Forbidden, Code: CodeNotEditable, Fields: locked,
		Detail: "The version has other values of fields that this account may not change."}
}

// replace lists what another version changes, and moves what follows the values.
func (b *builder) replace(out *built, before map[string]string) (diff []diffEntry) {
	for _, k := range keysThatDiffer(before, out.Text) {
		was, is := before[k], out.Text[k]
		diff = append(diff, diffEntry{Field: k, Old: was, New: is})
		if def := b.fields.byKey[k]; def != nil {
			out.Changed = append(out.Changed, fieldHash{def.No, b.valueHash(out.Row.ID, k, is)})
			b.moveIdentifier(out, def, was, is)
			b.index(out, def, is)
		}
	}
	return diff
}

// keysThatDiffer lists the keys under which two records hold different texts.
func keysThatDiffer(before, after map[string]string) []string {
	all := maps.Clone(before)
	maps.Copy(all, after)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(k string) bool { return before[k] == after[k] })
}
