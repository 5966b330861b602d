package web

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
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
	if err := auth.Allow(c, logReaders()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	page, err := p.registry.StaffSignIns(ctx, auth.Actor(ctx), registry.SignInQuery{Username: strings.TrimSpace(c.Query("actor")), Outcome: registry.SignInOutcome(c.Query("outcome")), After: c.Query("after"), Limit: changesShown})
	if err != nil {
		return err
	}
	f := typed{l: l, values: c.Request.URL.Query()}
	outcomes := []option{{Label: words{Text: l.t("people.any")}}}
	for _, o := range []registry.SignInOutcome{registry.SignInDone, registry.SignInHalf, registry.SignInRefused, registry.SignInLocked} {
		outcomes = append(outcomes, option{Value: string(o), Label: words{Text: l.t("signins." + string(o))}})
	}
	g := newGrid(l.t("audit.sign_ins"), column{Text: l.t("changes.who")}, column{Text: l.t("signins.outcome")}, column{Text: l.t("signins.way")}, column{Text: l.t("signins.device")}, column{Text: l.t("changes.when")})
	for _, s := range page.SignIns {
		state := signInBadge(l, s.Outcome)
		g.add(cell{Text: s.Username, Dir: "ltr"}, cell{Badge: &state}, cell{Text: l.t("security.by_" + string(s.Method))}, cell{Text: deviceName(l, s.Device)}, cell{Text: l.dateTime(s.At)})
	}
	return p.showList(c, auditPath, listPage{Title: l.t("audit.sign_ins"), Text: l.t("signins.text", "n", int(registry.SignInsKept.Hours()/24)), Acts: auditLinks(l, signInsPath),
		Find: []input{f.text("actor", "changes.actor"), f.choice("outcome", "signins.outcome", outcomes...)}, FindAction: signInsPath, FindButton: l.t("kit.show"),
		Grid: g, Empty: l.t("signins.none"), Turn: turnOf(c.Request.URL, page.Next)})
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
	if err := auth.Allow(c, logReaders()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	page, err := p.issuer.LatestLog(ctx, auth.Actor(ctx), issuer.LogQuery{Sort: c.Query("sort"), Actor: strings.TrimSpace(c.Query("actor")), After: c.Query("after"), Limit: changesShown})
	if err != nil {
		return err
	}
	f := typed{l: l, values: c.Request.URL.Query()}
	sorts := []option{{Label: words{Text: l.t("people.any")}}}
	for _, sort := range issuer.LogSorts() {
		sorts = append(sorts, option{Value: sort, Label: words{Text: sortName(l, sort)}})
	}
	g := newGrid(l.t("audit.credentials"), column{Text: l.t("audit.subject")}, column{Text: l.t("audit.change")}, column{Text: l.t("changes.who")}, column{Text: l.t("changes.when")}, column{Text: l.t("changes.reason")})
	for _, e := range page.Entries {
		sort, key, _ := strings.Cut(e.Subject, ":")
		g.add(cell{Text: cmp.Or(strings.TrimPrefix(key, "/"), sortName(l, sort)), Dir: "ltr", Note: sortName(l, sort), Href: keptAt(sort, key)},
			auditChange(l, registry.AdminEntry{Old: jsonOf(e.Old), New: jsonOf(e.New)}), cell{Text: e.Actor}, cell{Text: l.dateTime(e.At)}, cell{Text: e.Reason, Dir: "auto"})
	}
	return p.showList(c, auditPath, listPage{Title: l.t("audit.credentials"), Text: l.t("audit.credentials_text"), Acts: auditLinks(l, issuerLogPath),
		Find: []input{f.choice("sort", "audit.sort", sorts...), f.text("actor", "changes.actor")}, FindAction: issuerLogPath, FindButton: l.t("kit.show"),
		Grid: g, Empty: l.t("audit.credentials_none"), Turn: turnOf(c.Request.URL, page.Next)})
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
