package web

import (
	"slices"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// attestTable makes the rows of the values to decide on.
type attestTable struct {
	p         *Pages
	l         *locale
	rec       record
	value     func(*locale, registry.Field, string) shown
	before    map[string]registry.Value // that were looked at, if the record has moved since
	documents []registry.Document
	statuses  []registry.AttestationStatus
	base      string // of the person's pages
}

type attestRow struct {
	Key      string
	Label    words
	Now      shown
	Then     shown  // when it was last decided on
	Seen     *shown // what was looked at, where that was another value
	Differs  bool
	Evidence []documentLink
	Badge    badge
	Status   words // of a status that the registry has defined; "": none
	Meta     string
	Until    string
	Comment  string
	Appeal   string
	History  string // address of all decisions; "": there are none
	Waits    bool
	Selected bool
	Wrong    string
}

// documentLink is a document where it is named: it opens as a file.
type documentLink struct {
	Href, Name, Kind string
}

// rows are the values that can be decided on, those that wait first.
func (t attestTable) rows(a attesting) []attestRow {
	var rows []attestRow
	for _, f := range t.rec.fields {
		if row, ok := t.row(f); ok {
			row.Selected, row.Wrong = slices.Contains(a.form["field"], f.Key), a.refused[f.Key]
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b attestRow) int {
		switch {
		case a.Waits == b.Waits:
			return 0
		case a.Waits:
			return -1
		}
		return 1
	})
	return rows
}

// row is one value to decide on; ok is false where there is none.
func (t attestTable) row(f registry.Field) (attestRow, bool) {
	text := t.rec.person.Values[f.Key].Text
	if !f.Attestable || text == "" {
		return attestRow{}, false
	}
	l, s := t.l, t.rec.states[f.Key]
	row := attestRow{Key: f.Key, Label: t.p.label(l, f), Now: t.value(l, f, text), Badge: stateBadge(l, f, s),
		Then: t.value(l, f, s.AttestedText), Differs: s.Changed, Evidence: t.evidence(f, s, text), Waits: s.State == registry.StateNew || s.State == ""}
	if s.AttestedText == "" {
		row.Then = shown{Text: "—"}
	}
	if old, ok := t.before[f.Key]; t.before != nil && (!ok || old.Text != text) {
		seen := t.value(l, f, old.Text)
		row.Seen = &seen
	}
	t.tell(&row, s)
	return row, true
}

// tell adds who decided what, and what was answered.
func (t attestTable) tell(row *attestRow, s registry.FieldState) {
	l := t.l
	row.Status = t.statusWords(s.Status)
	if !s.At.IsZero() {
		row.Meta = l.t("attest.by", "who", s.By, "when", s.At)
		row.History = t.base + "/attestations/" + row.Key
	}
	if s.Proposal.By != "" {
		row.Meta = l.t("attest.proposed", "who", s.Proposal.By, "when", s.Proposal.At)
		row.Status = t.statusWords(s.Proposal.Status)
	}
	if !s.ExpiresAt.IsZero() && s.State == registry.StateAttested {
		row.Until = l.t("attest.until", "when", s.ExpiresAt)
	}
	if s.State.NeedsComment() {
		row.Comment = s.Comment
	}
	if s.Appeal.ID != uuid.Nil && s.Appeal.State == registry.AppealOpen {
		row.Appeal = l.t("appeal.state_" + string(s.Appeal.State))
	}
}

func (t attestTable) statusWords(key string) words {
	for _, s := range t.statuses {
		if s.Key == key {
			return t.p.words(t.l, s.Label, s.Key)
		}
	}
	return words{}
}

// evidence is the documents that belong to a value: those that were linked to its
// field, those that a decision about it rests on, and the one that is the value.
func (t attestTable) evidence(f registry.Field, s registry.FieldState, text string) []documentLink {
	var out []documentLink
	for _, d := range t.documents {
		if slices.Contains(d.Fields, f.Key) || slices.Contains(s.Evidence, d.ID) || slices.Contains(s.Proposal.Evidence, d.ID) ||
			f.Type == registry.TypeDocument && d.SHA256 == text {
			out = append(out, t.p.documentLink(t.l, t.base, d))
		}
	}
	return out
}

// ticks are all documents of the record, to base a decision on.
func (t attestTable) ticks(chosen []string) []evidenceTick {
	var out []evidenceTick
	for _, d := range t.documents {
		out = append(out, evidenceTick{t.p.documentLink(t.l, t.base, d), d.ID.String(), slices.Contains(chosen, d.ID.String())})
	}
	return out
}

// labelOf is what a field is called.
func (t attestTable) labelOf(key string) string {
	for _, f := range t.rec.fields {
		if f.Key == key {
			return t.p.label(t.l, f).Text
		}
	}
	return key
}

// otherDecisions are those without a button of their own: taking a decision back,
// revoking, and the statuses that the registry has defined.
func (t attestTable) otherDecisions(chosen string) []option {
	l := t.l
	out := []option{{Label: words{Text: l.t("value.choose")}}}
	for _, state := range []registry.State{registry.StateNew, registry.StateRevoked} {
		out = append(out, option{Value: string(state), Label: words{Text: l.t("attest.to_" + string(state))}, Selected: chosen == string(state)})
	}
	for _, s := range t.statuses {
		if s.Retired {
			continue
		}
		w := t.p.words(l, s.Label, s.Key)
		w.Text = l.t("attest.status", "status", w.Text, "state", stateName(l, s.State))
		value := statusChoice + s.Key
		out = append(out, option{Value: value, Label: words{Text: w.Text}, Selected: chosen == value})
	}
	return out
}

// stateName is a state in one word.
func stateName(l *locale, s registry.State) string {
	return stateBadge(l, registry.Field{Attestable: true}, registry.FieldState{State: s}).Text
}
