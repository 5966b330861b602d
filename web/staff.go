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

const staffPath = "/admin/staff"

// Staff is GET /admin/staff: who works here.
func (p *Pages) Staff(c *gin.Context) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	page, err := p.registry.Staff(d.ctx, d.actor, registry.StaffQuery{Text: c.Query("q"), After: c.Query("after")})
	if err != nil {
		return err
	}
	t := deskTable{ID: "staff", Title: d.l.t("settings.staff"), Empty: d.l.t("desk.no_staff"),
		Heads: []string{d.l.t("desk.in_username"), d.l.t("desk.roles"), d.l.t("credentials.state"), d.l.t("desk.since")}}
	for _, a := range page.Accounts {
		t.Rows = append(t.Rows, []deskCell{{Text: a.Username, Dir: "ltr", Href: staffPath + "/" + a.Username}, {List: d.grants(a)}, {Badges: d.accountBadges(a)}, plainCell(d.l.date(a.CreatedAt))})
	}
	v := deskPage{Title: d.l.t("settings.staff"), Text: d.l.t("settings.staff_about"), Back: settingsPath, Notes: []string{d.l.t("desk.last_admin")}, Tables: []deskTable{t},
		Acts: []deskLink{{Href: staffPath + "/new", Text: d.l.t("desk.open_account")}, {Href: "/admin/roles", Text: d.l.t("settings.roles"), Class: "sec"}}}
	find := d.code("q", c.Query("q"))
	find.Label, find.Hint, find.MaxLength = words{Text: d.l.t("desk.in_username")}, words{Text: d.l.t("desk.hint_find_staff")}, 40
	v.Find, v.FindAction = []deskControl{find}, staffPath
	v.turn = turnOf(c.Request.URL, page.Next)
	return d.show(http.StatusOK, v, settingsPath)
}

func (d *desk) accountBadges(a registry.StaffAccount) []badge {
	out := []badge{{"ok", "check", d.l.t("desk.is_open")}}
	if !a.DisabledAt.IsZero() {
		out = []badge{{"none", "minus", d.l.t("desk.is_closed")}}
	}
	if a.OpenSecret {
		out = append(out, badge{"bad", "alert", d.l.t("desk.is_open_secret")})
	}
	return out
}

// grants puts the roles of an account into words, each with where it holds.
func (d *desk) grants(a registry.StaffAccount) []string {
	var out []string
	for _, x := range a.Assignments {
		out = append(out, d.grant(x.Grant))
	}
	return out
}

func (d *desk) grant(g registry.Grant) string {
	where := []string{d.l.t("desk.everywhere")}
	if g.Area != "" {
		where[0] = g.Area
	}
	if g.Kind != "" {
		where = append(where, d.kindName(g.Kind))
	}
	if g.Section != "" {
		where = append(where, sectionTitle(d.l, g.Section))
	}
	if until, err := dayOf(g.Until); err == nil {
		key := "desk.until_day"
		if d.isOver(g) {
			key = "desk.over_since"
		}
		where = append(where, d.l.t(key, "when", until))
	}
	return d.l.t("role."+string(g.Role)) + " · " + strings.Join(where, " · ")
}

// isOver tells whether the last day of a role is over.
func (d *desk) isOver(g registry.Grant) bool {
	return g.Until != "" && g.Until < d.p.now().UTC().Format(time.DateOnly)
}

// kindName is what a kind of record is called.
func (d *desk) kindName(kind string) string {
	if d.l.has("desk.kind_" + kind) {
		return d.l.t("desk.kind_" + kind)
	}
	k, err := d.p.registry.GroupKind(d.ctx, kind)
	if err != nil {
		return kind
	}
	return d.p.words(d.l, k.Label, kind).Text
}

