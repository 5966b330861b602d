package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer"
	"socialregistry/registry"
)

const messagesPath = "/me/messages"

// messagesView is what somebody was told, newest first.
type messagesView struct {
	turn
	Messages []messageView
	Choice   bool // they may leave the portal, if the reader wants
	Portal   bool // the reader wants them in the portal alone
	Chosen   bool // it was just said
	Token    string
	Prefer   *ownLink // to the detail that says by which way; nil: there is none
}

// messageView is one message in the reader's language.
type messageView struct {
	Text   string
	When   string
	Reason string
	New    bool
	Act    *ownLink // what can be done about it; nil: nothing
}

// MyMessages is GET /me/messages. What is shown counts as read.
func (p *Pages) MyMessages(c *gin.Context) error {
	d := p.visit(c)
	page, err := p.readMessages(d.ctx, d.actor, c.Query("after"))
	if err != nil {
		return err
	}
	fields, err := p.registry.Fields(d.ctx)
	if err != nil {
		return err
	}
	v := messagesView{turn: turnOf(c.Request.URL, page.Next), Chosen: c.Query("done") != ""}
	decided, err := p.decidedRequests(d.ctx, d.actor, page.Messages)
	if err != nil {
		return err
	}
	for _, m := range page.Messages {
		v.Messages = append(v.Messages, p.messageView(d.l, fields, decided, m))
	}
	v.Prefer = preferLink(d.l, d.actor, fields)
	if v.Choice, v.Portal, err = p.issuer.MessageChoice(d.ctx, d.actor); err != nil {
		return err
	}
	v.Token = d.token()
	return d.page(http.StatusOK, look{page: "my_messages", title: d.l.t("messages.title"), nav: messagesPath}, v)
}

// readMessages gives a page of messages, and marks as read what is shown, and what is
// older.
func (p *Pages) readMessages(ctx context.Context, actor registry.Actor, after string) (issuer.MessagePage, error) {
	page, err := p.issuer.MessagesOf(ctx, actor, actor.RegistrantID, after, 30)
	unread := func(m issuer.Message) bool { return m.ReadAt.IsZero() }
	if err != nil || page.Next == "" && !slices.ContainsFunc(page.Messages, unread) || len(page.Messages) == 0 {
		return page, err
	}
	newest := page.Messages[0].At
	for _, m := range page.Messages { // they come out of order
		if m.At.After(newest) {
			newest = m.At
		}
	}
	return page, p.issuer.ReadMessages(ctx, actor, actor.RegistrantID, newest)
}

// configurationName is what a kind of credential is called; "" if there is none now.
func (p *Pages) configurationName(l *locale, issuerName, id string) string {
	i, err := p.issuer.Of(issuerName)
	if err != nil {
		return ""
	}
	return i.ConfigurationNames(l.code)[id]
}

// MyMessagesPost is POST /me/messages: whether they may leave the portal.
func (p *Pages) MyMessagesPost(c *gin.Context) error {
	return p.press(c, func(ctx context.Context, d *desk, form url.Values) (string, error) {
		return messagesPath + "?done=1", p.issuer.ChooseMessages(ctx, d.actor, form.Get("outside") == "")
	})
}

// messageText is a message in one sentence, and who issued the credential that it is
// about in another, if there are several issuers.
func (p *Pages) messageText(l *locale, fields []registry.Field, m issuer.Message) string {
	name := cmp.Or(p.configurationName(l, m.Issuer, m.ConfigID), m.ConfigID)
	key := "message." + m.Kind
	if told := "message.told_" + m.Kind; l.has(told) && areNotes(fields, m.Fields) {
		key = told
	}
	text := l.t(key, "name", name, "fields", p.fieldNames(l, fields, m.Fields), "who", roleNames(l, m.Who))
	if title := p.issuerIfMany(l, m.Issuer); title != "" && m.ConfigID != "" {
		text += " " + l.t("sharing.issuer", "issuer", title)
	}
	return text
}

// roleNames lists roles that are named with spaces between them.
func roleNames(l *locale, roles string) string {
	var out []string
	for _, role := range strings.Fields(roles) {
		out = append(out, l.t("role."+role))
	}
	return strings.Join(out, l.t("list.comma")+" ")
}

// Notice puts a message that leaves the portal into plain text: an issuer.Wording.
func (p *Pages) Notice(ctx context.Context, language string, n issuer.Notice) (text, used string, err error) {
	l := p.locales[language]
	if l == nil {
		l = p.locales[defaultLocale]
	}
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return "", "", err
	}
	if n.TxCode != "" {
		text = l.t("message."+n.Kind, "code", n.TxCode, "time", l.dateTime(n.Until))
	} else {
		text = p.messageText(l, fields, n.Message) + " " + l.t("message.where", "url", p.publicURL+messagesPath)
	}
	return plainText(l.t("service.name") + ": " + text), l.code, nil
}

// plainText is without the marks of direction, which phones show as boxes.
func plainText(s string) string { return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s) }

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
