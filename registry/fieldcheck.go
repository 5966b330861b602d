package registry

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry/attestation"
	"socialregistry/registry/schema"
)

// checked gives the definition if it is right in itself, or Invalid.
func (f Field) checked() (Field, error) {
	if bad := f.problems(); len(bad) > 0 {
		return Field{}, errBadDefinition(bad)
	}
	return f, nil
}

func errBadDefinition(bad []fault.Field) error {
	return fault.InvalidFields("invalid_field_definition", "The definition has mistakes.", bad)
}

// definitionProblems collects what is wrong, member by member.
type definitionProblems []fault.Field

func (p *definitionProblems) add(wrong bool, member, words string) {
	if wrong {
		*p = append(*p, fault.Field{Name: member, Code: "invalid_" + member, Detail: words})
	}
}

// problems lists what is wrong with a definition in itself. Its expressions are
// checked among the other fields, by fieldSet.checkRules.
func (f Field) problems() []fault.Field {
	var p definitionProblems
	f.checkShape(&p)
	f.checkAccess(&p)
	f.checkValues(&p)
	return p
}

// checkShape checks what the field is called and what it is about.
func (f Field) checkShape(p *definitionProblems) {
	p.add(!reKey.MatchString(f.Key) || len(f.Key) > maxKeyLength, "key", "Small letters, digits and single underscores, beginning with a letter; at most 63.")
	p.add(!reSection.MatchString(f.Section), "section", "Small letters, digits and underscores; at most 32.")
	p.add(!f.typeKnown(), "type", "text, date, choice, number, boolean, phone, email, identifier, multi_choice, location, document, repeat or computed.")
	p.add(!labelsFine(f.Label) || f.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	p.add(!labelsFine(f.Hint), "hint", "One line per language.")
	p.add(!f.kindsFine(), "kinds", "person alone, or kinds of group; group stands for all of them.")
	p.add(f.IRI != "" && !absoluteIRI(f.IRI), "iri", "An absolute IRI, such as https://schema.org/givenName.")
}

// checkAccess checks who may do what, and how the field is found.
func (f Field) checkAccess(p *definitionProblems) {
	computed := f.Type == TypeComputed
	parted := f.Type == TypeLocation || f.Type == TypeRepeat || f.Type == TypeMultiChoice
	p.add(f.Attestation.Problem() != "" || !f.Attestable && f.Attestation != (attestation.Policy{}), "attestation",
		strings.TrimSpace(f.Attestation.Problem()+" For attestable fields only."))
	p.add(!f.editorsFine(), "edit_by", "Only admin, registrar and registrant edit values, and nobody edits a computed one.")
	p.add(!seersFine(f.SeeBy), "see_by", "admin, registrar, field_worker, attester, auditor or registrant.")
	unfit := f.Approval.problem(f.Type)
	p.add(unfit != "", "approval", unfit)
	p.add(!f.noteFine(), "approval", "A note is text about a person that the registrant alone writes; it is not attested, issued, searched or needed.")
	p.add(f.Name && len(f.SeeBy) > 0, "see_by", "Not for names: everybody who searches finds people by them.")
	p.add(computed && f.Required, "required", "Nobody enters a computed value.")
	p.add(f.Unique && (computed || parted), "unique", "Not for values that are computed or have parts.")
	p.add(f.Lookup && parted, "lookup", "Not for values that have parts.")
	p.add(f.Name && (computed || parted), "name", "Not for values that are computed or have parts.")
	p.add(f.Searchable && (f.Sealed || f.Type == TypeLocation || f.Type == TypeRepeat), "searchable",
		"Not for sealed values, locations and repeats; a sealed value is found by lookup.")
}

// checkValues checks the rules for values.
func (f Field) checkValues(p *definitionProblems) {
	_, badPattern := compilePattern(f.Pattern)
	p.add(!f.choicesFine(), "choices", "Different values with labels, for a choice field only; those of a multi-choice field have no comma, semicolon or bar.")
	p.add(badPattern != nil || len(f.Pattern) > DefaultMaxLength, "pattern", "This is not a regular expression (RE2).")
	p.add(!f.boundFine(f.Min) || f.Min == maxToday, "min", "A date for a date field, a number for a number field.")
	p.add(!f.boundFine(f.Max), "max", "A date or today for a date field, a number for a number field.")
	p.add(f.MaxLength < 1 || f.MaxLength > maxMaxLength, "max_length", "From 1 to 4000.")
	if len(f.Schema) > 0 {
		_, err := schema.Compile(f.Schema)
		p.add(err != nil || f.Type == TypeComputed, "schema", "A JSON Schema (draft 2020-12) without references, at most 16 KiB; not for computed values.")
	}
	p.add(f.Type == TypeComputed && (f.ShowIf != "" || f.RequiredIf != ""), "show_if", "A computed value has no conditions but its rule.")
	p.add((f.Type == TypeComputed) != (f.Rule != ""), "rule", "A computed field needs one, and no other has one.")
	p.add(!f.resultFine(), "result", "text, number, boolean or date, for a computed field only.")
}

func (f Field) typeKnown() bool {
	return slices.Contains([]FieldType{TypeText, TypeDate, TypeChoice, TypeNumber, TypeBoolean, TypePhone, TypeEmail, TypeIdentifier,
		TypeMultiChoice, TypeLocation, TypeDocument, TypeRepeat, TypeComputed}, f.Type)
}

func (f Field) resultFine() bool {
	if f.Type != TypeComputed {
		return f.Result == ""
	}
	return slices.Contains([]FieldType{TypeText, TypeNumber, TypeBoolean, TypeDate}, f.Result)
}

func (f Field) choicesFine() bool {
	if f.Type != TypeChoice && f.Type != TypeMultiChoice {
		return len(f.Choices) == 0
	}
	seen := map[string]bool{}
	for _, c := range f.Choices {
		folded := strings.ToLower(c.Value)
		if c.Value == "" || c.Value != strings.TrimSpace(c.Value) || checkText(c.Value) != nil ||
			f.Type == TypeMultiChoice && strings.ContainsAny(c.Value, ",;|") ||
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
	case f.valueType() == TypeDate:
		_, err := time.Parse(time.DateOnly, bound)
		return err == nil || bound == maxToday
	case f.valueType() == TypeNumber:
		return reNumber.MatchString(bound)
	}
	return false
}

func (f Field) editorsFine() bool {
	if f.Type == TypeComputed {
		return len(f.EditBy) == 0
	}
	return !slices.ContainsFunc(f.EditBy, func(r Role) bool {
		return r != RoleAdmin && r != RoleRegistrar && r != RoleRegistrant
	})
}

func seersFine(roles []Role) bool {
	known := []Role{RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor, RoleRegistrant}
	return !slices.ContainsFunc(roles, func(r Role) bool { return !slices.Contains(known, r) })
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
