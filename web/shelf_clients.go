package web

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer"
	"socialregistry/registry"
)

const clientsPath = "/admin/clients"

// walletClient is a client as a thing of the settings; keys is its JWK Set as typed.
type walletClient struct {
	issuer.Client
	keys string
}

// Clients are the pages of the wallets that ask for credentials.
func (p *Pages) Clients() Shelf {
	return Shelf{p: p, path: clientsPath, words: "clients",
		aliases: map[string]string{"client_id": "client_id", "token_endpoint_auth_method": "auth_method"},
		blank: func() thing {
			return walletClient{Client: issuer.Client{AuthMethod: "attest_jwt_client_auth", GrantTypes: []string{"authorization_code", "refresh_token"}, DPoPBound: true}}
		},
		load: func(d *desk, key string) (thing, error) {
			c, err := p.issuer.RegisteredClient(d.ctx, d.actor, key)
			return walletClient{c, keyText(c.JWKS)}, err
		},
		save: func(ctx context.Context, d *desk, t thing, reason string) error {
			c, err := t.(walletClient).withKeys()
			if err != nil {
				return err
			}
			if c.VersionNo == 0 {
				_, err = p.issuer.RegisterClient(ctx, d.actor, c, reason)
			} else {
				_, err = p.issuer.ChangeClient(ctx, d.actor, c, reason)
			}
			return err
		},
		list: clientTable, around: clientActs}
}

func clientTable(d *desk) (deskTable, error) {
	all, err := d.p.issuer.Clients(d.ctx, d.actor)
	t := deskTable{Empty: d.l.t("desk.no_clients"), Heads: []string{d.l.t("desk.name"), d.l.t("desk.in_client_id"), d.l.t("desk.in_auth_method"), d.l.t("credentials.state")}}
	for _, c := range all {
		t.Rows = append(t.Rows, []deskCell{{Text: c.Name, Href: clientsPath + "/" + url.PathEscape(c.ID)}, codeCell(c.ID), plainCell(d.l.t("desk.auth_" + c.AuthMethod)), {Badges: []badge{d.used(c.DisabledAt.IsZero())}}})
	}
	return t, err
}

// clientActs are what is done with a client besides changing it, and its history.
func clientActs(d *desk, v *deskPage, t thing) error {
	c := t.(walletClient)
	now, err := d.p.issuer.RegisteredClient(d.ctx, d.actor, c.ID)
	if err != nil {
		return err
	}
	state := d.used(now.DisabledAt.IsZero())
	v.Badge = &state
	entries, err := d.p.issuer.ClientLog(d.ctx, d.actor, c.ID)
	if err != nil {
		return err
	}
	v.Line = d.entries(entries)
	if !d.isAdmin() {
		return nil
	}
	act, class := "stop", "warn"
	if !now.DisabledAt.IsZero() {
		act, class = "start", ""
	}
	f, err := d.small(act, d.l.t("desk."+act+"_client"), d.l.t("desk."+act+"_client_text"), clientsPath+"/"+url.PathEscape(c.ID)+"/"+act, class, d.named("why", d.reason("")))
	v.Forms = append(v.Forms, f)
	return err
}

func (c walletClient) key() string        { return c.ID }
func (c walletClient) version() int       { return int(c.VersionNo) }
func (c walletClient) title(*desk) string { return c.Name }

func (c walletClient) groups(d *desk) ([]deskGroup, error) {
	name := needed(d.line("client_name", c.Name))
	name.MaxLength = 100
	return []deskGroup{
		{Title: d.l.t("desk.group_what"), Two: true, Controls: []deskControl{d.orFixed(c.VersionNo > 0, needed(d.code("client_id", c.ID))), name}},
		{Title: d.l.t("desk.group_way_in"), Two: true, Controls: []deskControl{
			d.choice("auth_method", c.AuthMethod, d.options("desk.auth_", "attest_jwt_client_auth", "private_key_jwt", "none")...),
			d.ticks("grant_types", c.grants(), d.options("desk.grant_", grantNames()...)...), d.codeArea("redirect_uris", strings.Join(c.RedirectURIs, "\n")),
			d.codeArea("jwks", c.keys), d.tick("dpop", c.DPoPBound)}},
	}, nil
}

const preAuthorized = "urn:ietf:params:oauth:grant-type:pre-authorized_code"

func grantNames() []string {
	return []string{"authorization_code", "pre-authorized_code", "refresh_token"}
}

