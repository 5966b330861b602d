package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type identifierPageView struct {
	personView
	Identifier identifierView
	Whole      shown // the value as it was written
	MayChange  bool
	Inputs     []input
	Version    int
	Token      string
	Problems   []problem
}

// PersonIdentifier is GET /admin/people/:id/identifiers/:number: the whole value,
// and the form that changes its state and days.
func (p *Pages) PersonIdentifier(c *gin.Context) error {
	return p.personIdentifier(c, http.StatusOK, nil, nil)
}

func (p *Pages) personIdentifier(c *gin.Context, status int, form url.Values, problems []problem) error {
	number, err := identifierNumber(c)
	if err != nil {
		return err
	}
	rec, head, err := p.person(c, "/identifiers")
	if err != nil {
		return err
	}
	d := p.visit(c)
	i, err := p.registry.Identifier(d.ctx, d.actor, rec.person.ID, number)
	if err != nil {
		return err
	}
	types, err := p.registry.IdentifierTypes(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v := identifierPageView{personView: head, Identifier: p.identifierView(d.l, head, types, i), Whole: maskedEnd(i.Value), Version: i.Version, Problems: problems,
		MayChange: head.MayEdit && i.Status != registry.IdentifierRevoked}
	if head.MayEdit {
		v.Whole = shown{Text: i.Value, Dir: "ltr"}
	}
	v.Inputs = identifierInputs(d.l, i, form, problems)
	v.Token = d.token()
	return d.page(status, look{page: "person_identifier", title: head.Who.Name, nav: navOf(c), failed: len(problems) > 0}, v)
}

// identifierInputs is the form of a change. What was typed stays, with what is in
// the record beside it where that differs.
func identifierInputs(l *locale, i registry.Identifier, form url.Values, problems []problem) []input {
	now := url.Values{"valid_from": {i.ValidFrom}, "valid_to": {i.ValidTo}, "issued_by": {i.IssuedBy}}
	state := string(i.Status)
	if i.Status == registry.IdentifierExpired {
		state = string(registry.IdentifierValid)
	}
	typed := form
	if typed == nil {
		typed = url.Values{"valid_from": now["valid_from"], "valid_to": now["valid_to"], "issued_by": now["issued_by"], "status": {state}}
	}
	status := input{ID: "status", Kind: "choice", Label: words{Text: l.t("identifier.status")}, Hint: words{Text: l.t("identifier.status_hint")}}
	for _, s := range []registry.IdentifierStatus{registry.IdentifierValid, registry.IdentifierLost, registry.IdentifierRevoked} {
		status.Options = append(status.Options, option{Value: string(s), Label: words{Text: l.t("identifier.state_" + string(s))}, Selected: typed.Get("status") == string(s)})
	}
	if typed.Get("status") != state {
		status.Now = &shown{Text: l.t("identifier.state_" + state)}
	}
	out := append([]input{status}, identifierDays(l, typed)...)
	out = append(out, input{ID: "reason", Kind: "text", Label: words{Text: l.t("edit.reason")}, Value: typed.Get("reason"), Dir: "auto", MaxLength: 500, Required: true})
	for n := range out {
		in := &out[n]
		in.Wrong = wrongOf(problems, in.ID)
		if now.Has(in.ID) && in.Value != now.Get(in.ID) {
			text := now.Get(in.ID)
			in.Now = &shown{Text: text, Dir: "auto"}
			if text == "" {
				in.Now = &shown{Text: l.t("value.none"), Empty: true}
			}
		}
	}
	return out
}

// IdentifierChange is POST /admin/people/:id/identifiers/:number.
func (p *Pages) IdentifierChange(c *gin.Context) error {
	d, form, err := p.desked(c, registrars()...)
	if err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	number, err := identifierNumber(c)
	if err != nil {
		return err
	}
	return d.change(form, "identifier.moved", func(ctx context.Context) (string, error) {
		change, err := identifierChange(form)
		if err == nil {
			_, err = p.registry.ChangeIdentifier(ctx, d.actor, id, number, change)
		}
		return basePath(c, id) + "/identifiers?done=identifier_changed", err
	}, func(status int, problems []problem) error { return p.personIdentifier(c, status, form, problems) })
}

func identifierChange(form url.Values) (registry.IdentifierChange, error) {
	if form.Get("reason") == "" {
		return registry.IdentifierChange{}, fault.InvalidFields("invalid_identifier", "A reason is needed.", []fault.Field{{Name: "reason", Code: "reason_missing", Detail: "Say why: it stands in the change log."}})
	}
	part := func(name string) *string { text := form.Get(name); return &text }
	return registry.IdentifierChange{Status: (*registry.IdentifierStatus)(part("status")), ValidFrom: part("valid_from"), ValidTo: part("valid_to"),
		IssuedBy: part("issued_by"), Reason: form.Get("reason"), ExpectVersion: versionOf(form)}, nil
}

// dayWords is a day in words; what is none stays as it is.
func dayWords(l *locale, text string) string {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return l.date(day)
	}
	return text
}
