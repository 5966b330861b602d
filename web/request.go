package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type requestView struct {
	ID          string
	Record      link
	Label       words
	Badge       badge
	Old, New    shown
	Now         shown // in the record now, where that is a third value
	Changed     bool
	Told        string // of a note to the office: where the household is changed
	Reason      string
	Collected   string
	Steps       []requestStep
	Evidence    []string // names of the record's documents
	EvidenceURL string

	MayDecide, MayWithdraw, MayEdit bool
	Words                           input
	EvenIf                          tickbox
	Value, Why                      input // of a draft
	Version                         int
	Token                           string
	Done                            string
	Problems                        []problem
}

// requestStep is one entry of the timeline.
type requestStep struct {
	Title, When, By, Text string
}

// askedAt is when a request was sent, or else when it was made.
func askedAt(q registry.ChangeRequest) time.Time {
	if q.SentAt.IsZero() {
		return q.CreatedAt
	}
	return q.SentAt
}

func requestID(c *gin.Context) (uuid.UUID, error) {
	return pathID(c, "id", "no_such_request", "There is no such change request.")
}

// Request is GET /admin/requests/:id: what would change, and how far it has come.
func (p *Pages) Request(c *gin.Context) error { return p.request(c, http.StatusOK, nil, nil) }

// RequestPost is POST /admin/requests/:id: a decision, or what the author does.
func (p *Pages) RequestPost(c *gin.Context) error {
	d, form, err := p.desked(c, approvers()...)
	if err != nil {
		return err
	}
	id, err := requestID(c)
	if err != nil {
		return err
	}
	return d.change(form, "requests.moved", func(ctx context.Context) (string, error) {
		done, err := p.decideRequest(ctx, d.actor, registry.RequestVersion{ID: id, Version: versionOf(form)}, form)
		return deskRequestsPath + "/" + id.String() + "?done=" + done, err
	}, func(status int, problems []problem) error { return p.request(c, status, form, problems) })
}

// decideRequest does what a button says, and names what was done.
func (p *Pages) decideRequest(ctx context.Context, actor registry.Actor, q registry.RequestVersion, form url.Values) (done string, err error) {
	said := form.Get("words")
	switch form.Get("step") {
	case "approve":
		out, err := p.registry.ApproveRequest(ctx, actor, q, registry.Approve{Words: said, EvenIfChanged: form.Get("even_if") != ""})
		if err != nil {
			return "", err
		}
		if f, err := p.registry.Field(ctx, out.Field); err == nil && f.Approval.Note {
			return "noted", nil
		}
		return "approved", nil
	case "reject":
		_, err = p.registry.RejectRequest(ctx, actor, q, said)
		return "rejected", err
	case "withdraw":
		_, err = p.registry.WithdrawRequest(ctx, actor, q, said)
		return "withdrawn", err
	case "send":
		_, err = p.registry.SendRequest(ctx, actor, q)
		return "sent", err
	}
	edit := registry.DraftEdit{}
	for name, values := range form {
		if strings.HasPrefix(name, "f_") {
			edit.Value = &values[0]
		}
	}
	why := form.Get("why")
	edit.Reason = &why
	_, err = p.registry.EditRequest(ctx, actor, q, edit)
	return "saved", err
}

