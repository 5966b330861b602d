package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const fieldsPath = "/admin/fields"

// Fields is GET /admin/fields: what can be known, section by section.
func (p *Pages) Fields(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	kind := cmp.Or(c.Query("kind"), registry.PersonKind)
	fields, err := p.registry.FieldsOf(d.ctx, kind)
	if err != nil {
		return err
	}
	kinds, err := d.kindOptions()
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("settings.fields"), Text: d.l.t("settings.fields_about"), Back: settingsPath, Done: d.done(),
		Find: []deskControl{d.choice("kind", kind, kinds...)}, FindAction: fieldsPath}
	if d.isAdmin() {
		v.Acts = []deskLink{{Href: fieldsPath + "/new", Text: d.l.t("desk.new_field")}}
	}
	v.Tables = d.fieldTables(fields)
	return d.show(http.StatusOK, v, settingsPath)
}

// fieldTables is a table for each section, in the order of the fields.
func (d *desk) fieldTables(fields []registry.Field) []deskTable {
	var out []deskTable
	at := map[string]int{}
	for _, f := range fields {
		n, known := at[f.Section]
		if !known {
			n = len(out)
			at[f.Section] = n
			out = append(out, deskTable{ID: f.Section, Title: sectionTitle(d.l, f.Section),
				Heads: []string{d.l.t("desk.detail"), d.l.t("desk.in_key"), d.l.t("desk.in_type"), d.l.t("desk.in_edit_by"), d.l.t("credentials.state")}})
		}
		name := d.p.label(d.l, f).cell()
		name.Href = fieldsPath + "/" + f.Key
		out[n].Rows = append(out[n].Rows, []deskCell{name, codeCell(f.Key), plainCell(d.l.t("fieldtype." + string(f.Type))), plainCell(d.editors(f)), {Badges: d.fieldBadges(f)}})
	}
	if len(out) == 0 {
		out = []deskTable{{ID: "none", Title: d.l.t("settings.fields"), Empty: d.l.t("desk.no_fields")}}
	}
	return out
}

func (d *desk) editors(f registry.Field) string {
	if f.Type == registry.TypeComputed || slices.Equal(f.EditBy, []registry.Role{registry.RoleSystem}) {
		return d.l.t("desk.nobody")
	}
	return d.rolesText(f.EditBy)
}

// fieldBadges are the marks of a field.
func (d *desk) fieldBadges(f registry.Field) []badge {
	var out []badge
	add := func(on bool, class, icon, key string) {
		if on {
			out = append(out, badge{class, icon, d.l.t("desk.is_" + key)})
		}
	}
	add(f.Retired, "none", "minus", "retired")
	add(f.Attestable, "ok", "check", "attestable")
	add(f.Issuable, "chg", "card", "issuable")
	add(f.Sealed, "none", "key", "sealed")
	add(f.Required, "wait", "alert", "required")
	return out
}

// kindOptions are people, every kind of group, and groups as such.
func (d *desk) kindOptions() ([]option, error) {
	out := d.options("desk.kind_", registry.PersonKind, registry.AnyGroup)
	kinds, err := d.p.registry.GroupKinds(d.ctx)
	for _, k := range kinds {
		out = append(out, option{Value: k.Key, Label: d.p.words(d.l, k.Label, k.Key)})
	}
	return out, err
}

// Field is GET /admin/fields/:key.
func (p *Pages) Field(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	return d.fieldPage(http.StatusOK, nil)
}

func (d *desk) fieldPage(status int, problems []problem) error {
	f, err := d.p.registry.Field(d.ctx, d.c.Param("key"))
	if err != nil {
		return err
	}
	groups, err := d.fieldGroups(f, "")
	if err != nil {
		return err
	}
	v := deskPage{Title: d.p.label(d.l, f).Text, Code: f.Key, Text: d.l.t("desk.field_text"), Back: fieldsPath, Done: d.done()}
	if f.Retired {
		v.Badge = &badge{"none", "minus", d.l.t("desk.is_retired")}
	}
	for _, g := range groups {
		for _, x := range g.Controls {
			if s := x.says(); s != "" && x.ID != "reason" {
				v.Facts = append(v.Facts, deskFact{x.Label.Text, plainCell(s)})
			}
		}
	}
	if v.Preview, err = d.fieldPreview(f); err != nil {
		return err
	}
	if err = d.fieldVersions(&v, f.Key); err != nil {
		return err
	}
	if err := d.fieldActs(&v, f); err != nil {
		return err
	}
	v.refused(d.l, problems, nil)
	return d.show(status, v, settingsPath)
}