// grantControls ask for a role and where it holds.
func (d *desk) grantControls(g registry.Grant) ([]deskControl, error) {
	kinds, err := d.kindOptions()
	if err != nil {
		return nil, err
	}
	sections, err := d.sectionOptions()
	if err != nil {
		return nil, err
	}
	any := option{Label: words{Text: d.l.t("people.any")}}
	area := d.code("area", g.Area)
	return []deskControl{d.choice("role", string(g.Role), roleOptions(d, allStaff()...)...), area,
		d.choice("kind", g.Kind, append([]option{any}, kinds...)...), d.choice("section", g.Section, append([]option{any}, sections...)...), d.day("until", g.Until)}, nil
}

// sectionOptions are the sections of all fields of people and of groups.
func (d *desk) sectionOptions() ([]option, error) {
	var out []option
	for _, kind := range []string{registry.PersonKind, registry.HouseholdKind} {
		fields, err := d.p.registry.FieldsOf(d.ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			if !slices.ContainsFunc(out, func(o option) bool { return o.Value == f.Section }) {
				out = append(out, option{Value: f.Section, Label: words{Text: sectionTitle(d.l, f.Section)}})
			}
		}
	}
	return out, nil
}

func readGrant(form url.Values) registry.Grant {
	return registry.Grant{Role: registry.Role(form.Get("role")), Area: strings.TrimSpace(form.Get("area")), Kind: form.Get("kind"), Section: form.Get("section"), Until: strings.TrimSpace(form.Get("until"))}
}

// StaffMember is GET /admin/staff/:name.
func (p *Pages) StaffMember(c *gin.Context) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	return d.staffPage(nil, http.StatusOK, nil)
}

// staffPage shows an account; form is what was sent and refused.
func (d *desk) staffPage(form url.Values, status int, problems []problem) error {
	a, err := d.p.registry.StaffAccount(d.ctx, d.actor, d.c.Param("name"))
	if err != nil {
		return err
	}
	tokens, err := d.p.registry.TokensOf(d.ctx, d.actor, a.Username)
	if err != nil {
		return err
	}
	in, err := d.signInOf(a.Username)
	if err != nil {
		return err
	}
	v := deskPage{Title: a.Username, Text: d.l.t("desk.staff_text"), Back: staffPath, Done: d.done(), Notes: append(in.notes(d.l), d.l.t("desk.last_admin"))}
	v.Facts = []deskFact{{d.l.t("credentials.state"), deskCell{Badges: d.accountBadges(a)}}, {d.l.t("desk.since"), plainCell(d.l.dateTime(a.CreatedAt))}}
	if !a.DisabledAt.IsZero() {
		v.Facts = append(v.Facts, deskFact{d.l.t("desk.closed_at"), plainCell(d.l.dateTime(a.DisabledAt))})
	}
	v.Facts = append(v.Facts, in.facts(d.l)...)
	roles := deskTable{ID: "roles", Title: d.l.t("desk.roles"), Empty: d.l.t("desk.no_roles"), Heads: []string{d.l.t("desk.in_role"), d.l.t("desk.given"), d.l.t("desk.who")}}
	for _, x := range a.Assignments {
		role := plainCell(d.grant(x.Grant))
		if d.isOver(x.Grant) {
			role.Badges = []badge{{"none", "clock", d.l.t("desk.is_over")}}
		}
		roles.Rows = append(roles.Rows, []deskCell{role, plainCell(d.l.dateTime(x.At)), plainCell(x.By)})
	}
	v.Tables = []deskTable{roles, d.tokenTable(tokens)}
	if v.Forms, err = d.staffForms(a, form); err != nil {
		return err
	}
	forms, err := d.signInForms(a.Username, in, form)
	if err != nil {
		return err
	}
	v.Forms = append(forms, v.Forms...)
	v.refused(d.l, problems, staffAlias(form))
	for n, f := range v.Forms {
		v.Forms[n].Folded = f.ID != "unlock" && !d.wrongIn(f)
	}
	return d.show(status, v, settingsPath)
}

