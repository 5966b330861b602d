package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// kinForms is the search for whom to record, and the form for what is asked for.
func (p *Pages) kinForms(ctx context.Context, l *locale, actor registry.Actor, k registry.Kinship, form url.Values, v *householdView) error {
	tie, text := form.Get("tie"), strings.TrimSpace(form.Get("q"))
	var ties []option
	for _, t := range []string{tieSpouse, tieParents, tieGuardian} {
		ties = append(ties, option{Value: t, Label: words{Text: l.t("kin.add_" + t)}, Selected: t == tie})
	}
	v.Tie = choiceInput(l, "tie", "kin.tie", "", ties, nil)
	v.Find = searchInput(l, "q", "people.find", text)
	if tie == "" {
		return nil
	}
	f := &kinForm{Tie: tie, Hidden: []hidden{{"tie", tie}, {"q", text}, {"expect", strconv.FormatInt(k.ChainNo, 10)}},
		Reason: reasonInput(l, "reason", form.Get("reason"), v.Problems)}
	var err error
	switch tie {
	case tieParents:
		err = p.parentsForm(ctx, l, actor, k, form, f, v)
	case tieSpouse, tieGuardian:
		err = p.newTieForm(ctx, l, actor, k, form, f, v)
	case tieMarriage:
		err = p.marriageForm(ctx, l, actor, k, form, f, v.Problems)
	case tieGuardianship:
		err = p.guardianshipForm(ctx, l, actor, k, form, f, v.Problems)
	default:
		return nil
	}
	if err != nil || f.Title == "" {
		return err
	}
	v.Form = f
	f.Token, err = p.registry.NewForm(actor)
	return err
}

// kinCandidates finds whom a form can name: those whom the search finds, and those whom it
// named when it was sent.
func (p *Pages) kinCandidates(ctx context.Context, l *locale, actor registry.Actor, k registry.Kinship, form url.Values, named ...uuid.UUID) ([]candidate, error) {
	for _, name := range []string{"parent1_id", "parent2_id", "spouse_id", "guardian_id"} {
		named = append(named, idsOf([]string{form.Get(name)}, 1)...)
	}
	var ids []string
	for _, id := range named {
		if id != k.ID {
			ids = append(ids, id.String())
		}
	}
	out, err := p.candidates(ctx, l, actor, idsOf(ids, foundAtMost))
	if err != nil || strings.TrimSpace(form.Get("q")) == "" {
		return out, err
	}
	found, err := p.findCandidates(ctx, l, actor, strings.TrimSpace(form.Get("q")), []string{registry.PersonKind}, append(named, k.ID)...)
	return append(out, found...), err
}

// valueOf is what was sent, or else what is recorded.
func valueOf(form url.Values, name, recorded string) string {
	if form.Has(name) || form.Has("form") {
		return form.Get(name)
	}
	return recorded
}

func (p *Pages) parentsForm(ctx context.Context, l *locale, actor registry.Actor, k registry.Kinship, form url.Values, f *kinForm, v *householdView) error {
	now := [2]string{}
	var named []uuid.UUID
	for i, parent := range []*registry.Kin{k.Parent1, k.Parent2} {
		if parent == nil {
			continue
		}
		if parent.ID == uuid.Nil { // outside the reader's bounds: it could not be sent back
			f.Title, f.Text = l.t("kin.title_parents"), l.t("kin.outside")
			return nil
		}
		now[i], named = parent.ID.String(), append(named, parent.ID)
	}
	found, err := p.kinCandidates(ctx, l, actor, k, form, named...)
	if err != nil {
		return err
	}
	f.Title = l.t("kin.title_parents")
	for i, name := range []string{"parent1_id", "parent2_id"} {
		f.Inputs = append(f.Inputs, choiceInput(l, name, "tie."+strings.TrimSuffix(name, "_id"), "facts.band_unknown", candidateOptions(found, valueOf(form, name, now[i])), v.Problems))
	}
	if len(found) == 0 {
		f.Text = l.t("kin.find_first")
		return nil
	}
	recorded := ""
	if k.IsAdopted {
		recorded = "1"
	}
	f.Adopted = tickbox{ID: "is_adopted", Label: l.t("kin.adopted_by"), On: valueOf(form, "is_adopted", recorded) != "", Wrong: wrongOf(v.Problems, "is_adopted")}
	f.Inputs = append(f.Inputs, input{ID: "age_reason", Kind: "text", Label: words{Text: l.t("kin.age_reason")}, Hint: words{Text: l.t("kin.age_hint")}, Value: form.Get("age_reason"),
		Dir: "auto", Autocomplete: "off", MaxLength: 500, Wrong: wrongOf(v.Problems, "age_reason")})
	return nil
}