// fieldActs are what an administrator may do with a field.
func (d *desk) fieldActs(v *deskPage, f registry.Field) error {
	if !d.isAdmin() || slices.Equal(f.EditBy, []registry.Role{registry.RoleSystem}) {
		return nil
	}
	base := fieldsPath + "/" + f.Key
	v.Acts = []deskLink{{Href: base + "/edit", Text: d.l.t("desk.edit_field"), Icon: "pencil"}}
	act, class := "retire", "warn"
	if f.Retired {
		act, class = "revive", ""
	}
	form, err := d.small(act, d.l.t("desk."+act), d.l.t("desk."+act+"_field_text"), base+"/"+act, class, d.reason(""))
	if err != nil {
		return err
	}
	form.Hidden = []hidden{{"version", strconv.Itoa(f.Version)}}
	v.Forms = append(v.Forms, form)
	if f.Searchable && !f.Indexed {
		if form, err = d.small("index", d.l.t("desk.index"), d.l.t("desk.index_text"), base+"/index", ""); err != nil {
			return err
		}
		v.Forms = append(v.Forms, form)
	}
	return nil
}

// fieldVersionsShown is how many versions one page of them has.
const fieldVersionsShown = 25

// fieldVersions is what a field was, the newest version first, each with what it
// changed.
func (d *desk) fieldVersions(v *deskPage, key string) error {
	before := max(atoi(d.c.Query("after")), 0)
	page, err := d.p.registry.FieldVersions(d.ctx, d.actor, key, registry.FieldVersionQuery{Newest: true, After: before, Limit: fieldVersionsShown + 1})
	if err != nil {
		return err
	}
	versions := page.Versions // one more than are shown tells what the last of them changed
	if len(versions) > fieldVersionsShown {
		v.turn = turnOf(d.c.Request.URL, strconv.Itoa(versions[fieldVersionsShown-1].Version))
	} else {
		v.turn = turnOf(d.c.Request.URL, "")
	}
	out := deskTable{ID: "versions", Title: d.l.t("desk.versions"), Text: d.l.t("desk.versions_text"),
		Heads: []string{d.l.t("desk.version"), d.l.t("desk.when"), d.l.t("desk.who"), d.l.t("desk.what"), d.l.t("desk.in_reason")}}
	for n, now := range versions[:min(len(versions), fieldVersionsShown)] {
		what := deskCell{Text: d.l.t("desk.first")}
		if n+1 < len(versions) {
			if what, err = d.fieldChange(versions[n+1].Field, now.Field); err != nil {
				return err
			}
		}
		out.Rows = append(out.Rows, []deskCell{plainCell(d.l.number(now.Version)), plainCell(d.l.dateTime(now.At)), plainCell(now.Actor), what, plainCell(now.Reason)})
	}
	v.Line = &out
	return nil
}

func (d *desk) fieldChange(old, f registry.Field) (deskCell, error) {
	before, err := d.fieldGroups(old, "")
	if err != nil {
		return deskCell{}, err
	}
	after, err := d.fieldGroups(f, "")
	if err != nil {
		return deskCell{}, err
	}
	var out deskCell
	for _, row := range d.differences(after, before) {
		out.List = append(out.List, d.l.t("desk.changed", "what", row.Label.Text, "old", row.There.Text, "new", row.Mine.Text))
	}
	if old.Retired != f.Retired {
		key := "desk.revived"
		if f.Retired {
			key = "desk.is_retired"
		}
		out.List = append(out.List, d.l.t(key))
	}
	return out, nil
}

// fieldMove is a method of the registry that changes whether a field is in use.
type fieldMove func(ctx context.Context, a registry.Actor, key string, version int, reason string) (registry.Field, error)

// FieldRetire is POST /admin/fields/:key/retire.
func (p *Pages) FieldRetire(c *gin.Context) error {
	return p.moveField(c, p.registry.RetireField, "retired")
}

// FieldRevive is POST /admin/fields/:key/revive.
func (p *Pages) FieldRevive(c *gin.Context) error {
	return p.moveField(c, p.registry.ReviveField, "revived")
}

func (p *Pages) moveField(c *gin.Context, move fieldMove, done string) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	key, version := c.Param("key"), atoi(form.Get("version"))
	return d.send(form, func(ctx context.Context) (string, error) {
		if err := needReason(form); err != nil {
			return "", err
		}
		_, err := move(ctx, d.actor, key, version, form.Get("reason"))
		return fieldsPath + "/" + url.PathEscape(key) + "?done=" + done, err
	}, d.fieldPage)
}

// FieldIndex is POST /admin/fields/:key/index: the work is a job.
func (p *Pages) FieldIndex(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	key := c.Param("key")
	return d.send(form, func(ctx context.Context) (string, error) {
		j, err := p.registry.StartFieldIndex(ctx, d.actor, key)
		return jobPath(j.ID), err
	}, d.fieldPage)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// needReason returns Invalid for a form that does not say why.
func needReason(form url.Values) error {
	for _, r := range form.Get("reason") {
		if r != ' ' {
			return nil
		}
	}
	return fault.InvalidFields("reason_missing", "Say why.", []fault.Field{{Name: "reason", Code: "reason_missing", Detail: "Say why: it stands in the change log."}})
}
