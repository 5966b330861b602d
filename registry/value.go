package registry

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"socialregistry/internal/fault"
	"socialregistry/registry/schema"
	"socialregistry/registry/seal"
)

// Value is one value of a person in its canonical form: NFC text without outer
// or doubled spaces, dates as 2006-01-02, numbers as plain decimals, booleans as
// true or false, choices by their value. See FieldType for those with parts.
type Value struct {
	Text        string
	RecordedAt  time.Time
	CollectedAt time.Time // zero: unknown
	Definition  int       // version of the field's definition that the value was checked by
}

// FirstCollected is the year (UTC) before which nothing was collected.
const FirstCollected = 1900

// Codes of the mistakes in a value, as they stand in fault.Field.Code. They are
// stable: pages, scripts and import reports rely on them.
const (
	CodeUnknownField  = "unknown_field"
	CodeNotEditable   = "not_editable"
	CodeRequired      = "required"
	CodeNameRequired  = "name_required"
	CodeInvalidUTF8   = "invalid_utf8"
	CodeDamagedText   = "damaged_text"
	CodeControl       = "control_character"
	CodeTooLong       = "too_long"
	CodePattern       = "wrong_pattern"
	CodeNotListed     = "not_listed"
	CodeBadDate       = "bad_date"
	CodeDateTooEarly  = "date_too_early"
	CodeDateTooLate   = "date_too_late"
	CodeFutureDate    = "date_in_future"
	CodeBadNumber     = "bad_number"
	CodeTooSmall      = "too_small"
	CodeTooLarge      = "too_large"
	CodeBadBoolean    = "bad_boolean"
	CodeBadPhone      = "bad_phone"
	CodeBadEmail      = "bad_email"
	CodeBadIdentifier = "bad_identifier"
	CodeMangled       = "mangled_by_spreadsheet"
	CodeBadLocation   = "bad_location"
	CodeBadDocument   = "bad_document"
	CodeNoDocument    = "no_such_document"
	CodeBadRows       = "bad_rows"
	CodeSchema        = "wrong_schema"
)

// mistake is what is wrong with a value: a code and words without the value.
type mistake struct{ code, words string }

// clean checks every member of set against its definition and the actor's
// rights, and gives the canonical form of those that pass. "" removes a value.
// stored are the values that the record has: one that is sent back as it is
// passes, whatever its definition has become since.
func (b *builder) clean(set, stored map[string]string, collected time.Time) (map[string]string, []fault.Field) {
	clean, bad := make(map[string]string, len(set)), []fault.Field(nil)
	if wrong := checkCollected(collected, b.at.Time); wrong != nil {
		bad = append(bad, fault.Field{Name: "collected_at", Code: wrong.code, Detail: wrong.words})
	}
	for key, raw := range set {
		text, wrong := b.cleanOne(key, raw, stored[key])
		if wrong != nil {
			bad = append(bad, fault.Field{Name: shortKey(key), Code: wrong.code, Detail: wrong.words})
			continue
		}
		clean[key] = text
	}
	slices.SortFunc(bad, func(x, y fault.Field) int { return strings.Compare(x.Name, y.Name) })
	return clean, bad
}

// checkCollected checks when values were collected; the zero time is unknown.
func checkCollected(collected, now time.Time) *mistake {
	switch {
	case collected.After(now):
		return &mistake{CodeFutureDate, "The day of collection is in the future."}
	case !collected.IsZero() && collected.UTC().Year() < FirstCollected:
		return &mistake{CodeDateTooEarly, "The day of collection is before " + strconv.Itoa(FirstCollected) + "."}
	}
	return nil
}

func (b *builder) cleanOne(key, raw, stored string) (string, *mistake) {
	def := b.fields.byKey[key]
	switch {
	case def == nil:
		return "", &mistake{CodeUnknownField, "There is no such field."}
	case def.Retired:
		return "", &mistake{CodeRetired, "This field is retired and takes no new value."}
	case def.Type == TypeComputed:
		return "", &mistake{CodeComputed, "This value follows from others; nobody enters it."}
	case b.asked == nil && !b.actor.mayEdit(def.Field, b.fields.kind, b.above) && key != b.keeps:
		return "", &mistake{CodeNotEditable, "This account may not change this field."}
	case raw == stored:
		return raw, nil
	}
	return def.canonical(raw, b.at.UTC().Format(time.DateOnly))
}

