package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type askView struct {
	editView
	For    string
	Record link
	Field  input
	Chosen string // key of the field; "": it is still to be chosen
}

// RequestAsk is GET /admin/requests/new: a change that somebody else decides about;
// first which detail, then its value.
func (p *Pages) RequestAsk(c *gin.Context) error {
	return p.askForm(c, http.StatusOK, c.Request.URL.Query(), nil, nil)
}

// RequestAskPost is POST /admin/requests/new: sent, or kept as a draft.
func (p *Pages) RequestAskPost(c *gin.Context) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	e, id, err := p.asking(c, form)
	if err != nil {
		return err
	}
	if err := e.read(form); err != nil {
		return err
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		if err := e.complete(nil); err != nil {
			return "", err
		}
		made, err := p.registry.RequestChange(ctx, e.actor, id, e.change(), form.Get("step") == "draft")
		if err != nil {
			return "", err
		}
		done := "sent"
		if form.Get("step") == "draft" {
			done = "saved"
		}
		return deskRequestsPath + "/" + made[0].ID.String() + "?done=" + done, nil
	}, func(problems []problem) error {
		return p.askForm(c, http.StatusUnprocessableEntity, form, e, problems)
	})
}

// asking prepares the form over one field of the record that a form or address names.
func (p *Pages) asking(c *gin.Context, form url.Values) (*editing, uuid.UUID, error) {
	if err := auth.Allow(c, keepers()...); err != nil {
		return nil, uuid.Nil, err
	}
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	none := fault.New(fault.NotFound, "no_such_person", "There is no such person.")
	id, err := uuid.Parse(form.Get("for"))
	if err != nil {
		return nil, id, none
	}
	names, err := p.registry.Names(ctx, actor, []uuid.UUID{id})
	if err != nil {
		return nil, id, err
	}
	n, known := names[id]
	if !known {
		return nil, id, none
	}
	var rec record
	if n.Kind == registry.PersonKind {
		rec, err = p.load(ctx, actor, id)
	} else {
		var g groupRecord
		g, err = p.loadGroup(ctx, actor, id)
		rec = g.record
	}
	e := &editing{p: p, l: p.localeOf(c), actor: actor, rec: rec, staff: true, group: n.Kind != registry.PersonKind, action: deskRequestsPath + "/new", back: recordPath(n.Kind, id), version: rec.person.VersionNo}
	for _, f := range editableBy(actor, rec.fields) {
		if f.Key == form.Get("field") {
			e.fields = []registry.Field{f}
		}
	}
	return e, id, err
}

func (p *Pages) askForm(c *gin.Context, status int, form url.Values, e *editing, problems []problem) error {
	if e == nil {
		var err error
		if e, _, err = p.asking(c, form); err != nil {
			return err
		}
	}
	ctx, l := c.Request.Context(), e.l
	named, err := p.links(ctx, l, e.actor, e.rec.person.ID)
	if err != nil {
		return err
	}
	v := askView{For: form.Get("for"), Record: named(e.rec.person.ID)}
	var options []option
	for _, f := range editableBy(e.actor, e.rec.fields) {
		chosen := len(e.fields) > 0 && e.fields[0].Key == f.Key
		if chosen {
			v.Chosen = f.Key
		}
		options = append(options, option{Value: f.Key, Label: p.label(l, f), Selected: chosen})
	}
	v.Field = choiceInput(l, "field", "stale.detail", "value.choose", options, nil)
	if v.editView, err = e.view(problems); err != nil {
		return err
	}
	return p.show(c, status, look{page: "request_new", title: l.t("requests.ask"), nav: deskRequestsPath, failed: len(problems) > 0}, v)
}
