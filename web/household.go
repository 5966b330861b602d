package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// What a form of the household page is about.
const (
	tieParents      = "parents"
	tieSpouse       = "spouse"
	tieGuardian     = "guardian"
	tieMarriage     = "marriage"     // one that is recorded
	tieGuardianship = "guardianship" // one that is recorded
)

// nearKin is how many steps away relatives are shown at first: first cousins.
const nearKin = 4

type householdView struct {
	personView
	Waits   []waitingChange // what the person told of, and nobody has dealt with
	Told    []toldNote      // notes that were filed as documents
	Above   []aboveRow
	NewHref string // makes a group with this person; "": not for this reader

	Parents, Children []kinRow
	Spouses           []kinRow
	Guardians, Wards  []kinRow
	More              bool
	MayRelate         bool

	Tie, Find input // what to record, and with whom
	Form      *kinForm
	Degree    input
	Relatives []kinRow
	Further   bool // there are more relatives than are read
	Problems  []problem
}

// kinRow is somebody of the family.
type kinRow struct {
	link
	Relation string
	About    []string // the facts, in words
	Change   string   // "": nothing to change here
}

// kinForm is the one form that is open.
type kinForm struct {
	Tie     string
	Title   string
	Text    string // what is missing; "": the form can be sent
	With    string // the other, where it is recorded already
	Hidden  []hidden
	Inputs  []input
	Married tickbox // of a marriage
	Parted  tickbox
	Adopted tickbox // of parents
	Reason  input
	Remove  bool // it can be taken back
	Token   string
}

// Household is GET /admin/people/:id/household: groups, family and relatives.
func (p *Pages) Household(c *gin.Context) error {
	return p.household(c, http.StatusOK, c.Request.URL.Query(), nil)
}

// household shows the page; form is the address of the page, or the form that was
// sent and is shown again.
func (p *Pages) household(c *gin.Context, status int, form url.Values, problems []problem) error {
	rec, head, err := p.person(c, "/household")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	v := householdView{personView: head, MayRelate: mayKeep(actor), Problems: problems}
	if v.MayRelate {
		v.NewHref = groupsPath + "/new?member=" + rec.person.ID.String()
	}
	waits, err := p.waitingOf(ctx, l, actor, rec.person.ID, rec.fields, p.masked)
	if err != nil {
		return err
	}
	v.Waits = slices.DeleteFunc(waits, func(w waitingChange) bool { return !w.Told })
	if v.Told, err = p.toldNotes(ctx, l, actor, rec.person.ID, head.Who.Base); err != nil {
		return err
	}
	if v.Above, err = p.above(ctx, l, actor, rec.person.ID); err != nil {
		return err
	}
	kin, err := p.registry.Kinship(ctx, actor, rec.person.ID)
	if err != nil {
		return err
	}
	if err := p.family(ctx, l, actor, kin, &v); err != nil {
		return err
	}
	if err := p.relatives(c, rec.person.ID, &v); err != nil {
		return err
	}
	if v.MayRelate {
		if err := p.kinForms(ctx, l, actor, kin, form, &v); err != nil {
			return err
		}
	}
	return p.show(c, status, look{page: "person_household", title: head.Who.Name, nav: "/admin/people", failed: len(problems) > 0}, v)
}

// family lists what is recorded of a person's family.
func (p *Pages) family(ctx context.Context, l *locale, actor registry.Actor, k registry.Kinship, v *householdView) error {
	named, err := p.kinLinks(ctx, l, actor, kinOf(k))
	if err != nil {
		return err
	}
	base := v.Who.Base + "/household"
	for i, parent := range []*registry.Kin{k.Parent1, k.Parent2} {
		if parent != nil {
			row := kinRow{link: named(*parent), Relation: l.t("tie." + []string{"parent1", "parent2"}[i]), About: adoptedWords(l, k.IsAdopted), Change: base + "?tie=parents#form"}
			v.Parents = append(v.Parents, row)
		}
	}
	for _, s := range k.Spouses {
		v.Spouses = append(v.Spouses, kinRow{link: named(s.Kin), Relation: l.t("tie.spouse"), About: marriageWords(l, s.Marriage),
			Change: base + "?tie=marriage&of=" + s.MarriageID.String() + "#form"})
	}
	for _, g := range k.Guardians {
		row := kinRow{link: named(g.Kin), Relation: l.t("tie.guardian"), About: guardianWords(l, g)}
		if g.ID != uuid.Nil {
			row.Change = base + "?tie=guardianship&of=" + g.ID.String() + "&from=" + g.From + "#form"
		}
		v.Guardians = append(v.Guardians, row)
	}
	for _, g := range k.Wards {
		v.Wards = append(v.Wards, kinRow{link: named(g.Kin), Relation: l.t("tie.ward"), About: guardianWords(l, g)})
	}
	for _, child := range k.Children {
		v.Children = append(v.Children, kinRow{link: named(child.Kin), Relation: l.t("tie.child"), About: adoptedWords(l, child.IsAdopted)})
	}
	v.More = k.More
	return nil
}

