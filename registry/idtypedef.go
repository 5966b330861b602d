package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"socialregistry/internal/fault"
	"socialregistry/registry/checkdigit"
	"socialregistry/registry/seal"
)

// maxIdentifierLength is in characters, of a value as it is written.
const maxIdentifierLength = 64

// CodeCheckDigit says that a value does not fit its check characters.
const CodeCheckDigit = "wrong_check_digit"

// idType is a type with its pattern compiled.
type idType struct {
	IdentifierType
	pattern *regexp.Regexp // nil: none
}

func newIDType(t IdentifierType) (*idType, error) {
	out := &idType{IdentifierType: t}
	if t.Pattern == "" {
		return out, nil
	}
	re, err := compilePattern(t.Pattern)
	if err != nil {
		return nil, fmt.Errorf("identifier type %s: %w", t.Key, err)
	}
	out.pattern = re
	return out, nil
}

// readIdentifierType decides whether the actor may define types, and checks one.
func (a Actor) readIdentifierType(t IdentifierType, reason string) (IdentifierType, string, error) {
	if err := a.check(toDefineIdentifierType); err != nil {
		return t, "", err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return t, "", err
	}
	t = t.withDefaults()
	if bad := t.problems(); len(bad) > 0 {
		return t, "", fault.InvalidFields("invalid_identifier_type", "The definition has mistakes.", bad)
	}
	return t, reason, nil
}

// withDefaults fills what may be left out.
func (t IdentifierType) withDefaults() IdentifierType {
	if t.CheckRule == "" {
		t.CheckRule = checkdigit.None
	}
	if t.Normalisation == "" {
		t.Normalisation = NormLetters
	}
	if t.Expires == "" {
		t.Expires = ExpiresOptional
	}
	if len(t.Kinds) == 0 {
		t.Kinds = []string{PersonKind}
	}
	if len(t.EditBy) == 0 {
		t.EditBy = []Role{RoleAdmin, RoleRegistrar}
	}
	return t
}

// problems lists what is wrong with a definition.
func (t IdentifierType) problems() []fault.Field {
	var bad []fault.Field
	add := func(wrong bool, member, words string) {
		if wrong {
			bad = append(bad, fault.Field{Name: member, Code: "invalid_" + member, Detail: words})
		}
	}
	_, badPattern := compilePattern(t.Pattern)
	as := Field{Kinds: t.Kinds, EditBy: t.EditBy} // kinds and editors follow the rules of fields
	add(!reKey.MatchString(t.Key) || len(t.Key) > maxKeyLength, "key", "Small letters, digits and single underscores, beginning with a letter; at most 63.")
	add(!labelsFine(t.Label) || t.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	add(badPattern != nil || len(t.Pattern) > DefaultMaxLength || checkText(t.Pattern) != nil, "pattern", "This is not a regular expression (RE2).")
	add(!slices.Contains(checkdigit.Rules(), t.CheckRule), "check_rule", "none, luhn, verhoeff, damm, iso7064_mod97_10, iso7064_mod11_2 or iso7064_mod37_36.")
	add(!slices.Contains([]Normalisation{NormLetters, NormDigits, NormUnpadded}, t.Normalisation), "normalisation", "letters_digits, digits or digits_unpadded.")
	add(!slices.Contains([]Expiry{ExpiresNever, ExpiresOptional, ExpiresRequired}, t.Expires), "expires", "never, optional or required.")
	add(!as.kindsFine(), "kinds", "person alone, or kinds of group; group stands for all of them.")
	add(!as.editorsFine(), "edit_by", "Only admin, registrar and registrant edit identifiers.")
	return bad
}

// scheme is what the type's values stand under in the table identifier. No
// field has a colon in its key.
func (t IdentifierType) scheme() string { return "type:" + t.Key }

// isFor tells whether registrants of this kind have such identifiers.
func (t IdentifierType) isFor(kind string) bool { return Field{Kinds: t.Kinds}.isAbout(kind) }

// read checks a value, and gives it as it is kept and as it is compared.
func (t *idType) read(raw string) (text, compared string, wrong *mistake) {
	if wrong := checkText(raw); wrong != nil {
		return "", "", wrong
	}
	text = strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	if text == "" {
		return "", "", &mistake{CodeRequired, "This is needed."}
	}
	if text, wrong = canonicalIdentifier(text); wrong != nil {
		return "", "", wrong
	}
	compared, ok := t.Normalisation.of(text)
	switch {
	case utf8.RuneCountInString(text) > maxIdentifierLength:
		return "", "", tooLong(maxIdentifierLength)
	case !ok || t.pattern != nil && !t.pattern.MatchString(compared):
		return "", "", &mistake{CodePattern, "This does not have the expected form."}
	case !t.CheckRule.Valid(compared):
		return "", "", &mistake{CodeCheckDigit, "A character is wrong: the check digit does not fit."}
	}
	return text, compared, nil
}

// find gives what a value is looked up by. Values that are there were right when
// they were added, whatever pattern and check rule the type has had since: they
// are looked up by the normalisation alone. doubt is what speaks against such a
// value today, for when nobody has it.
func (t *idType) find(raw string) (compared string, doubt, wrong *mistake) {
	_, compared, doubt = t.read(raw)
	if doubt == nil || doubt.code != CodePattern && doubt.code != CodeCheckDigit {
		return compared, nil, doubt
	}
	text, wrong := canonicalIdentifier(strings.Join(strings.Fields(norm.NFC.String(raw)), " "))
	if wrong != nil {
		return "", nil, wrong
	}
	compared, ok := t.Normalisation.of(text)
	if !ok {
		return "", nil, doubt
	}
	return compared, doubt, nil
}

// of gives the compared form of a text; false: it has none under this
// normalisation.
func (n Normalisation) of(text string) (compared string, ok bool) {
	compared = seal.Normalise(text)
	if n == NormLetters {
		return compared, compared != ""
	}
	if strings.Trim(compared, "0123456789") != "" {
		return "", false
	}
	if n == NormUnpadded {
		compared = strings.TrimLeft(compared, "0")
	}
	return compared, compared != ""
}
