package web

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// Roles is GET /admin/roles: what each role may do with which data, and where, from
// the rules that the registry itself applies.
func (p *Pages) Roles(c *gin.Context) error {
	d, err := p.desk(c, allStaff()...)
	if err != nil {
		return err
	}
	roles := append(allStaff(), registry.RoleRegistrant)
	t := deskTable{ID: "matrix", Title: d.l.t("settings.roles"), Text: d.l.t("desk.roles_text"), Heads: []string{d.l.t("desk.data"), d.l.t("desk.where")}}
	for _, r := range roles {
		t.Heads = append(t.Heads, d.l.t("role."+string(r)))
	}
	for _, right := range slices.Concat(registry.Rights(), issuer.Rights()) {
		row := []deskCell{plainCell(d.l.t("desk.right", "data", d.l.t("data."+right.Data), "verb", d.l.t("verb."+string(right.Verb)))), plainCell(d.l.t("desk.where_" + where(right)))}
		for _, r := range roles {
			cell := deskCell{Small: d.l.t("value.false")}
			if slices.Contains(right.Roles, r) {
				cell = deskCell{Badges: []badge{{"ok", "check", d.l.t("value.true")}}}
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	v := deskPage{Title: d.l.t("settings.roles"), Text: d.l.t("settings.roles_about"), Back: settingsPath, Tables: []deskTable{t}, Notes: []string{d.l.t("desk.last_admin")}}
	return d.show(http.StatusOK, v, settingsPath)
}

// where says in one word how far a right reaches.
func where(r registry.Right) string {
	switch {
	case r.OwnOnly:
		return "own"
	case r.Everywhere:
		return "whole"
	}
	return "place"
}
