package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// collectedName is the input for the day of collection, and what the registry
// calls it in a mistake.
const collectedName = "collected_at"

// editing is one form over fields of a record, from its first view to saving:
// fill in, check, save; or, when somebody else was quicker, compare.
type editing struct {
	p       *Pages
	l       *locale
	actor   registry.Actor
	rec     record
	fields  []registry.Field // that the form shows
	group   bool             // the record is that of a group
	staff   bool             // asks for a reason, and speaks of "the person"
	action  string           // address of the form
	back    string           // where it leads when it is left
	version int              // that the form was filled from; 0 for a new person
	values  map[string]string
	reason  string
	other   bool // whoever is registered was said to be nobody who is here

	collected      string // as typed; "": not known
	collectedAt    time.Time
	wrongCollected []fault.Field

	evidence []registry.Document // that was sent with the form
}

// editView is what the form shows.
type editView struct {
	Action, Back string
	Staff        bool
	New          bool
	Who          identity
	Groups       []inputGroup
	Fixed        []detail // of the same section, but not the reader's to edit
	Reason       input
	Collected    input
	File         input    // for evidence
	Evidence     []hidden // documents that were sent: ids and names
	Version      int
	Token        string
	Problems     []problem
	Nothing      bool        // the form was sent without a change
	Told         bool        // the form is for notes to the office
	Likely       []personRow // who may be the person that is about to be registered
	Other        bool        // it was said that they are somebody else
}

type inputGroup struct {
	Title  string
	Inputs []input
}

// read takes over what was posted. Only the fields of the form are looked at.
func (e *editing) read(form url.Values) error {
	version, err := wholeNumber(form.Get("version"))
	if err != nil || version < 0 {
		return fault.New(fault.Invalid, "form_expired", "This form was open for too long. Open it again.")
	}
	e.version, e.reason, e.values = version, form.Get("reason"), map[string]string{}
	for _, f := range e.fields {
		if len(form[inputName(f)]) > 0 {
			e.values[f.Key] = typedValue(f, form[inputName(f)])
		}
	}
	if e.staff {
		e.readCollected(strings.TrimSpace(form.Get(collectedName)))
	}
	return nil
}

// typedValue is what was sent for a field: of several choices those that were ticked,
// and of a repeat what its lines say.
func typedValue(f registry.Field, sent []string) string {
	switch f.Type {
	case registry.TypeMultiChoice:
		return strings.Join(slices.DeleteFunc(slices.Clone(sent), func(text string) bool { return text == "" }), ", ")
	case registry.TypeRepeat:
		return repeatJSON(sent[0])
	}
	return sent[0]
}

// readCollected takes over the day on which staff say that the values were
// collected. What is wrong with it is told with the mistakes in the values.
func (e *editing) readCollected(text string) {
	e.collected, e.collectedAt, e.wrongCollected = text, time.Time{}, nil
	if text == "" {
		return
	}
	day, err := time.Parse(time.DateOnly, text)
	switch {
	case err != nil:
		e.wrongCollected = []fault.Field{{Name: collectedName, Code: registry.CodeBadDate, Detail: "Write the date as year-month-day."}}
	case day.Year() < registry.FirstCollected:
		e.wrongCollected = []fault.Field{{Name: collectedName, Code: registry.CodeDateTooEarly, Detail: "This date is too early."}}
	default:
		e.collectedAt = day
	}
}

// change is what is asked of the registry.
func (e *editing) change() registry.Change {
	return registry.Change{Set: e.values, CollectedAt: e.collectedAt, Reason: e.reason, ExpectVersion: e.version}
}

// view is the form, with what is wrong with it.
func (e *editing) view(problems []problem) (editView, error) {
	token, err := e.p.registry.NewForm(e.actor)
	if err != nil {
		return editView{}, err
	}
	v := editView{Action: e.action, Back: e.back, Staff: e.staff, New: e.version == 0, Version: e.version, Token: token, Other: e.other, Told: e.told()}
	for _, pr := range problems {
		v.Problems = append(v.Problems, problem{Field: e.anchor(pr.Field), Text: e.problemText(pr)})
	}
	for _, f := range e.fields {
		group := v.group(sectionTitle(e.l, f.Section))
		in := e.input(f)
		in.Wrong = wrongOf(problems, f.Key)
		group.Inputs = append(group.Inputs, in)
	}
	v.Reason = input{ID: "reason", Kind: "area", Label: words{Text: e.l.t("edit.reason")}, Hint: words{Text: e.l.t("edit.reason_hint")},
		Value: e.reason, Dir: "auto", Required: true, MaxLength: 500, Wrong: wrongOf(problems, "reason")}
	if !e.staff {
		v.Reason.Label, v.Reason.Hint, v.Reason.Required = words{Text: e.l.t("edit.note")}, words{Text: e.l.t("edit.note_hint")}, false
		v.File, v.Evidence = e.p.fileInput(e.l, "edit.file", "edit.file_hint", problems), e.sent()
	}
	v.Collected = input{ID: collectedName, Kind: "date", Label: words{Text: e.l.t("edit.collected")}, Hint: words{Text: e.l.t("edit.collected_hint")},
		Value: e.collected, Autocomplete: "off", Wrong: wrongOf(problems, collectedName)}
	if !v.New {
		v.Who = e.p.identityOf(e.rec.fields, e.rec.person, e.back)
	}
	return v, nil
}