func (p *Pages) request(c *gin.Context, status int, form url.Values, problems []problem) error {
	d := p.visit(c)
	id, err := requestID(c)
	if err != nil {
		return err
	}
	q, err := p.registry.ChangeRequest(d.ctx, d.actor, id)
	if err != nil {
		return err
	}
	fields, err := p.registry.FieldsOf(d.ctx, q.Kind)
	if err != nil {
		return err
	}
	f := definitionOf(fields, q.Field)
	named, err := p.links(d.ctx, d.l, d.actor, q.RegistrantID)
	if err != nil {
		return err
	}
	title := d.l.t("requests.one", "field", p.label(d.l, f).Text)
	v := requestView{ID: id.String(), Record: named(q.RegistrantID), Label: p.label(d.l, f), Badge: requestBadge(d.l, q, f), Changed: q.Changed, Reason: q.Reason, Version: q.Version,
		Steps: requestSteps(d.l, q, f), Problems: problems}
	if f.Approval.Note {
		v.Told = recordPath(q.Kind, q.RegistrantID) + "/household"
		title = v.Label.Text
	}
	v.MayDecide = q.State == registry.RequestSent && !q.Own && mayApprove(d.actor, f)
	v.MayEdit = q.Own && q.State == registry.RequestDraft
	v.MayWithdraw = q.Own && (q.State == registry.RequestDraft || q.State == registry.RequestSent)
	value := p.masked // for those who only read
	if v.MayDecide || q.Own {
		value = p.shownValue
	}
	v.Old, v.New, v.Now = value(d.l, f, q.Base), value(d.l, f, q.Value), value(d.l, f, q.Current)
	if !q.CollectedAt.IsZero() {
		v.Collected = d.l.t("detail.collected", "when", q.CollectedAt)
	}
	v.Done = said(c, d.l, "requests.done_")
	p.requestForm(d.l, d.actor, q, f, form, &v)
	if err := p.evidenceOf(d.ctx, d.actor, q, &v); err != nil {
		return err
	}
	v.Token = d.token()
	return d.page(status, look{page: "request", title: title, nav: deskRequestsPath, failed: len(problems) > 0}, v)
}

// requestForm is the inputs of whoever may do something about the request.
func (p *Pages) requestForm(l *locale, actor registry.Actor, q registry.ChangeRequest, f registry.Field, form url.Values, v *requestView) {
	hint := "requests.words_hint"
	if v.MayDecide {
		hint = "requests.reject_hint"
	}
	v.Words = input{ID: "words", Kind: "area", Label: words{Text: l.t("requests.words")}, Hint: words{Text: l.t(hint)}, Value: form.Get("words"), Dir: "auto", MaxLength: 500, Wrong: wrongOf(v.Problems, "words")}
	v.EvenIf = tickbox{ID: "even_if", Label: l.t("requests.even_if"), On: form.Get("even_if") != ""}
	if !v.MayEdit {
		return
	}
	e := &editing{p: p, l: l, actor: actor, values: map[string]string{f.Key: q.Value}}
	if form.Has(inputName(f)) {
		e.values[f.Key] = form.Get(inputName(f))
	}
	v.Value = e.input(f)
	v.Value.Wrong = wrongOf(v.Problems, f.Key)
	v.Why = reasonInput(l, "why", valueOf(form, "why", q.Reason), v.Problems)
	v.Why.Wrong = wrongOf(v.Problems, "reason")
	for i, pr := range v.Problems {
		switch pr.Field {
		case f.Key:
			v.Problems[i].Field = v.Value.ID
		case "reason":
			v.Problems[i].Field = "why"
		}
	}
}

// evidenceOf names the documents of the record, for whoever may read them.
func (p *Pages) evidenceOf(ctx context.Context, actor registry.Actor, q registry.ChangeRequest, v *requestView) error {
	docs, err := p.registry.Documents(ctx, actor, q.RegistrantID)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Forbidden || kind == fault.NotFound || kind == fault.Gone) {
		return nil
	}
	for _, d := range docs {
		v.Evidence = append(v.Evidence, d.Name)
	}
	v.EvidenceURL = recordPath(q.Kind, q.RegistrantID) + "/documents"
	return err
}

func requestSteps(l *locale, q registry.ChangeRequest, f registry.Field) []requestStep {
	by := l.t("history.by", "who", q.Author, "channel", l.t("channel."+string(q.Channel)))
	steps := []requestStep{{Title: l.t("requests.step_made"), When: l.dateTime(q.CreatedAt), By: by, Text: q.Reason}}
	if !q.SentAt.IsZero() {
		steps = append(steps, requestStep{Title: l.t("requests.step_sent"), When: l.dateTime(q.SentAt), By: q.Author})
	}
	if !q.DecidedAt.IsZero() {
		steps = append(steps, requestStep{Title: requestState(l, q.State, f), When: l.dateTime(q.DecidedAt), By: q.DecidedBy, Text: q.Words})
	} else if !q.SentAt.IsZero() {
		steps = append(steps, requestStep{Title: l.t("requests.step_waits")})
	}
	return steps
}

// definitionOf finds a definition; one that is not there shows its key.
func definitionOf(fields []registry.Field, key string) registry.Field {
	for _, f := range fields {
		if f.Key == key {
			return f
		}
	}
	return registry.Field{Key: key, Type: registry.TypeText}
}
