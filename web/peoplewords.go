package web

import (
	"maps"
	"net/url"
	"slices"

	"socialregistry/registry"
)

// filterWord is one part of a search, in words.
type filterWord struct {
	Name  words
	Value shown
}

// filterWords is a search as a form sends it on, and as people read it.
func (p *Pages) filterWords(l *locale, fields []registry.Field, filter url.Values) (kept []hidden, said []filterWord) {
	for _, name := range slices.Sorted(maps.Keys(filter)) {
		kept = append(kept, hidden{name, filter.Get(name)})
		said = append(said, p.filterWord(l, fields, name, filter.Get(name)))
	}
	return kept, said
}

func (p *Pages) filterWord(l *locale, fields []registry.Field, name, value string) filterWord {
	w := filterWord{Name: words{Text: name, Dir: "ltr"}, Value: shown{Text: value, Dir: "auto"}}
	key, whole := equalsKey(name)
	switch {
	case whole:
		f := definitionOf(fields, key)
		w.Name, w.Value = p.label(l, f), p.shownValue(l, f, value)
	case name == "q":
		w.Name = words{Text: l.t("people.find")}
	case l.has("people." + name):
		w.Name = words{Text: l.t("people." + name)}
	}
	switch name {
	case "field":
		label := p.label(l, definitionOf(fields, value))
		w.Value = shown{Text: label.Text, Lang: label.Lang, Dir: "auto"}
	case "state":
		w.Value.Text = stateName(l, registry.State(value))
	case "programme":
		label := p.label(l, definitionOf(fields, registry.Programme{Code: value}.Field()))
		w.Value = shown{Text: label.Text, Lang: label.Lang, Dir: "auto"}
	case "enrolment":
		w.Value.Text = l.t("enrol.state_" + value)
	case "as_written":
		w.Value.Text = l.t("kit.yes")
	}
	return w
}
