package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// typedAbove is how many people a change may concern before their number has to be
// typed.
const typedAbove = 1000

// switchView is the way to another default version for everybody whom a search
// finds: the version is named, the people are counted, the count is confirmed.
type switchView struct {
	Back     string // the list
	Kept     []hidden
	Filter   []filterWord
	Label    input
	Counted  bool
	Count    string
	Already  string
	Nobody   bool
	Expect   int
	Reason   input
	Typed    *input // nil: so few need not be typed
	Token    string
	Problems []problem
}

// SwitchForm is GET /admin/people/default: asks for the version, and counts.
func (p *Pages) SwitchForm(c *gin.Context) error {
	if err := auth.Allow(c, officers()...); err != nil {
		return err
	}
	asked := c.Request.URL.Query()
	return p.switchForm(c, http.StatusOK, asked, asked.Has("label"), nil)
}

// Switch is POST /admin/people/default: the switch begins as a job.
func (p *Pages) Switch(c *gin.Context) error {
	d, form, err := p.desked(c, officers()...)
	if err != nil {
		return err
	}
	expect, err := wholeNumber(form.Get("expect"))
	if err != nil || expect < 0 {
		return fault.New(fault.Invalid, "form_expired", "This form was open for too long. Open it again.")
	}
	if wrong := switchWrong(d.l, form, expect); len(wrong) > 0 {
		return p.switchForm(c, http.StatusUnprocessableEntity, form, true, wrong)
	}
	q, err := peopleQuery(form)
	return d.once(form, func(ctx context.Context) (string, error) {
		var job registry.Job
		if err == nil {
			job, err = p.registry.StartDefaultSwitch(ctx, d.actor, registry.DefaultSwitch{Label: form.Get("label"), Query: q, ExpectCount: expect, Reason: form.Get("reason")})
		}
		return jobPath(job.ID), err
	}, func(problems []problem) error {
		return p.switchForm(c, http.StatusUnprocessableEntity, form, fault.CodeOf(err) != "invalid_label", problems)
	})
}

// switchWrong is what is missing from a confirmation.
func switchWrong(l *locale, form url.Values, expect int) (wrong []problem) {
	if strings.TrimSpace(form.Get("reason")) == "" {
		wrong = append(wrong, problem{Field: "reason", Text: l.t("fault.reason_missing")})
	}
	if typed, err := strconv.Atoi(strings.NewReplacer(",", "", " ", "").Replace(form.Get("typed"))); expect > typedAbove && (err != nil || typed != expect) {
		wrong = append(wrong, problem{Field: "typed", Text: l.t("switch.type_it", "n", expect)})
	}
	return wrong
}

func (p *Pages) switchForm(c *gin.Context, status int, asked url.Values, count bool, problems []problem) error {
	d := p.visit(c)
	v := switchView{Back: "/admin/people", Problems: problems}
	fields, err := p.registry.Fields(d.ctx)
	if err != nil {
		return err
	}
	v.keep(p, d.l, fields, asked)
	if count && wrongOf(problems, "label") == "" {
		q, err := peopleQuery(asked)
		if err == nil {
			err = v.count(d.ctx, p, d.l, d.actor, asked.Get("label"), q)
		}
		if wrong, ok := formErrors(d.l, err); err != nil && ok {
			status, v.Problems = http.StatusUnprocessableEntity, wrong
		} else if err != nil {
			return err
		}
	}
	v.inputs(d.l, asked)
	v.Token = d.token()
	return d.page(status, look{page: "switch_default", title: d.l.t("switch.title"), nav: "/admin/people", failed: len(v.Problems) > 0, here: "/admin/people/default"}, v)
}

func (v *switchView) count(ctx context.Context, p *Pages, l *locale, actor registry.Actor, label string, q registry.Query) error {
	n, err := p.registry.CountDefaultSwitch(ctx, actor, label, q)
	if err != nil {
		return err
	}
	v.Counted, v.Expect, v.Nobody = true, n.ToSwitch, n.ToSwitch == 0
	v.Count, v.Already = l.t("switch.count", "n", n.ToSwitch), l.t("switch.already", "n", n.Already)
	return nil
}

func (v *switchView) inputs(l *locale, asked url.Values) {
	v.Label = input{ID: "label", Kind: "text", Label: words{Text: l.t("switch.label")}, Hint: words{Text: l.t("switch.label_hint")}, Value: asked.Get("label"), Dir: "auto",
		Autocomplete: "off", Required: true, MaxLength: registry.MaxLabelLength, Wrong: wrongOf(v.Problems, "label")}
	v.Reason = input{ID: "reason", Kind: "area", Label: words{Text: l.t("edit.reason")}, Hint: words{Text: l.t("edit.reason_hint")}, Value: asked.Get("reason"), Dir: "auto",
		Required: true, MaxLength: 500, Wrong: wrongOf(v.Problems, "reason")}
	if v.Expect > typedAbove {
		v.Typed = &input{ID: "typed", Kind: "text", Label: words{Text: l.t("switch.type_it", "n", v.Expect)}, Mode: "numeric", Dir: "ltr", Autocomplete: "off", Required: true,
			Wrong: wrongOf(v.Problems, "typed")}
	}
}

// keep takes the search over, as it is sent on and as people read it.
func (v *switchView) keep(p *Pages, l *locale, fields []registry.Field, asked url.Values) {
	filter := filterOf(asked)
	for _, own := range []string{"label", "reason", "typed", "expect", "form"} {
		filter.Del(own)
	}
	if len(filter) > 0 {
		v.Back += "?" + filter.Encode()
	}
	v.Kept, v.Filter = p.filterWords(l, fields, filter)
}
