package web

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// foundAtMost is how many people, and how many groups, a search beside a form finds.
const foundAtMost = 10

// candidate is a person or group that can be chosen in a form.
type candidate struct {
	ID, Name, Number string
	Kind             words
	Chosen           bool
	Role             input // of a list in which each has one
	Wrong            string
}

// link is a person or group in a list, with the page about it.
type link struct {
	Href   string // "": the reader may not open it
	Name   string
	Number string
	Kind   words
}

// registrars, and who works for them in the field.
func keepers() []registry.Role {
	return []registry.Role{registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAdmin}
}

func mayKeep(a registry.Actor) bool { return slices.ContainsFunc(keepers(), a.Has) }

// kindWords names the kinds of records: people, and every kind of group.
func (p *Pages) kindWords(ctx context.Context, l *locale) (map[string]words, error) {
	kinds, err := p.registry.GroupKinds(ctx)
	out := map[string]words{registry.PersonKind: {Text: l.t("kind.person")}}
	for _, k := range kinds {
		out[k.Key] = p.words(l, k.Label, k.Key)
	}
	return out, err
}

// recordPath is the page of a person or group.
func recordPath(kind string, id uuid.UUID) string {
	if kind == registry.PersonKind {
		return "/admin/people/" + id.String()
	}
	return "/admin/groups/" + id.String()
}

// links names people and groups by their ids. Who is outside the reader's bounds
// has neither page nor name.
func (p *Pages) links(ctx context.Context, l *locale, actor registry.Actor, ids ...uuid.UUID) (func(uuid.UUID) link, error) {
	kinds, err := p.kindWords(ctx, l)
	if err != nil {
		return nil, err
	}
	names, err := p.registry.Names(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	return func(id uuid.UUID) link {
		n, known := names[id]
		if !known {
			return link{Name: l.t("members.outside")}
		}
		out := link{Href: recordPath(n.Kind, id), Name: n.Name, Number: n.Number, Kind: kinds[n.Kind]}
		if out.Name == "" {
			out.Name = n.Number
		}
		return out
	}, nil
}

// findCandidates finds by name or number whoever can be chosen: records of some
// kinds, but not those in without.
func (p *Pages) findCandidates(ctx context.Context, l *locale, actor registry.Actor, text string, kinds []string, without ...uuid.UUID) ([]candidate, error) {
	var ids []uuid.UUID
	take := func(id uuid.UUID) {
		if !slices.Contains(without, id) {
			ids = append(ids, id)
		}
	}
	if slices.Contains(kinds, registry.PersonKind) {
		page, err := p.registry.Search(ctx, actor, registry.Query{Text: text, Limit: foundAtMost, Names: true})
		if err != nil {
			return nil, err
		}
		for _, found := range page.People {
			take(found.ID)
		}
	}
	if slices.ContainsFunc(kinds, func(k string) bool { return k != registry.PersonKind }) {
		page, err := p.registry.Groups(ctx, actor, registry.Query{Text: text, Limit: foundAtMost})
		if err != nil {
			return nil, err
		}
		for _, found := range page.Groups {
			if slices.Contains(kinds, found.Kind) {
				take(found.ID)
			}
		}
	}
	return p.candidates(ctx, l, actor, ids)
}

// candidates names people and groups to choose from, in the order of ids.
func (p *Pages) candidates(ctx context.Context, l *locale, actor registry.Actor, ids []uuid.UUID) ([]candidate, error) {
	named, err := p.links(ctx, l, actor, ids...)
	if err != nil {
		return nil, err
	}
	var out []candidate
	for _, id := range ids {
		n := named(id)
		out = append(out, candidate{ID: id.String(), Name: n.Name, Number: n.Number, Kind: n.Kind})
	}
	return out, nil
}

// candidateOptions is the candidates as a list to choose one of.
func candidateOptions(found []candidate, chosen string) []option {
	var out []option
	for _, c := range found {
		text := c.Name
		if c.Number != "" && c.Number != c.Name {
			text += " · " + c.Number
		}
		out = append(out, option{Value: c.ID, Label: words{Text: text}, Selected: c.ID == chosen})
	}
	return out
}

// idsOf reads the ids among some texts, each once, at most max.
func idsOf(texts []string, most int) []uuid.UUID {
	var out []uuid.UUID
	for _, text := range texts {
		id, err := uuid.Parse(text)
		if err == nil && len(out) < most && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// day is a stored day in words; "" stays "".
func (l *locale) day(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return l.date(day)
}

// Inputs that many forms have.

func reasonInput(l *locale, id, value string, problems []problem) input {
	return input{ID: id, Kind: "text", Label: words{Text: l.t("edit.reason")}, Value: value, Dir: "auto", Autocomplete: "off", Required: true, MaxLength: 500, Wrong: wrongOf(problems, id)}
}

func dayInput(l *locale, id, label, value string, problems []problem) input {
	return input{ID: id, Kind: "date", Label: words{Text: l.t(label)}, Value: value, Autocomplete: "off", Wrong: wrongOf(problems, id)}
}

// choiceInput is a list; the first option, with the value "", is in the words of
// none, unless that is "".
func choiceInput(l *locale, id, label, none string, options []option, problems []problem) input {
	if none != "" {
		options = append([]option{{Label: words{Text: l.t(none)}}}, options...)
	}
	return input{ID: id, Kind: "choice", Label: words{Text: l.t(label)}, Options: options, Wrong: wrongOf(problems, id)}
}

// searchInput finds whom to choose.
func searchInput(l *locale, id, label, value string) input {
	return input{ID: id, Kind: "search", Label: words{Text: l.t(label)}, Hint: words{Text: l.t("find.hint")}, Value: value, Dir: "auto", Autocomplete: "off", MaxLength: 200}
}

// tickbox is one yes or no of a form.
type tickbox struct {
	ID, Label string
	On        bool
	Wrong     string
}
