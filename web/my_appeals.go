package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const appealsPath = "/me/appeals"

func ownAppealPath(field string) string { return appealsPath + "/" + url.PathEscape(field) }

// ownAppeals is what the reader appealed against, the newest first, and what can be
// appealed against.
type ownAppeals struct {
	turn
	Appeals []ownAppeal
	Open    []ownLink // details whose rejection stands
	Done    string
}

// ownAppeal is one appeal with its answer.
type ownAppeal struct {
	Label     words
	Badge     badge
	Text      string
	Rejection string
	Stages    []stage
}

// MyAppeals is GET /me/appeals.
func (p *Pages) MyAppeals(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	rec, err := p.load(ctx, actor, actor.RegistrantID)
	if err != nil {
		return err
	}
	page, err := p.registry.AppealsOf(ctx, actor, actor.RegistrantID, c.Query("after"), 20)
	if err != nil {
		return err
	}
	v, byKey := ownAppeals{turn: turnOf(c.Request.URL, page.Next), Done: said(c, l, "ownappeal.done_")}, fieldsByKey(rec.fields)
	for _, a := range page.Appeals {
		v.Appeals = append(v.Appeals, p.ownAppeal(l, fieldOf(byKey, a.Field), a))
	}
	for _, f := range rec.fields {
		if s := rec.states[f.Key]; s.State == registry.StateRejected && s.Appeal.State == "" {
			v.Open = append(v.Open, ownLink{ownAppealPath(f.Key), l.t("ownappeal.against", "field", p.label(l, f).Text)})
		}
	}
	return p.show(c, http.StatusOK, look{page: "my_appeals", title: l.t("ownappeal.title"), nav: appealsPath}, v)
}

func (p *Pages) ownAppeal(l *locale, f registry.Field, a registry.Appeal) ownAppeal {
	v := ownAppeal{Label: p.label(l, f), Text: a.Text, Rejection: a.Rejection}
	v.Stages = []stage{{Text: l.t("ownrequest.stage_sent"), When: l.dateTime(a.At)}}
	answered := stage{Text: l.t("ownappeal.stage_" + string(a.State)), Words: a.Answer}
	switch a.State {
	case registry.AppealOpen:
		v.Badge = badge{"wait", "clock", l.t("ownappeal.badge_OPEN")}
		answered.Class = "now"
	case registry.AppealDeclined:
		v.Badge = badge{"bad", "cross", l.t("ownappeal.badge_DECLINED")}
	default:
		v.Badge = badge{"ok", "check", l.t("ownappeal.badge_ANSWERED")}
	}
	if a.AnsweredBy != "" {
		answered.When = l.t("ownrequest.by", "who", a.AnsweredBy, "when", l.dateTime(a.AnsweredAt))
	}
	v.Stages = append(v.Stages, answered)
	return v
}

// ownAppealForm is the page on which an appeal is written.
type ownAppealForm struct {
	Back, Action string
	Label        words
	Value        shown
	Rejected     string // by whom, and when
	Rejection    string
	Text         input
	Token        string
	Problems     []problem
}

// MyAppeal is GET /me/appeals/:field.
func (p *Pages) MyAppeal(c *gin.Context) error { return p.appealForm(c, "", http.StatusOK, nil) }

func (p *Pages) appealForm(c *gin.Context, typed string, status int, problems []problem) error {
	d := p.visit(c)
	rec, err := p.load(d.ctx, d.actor, d.actor.RegistrantID)
	if err != nil {
		return err
	}
	f, known := fieldsByKey(rec.fields)[c.Param("field")]
	state := rec.states[f.Key]
	switch {
	case !known || state.State != registry.StateRejected:
		return fault.New(fault.NotFound, "not_rejected", "No rejection stands for this detail.")
	case state.Appeal.State != "":
		return seeOther(c, appealsPath)
	}
	v := ownAppealForm{Back: "/me", Action: ownAppealPath(f.Key), Label: p.label(d.l, f), Value: p.ownValue(d.l, f, rec.person.Values[f.Key].Text), Rejection: state.Comment, Problems: problems,
		Rejected: d.l.t("detail.rejected_by", "who", state.By, "when", state.At),
		Text: input{ID: "text", Kind: "area", Label: words{Text: d.l.t("ownappeal.text")}, Hint: words{Text: d.l.t("ownappeal.text_hint")}, Value: typed, Dir: "auto",
			Required: true, MaxLength: 2000, Wrong: wrongOf(problems, "text")}}
	v.Token = d.token()
	title := d.l.t("ownappeal.against", "field", v.Label.Text)
	return d.page(status, look{page: "my_appeal", title: title, nav: appealsPath, failed: len(problems) > 0}, v)
}

// MyAppealPost is POST /me/appeals/:field.
func (p *Pages) MyAppealPost(c *gin.Context) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	err = d.once(form, func(ctx context.Context) (string, error) {
		_, err := p.registry.AppealDecision(ctx, d.actor, d.actor.RegistrantID, c.Param("field"), form.Get("text"))
		return appealsPath + "?done=sent", err
	}, nil)
	if problems, ok := formErrors(d.l, err); ok && fault.KindOf(err) == fault.Invalid {
		return p.appealForm(c, form.Get("text"), http.StatusUnprocessableEntity, problems)
	}
	return err
}
