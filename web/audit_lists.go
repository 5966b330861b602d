package web

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer"
	"socialregistry/registry"
)

const (
	signInsPath   = auditPath + "/sign-ins"
	issuerLogPath = auditPath + "/credentials"
)

// auditLinks lead from one list of the audit to the others.
func auditLinks(l *locale, here string) (out []pageLink) {
	for _, link := range []pageLink{{Href: auditPath, Text: l.t("audit.settings")}, {Href: issuerLogPath, Text: l.t("audit.credentials")}, {Href: signInsPath, Text: l.t("audit.sign_ins")}} {
		if link.Href != here {
			out = append(out, link)
		}
	}
	return out
}

// SignIns is GET /admin/audit/sign-ins: who of staff signed in, and who was refused.
func (p *Pages) SignIns(c *gin.Context) error {
	d, err := p.desk(c, logReaders()...)
	if err != nil {
		return err
	}
	page, err := p.registry.StaffSignIns(d.ctx, d.actor, registry.SignInQuery{Username: strings.TrimSpace(c.Query("actor")), Outcome: registry.SignInOutcome(c.Query("outcome")), After: c.Query("after"), Limit: changesShown})
	if err != nil {
		return err
	}
	v, l := d.list("signins", signInsPath, page.Next), d.l
	v.Title, v.Text, v.Acts, v.nav = l.t("audit.sign_ins"), l.t("signins.text", "n", int(registry.SignInsKept.Hours()/24)), auditLinks(l, signInsPath), auditPath
	outcomes := anyOf(l, []registry.SignInOutcome{registry.SignInDone, registry.SignInHalf, registry.SignInRefused, registry.SignInLocked},
		func(l *locale, o registry.SignInOutcome) string { return l.t("signins." + string(o)) })
	v.Find = []input{d.asked().text("actor", "changes.actor"), d.asked().choice("outcome", "signins.outcome", outcomes...)}
	v.Grid = newGrid(l, v.Title, "changes.who", "signins.outcome", "signins.way", "signins.device", "changes.when")
	for _, s := range page.SignIns {
		state := signInBadge(l, s.Outcome)
		v.Grid.add(cell{Text: s.Username, Dir: "ltr"}, cell{Badge: &state}, cell{Text: l.t("security.by_" + string(s.Method))}, cell{Text: deviceName(l, s.Device)}, cell{Text: l.dateTime(s.At)})
	}
	return d.showList(v)
}

func signInBadge(l *locale, o registry.SignInOutcome) badge {
	text := l.t("signins." + string(o))
	switch o {
	case registry.SignInDone:
		return badge{"ok", "check", text}
	case registry.SignInHalf:
		return badge{"wait", "clock", text}
	}
	return badge{"bad", "cross", text}
}

// CredentialSettings is GET /admin/audit/credentials: the changes of issuers, types of
// credentials, clients, wallet providers and keys.
func (p *Pages) CredentialSettings(c *gin.Context) error {
	d, err := p.desk(c, logReaders()...)
	if err != nil {
		return err
	}
	page, err := p.issuer.LatestLog(d.ctx, d.actor, issuer.LogQuery{Sort: c.Query("sort"), Actor: strings.TrimSpace(c.Query("actor")), After: c.Query("after"), Limit: changesShown})
	if err != nil {
		return err
	}
	v, l := d.list("audit", issuerLogPath, page.Next), d.l
	v.Title, v.Text, v.Empty, v.Acts, v.nav = l.t("audit.credentials"), l.t("audit.credentials_text"), l.t("audit.credentials_none"), auditLinks(l, issuerLogPath), auditPath
	v.Find = []input{d.asked().choice("sort", "audit.sort", anyOf(l, issuer.LogSorts(), sortName)...), d.asked().text("actor", "changes.actor")}
	v.Grid = newGrid(l, v.Title, "audit.subject", "audit.change", "changes.who", "changes.when", "changes.reason")
	for _, e := range page.Entries {
		sort, key, _ := strings.Cut(e.Subject, ":")
		v.Grid.add(cell{Text: cmp.Or(strings.TrimPrefix(key, "/"), sortName(l, sort)), Dir: "ltr", Note: sortName(l, sort), Href: keptAt(sort, key)},
			auditChange(l, registry.AdminEntry{Old: jsonOf(e.Old), New: jsonOf(e.New)}), cell{Text: e.Actor}, cell{Text: l.dateTime(e.At)}, cell{Text: e.Reason, Dir: "auto"})
	}
	return d.showList(v)
}

// keptAt is the page of a thing whose settings changed; "": there is none of its own.
func keptAt(sort, key string) string {
	pages := map[string]string{"client": "/admin/clients/", "wallet_provider": "/admin/wallet-providers/", "key": "/admin/keys/"}
	if sort == "issuer" {
		return issuersPath
	}
	if pages[sort] == "" {
		return ""
	}
	return pages[sort] + url.PathEscape(key)
}

func jsonOf(members map[string]any) json.RawMessage {
	if len(members) == 0 {
		return nil
	}
	out, err := json.Marshal(members)
	if err != nil { // it came from JSON
		return nil
	}
	return out
}
