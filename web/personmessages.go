package web

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// personMessages is what a person was told, newest first, as staff see it.
type personMessages struct {
	personView
	turn
	Messages []messageView
}

// messageReaders are for whom the tab is shown; the issuer decides again.
func messageReaders() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAuditor}
}

func mayReadMessages(a registry.Actor) bool { return slices.ContainsFunc(messageReaders(), a.Has) }

// PersonMessages is GET /admin/people/:id/messages. Nothing counts as read by it.
func (p *Pages) PersonMessages(c *gin.Context) error {
	if err := auth.Allow(c, messageReaders()...); err != nil {
		return err
	}
	rec, head, err := p.person(c, "/messages")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	page, err := p.issuer.MessagesOf(ctx, auth.Actor(ctx), rec.person.ID, c.Query("after"), 30)
	if err != nil {
		return err
	}
	v := personMessages{personView: head, turn: turnOf(c.Request.URL, page.Next)}
	for _, m := range page.Messages {
		v.Messages = append(v.Messages, messageView{When: l.dateTime(m.At), New: m.ReadAt.IsZero(), Reason: withdrawReason(l, m.Reason), Text: p.messageText(l, rec.fields, m)})
	}
	return p.show(c, http.StatusOK, look{page: "person_messages", title: head.Who.Name, nav: "/admin/people"}, v)
}
