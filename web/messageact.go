package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// messageView puts a message into words, with what its reader can do about it.
func (p *Pages) messageView(l *locale, fields []registry.Field, decided []registry.ChangeRequest, m issuer.Message) messageView {
	v := messageView{When: l.dateTime(m.At), New: m.ReadAt.IsZero(), Reason: withdrawReason(l, m.Reason), Text: p.messageText(l, fields, m)}
	href, key := p.messageHref(fields, m)
	if about := requestOf(decided, m); about != nil {
		href, v.Reason = ownRequestPath(about.ID), about.Words
	}
	if href != "" {
		v.Act = &ownLink{href, l.t("message.act_" + key)}
	}
	return v
}

// messageHref is where a message leads, and the key of the words for it; "" for nowhere.
func (p *Pages) messageHref(fields []registry.Field, m issuer.Message) (href, key string) {
	switch {
	case strings.HasPrefix(m.Kind, "credential_"), strings.HasPrefix(m.Kind, "paper_"):
		id := m.ConfigID
		if m.Issuer != "" {
			id = m.Issuer + "." + m.ConfigID
		}
		return credentialsPath + "#c-" + url.PathEscape(id), "credential"
	case strings.HasPrefix(m.Kind, "programme_"):
		return "/me/programmes", "programme"
	}
	switch m.Kind {
	case issuer.TellApproved, issuer.TellRefused:
		return requestsPath, "request"
	case issuer.TellDeclined:
		return appealsPath, "appeal"
	case issuer.TellLooked:
		return "/me/looks", "looks"
	case issuer.TellUnlocked:
		return "/me/security", "security"
	}
	for _, f := range fields {
		if slices.Contains(m.Fields, f.Key) {
			return sectionHref(f), "detail"
		}
	}
	return "", ""
}

// sectionHref is the card of a field's section in the reader's own record.
func sectionHref(f registry.Field) string { return "/me#s-" + url.PathEscape(f.Section) }

// decidedRequests reads the newest change requests about the reader, if one of the
// messages is about one: a message holds no words and names no request.
func (p *Pages) decidedRequests(ctx context.Context, actor registry.Actor, list []issuer.Message) ([]registry.ChangeRequest, error) {
	about := func(m issuer.Message) bool { return m.Kind == issuer.TellApproved || m.Kind == issuer.TellRefused }
	if !slices.ContainsFunc(list, about) {
		return nil, nil
	}
	page, err := p.registry.RequestsOf(ctx, actor, actor.RegistrantID, registry.RequestQuery{Newest: true, Limit: 200})
	return page.Requests, err
}

// requestOf finds the request that a message is about: it was decided when the message
// says; nil if it is none, or several.
func requestOf(decided []registry.ChangeRequest, m issuer.Message) *registry.ChangeRequest {
	state := map[string]registry.RequestState{issuer.TellApproved: registry.RequestApproved, issuer.TellRefused: registry.RequestRejected}[m.Kind]
	if len(m.Fields) != 1 || state == "" {
		return nil
	}
	for n := range decided {
		if q := &decided[n]; q.State == state && q.Field == m.Fields[0] && q.DecidedAt.Equal(m.At) {
			return q
		}
	}
	return nil
}

// preferLink leads to the detail in which the reader says how to be reached.
func preferLink(l *locale, actor registry.Actor, fields []registry.Field) *ownLink {
	for _, f := range fields {
		if f.Key != issuer.PreferredContactField() {
			continue
		}
		if mayEdit(actor, f) {
			return &ownLink{"/me/edit/" + url.PathEscape(f.Section) + "#" + inputName(f), l.t("messages.prefer")}
		}
		return &ownLink{sectionHref(f), l.t("messages.prefer_see")}
	}
	return nil
}
