package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
)

const keysPath = "/admin/keys"

// Keys is GET /admin/keys: what credentials are signed with, and when.
func (p *Pages) Keys(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	return d.keysPage(nil, http.StatusOK, nil)
}

func (d *desk) keysPage(sent url.Values, status int, problems []problem) error {
	all, err := d.p.issuer.Keys(d.ctx, d.actor)
	if err != nil {
		return err
	}
	t := deskTable{ID: "keys", Title: d.l.t("settings.keys"), Empty: d.l.t("desk.no_keys"),
		Heads: []string{d.l.t("desk.in_kid"), d.l.t("desk.in_key_kind"), d.l.t("credentials.state"), d.l.t("desk.window"), d.l.t("desk.published")}}
	for _, k := range all {
		id := deskCell{Text: k.KID, Dir: "ltr", Href: keysPath + "/" + url.PathEscape(k.KID), Small: d.p.issuerIfMany(d.l, k.Issuer)}
		t.Rows = append(t.Rows, []deskCell{id, plainCell(d.l.t("desk.keykind_" + k.Kind)), {Badges: []badge{d.keyBadge(k)}}, plainCell(d.window(k)), plainCell(d.published(k))})
	}
	v := deskPage{Title: d.l.t("settings.keys"), Text: d.l.t("settings.keys_about"), Back: settingsPath, Done: d.done(), Tables: []deskTable{t}}
	if d.isAdmin() {
		controls := []deskControl{d.choice("key_kind", sent.Get("key_kind"), d.options("desk.keykind_", issuer.KindES256, issuer.KindEdDSA, issuer.KindEncryption, issuer.KindAuthority, issuer.KindRoot)...), d.begin(sent.Get("begins"))}
		if len(d.p.issuer.All()) > 1 {
			controls = append(controls, d.choice("issuer", sent.Get("issuer"), d.issuerOptions()...))
		}
		f, err := d.small("rotate", d.l.t("desk.rotate"), d.l.t("desk.rotate_text"), keysPath, "", append(controls, d.reason(sent.Get("reason")))...)
		if err != nil {
			return err
		}
		f.Folded = len(problems) == 0
		v.Forms = []deskForm{f}
	}
	v.refused(d.l, problems, nil)
	return d.show(status, v, settingsPath)
}

// begin asks for a day.
func (d *desk) begin(value string) deskControl {
	x := d.line("begins", value)
	x.Kind, x.Dir = "date", ""
	return x
}

// issuerOptions are the issuers by name.
func (d *desk) issuerOptions() []option {
	var out []option
	for _, i := range d.p.issuer.All() {
		out = append(out, option{Value: i.IssuerName(), Label: words{Text: i.Title(d.l.code)}})
	}
	return out
}

func (d *desk) keyBadge(k issuer.KeyInfo) badge {
	look := map[string]badge{issuer.KeyToCome: {"wait", "clock", ""}, issuer.KeyInUse: {"ok", "check", ""}, issuer.KeyRetired: {"none", "minus", ""}, issuer.KeyRevoked: {"bad", "cross", ""}}[k.State]
	look.Text = d.l.t("desk.key_" + k.State)
	return look
}

func (d *desk) window(k issuer.KeyInfo) string {
	return d.l.t("desk.from_to", "from", k.NotBefore, "to", k.NotAfter)
}

func (d *desk) published(k issuer.KeyInfo) string {
	if k.PublishedUntil.IsZero() {
		return d.l.t("desk.as_long_as_used")
	}
	return d.l.t("desk.until_day", "when", k.PublishedUntil)
}