// canonical checks one value and brings it into its canonical form; today is
// the date (UTC) that "not in the future" refers to.
func (def *fieldDef) canonical(raw, today string) (string, *mistake) {
	if def.Type == TypeRepeat {
		raw = compactJSON(raw)
	}
	if def.Approval.Note {
		return def.canonicalNote(raw)
	}
	if wrong := checkText(raw); wrong != nil {
		return "", wrong
	}
	text := strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	if text == "" {
		return "", nil
	}
	text, wrong := def.canonicalType(text, today)
	switch {
	case wrong != nil:
		return "", wrong
	case utf8.RuneCountInString(text) > def.MaxLength:
		return "", tooLong(def.MaxLength)
	case def.pattern != nil && !def.pattern.MatchString(text):
		return "", &mistake{CodePattern, "This does not have the expected form."}
	case (def.Unique || def.Lookup) && seal.Normalise(text) == "":
		return "", &mistake{CodeBadIdentifier, "This has neither letters nor digits."}
	}
	if wrong := def.checkSchema(text); wrong != nil {
		return "", wrong
	}
	return text, nil
}

// canonicalNote keeps the lines of a note, each as a text is written; several empty
// ones are one.
func (def *fieldDef) canonicalNote(raw string) (string, *mistake) {
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(raw, "\r\n", "\n"), "\n") {
		if wrong := checkText(line); wrong != nil {
			return "", wrong
		}
		line = strings.Join(strings.Fields(norm.NFC.String(line)), " ")
		if line != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, line)
		}
	}
	text := strings.TrimSpace(strings.Join(out, "\n"))
	switch {
	case utf8.RuneCountInString(text) > def.MaxLength:
		return "", tooLong(def.MaxLength)
	case def.pattern != nil && text != "" && !def.pattern.MatchString(text):
		return "", &mistake{CodePattern, "This does not have the expected form."}
	}
	if wrong := def.checkSchema(text); text != "" && wrong != nil {
		return "", wrong
	}
	return text, nil
}

// checkSchema says where a value does not fit the schema, never what stands there.
func (def *fieldDef) checkSchema(text string) *mistake {
	if def.schema == nil {
		return nil
	}
	err := def.schema.Check(def.schemaValue(text))
	var wrong *schema.MismatchError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.At != "":
		return &mistake{CodeSchema, "This does not have the expected form at " + shortKey(wrong.At) + "."}
	}
	return &mistake{CodeSchema, "This does not have the expected form."}
}

func (def *fieldDef) canonicalType(text, today string) (string, *mistake) {
	switch def.valueType() {
	case TypeDate:
		return canonicalDate(text, def.Min, def.Max, today)
	case TypeNumber:
		return canonicalNumber(text, def.Min, def.Max)
	case TypeBoolean:
		return canonicalBoolean(text)
	case TypeChoice:
		return canonicalChoice(text, def.Choices)
	case TypePhone:
		return canonicalPhone(text)
	case TypeEmail:
		return canonicalEmail(text)
	case TypeIdentifier:
		return canonicalIdentifier(text)
	case TypeMultiChoice:
		return canonicalChoices(text, def.Choices)
	case TypeLocation:
		return canonicalLocation(text)
	case TypeDocument:
		return canonicalDocument(text)
	case TypeRepeat:
		return canonicalRows(text)
	}
	return text, nil
}

// missing lists what the person must have and would not have after a change. A
// required field that an older record lacks is asked for when it is touched:
// clean is what a change sets, nil for a new person. What is wrong already is
// not missing too. Fields with conditions are for builder.guard.
func (s *fieldSet) missing(text, clean map[string]string, bad []fault.Field) []fault.Field {
	wrong := func(def *fieldDef) bool {
		return slices.ContainsFunc(bad, func(f fault.Field) bool { return f.Name == def.Key })
	}
	var out []fault.Field
	first, named := (*fieldDef)(nil), false
	for _, def := range s.list {
		if def.Retired {
			continue
		}
		_, touched := clean[def.Key]
		if def.Required && def.ShowIf == "" && text[def.Key] == "" && (clean == nil || touched) && !wrong(def) {
			out = append(out, fault.Field{Name: def.Key, Code: CodeRequired, Detail: "This is needed."})
		}
		if def.Name {
			named = named || text[def.Key] != "" || wrong(def)
			if first == nil {
				first = def
			}
		}
	}
	if !named && first != nil && s.kind == PersonKind { // a group may be known by its head
		out = append(out, fault.Field{Name: first.Key, Code: CodeNameRequired, Detail: "A person needs a name."})
	}
	return out
}

// shortKey keeps a key that somebody made up from filling a message.
func shortKey(key string) string {
	if len(key) > maxKeyLength {
		return strings.ToValidUTF8(key[:maxKeyLength], "")
	}
	return strings.ToValidUTF8(key, "")
}