// newTieForm records a spouse or a guardian.
func (p *Pages) newTieForm(ctx context.Context, l *locale, actor registry.Actor, k registry.Kinship, form url.Values, f *kinForm, v *householdView) error {
	found, err := p.kinCandidates(ctx, l, actor, k, form)
	if err != nil {
		return err
	}
	f.Title = l.t("kin.title_" + f.Tie)
	if len(found) == 0 {
		f.Text = l.t("kin.find_first")
		if form.Get("q") != "" {
			f.Text = l.t("people.nobody")
		}
		return nil
	}
	id := f.Tie + "_id"
	f.Inputs = append(f.Inputs, choiceInput(l, id, "kin.add_"+f.Tie, "value.choose", candidateOptions(found, form.Get(id)), v.Problems))
	if f.Tie == tieGuardian {
		f.Inputs = append(f.Inputs, dayInput(l, "from", "kin.guardian_from", form.Get("from"), v.Problems), dayInput(l, "to", "kin.guardian_to", form.Get("to"), v.Problems))
		return nil
	}
	f.marriage(l, form, registry.Marriage{IsMarried: true}, v.Problems)
	return nil
}

// marriage adds the inputs about a marriage.
func (f *kinForm) marriage(l *locale, form url.Values, now registry.Marriage, problems []problem) {
	tick := func(id, label string, recorded bool) tickbox {
		on := recorded
		if form.Has("form") {
			on = form.Get(id) != ""
		}
		return tickbox{ID: id, Label: l.t(label), On: on, Wrong: wrongOf(problems, id)}
	}
	f.Married, f.Parted = tick("is_married", "kin.is_married", now.IsMarried), tick("is_separated", "kin.is_separated", now.IsSeparated)
	f.Inputs = append(f.Inputs, dayInput(l, "married_on", "kin.day_married", valueOf(form, "married_on", now.MarriedOn), problems),
		dayInput(l, "separated_on", "kin.day_separated", valueOf(form, "separated_on", now.SeparatedOn), problems))
}

// marriageForm changes or takes back a marriage.
func (p *Pages) marriageForm(ctx context.Context, l *locale, actor registry.Actor, k registry.Kinship, form url.Values, f *kinForm, problems []problem) error {
	for _, s := range k.Spouses {
		if s.MarriageID.String() != form.Get("of") || s.MarriageID == uuid.Nil {
			continue
		}
		named, err := p.kinLinks(ctx, l, actor, []registry.Kin{s.Kin})
		if err != nil {
			return err
		}
		f.Title, f.With, f.Remove = l.t("kin.title_marriage"), named(s.Kin).Name, true
		f.Hidden = append(f.Hidden, hidden{"of", s.MarriageID.String()})
		f.marriage(l, form, s.Marriage, problems)
	}
	return nil
}

// guardianshipForm ends or takes back a guardianship.
func (p *Pages) guardianshipForm(ctx context.Context, l *locale, actor registry.Actor, k registry.Kinship, form url.Values, f *kinForm, problems []problem) error {
	for _, g := range k.Guardians {
		if g.ID == uuid.Nil || g.ID.String() != form.Get("of") || g.From != form.Get("from") {
			continue
		}
		named, err := p.kinLinks(ctx, l, actor, []registry.Kin{g.Kin})
		if err != nil {
			return err
		}
		f.Title, f.With, f.Remove = l.t("kin.title_guardianship"), named(g.Kin).Name, true
		f.Hidden = append(f.Hidden, hidden{"of", g.ID.String()}, hidden{"from", g.From})
		f.Inputs = append(f.Inputs, dayInput(l, "to", "kin.guardian_to", valueOf(form, "to", g.To), problems))
	}
	return nil
}
