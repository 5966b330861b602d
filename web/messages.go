package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// messagesView is what somebody was told, newest first.
type messagesView struct{ Messages []messageView }

// messageView is one message in the reader's language.
type messageView struct {
	Text   string
	When   string
	Reason string
	New    bool
}

// MyMessages is GET /me/messages. What is shown counts as read.
func (p *Pages) MyMessages(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	list, err := p.issuer.Messages(ctx, actor)
	if err != nil {
		return err
	}
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	var v messagesView
	for _, m := range list {
		v.Messages = append(v.Messages, messageView{When: l.dateTime(m.At), New: m.ReadAt.IsZero(), Reason: withdrawReason(l, m.Reason),
			Text: l.t("message."+m.Kind, "name", p.configurationName(l, m.Issuer, m.ConfigID), "fields", p.fieldNames(l, fields, m.Fields))})
	}
	return p.show(c, http.StatusOK, look{page: "my_messages", title: l.t("messages.title"), nav: "/me/messages"}, v)
}

// configurationName is what a kind of credential is called; "" if there is none now.
func (p *Pages) configurationName(l *locale, issuerName, id string) string {
	i, err := p.issuer.Of(issuerName)
	if err != nil {
		return ""
	}
	return i.ConfigurationNames(l.code)[id]
}

// fieldNames lists the labels of fields. What is no field of a person's record goes
// by its key.
func (p *Pages) fieldNames(l *locale, fields []registry.Field, keys []string) string {
	labels := map[string]string{}
	for _, f := range fields {
		labels[f.Key] = p.label(l, f).Text
	}
	var out []string
	for _, key := range keys {
		if label := labels[key]; label != "" {
			key = label
		}
		out = append(out, key)
	}
	return strings.Join(out, l.t("list.comma")+" ")
}
