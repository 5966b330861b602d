package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const tokensPath = "/admin/tokens"

// StaffTokens is GET /admin/tokens: the personal access tokens of the own account.
func (p *Pages) StaffTokens(c *gin.Context) error {
	d, err := p.desk(c, allStaff()...)
	if err != nil {
		return err
	}
	return d.tokensPage(url.Values{"days": {"90"}}, http.StatusOK, nil)
}

func (d *desk) tokensPage(sent url.Values, status int, problems []problem) error {
	tokens, err := d.p.registry.Tokens(d.ctx, d.actor)
	if err != nil {
		return err
	}
	name := d.line("token_name", sent.Get("token_name"))
	name.Required, name.MaxLength = true, 100
	var scopes []option
	for _, s := range registry.Scopes() {
		scopes = append(scopes, option{Value: string(s), Label: words{Text: d.l.t("scope." + scopeKey(s))}})
	}
	form, err := d.form(deskForm{Action: tokensPath, Buttons: []deskButton{{Text: d.l.t("desk.make_token")}}, Groups: []deskGroup{{Title: d.l.t("desk.make_token"), Text: d.l.t("desk.make_token_text"), Controls: []deskControl{
		name, d.ticks("scopes", sent["scopes"], scopes...), d.choice("days", sent.Get("days"), d.options("desk.days_", "1", "7", "30", "90", "365")...), d.reason(sent.Get("reason"))}}}})
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("settings.tokens"), Text: d.l.t("settings.tokens_about"), Back: settingsPath, Done: d.done(), Tables: []deskTable{d.tokenTable(tokens)}, Form: &form}
	if v.Forms, err = d.tokenForms(tokens); err != nil {
		return err
	}
	v.refused(d.l, problems, map[string]string{"name": "token_name", "expires_at": "days"})
	return d.show(status, v, settingsPath)
}

// scopeKey is a scope in the key of its words.
func scopeKey(s registry.Scope) string { return strings.ReplaceAll(string(s), ":", "_") }

// tokenForms revoke one of those that are good.
func (d *desk) tokenForms(tokens []registry.Token) ([]deskForm, error) {
	var good []option
	for _, t := range tokens {
		if t.RevokedAt.IsZero() && d.p.now().Before(t.ExpiresAt) {
			good = append(good, option{Value: t.ID.String(), Label: words{Text: t.Name}})
		}
	}
	if len(good) == 0 {
		return nil, nil
	}
	f, err := d.small("revoke", d.l.t("desk.revoke_token"), d.l.t("desk.revoke_token_text"), tokensPath+"/revoke", "warn", d.choice("token", "", good...))
	return []deskForm{f}, err
}

// tokenTable lists tokens, without their secrets, which are nowhere.
func (d *desk) tokenTable(tokens []registry.Token) deskTable {
	t := deskTable{ID: "tokens", Title: d.l.t("desk.tokens"), Empty: d.l.t("desk.no_tokens"),
		Heads: []string{d.l.t("desk.in_token_name"), d.l.t("credentials.state"), d.l.t("desk.in_scopes"), d.l.t("desk.until"), d.l.t("desk.last_used")}}
	for _, x := range tokens {
		state := badge{"ok", "check", d.l.t("desk.is_good")}
		switch {
		case !x.RevokedAt.IsZero():
			state = badge{"bad", "cross", d.l.t("desk.is_revoked")}
		case !d.p.now().Before(x.ExpiresAt):
			state = badge{"none", "clock", d.l.t("desk.is_over")}
		}
		var scopes []string
		for _, s := range x.Scopes {
			if slices.Contains(registry.Scopes(), s) {
				scopes = append(scopes, d.l.t("scope."+scopeKey(s)))
			}
		}
		used := d.l.t("desk.never")
		if !x.LastUsed.IsZero() {
			used = d.l.dateTime(x.LastUsed)
		}
		t.Rows = append(t.Rows, []deskCell{plainCell(x.Name), {Badges: []badge{state}}, {List: scopes}, plainCell(d.l.dateTime(x.ExpiresAt)), plainCell(used)})
	}
	return t
}

// StaffTokenMake is POST /admin/tokens: the token is shown once.
func (p *Pages) StaffTokenMake(c *gin.Context) error {
	d, form, err := p.desked(c, allStaff()...)
	if err != nil {
		return err
	}
	days := min(max(atoi(form.Get("days")), 0), 365)
	request := registry.TokenRequest{Name: form.Get("token_name"), Scopes: asTexts[registry.Scope](form["scopes"]), Reason: form.Get("reason"), ExpiresAt: p.now().Add(time.Duration(days) * 24 * time.Hour)}
	v := secretView{Title: d.l.t("desk.token"), Name: form.Get("token_name"), Text: d.l.t("desk.token_text"), Back: tokensPath}
	return d.reveal(form, v, func(ctx context.Context) (string, error) {
		if err := needReason(form); err != nil {
			return "", err
		}
		secret, _, err := p.registry.CreateToken(ctx, d.actor, request)
		return secret, err
	}, func(status int, problems []problem) error { return d.tokensPage(form, status, problems) })
}

// StaffTokenRevoke is POST /admin/tokens/revoke.
func (p *Pages) StaffTokenRevoke(c *gin.Context) error {
	d, form, err := p.desked(c, allStaff()...)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(form.Get("token"))
	if err != nil {
		return fault.New(fault.NotFound, "no_such_token", "There is no such token.")
	}
	return d.send(form, func(ctx context.Context) (string, error) {
		return tokensPath + "?done=token_revoked", p.registry.RevokeToken(ctx, d.actor, id)
	}, func(status int, problems []problem) error { return d.tokensPage(form, status, problems) })
}