// group is the inputs of a section, wherever its fields stand in the order of all.
func (v *editView) group(title string) *inputGroup {
	for i := range v.Groups {
		if v.Groups[i].Title == title {
			return &v.Groups[i]
		}
	}
	v.Groups = append(v.Groups, inputGroup{Title: title})
	return &v.Groups[len(v.Groups)-1]
}

// anchor is the input that a problem is about; "" if it is not in this form.
func (e *editing) anchor(field string) string {
	for _, f := range e.fields {
		if f.Key == field {
			return inputName(f)
		}
	}
	if field == "reason" || field == collectedName || field == fileName {
		return field
	}
	return ""
}

// problemText names the field in the summary, where it stands apart from it.
func (e *editing) problemText(pr problem) string {
	for _, f := range e.rec.fields {
		if f.Key == pr.Field {
			return e.l.t("edit.problem", "field", e.p.label(e.l, f).Text, "text", pr.Text)
		}
	}
	for name, label := range map[string]string{collectedName: "edit.collected", fileName: "edit.file"} {
		if pr.Field == name {
			return e.l.t("edit.problem", "field", e.l.t(label), "text", pr.Text)
		}
	}
	return pr.Text
}

// inputName keeps fields apart from the form's own inputs.
func inputName(f registry.Field) string { return "f_" + f.Key }

// input is the control for one field, from its definition alone.
func (e *editing) input(f registry.Field) input {
	now := e.rec.person.Values[f.Key].Text
	value, posted := e.values[f.Key]
	if !posted {
		value = now
	}
	in := input{ID: inputName(f), Kind: "text", Label: e.p.label(e.l, f), Value: value, Dir: "auto", Autocomplete: "off",
		Required: f.Required || e.told(), MaxLength: f.MaxLength}
	if len(f.Hint) > 0 {
		in.Hint = e.p.words(e.l, f.Hint, "")
	}
	if now != "" && (!e.staff || posted && value != now) {
		shown := e.p.shownValue(e.l, f, now)
		in.Now = &shown
	}
	e.shape(&in, f)
	e.dress(&in, f)
	return in
}

// dress gives the control of a form more than the type asks for: choices to tick, lists
// of names instead of codes, lines instead of JSON.
func (e *editing) dress(in *input, f registry.Field) {
	list, _ := e.p.codeNames[e.l.code].namesBy(f)
	if list == nil && registry.NamesArea(f.Key) {
		e.place(in)
	}
	switch {
	case list != nil:
		in.Kind, in.Dir, in.Hint, in.MaxLength, in.Options = "choice", "", words{}, 0, chosenName(e.l, list, in.Value)
	case f.Type == registry.TypeMultiChoice:
		in.Kind, in.Dir, in.MaxLength = "ticks", "", 0
		for _, c := range f.Choices {
			in.Options = append(in.Options, option{Value: c.Value, Label: e.p.words(e.l, c.Label, c.Value), Selected: slices.Contains(strings.Split(in.Value, ", "), c.Value)})
		}
	case f.Type == registry.TypeRepeat:
		in.Value, in.Dir, in.MaxLength = repeatLines(in.Value), "auto", 0
		in.hint(e.l.t("repeat.hint"))
	case f.Type == registry.TypeLocation:
		in.hint(e.l.t("location.hint"))
	}
}

// place offers the areas that the registry knows; any other text is typed as well where
// there are too many of them for a list.
func (e *editing) place(in *input) {
	list, all := e.p.areas.options(e.p, e.l)
	switch {
	case len(list) == 0:
	case all:
		in.Kind, in.Dir, in.MaxLength, in.Options = "choice", "", 0, chosenName(e.l, list, in.Value)
	default:
		in.Kind, in.Options = "listed", list
	}
}

// hint adds a sentence to what the definition says.
func (in *input) hint(text string) {
	if in.Hint.Text == "" {
		in.Hint = words{Text: text}
	} else if in.Hint.Lang == "" {
		in.Hint.Text += " " + text
	}
}