// grants are the grants of a client by their short names.
func (c walletClient) grants() []string {
	out := make([]string, len(c.GrantTypes))
	for n, g := range c.GrantTypes {
		out[n] = strings.TrimPrefix(g, "urn:ietf:params:oauth:grant-type:")
	}
	return out
}

func (c walletClient) read(form url.Values) thing {
	if c.VersionNo == 0 {
		c.ID = strings.TrimSpace(form.Get("client_id"))
	} else {
		c.VersionNo = int64(atoi(form.Get("version")))
	}
	c.Name, c.AuthMethod, c.RedirectURIs = strings.TrimSpace(form.Get("client_name")), form.Get("auth_method"), linesOf(form.Get("redirect_uris"))
	c.GrantTypes, c.DPoPBound, c.keys = nil, form.Get("dpop") != "", strings.TrimSpace(form.Get("jwks"))
	for _, g := range form["grant_types"] {
		if g == "pre-authorized_code" {
			g = preAuthorized
		}
		c.GrantTypes = append(c.GrantTypes, g)
	}
	return c
}

// withKeys reads the JWK Set. It returns Invalid.
func (c walletClient) withKeys() (issuer.Client, error) {
	keys, err := readKeys(c.keys)
	c.JWKS = keys
	return c.Client, err
}

// readKeys reads a JWK Set, "" for none. It returns Invalid for what is no object.
func readKeys(s string) (map[string]any, error) {
	if s == "" {
		return nil, nil
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		return nil, invalidMember("jwks", "This is no JWK Set in JSON.")
	}
	return out, nil
}

func keyText(keys map[string]any) string {
	if len(keys) == 0 {
		return ""
	}
	raw, _ := json.MarshalIndent(keys, "", "  ") // it came from JSON
	return string(raw)
}

// ClientStop is POST /admin/clients/:key/stop.
func (p *Pages) ClientStop(c *gin.Context) error { return p.turnClient(c, p.issuer.DisableClient) }

// ClientStart is POST /admin/clients/:key/start.
func (p *Pages) ClientStart(c *gin.Context) error { return p.turnClient(c, p.issuer.EnableClient) }

func (p *Pages) turnClient(c *gin.Context, turn func(ctx context.Context, a registry.Actor, id, reason string) (issuer.Client, error)) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	id := c.Param("key")
	return d.send(form, func(ctx context.Context) (string, error) {
		_, err := turn(ctx, d.actor, id, form.Get("why"))
		return clientsPath + "/" + url.PathEscape(id) + "?done=saved", asMember(err, "why")
	}, func(status int, problems []problem) error {
		s := p.Clients()
		t, err := s.load(d, id)
		if err != nil {
			return err
		}
		return s.page(d, t, "", status, problems)
	})
}

// entries are the changes of something of the issuer, the newest first.
func (d *desk) entries(log []issuer.Entry) *deskTable {
	t := deskTable{ID: "history", Title: d.l.t("desk.history"), Empty: d.l.t("desk.no_history"), Heads: []string{d.l.t("desk.when"), d.l.t("desk.who"), d.l.t("desk.what"), d.l.t("desk.in_reason")}}
	for n := len(log) - 1; n >= 0; n-- {
		e := log[n]
		t.Rows = append(t.Rows, []deskCell{plainCell(d.l.dateTime(e.At)), plainCell(e.Actor), {List: d.entryChanges(e)}, plainCell(e.Reason)})
	}
	return &t
}

// entryChanges are the members that an entry changed, as they stand in the log.
func (d *desk) entryChanges(e issuer.Entry) []string {
	if len(e.Old) == 0 {
		return []string{d.l.t("desk.made")}
	}
	var out []string
	for _, member := range keysOf(e.New) {
		old, now := plain(e.Old[member]), plain(e.New[member])
		if old != now {
			out = append(out, d.l.t("desk.changed", "what", d.member(member), "old", old, "new", now))
		}
	}
	return out
}

// member is what a member of a log is called, if the form has it.
func (d *desk) member(name string) string {
	if key := "desk.in_" + name; d.l.has(key) {
		return d.l.t(key)
	}
	return name
}

// plain is a value of a log in at most 200 characters.
func plain(v any) string {
	s, ok := v.(string)
	if !ok {
		raw, _ := json.Marshal(v) // it came from JSON
		s = string(raw)
	}
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	if s == "" || s == "null" {
		return "–"
	}
	return strings.Trim(strconv.Quote(s), `"`)
}
