package registry

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/fault"
)

const (
	maxToday     = "today"
	lastCoreNo   = 1000
	maxKeyLength = 63
	maxChoices   = 1000
)

var (
	reKey     = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	reSection = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	reLang    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`) // BCP 47, the usual forms
)

// fieldDef is a definition with its pattern compiled.
type fieldDef struct {
	Field
	pattern *regexp.Regexp // nil: none
}

func newFieldDef(f Field) (*fieldDef, error) {
	def := &fieldDef{Field: f}
	if f.Pattern == "" {
		return def, nil
	}
	re, err := compilePattern(f.Pattern)
	if err != nil {
		return nil, fmt.Errorf("field definition %s: %w", f.Key, err)
	}
	def.pattern = re
	return def, nil
}

// compilePattern makes a pattern fit the whole value. Alone it must be a
// pattern too, so that no bracket in it closes ours.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, err
	}
	return regexp.Compile(`^(?:` + pattern + `)$`)
}

// withDefaults fills what may be left out.
func (f Field) withDefaults() Field {
	if f.MaxLength == 0 {
		f.MaxLength = DefaultMaxLength
	}
	if len(f.EditBy) == 0 {
		f.EditBy = []Role{RoleAdmin, RoleRegistrar}
	}
	if len(f.Kinds) == 0 {
		f.Kinds = []string{PersonKind}
	}
	if f.Section == "" {
		f.Section = "other"
	}
	if f.Position == 0 {
		f.Position = 10 * lastCoreNo // after the core fields
	}
	if f.Label == nil {
		f.Label = map[string]string{}
	}
	if f.Hint == nil {
		f.Hint = map[string]string{}
	}
	if f.Choices == nil {
		f.Choices = []Choice{}
	}
	return f
}

// problems lists what is wrong with a definition.
func (f Field) problems() []fault.Field {
	var bad []fault.Field
	add := func(wrong bool, member, words string) {
		if wrong {
			bad = append(bad, fault.Field{Name: member, Code: "invalid_" + member, Detail: words})
		}
	}
	_, badPattern := compilePattern(f.Pattern)
	add(!reKey.MatchString(f.Key) || len(f.Key) > maxKeyLength, "key", "Small letters, digits and single underscores, beginning with a letter; at most 63.")
	add(!reSection.MatchString(f.Section), "section", "Small letters, digits and underscores; at most 32.")
	add(!f.typeKnown(), "type", "text, date, choice, number, boolean, phone, email or identifier.")
	add(!labelsFine(f.Label) || f.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	add(!labelsFine(f.Hint), "hint", "One line per language.")
	add(!f.choicesFine(), "choices", "Different values with labels, for a choice field only.")
	add(badPattern != nil || len(f.Pattern) > DefaultMaxLength, "pattern", "This is not a regular expression (RE2).")
	add(!f.boundFine(f.Min) || f.Min == maxToday, "min", "A date for a date field, a number for a number field.")
	add(!f.boundFine(f.Max), "max", "A date or today for a date field, a number for a number field.")
	add(f.MaxLength < 1 || f.MaxLength > maxMaxLength, "max_length", "From 1 to 4000.")
	add(!f.editorsFine(), "edit_by", "Only admin, registrar and registrant edit values.")
	add(!f.kindsFine(), "kinds", "person alone, or kinds of group; group stands for all of them.")
	add(f.IRI != "" && !absoluteIRI(f.IRI), "iri", "An absolute IRI, such as https://schema.org/givenName.")
	return bad
}

func (f Field) typeKnown() bool {
	return slices.Contains([]FieldType{TypeText, TypeDate, TypeChoice, TypeNumber, TypeBoolean, TypePhone, TypeEmail, TypeIdentifier}, f.Type)
}

func (f Field) choicesFine() bool {
	if f.Type != TypeChoice {
		return len(f.Choices) == 0
	}
	seen := map[string]bool{}
	for _, c := range f.Choices {
		folded := strings.ToLower(c.Value)
		if c.Value == "" || c.Value != strings.TrimSpace(c.Value) || checkText(c.Value) != nil ||
			len(c.Value) > f.MaxLength || seen[folded] || !labelsFine(c.Label) || c.Label["en"] == "" {
			return false
		}
		seen[folded] = true
	}
	return len(f.Choices) > 0 && len(f.Choices) <= maxChoices
}

func (f Field) boundFine(bound string) bool {
	switch {
	case bound == "":
		return true
	case f.Type == TypeDate:
		_, err := time.Parse(time.DateOnly, bound)
		return err == nil || bound == maxToday
	case f.Type == TypeNumber:
		return reNumber.MatchString(bound)
	}
	return false
}

func (f Field) editorsFine() bool {
	return !slices.ContainsFunc(f.EditBy, func(r Role) bool {
		return r != RoleAdmin && r != RoleRegistrar && r != RoleRegistrant
	})
}

// kindsFine tells whether the field is about people or about groups, not both:
// nobody would be found by another's identifier.
func (f Field) kindsFine() bool {
	for _, kind := range f.Kinds {
		if !reKey.MatchString(kind) || len(kind) > maxKeyLength || kind == PersonKind && len(f.Kinds) > 1 {
			return false
		}
	}
	return true
}

func labelsFine(m map[string]string) bool {
	for lang, words := range m {
		if !reLang.MatchString(lang) || words == "" || len(words) > DefaultMaxLength || checkText(words) != nil {
			return false
		}
	}
	return true
}

// absoluteIRI tells whether s is an absolute IRI with a host (RFC 3987 §2.2).
func absoluteIRI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != "" && !strings.ContainsAny(s, " <>\"{}|\\^`")
}