// kinOf is everybody in what is recorded of a family.
func kinOf(k registry.Kinship) []registry.Kin {
	var out []registry.Kin
	for _, parent := range []*registry.Kin{k.Parent1, k.Parent2} {
		if parent != nil {
			out = append(out, *parent)
		}
	}
	for _, s := range k.Spouses {
		out = append(out, s.Kin)
	}
	for _, g := range append(append([]registry.GuardianshipOf(nil), k.Guardians...), k.Wards...) {
		out = append(out, g.Kin)
	}
	for _, child := range k.Children {
		out = append(out, child.Kin)
	}
	return out
}

// kinLinks names members of a family; of who is outside the reader's bounds only
// the end of the number is known.
func (p *Pages) kinLinks(ctx context.Context, l *locale, actor registry.Actor, all []registry.Kin) (func(registry.Kin) link, error) {
	var ids []uuid.UUID
	for _, k := range all {
		if k.ID != uuid.Nil {
			ids = append(ids, k.ID)
		}
	}
	named, err := p.links(ctx, l, actor, ids...)
	if err != nil {
		return nil, err
	}
	return func(k registry.Kin) link {
		if k.ID == uuid.Nil {
			return link{Name: k.Number, Number: k.Number}
		}
		return named(k.ID)
	}, nil
}

func adoptedWords(l *locale, adopted bool) []string {
	if adopted {
		return []string{l.t("kin.adopted")}
	}
	return nil
}

func marriageWords(l *locale, m registry.Marriage) []string {
	var out []string
	switch {
	case !m.IsMarried:
		out = append(out, l.t("kin.partners"))
	case m.MarriedOn == "":
		out = append(out, l.t("kin.married"))
	default:
		out = append(out, l.t("kin.married_on", "when", l.day(m.MarriedOn)))
	}
	switch {
	case m.IsSeparated && m.SeparatedOn == "":
		out = append(out, l.t("kin.separated"))
	case m.IsSeparated:
		out = append(out, l.t("kin.separated_on", "when", l.day(m.SeparatedOn)))
	}
	return out
}

func guardianWords(l *locale, g registry.GuardianshipOf) []string {
	if g.To == "" {
		return []string{l.t("members.from", "from", l.day(g.From))}
	}
	return []string{l.t("members.from_to", "from", l.day(g.From), "to", l.day(g.To))}
}

// relatives lists who is related, as far away as the reader asks.
func (p *Pages) relatives(c *gin.Context, id uuid.UUID, v *householdView) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	degree, err := wholeNumber(c.Query("degree"))
	if err != nil || degree < 1 || degree > registry.MaxKinDegree {
		degree = nearKin
	}
	var options []option
	for n := 1; n <= registry.MaxKinDegree; n++ {
		options = append(options, option{Value: strconv.Itoa(n), Label: words{Text: l.t("kin.steps", "n", n)}, Selected: n == degree})
	}
	v.Degree = choiceInput(l, "degree", "kin.degree", "", options, nil)
	found, err := p.registry.Relatives(ctx, auth.Actor(ctx), id, degree)
	if err != nil {
		return err
	}
	var all []registry.Kin
	for _, rel := range found.List {
		all = append(all, rel.Kin)
	}
	named, err := p.kinLinks(ctx, l, auth.Actor(ctx), all)
	if err != nil {
		return err
	}
	for _, rel := range found.List {
		v.Relatives = append(v.Relatives, kinRow{link: named(rel.Kin), Relation: relationWords(l, rel)})
	}
	v.Further = found.More
	return nil
}

// relationWords is what a relative is to the person.
func relationWords(l *locale, rel registry.Relative) string {
	out := []string{l.t("kin.is_" + string(rel.Code))}
	if rel.Great > 0 {
		out = append(out, l.t("kin.great", "n", rel.Great))
	}
	if rel.Degree > 1 {
		out = append(out, l.t("kin.cousins", "n", rel.Degree))
	}
	if rel.Removal > 0 {
		out = append(out, l.t("kin.removed", "n", rel.Removal))
	}
	if rel.Adoptive {
		out = append(out, l.t("kin.adoptive"))
	}
	return strings.Join(out, " · ")
}