// KeyRotate is POST /admin/keys.
func (p *Pages) KeyRotate(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	return d.send(form, func(ctx context.Context) (string, error) {
		i, err := p.issuer.Of(form.Get("issuer"))
		if err != nil {
			return "", err
		}
		var at time.Time
		if day := form.Get("begins"); day != "" {
			if at, err = time.Parse(time.DateOnly, day); err != nil {
				return "", fault.InvalidFields("bad_date", "No day.", []fault.Field{{Name: "begins", Code: "bad_date", Detail: "Write the date as year-month-day."}})
			}
		}
		_, err = i.RotateKey(ctx, d.actor, form.Get("key_kind"), at, form.Get("reason"))
		return keysPath + "?done=rotated", asMember(err, memberOf(err))
	}, func(status int, problems []problem) error { return d.keysPage(form, status, problems) })
}

// memberOf is the control that a refused key is about.
func memberOf(err error) string {
	switch fault.CodeOf(err) {
	case "key_kind":
		return "key_kind"
	case "key_time":
		return "begins"
	}
	return "reason"
}

// Key is GET /admin/keys/:kid.
func (p *Pages) Key(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	return d.keyPage(http.StatusOK, nil)
}

func (d *desk) keyPage(status int, problems []problem) error {
	all, err := d.p.issuer.Keys(d.ctx, d.actor)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(k issuer.KeyInfo) bool { return k.KID == d.c.Param("kid") })
	if n < 0 {
		return fault.New(fault.NotFound, "key_not_found", "There is no such key.")
	}
	k := all[n]
	signed, live, err := d.p.issuer.Signed(d.ctx, d.actor, k.KID)
	if err != nil {
		return err
	}
	entries, err := d.p.issuer.KeyHistory(d.ctx, d.actor, k.KID)
	if err != nil {
		return err
	}
	state := d.keyBadge(k)
	v := deskPage{Title: d.l.t("desk.keykind_" + k.Kind), Code: k.KID, Text: d.l.t("desk.keyuse_" + k.Kind), Back: keysPath, Done: d.done(), Badge: &state, Line: d.entries(entries)}
	v.Facts = []deskFact{{d.l.t("desk.window"), plainCell(d.window(k))}, {d.l.t("desk.published"), plainCell(d.published(k))}}
	if !k.CertificateUntil.IsZero() {
		v.Facts = append(v.Facts, deskFact{d.l.t("desk.certificate"), plainCell(d.l.t("desk.until_day", "when", k.CertificateUntil))})
	}
	if k.Kind == issuer.KindES256 || k.Kind == issuer.KindEdDSA {
		v.Facts = append(v.Facts, deskFact{d.l.t("desk.signed"), plainCell(d.upTo("desk.signed_n", signed))}, deskFact{d.l.t("desk.signed_live"), plainCell(d.upTo("desk.signed_n", live))})
	}
	if !k.RevokedAt.IsZero() {
		v.Facts = append(v.Facts, deskFact{d.l.t("desk.key_revoked"), plainCell(d.l.dateTime(k.RevokedAt))})
	} else if d.isAdmin() {
		f, err := d.small("revoke", d.l.t("desk.revoke_key"), d.l.t("desk.revoke_key_text"), keysPath+"/"+url.PathEscape(k.KID)+"/revoke", "warn", d.reason(""))
		if err != nil {
			return err
		}
		f.Folded = len(problems) == 0
		v.Forms = []deskForm{f}
	}
	v.refused(d.l, problems, nil)
	return d.show(status, v, settingsPath)
}

// upTo is a number that is not counted beyond issuer.SignedCap.
func (d *desk) upTo(key string, n int) string {
	if n >= issuer.SignedCap {
		return d.l.t(key, "n", n) + " +"
	}
	return d.l.t(key, "n", n)
}

// KeyRevoke is POST /admin/keys/:kid/revoke.
func (p *Pages) KeyRevoke(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	kid := c.Param("kid")
	return d.send(form, func(ctx context.Context) (string, error) {
		err := p.issuer.RevokeKey(ctx, d.actor, kid, form.Get("reason"))
		return keysPath + "/" + url.PathEscape(kid) + "?done=key_revoked", asMember(err, "reason")
	}, d.keyPage)
}
