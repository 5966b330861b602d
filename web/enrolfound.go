package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const enrolFoundPath = "/admin/people/enrol"

// enrolFoundView enrols everybody whom a search finds: the programme is named, the people
// are counted, the count is confirmed.
type enrolFoundView struct {
	Back              string // the list
	Kept              []hidden
	Filter            []filterWord
	Into, As, On      input
	Counted, Nobody   bool
	Count, Already    string
	Expect            int
	Reason            input
	Typed             *input // nil: so few need not be typed
	Token             string
	Problems          []problem
	IntoNow, AsNow    string
	OnNow, NoneToJoin string
}

// EnrolFoundForm is GET /admin/people/enrol: asks for the programme, and counts.
func (p *Pages) EnrolFoundForm(c *gin.Context) error {
	asked := c.Request.URL.Query()
	return p.enrolFound(c, asked, asked.Has("into"), nil)
}

// EnrolFound is POST /admin/people/enrol: the enrolment begins as a job.
func (p *Pages) EnrolFound(c *gin.Context) error {
	if err := auth.Allow(c, enrollers()...); err != nil {
		return err
	}
	actor, l := auth.Actor(c.Request.Context()), p.localeOf(c)
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	many, err := enrolAsked(form)
	if err == nil {
		many.ExpectCount, err = wholeNumber(form.Get("expect"))
	}
	var wrong []problem
	if strings.TrimSpace(many.Reason) == "" {
		wrong = append(wrong, problem{Field: "reason", Text: l.t("fault.reason_missing")})
	}
	if many.ExpectCount > typedAbove && digitsOf(form.Get("typed")) != decimal(many.ExpectCount) {
		wrong = append(wrong, problem{Field: "typed", Text: l.t("switch.type_it", "n", many.ExpectCount)})
	}
	if err == nil && len(wrong) > 0 {
		return p.enrolFound(c, form, true, wrong)
	}
	if err == nil {
		err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
			j, err := p.registry.StartEnrolMany(ctx, actor, many)
			return programmesPath + "/" + url.PathEscape(many.Programme) + "/list?job=" + j.ID.String(), err
		})
	}
	if problems, ok := formErrors(l, err); err != nil && ok {
		return p.enrolFound(c, form, true, problems)
	}
	return err
}

// enrolAsked reads whom a form is about, and where they shall stand.
func enrolAsked(form url.Values) (registry.EnrolMany, error) {
	q, err := peopleQuery(form)
	return registry.EnrolMany{Programme: form.Get("into"), Status: registry.EnrolmentStatus(form.Get("as")), On: form.Get("on"), Reason: strings.TrimSpace(form.Get("reason")), Query: &q}, err
}

func (p *Pages) enrolFound(c *gin.Context, asked url.Values, count bool, problems []problem) error {
	if err := auth.Allow(c, enrollers()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	v := enrolFoundView{Back: "/admin/people", Problems: problems, IntoNow: asked.Get("into"), AsNow: asked.Get("as"), OnNow: asked.Get("on")}
	filter := filterOf(asked)
	for _, own := range []string{"into", "as", "on", "reason", "typed", "expect", "form"} {
		filter.Del(own)
	}
	v.Back = addressOf(v.Back, filter)
	v.Kept, v.Filter = p.filterWords(l, fields, filter)
	if count {
		wrong, err := v.count(ctx, p, l, actor, asked)
		if err != nil {
			return err
		}
		v.Problems = append(v.Problems, wrong...)
	}
	if err := v.inputs(ctx, p, l, asked); err != nil {
		return err
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, statusOf(v.Problems), look{page: "enrol_found", title: l.t("enrolfound.title"), nav: "/admin/people", failed: len(v.Problems) > 0, here: enrolFoundPath}, v)
}

// count tells how many would be enrolled; what is wrong with the question stands at its
// inputs.
func (v *enrolFoundView) count(ctx context.Context, p *Pages, l *locale, actor registry.Actor, asked url.Values) ([]problem, error) {
	many, err := enrolAsked(asked)
	var n registry.EnrolCount
	if err == nil {
		n, err = p.registry.CountEnrolMany(ctx, actor, many)
	}
	if fault.CodeOf(err) == "no_such_programme" {
		return []problem{{Field: "into", Text: l.t("fault.no_such_programme")}}, nil
	}
	if wrong, ok := formErrors(l, err); err != nil && ok {
		for i, x := range wrong {
			if fault.CodeOf(err) == "bad_query" { // about whom, which is asked elsewhere
				wrong[i].Field = ""
			} else if at := map[string]string{"programme": "into", "status": "as"}[x.Field]; at != "" {
				wrong[i].Field = at
			}
		}
		if len(v.Problems) > 0 { // they were told already
			wrong = nil
		}
		return wrong, nil
	}
	v.Counted, v.Expect, v.Nobody = err == nil, n.ToMove, n.ToMove == 0
	v.Count, v.Already = l.t("enrolfound.count", "n", n.ToMove), l.t("enrol.already", "n", n.Already)
	return nil, err
}

func (v *enrolFoundView) inputs(ctx context.Context, p *Pages, l *locale, asked url.Values) error {
	list, err := p.registry.Programmes(ctx)
	if err != nil {
		return err
	}
	var programmes []option
	for _, prog := range list {
		if slices.Contains(prog.Kinds, registry.PersonKind) {
			programmes = append(programmes, option{Value: prog.Code, Label: p.words(l, prog.Label, prog.Code), Selected: prog.Code == asked.Get("into")})
		}
	}
	if len(programmes) == 0 {
		v.NoneToJoin = l.t("enrolfound.no_programme")
	}
	v.Into = choiceInput(l, "into", "enrolfound.into", "value.choose", programmes, v.Problems)
	v.As = choiceInput(l, "as", "credentials.state", "value.choose", statusOptions(l, asked.Get("as")), v.Problems)
	v.On = dayInput(l, "on", "members.on", asked.Get("on"), v.Problems)
	v.On.Hint = words{Text: l.t("members.today")}
	v.Reason = reasonInput(l, "reason", asked.Get("reason"), v.Problems)
	if v.Expect > typedAbove {
		v.Typed = &input{ID: "typed", Kind: "text", Label: words{Text: l.t("switch.type_it", "n", v.Expect)}, Value: asked.Get("typed"), Mode: "numeric", Dir: "ltr", Autocomplete: "off", Required: true, Wrong: wrongOf(v.Problems, "typed")}
	}
	return nil
}