// wrongIn tells whether a form has something wrong in it.
func (d *desk) wrongIn(f deskForm) bool {
	return slices.ContainsFunc(f.Groups, func(g deskGroup) bool {
		return slices.ContainsFunc(g.Controls, func(x deskControl) bool { return x.Wrong != "" })
	})
}

// staffForms are the acts on an account. Their controls have names of their own: they
// stand on one page.
func (d *desk) staffForms(a registry.StaffAccount, sent url.Values) ([]deskForm, error) {
	base := staffPath + "/" + a.Username
	controls, err := d.grantControls(readGrant(sent))
	if err != nil {
		return nil, err
	}
	var held []option
	for _, x := range a.Assignments {
		held = append(held, option{Value: x.ID.String(), Label: words{Text: d.grant(x.Grant)}})
	}
	type act struct {
		id, class string
		controls  []deskControl
	}
	acts := []act{{"grant", "", append(controls, d.reason(sent.Get("reason")))},
		{"revoke_role", "warn", []deskControl{d.choice("assignment", "", held...), d.named("revoke_reason", d.reason(""))}},
		{"password", "", d.passwordControls()}}
	if a.DisabledAt.IsZero() {
		acts = append(acts, act{"disable", "warn", nil})
	}
	var out []deskForm
	for _, x := range acts {
		f, err := d.small(x.id, d.l.t("desk."+x.id), d.l.t("desk."+x.id+"_text"), base+"/"+strings.ReplaceAll(x.id, "_", "-"), x.class, x.controls...)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// named gives a control another name.
func (d *desk) named(id string, x deskControl) deskControl {
	x.ID = id
	return x
}

// passwordControls ask for a passphrase; empty: one is made and shown once.
func (d *desk) passwordControls() []deskControl {
	x := d.line("password", "")
	x.Kind, x.Dir, x.Autocomplete, x.MaxLength = "password", "ltr", "new-password", 200
	return []deskControl{x}
}

// StaffGrant is POST /admin/staff/:name/grant.
func (p *Pages) StaffGrant(c *gin.Context) error {
	return p.changeStaff(c, "granted", func(ctx context.Context, d *desk, name string, form url.Values) error {
		if err := needReason(form); err != nil {
			return err
		}
		_, err := p.registry.GrantRole(ctx, d.actor, name, readGrant(form), form.Get("reason"))
		return err
	})
}

// StaffRevoke is POST /admin/staff/:name/revoke-role.
func (p *Pages) StaffRevoke(c *gin.Context) error {
	return p.changeStaff(c, "role_revoked", func(ctx context.Context, d *desk, name string, form url.Values) error {
		if strings.TrimSpace(form.Get("revoke_reason")) == "" {
			return fault.InvalidFields("reason_missing", "Say why.", []fault.Field{{Name: "revoke_reason", Code: "reason_missing", Detail: "Say why: it stands in the change log."}})
		}
		id, err := uuid.Parse(form.Get("assignment"))
		if err != nil {
			return fault.New(fault.NotFound, "no_such_assignment", "This account has no such role.")
		}
		return p.registry.RevokeRole(ctx, d.actor, name, id, form.Get("revoke_reason"))
	})
}

// StaffDisable is POST /admin/staff/:name/disable.
func (p *Pages) StaffDisable(c *gin.Context) error {
	return p.changeStaff(c, "disabled", func(ctx context.Context, d *desk, name string, _ url.Values) error {
		return p.registry.DisableStaff(ctx, d.actor, name)
	})
}

func (p *Pages) changeStaff(c *gin.Context, done string, act func(ctx context.Context, d *desk, name string, form url.Values) error) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	name := c.Param("name")
	return d.send(form, func(ctx context.Context) (string, error) {
		return staffPath + "/" + url.PathEscape(name) + "?done=" + done, act(ctx, d, name, form)
	}, func(status int, problems []problem) error { return d.staffPage(form, status, problems) })
}
