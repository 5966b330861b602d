package web

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// lockView says until when somebody cannot sign in, and how it is ended.
type lockView struct {
	Text   string
	Action string
	Reason input
	Token  string
}

// lockOf is the lock of a record for who may end it; nil: there is none to show.
func (p *Pages) lockOf(c *gin.Context, actor registry.Actor, id uuid.UUID, base string) (*lockView, error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	until, err := p.registry.Locked(ctx, actor, id)
	if fault.KindOf(err) == fault.Forbidden || fault.KindOf(err) == fault.NotFound || err == nil && until.IsZero() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &lockView{Text: l.t("unlock.locked", "time", l.dateTime(until)), Action: base + "/unlock",
		Reason: input{ID: "unlock-reason", Kind: "text", Label: words{Text: l.t("edit.reason")}, Dir: "auto", Autocomplete: "off", Required: true, MaxLength: 400}}
	if c.Query("unlock") == "reason" {
		v.Reason.Wrong = l.t("fault.required")
	}
	v.Token, err = p.registry.NewForm(actor)
	return v, err
}

// Unlock is POST /admin/people/:id/unlock.
func (p *Pages) Unlock(c *gin.Context) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	rec, head, err := p.person(c, "")
	if err != nil {
		return err
	}
	err = d.once(form, func(ctx context.Context) (string, error) {
		return head.Who.Base + "?done=unlocked", p.registry.Unlock(ctx, d.actor, rec.person.ID, form.Get("unlock-reason"))
	}, nil)
	if fault.CodeOf(err) == "invalid_values" {
		return seeOther(c, head.Who.Base+"?unlock=reason#unlock-reason")
	}
	return err
}
