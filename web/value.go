package web

import (
	"strings"
	"time"
	"unicode/utf8"

	"socialregistry/registry"
)

// shown is a value as people read it.
type shown struct {
	Text  string
	Lang  string // of a choice's label, if it is not the page's
	Dir   string // ltr for numbers and codes, auto for words
	Empty bool
}

// shownValue makes a canonical value readable: dates and choices in words,
// numbers and codes from left to right whatever the page.
func (p *Pages) shownValue(l *locale, f registry.Field, text string) shown {
	if text == "" {
		return shown{Text: l.t("value.none"), Empty: true}
	}
	if name := p.areaName(f, text); name != nil {
		w := p.words(l, name, text)
		return shown{Text: w.Text, Lang: w.Lang, Dir: "auto"}
	}
	if w, ok := p.codeName(l, f, text); ok {
		return shown{Text: w.Text, Lang: w.Lang, Dir: "auto"}
	}
	kind := f.Type
	if kind == registry.TypeComputed {
		kind = f.Result
	}
	switch kind {
	case registry.TypeDate:
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return shown{Text: l.date(day), Dir: "auto"}
		}
	case registry.TypeBoolean:
		return shown{Text: l.t("value." + text), Dir: "auto"}
	case registry.TypeChoice:
		for _, choice := range f.Choices {
			if choice.Value == text {
				w := p.words(l, choice.Label, text)
				return shown{Text: w.Text, Lang: w.Lang, Dir: "auto"}
			}
		}
	case registry.TypeMultiChoice:
		return p.shownChoices(l, f, text)
	case registry.TypeLocation:
		return shown{Text: locationWords(l, text), Dir: "auto"}
	case registry.TypeRepeat:
		return shown{Text: repeatWords(l, text), Dir: "auto"}
	case registry.TypeNumber, registry.TypePhone, registry.TypeEmail, registry.TypeIdentifier, registry.TypeDocument:
		return shown{Text: text, Dir: "ltr"}
	}
	return shown{Text: text, Dir: "auto"}
}

// shownChoices joins the labels of several choices. A value that is no
// choice any more is shown as it is.
func (p *Pages) shownChoices(l *locale, f registry.Field, text string) shown {
	parts := strings.Split(text, ", ")
	for i, part := range parts {
		for _, choice := range f.Choices {
			if choice.Value == part {
				parts[i] = p.words(l, choice.Label, part).Text
			}
		}
	}
	return shown{Text: strings.Join(parts, " · "), Dir: "auto"}
}

// masked hides all but the last four characters of what is stored sealed.
func (p *Pages) masked(l *locale, f registry.Field, text string) shown {
	v := p.shownValue(l, f, text)
	if !f.Sealed || v.Empty {
		return v
	}
	n := utf8.RuneCountInString(v.Text)
	keep := min(4, n/2)
	return shown{Text: strings.Repeat("•", 4) + "\u00a0" + string([]rune(v.Text)[n-keep:]), Dir: "ltr"}
}

// ownValue is a value in somebody's own record, which others may look at over
// the shoulder: identifiers are masked, everything else is readable.
func (p *Pages) ownValue(l *locale, f registry.Field, text string) shown {
	if f.Type == registry.TypeIdentifier {
		return p.masked(l, f, text)
	}
	return p.shownValue(l, f, text)
}

// identity is the head of a page about one person.
type identity struct {
	ID       string
	Name     string
	Initials string
	Number   string
	Version  int
	Base     string // address that the person's pages begin with
}

func (p *Pages) identityOf(fields []registry.Field, person registry.Person, base string) identity {
	id := identity{ID: person.ID.String(), Name: person.Number, Number: person.Number, Version: person.VersionNo, Base: base}
	parts := nameOf(fields, person)
	if len(parts) == 0 {
		return id
	}
	id.Name, id.Initials = strings.Join(parts, " "), initial(parts[0])
	if words := strings.Fields(id.Name); len(words) > 1 {
		id.Initials += "\u200c" + initial(words[len(words)-1]) // not joined, where letters join
	}
	return id
}

// nameOf is the parts of the name that a person is called by. Name fields that
// stand side by side in the order of the definitions are parts of one name; the
// first name of which a part is known is taken, and the others (a name at birth,
// in another script) are details.
func nameOf(fields []registry.Field, person registry.Person) (parts []string) {
	for _, f := range fields {
		text := person.Values[f.Key].Text
		switch {
		case f.Name && text != "":
			parts = append(parts, text)
		case !f.Name && len(parts) > 0:
			return parts
		}
	}
	return parts
}

func initial(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r))
}
