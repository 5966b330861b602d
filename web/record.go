package web

import (
	"context"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// badge is a state: an icon and a word, never colour alone.
type badge struct {
	Class, Icon, Text string
}

// badgeOf is what a state looks like, with its words; "" is the look of all others.
func badgeOf[S ~string](state S, text string, looks map[S]badge) badge {
	b, known := looks[state]
	if !known {
		b = looks[""]
	}
	b.Text = text
	return b
}

// detail is one field of a record as a row shows it.
type detail struct {
	Key   string
	Label words
	Value shown
	Badge *badge // nil: nothing to say
	Meta  string // who decided, and when
	Note  string // why it was rejected

	Collected string   // when the value was collected, "" if nobody knows
	Act       *ownLink // what the reader can do about it; nil: nothing
	More      *ownLink // to all that is known of it; nil: no more than this
}

// ownLink leads somewhere.
type ownLink struct{ Href, Text string }

// section is the fields that belong together, in their order.
type section struct {
	Key, Title string
	Details    []detail
	Empty      []words // labels of fields without a value
	Edit       bool    // the reader may edit some of them
}

// record is everything about one person that several pages show.
type record struct {
	fields []registry.Field
	person registry.Person
	kind   string // PersonKind, or the kind of a group
	states map[string]registry.FieldState
	about  uuid.UUID // the record of somebody else whom the reader represents; zero: any other
}

// load reads a person with definitions and states.
func (p *Pages) load(ctx context.Context, actor registry.Actor, id uuid.UUID) (rec record, err error) {
	rec.kind = registry.PersonKind
	if rec.fields, err = p.registry.Fields(ctx); err != nil {
		return rec, err
	}
	if rec.person, err = p.registry.Person(ctx, actor, id); err != nil {
		return rec, err
	}
	rec.states, err = p.registry.FieldStates(ctx, actor, id)
	return rec, err
}

// attested counts the values that can be attested, and those attested now.
func (r record) attested() (done, all int) {
	for _, f := range r.fields {
		if !f.Attestable || r.person.Values[f.Key].Text == "" {
			continue
		}
		all++
		if r.states[f.Key].State == registry.StateAttested {
			done++
		}
	}
	return done, all
}

// waiting counts the values that somebody has to decide on.
func (r record) waiting() (n int) {
	for _, s := range r.states {
		if s.State == registry.StateNew && r.person.Values[s.Field].Text != "" {
			n++
		}
	}
	return n
}

// label is the field's name in the page's language.
func (p *Pages) label(l *locale, f registry.Field) words { return p.words(l, f.Label, f.Key) }

// sectionTitle is the name of a section; one that an administrator has added, for which
// definitions have no words, shows its key as words.
func sectionTitle(l *locale, key string) string {
	if l.has("section." + key) {
		return l.t("section." + key)
	}
	return humanKey(key)
}

// sections groups a record; value chooses how values are shown.
func (p *Pages) sections(l *locale, actor registry.Actor, rec record, value func(*locale, registry.Field, string) shown) []section {
	var out []section
	at := map[string]int{}
	for _, f := range rec.fields {
		if f.Approval.Note { // no record holds one
			continue
		}
		i, ok := at[f.Section]
		if !ok {
			i = len(out)
			at[f.Section] = i
			out = append(out, section{Key: f.Section, Title: sectionTitle(l, f.Section)})
		}
		out[i].Edit = out[i].Edit || mayEdit(actor, f)
		if rec.person.Values[f.Key].Text == "" {
			out[i].Empty = append(out[i].Empty, p.label(l, f))
			continue
		}
		out[i].Details = append(out[i].Details, p.detail(l, rec, f, value))
	}
	return out
}

func (p *Pages) detail(l *locale, rec record, f registry.Field, value func(*locale, registry.Field, string) shown) detail {
	text := rec.person.Values[f.Key].Text
	d := detail{Key: f.Key, Label: p.label(l, f), Value: value(l, f, text)}
	if text == "" {
		return d
	}
	d.Collected = collectedWords(l, rec.person.Values[f.Key])
	state := rec.states[f.Key]
	b := stateBadge(l, f, state)
	d.Badge = &b
	switch {
	case !f.Attestable:
	case state.State == registry.StateAttested && state.By != "":
		d.Meta = l.t("detail.attested_by", "who", state.By, "when", state.At)
	case state.State.NeedsComment():
		d.Note = state.Comment
		if state.State == registry.StateRejected && state.By != "" {
			d.Meta = l.t("detail.rejected_by", "who", state.By, "when", state.At)
		}
	}
	return d
}

// collectedWords says when a value was collected; "" if nobody knows.
func collectedWords(l *locale, v registry.Value) string {
	if v.CollectedAt.IsZero() {
		return ""
	}
	return l.t("detail.collected", "when", v.CollectedAt)
}

// stateBadge says where a value stands. That it changed since it was decided on
// is derived: nobody sees a tick on a value that nobody looked at.
func stateBadge(l *locale, f registry.Field, s registry.FieldState) badge {
	switch {
	case !f.Attestable:
		return badge{"none", "minus", l.t("state.not_attested")}
	case s.State == registry.StateAttested:
		return badge{"ok", "check", l.t("state.attested")}
	case s.State == registry.StateRejected:
		return badge{"bad", "cross", l.t("state.rejected")}
	case s.State == registry.StateExpired:
		return badge{"chg", "clock", l.t("state.expired")}
	case s.State == registry.StateRevoked:
		return badge{"bad", "cross", l.t("state.revoked")}
	case s.Changed:
		return badge{"chg", "changed", l.t("state.changed")}
	}
	return badge{"wait", "clock", l.t("state.waiting")}
}

// mayEdit says whether the definition lets the actor edit the field; the
// registry decides again when it is saved.
func mayEdit(a registry.Actor, f registry.Field) bool {
	if f.Retired || a.Acting() && f.Reaches() {
		return false
	}
	for _, role := range f.EditBy {
		if a.Has(role) || role == registry.RoleRegistrar && a.Has(registry.RoleFieldWorker) {
			return true
		}
	}
	return false
}
