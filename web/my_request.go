package web

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// ownRequest is one change request with its way so far.
type ownRequest struct {
	Back, Action string
	Label        words
	Told         bool // a note to the office, and no value
	Badge        badge
	Old, New     shown
	Current      *shown // the record says a third thing meanwhile
	Reason       string
	Stages       []stage
	Done         string
	Draft        bool // the reader may still change it
	Open         bool // the reader may take it back
	Value, Note  input
	Appeal       string // where to appeal against the rejection of the detail; "": nothing to appeal against
	Again        string // where to ask again; "": not now
	Version      int
	Token        string
	Problems     []problem
}

// latest is when a request was last moved.
func latest(q registry.ChangeRequest) time.Time {
	for _, at := range []time.Time{q.DecidedAt, q.SentAt} {
		if !at.IsZero() {
			return at
		}
	}
	return q.CreatedAt
}

func (p *Pages) showRequest(c *gin.Context, r *asked, status int, problems []problem) error {
	v, err := p.ownRequest(r, problems)
	if err != nil {
		return err
	}
	v.Done = said(c, r.l, "ownrequest.done_")
	title := r.l.t("ownrequest.one", "field", v.Label.Text)
	if v.Told {
		title = v.Label.Text
	}
	return p.show(c, status, look{page: "my_request", title: title, nav: requestsPath, failed: len(problems) > 0, here: r.action}, v)
}

func (p *Pages) ownRequest(r *asked, problems []problem) (v ownRequest, err error) {
	f, l := r.fields[0], r.l
	v = ownRequest{Back: r.back, Action: r.action, Label: p.label(l, f), Told: f.Approval.Note, Badge: ownRequestBadge(l, r.State), Old: p.ownValue(l, f, r.Base), New: p.ownValue(l, f, r.Value),
		Reason: r.Reason, Stages: ownRequestStages(l, r.ChangeRequest), Version: r.ChangeRequest.Version, Draft: r.Own && r.State == registry.RequestDraft}
	v.Open = r.Own && (v.Draft || r.State == registry.RequestSent)
	if r.Changed {
		now := p.ownValue(l, f, r.Current)
		v.Current = &now
	}
	if v.Draft {
		v.Value = r.input(f)
		v.Value.Wrong = wrongOf(problems, f.Key)
		v.Note = input{ID: "reason", Kind: "area", Label: words{Text: l.t("edit.note")}, Hint: words{Text: l.t("edit.note_hint")},
			Value: r.reason, Dir: "auto", MaxLength: 500, Wrong: wrongOf(problems, "reason")}
	}
	for _, pr := range problems {
		v.Problems = append(v.Problems, problem{Field: r.anchor(pr.Field), Text: r.problemText(pr)})
	}
	state := r.rec.states[f.Key]
	if !v.Draft && state.State == registry.StateRejected && state.Appeal.State == "" {
		v.Appeal = ownAppealPath(f.Key)
	}
	if mayEdit(r.actor, f) && (r.State == registry.RequestRejected || r.State == registry.RequestWithdrawn) {
		v.Again = "/me/edit/" + url.PathEscape(f.Section)
	}
	v.Token, err = p.registry.NewForm(r.actor)
	return v, err
}

// ownRequestStages is the way of a request: written, sent, being checked, decided.
func ownRequestStages(l *locale, q registry.ChangeRequest) []stage {
	by := func(who string, at time.Time) string { return l.t("ownrequest.by", "who", who, "when", l.dateTime(at)) }
	if q.State == registry.RequestDraft {
		return []stage{{Class: "now", Text: l.t("ownrequest.stage_draft"), When: by(q.Author, q.CreatedAt)},
			{Class: "next", Text: l.t("ownrequest.stage_check")}, {Class: "next", Text: l.t("ownrequest.stage_decision")}}
	}
	var out []stage
	if !q.SentAt.IsZero() {
		out = append(out, stage{Text: l.t("ownrequest.stage_sent"), When: by(q.Author, q.SentAt)})
	} else {
		out = append(out, stage{Text: l.t("ownrequest.stage_draft"), When: by(q.Author, q.CreatedAt)})
	}
	if q.State == registry.RequestSent {
		return append(out, stage{Class: "now", Text: l.t("ownrequest.stage_check"), Words: l.t("ownrequest.stage_check_text")},
			stage{Class: "next", Text: l.t("ownrequest.stage_decision")})
	}
	return append(out, stage{Text: l.t("ownrequest.state_" + string(q.State)), When: by(q.DecidedBy, q.DecidedAt), Words: q.Words})
}

// MyRequestPost is POST /me/requests/:id: save or send a draft, or take a request back.
func (p *Pages) MyRequestPost(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.withProof(c, form, func() error { return p.sendRequest(c, form) })
}

func (p *Pages) sendRequest(c *gin.Context, form url.Values) error {
	r, err := p.asked(c)
	if err != nil {
		return err
	}
	version, err := wholeNumber(form.Get("version"))
	if err != nil {
		return fault.New(fault.Invalid, "form_expired", "This form was open for too long. Open it again.")
	}
	return p.visit(c).change(form, "ownrequest.moved", func(ctx context.Context) (string, error) {
		return p.moveRequest(ctx, r, registry.RequestVersion{ID: r.ID, Version: version}, form)
	}, func(status int, problems []problem) error {
		r.values[r.fields[0].Key] = form.Get(inputName(r.fields[0]))
		r.reason = cmp.Or(form.Get("reason"), r.reason)
		return p.showRequest(c, r, status, problems)
	})
}

// moveRequest does what the button of a form says, and tells where to go on.
func (p *Pages) moveRequest(ctx context.Context, r *asked, seen registry.RequestVersion, form url.Values) (string, error) {
	value, note := form.Get(inputName(r.fields[0])), form.Get("reason")
	edit := registry.DraftEdit{Value: &value, Reason: &note}
	switch form.Get("step") {
	case "withdraw":
		_, err := p.registry.WithdrawRequest(ctx, r.actor, seen, form.Get("words"))
		return r.action + "?done=withdrawn", err
	case "send":
		_, err := p.registry.SendDraft(ctx, r.actor, seen, edit)
		return r.action + "?done=sent", err
	}
	_, err := p.registry.EditRequest(ctx, r.actor, seen, edit)
	return r.action + "?done=saved", err
}
