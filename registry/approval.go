package registry

import (
	"maps"
	"slices"

	"socialregistry/internal/fault"
)

// Approval says which edits of a field are not written but wait, as change
// requests, for somebody to approve them. The zero Approval lets all edits pass.
type Approval struct {
	Channels []Channel `json:"channels,omitempty"` // edits that come by these wait: self, staff, csv, import, odk, partner
	By       []Role    `json:"by,omitempty"`       // roles that approve; empty: admin and registrar
	Note     bool      `json:"note,omitempty"`     // what is asked for is a note to those who decide: every edit waits, and no record ever holds it
}

// IsZero tells whether nothing waits.
func (p Approval) IsZero() bool { return len(p.Channels) == 0 && len(p.By) == 0 && !p.Note }

// withDefaults fills what may be left out, in one form for each meaning.
func (p Approval) withDefaults() Approval {
	if len(p.Channels) == 0 {
		p.Channels = nil
	}
	switch {
	case len(p.By) > 0:
	case len(p.Channels) > 0 || p.Note:
		p.By = defaultApprovers()
	default:
		p.By = nil
	}
	return p
}

// defaultApprovers decide where the definition names nobody.
func defaultApprovers() []Role { return []Role{RoleAdmin, RoleRegistrar} }

// problem gives what is wrong with a rule about a field of one type, or "".
func (p Approval) problem(t FieldType) string {
	waits := []Channel{ChannelSelf, ChannelStaff, ChannelCSV, ChannelImport, ChannelODK, ChannelPartner}
	switch {
	case t == TypeComputed && !p.IsZero():
		return "Nobody edits a computed value."
	case slices.ContainsFunc(p.Channels, func(c Channel) bool { return !slices.Contains(waits, c) }):
		return "The channels are self, staff, csv, import, odk and partner."
	case slices.ContainsFunc(p.By, func(r Role) bool { return !slices.Contains(rolesFor(toApprove), r) }):
		return "admin, registrar, field_worker or attester approve."
	}
	return ""
}

// Waits tells whether an edit of the field by this actor becomes a change request.
func (f Field) Waits(a Actor) bool {
	return f.Approval.Note || slices.Contains(f.Approval.Channels, a.channel())
}

// noteFine tells whether a field of notes asks for nothing that needs a value: it is
// text that registered persons write.
func (f Field) noteFine() bool {
	return !f.Approval.Note || f.Type == TypeText && slices.Equal(f.EditBy, []Role{RoleRegistrant}) && slices.Equal(f.Kinds, []string{PersonKind}) &&
		!f.Attestable && !f.Issuable && !f.Unique && !f.Lookup && !f.Searchable && !f.Name && !f.Required && f.RequiredIf == "" && (len(f.SeeBy) == 0 || slices.Contains(f.SeeBy, RoleRegistrant))
}

// onlyTold lists the notes in what a version is to hold.
func (b *builder) onlyTold(set map[string]string) (out []fault.Field) {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if def := b.fields.byKey[key]; def != nil && def.Approval.Note && set[key] != "" {
			out = append(out, fault.Field{Name: key, Code: CodeNotEditable, Detail: "No version holds this: it is told by a change request."})
		}
	}
	return out
}

// mayApprove tells whether the actor decides about changes of a field in records of
// a kind; above are the codes of their area and of those above it.
func (a Actor) mayApprove(f Field, kind string, above []string) bool {
	by := f.Approval.By
	if len(by) == 0 {
		by = defaultApprovers()
	}
	return a.maySee(f) && a.holdsIn(f.Section, by, kind, above)
}

// asked is whose change requests a change carries out. That its values are the
// author's to ask for was checked when they were sent, and that they are the
// actor's to approve, now.
type asked struct {
	author  string
	channel Channel
}

// parted is an edit in the part that is written at once and the part that waits.
// Both hold canonical texts, by field, of values that differ from the record's.
type parted struct {
	write, ask map[string]string
	whole      *built // the edit as if nothing waited; nil: nothing changes
}

// part parts an edit of a stored record. What is wrong with the whole is wrong with
// its parts: it returns the errors of edit. Where the part that could be written
// does not stand alone, because it rests on what waits, all of it waits.
func (b *builder) part(old record, c Change) (parted, error) {
	p := parted{write: map[string]string{}, ask: map[string]string{}}
	var err error
	if p.whole, err = b.edit(old, c.Set, c.CollectedAt); err != nil || p.whole == nil {
		return p, err
	}
	for key := range c.Set {
		switch {
		case p.whole.Text[key] == old.text[key]:
		case b.fields.byKey[key].Waits(b.actor):
			p.ask[key] = p.whole.Text[key]
		default:
			p.write[key] = p.whole.Text[key]
		}
	}
	if len(p.ask) == 0 || len(p.write) == 0 {
		return p, nil
	}
	_, err = b.edit(old, p.write, c.CollectedAt)
	if err != nil && fault.KindOf(err) == fault.Invalid {
		maps.Copy(p.ask, p.write)
		p.write, err = nil, nil
	}
	return p, err
}

// waits tells whether anything in set waits for approval.
func (b *builder) waits(set map[string]string) bool {
	for key := range set {
		if def := b.fields.byKey[key]; def != nil && def.Waits(b.actor) {
			return true
		}
	}
	return false
}

// mustWait lists the fields that differ between two texts of a record and wait for
// approval: what takes another version for the record must not go round it.
func (b *builder) mustWait(before, after map[string]string) []fault.Field {
	var out []fault.Field
	for _, key := range keysThatDiffer(before, after) {
		if def := b.fields.byKey[key]; def != nil && def.Waits(b.actor) {
			out = append(out, fault.Field{Name: key, Code: CodeApprovalNeeded, Detail: "A change of this field needs approval: ask for it."})
		}
	}
	return out
}

// CodeApprovalNeeded is the code of a field that a version would change and that
// needs approval.
const CodeApprovalNeeded = "approval_required"