// shape gives the control the form that fits the type.
func (e *editing) shape(in *input, f registry.Field) {
	if f.Approval.Note {
		in.Kind = "area"
	}
	switch f.Type {
	case registry.TypeDate:
		in.Kind, in.Dir, in.MaxLength = "date", "", 0
	case registry.TypeNumber:
		in.Dir, in.Mode = "ltr", "decimal"
	case registry.TypePhone:
		in.Kind, in.Dir = "tel", "ltr"
	case registry.TypeEmail:
		in.Dir, in.Mode = "ltr", "email"
	case registry.TypeIdentifier, registry.TypeLocation, registry.TypeDocument, registry.TypeMultiChoice:
		in.Dir = "ltr"
	case registry.TypeRepeat:
		in.Kind, in.Dir = "area", "ltr"
	case registry.TypeBoolean:
		in.Kind = "choice"
		in.Options = []option{{Label: words{Text: e.l.t("value.choose")}}}
		for _, v := range []string{"true", "false"} {
			in.Options = append(in.Options, option{Value: v, Label: words{Text: e.l.t("value." + v)}, Selected: in.Value == v})
		}
	case registry.TypeChoice:
		in.Kind = "choice"
		in.Options = []option{{Label: words{Text: e.l.t("value.choose")}}}
		for _, c := range f.Choices {
			in.Options = append(in.Options, option{Value: c.Value, Label: e.p.words(e.l, c.Label, c.Value), Selected: in.Value == c.Value})
		}
	}
}

// checkView is the page before saving: what changes, and what follows.
type checkView struct {
	Action, Back string
	Staff        bool
	Told         bool // it is for notes to the office
	Who          identity
	Changes      []changeView
	Waits        []string // labels of details that need approval
	Stale        []string // labels of attested details that need attestation again
	Withdrawn    []string // names of credentials that end
	Evidence     []hidden // documents that were sent: ids and names
	Hidden       []hidden
	Version      int
	Token        string
	Reason       string
	Collected    string // day of collection, in words; "": not known
}

type changeView struct {
	Label    words
	Old, New shown
}

type hidden struct {
	Name, Value string
}

// check is the page before saving. It changes nothing.
func (e *editing) check(ctx context.Context, changes []registry.FieldChange) (checkView, error) {
	token, err := e.p.registry.NewForm(e.actor)
	if err != nil {
		return checkView{}, err
	}
	v := checkView{Action: e.action, Back: e.back, Staff: e.staff, Version: e.version, Token: token, Reason: e.reason, Told: e.told(),
		Who: e.p.identityOf(e.rec.fields, e.rec.person, e.back)}
	for _, ch := range changes {
		f := e.field(ch.Field)
		label := e.p.label(e.l, f)
		v.Changes = append(v.Changes, changeView{Label: label, Old: e.p.shownValue(e.l, f, ch.Old), New: e.p.shownValue(e.l, f, ch.New)})
		if f.Waits(e.actor) {
			v.Waits = append(v.Waits, label.Text)
		} else if e.rec.states[ch.Field].State == registry.StateAttested {
			v.Stale = append(v.Stale, label.Text)
		}
	}
	if !e.collectedAt.IsZero() {
		v.Collected = e.l.t("detail.collected", "when", e.collectedAt)
	}
	v.Hidden, v.Evidence = e.hidden(), e.sent()
	v.Withdrawn, err = e.withdrawn(ctx, changes)
	return v, err
}

func (e *editing) hidden() []hidden {
	var out []hidden
	for _, f := range e.fields {
		if v, ok := e.values[f.Key]; ok {
			out = append(out, hidden{inputName(f), v})
		}
	}
	if e.collected != "" {
		out = append(out, hidden{collectedName, e.collected})
	}
	for _, d := range e.evidence {
		out = append(out, hidden{evidenceName, d.ID.String()})
	}
	return out
}

// withdrawn names the credentials that hold a value which is about to change.
func (e *editing) withdrawn(ctx context.Context, changes []registry.FieldChange) ([]string, error) {
	if e.group {
		return nil, nil
	}
	readiness, err := e.p.issuer.Readiness(ctx, e.actor.Own(), e.rec.person.ID)
	if err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for _, ch := range changes {
		changed[ch.Field] = true
	}
	var names []string
	for _, r := range readiness {
		var fields []string
		if r.Live != nil {
			fields = r.Live.Fields
		}
		if r.Suspended != nil {
			fields = append(slices.Clone(fields), r.Suspended.Fields...)
		}
		if slices.ContainsFunc(fields, func(key string) bool { return changed[key] }) {
			names = append(names, r.Config.Name(e.l.code))
		}
	}
	return names, nil
}

func (e *editing) field(key string) registry.Field {
	for _, f := range e.rec.fields {
		if f.Key == key {
			return f
		}
	}
	return registry.Field{Key: key, Type: registry.TypeText}
}
