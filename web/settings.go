package web

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// settingsView is the hub: a card for each page that the reader may open.
type settingsView struct {
	Groups []settingsGroup
}

type settingsGroup struct {
	ID, Title string
	Cards     []settingsCard
}

type settingsCard struct{ Href, Text, About string }

// settingsCards are the pages of the hub, by group: address, key of the words, roles.
func settingsCards() []struct {
	key   string
	pages []navPart
} {
	both, admin := keepersAndAuditors(), admins()
	return []struct {
		key   string
		pages []navPart
	}{
		{"record", []navPart{{href: "/admin/fields", text: "fields", roles: both}, {href: "/admin/group-kinds", text: "kinds", roles: both},
			{href: "/admin/identifier-types", text: "types", roles: both}, {href: "/admin/attestation-statuses", text: "statuses", roles: both}}},
		{"people", []navPart{{href: "/admin/staff", text: "staff", roles: admin}, {href: "/admin/roles", text: "roles"}, {href: "/admin/tokens", text: "tokens"}, {href: appearancePath, text: "appearance", roles: admin}}},
		{"credentials", []navPart{{href: "/admin/credentials", text: "credentials", roles: both}, {href: "/admin/issued", text: "issued"}, {href: "/admin/offers", text: "offers", roles: registrars()},
			{href: "/admin/clients", text: "clients", roles: both}, {href: "/admin/wallet-providers", text: "providers", roles: both},
			{href: "/admin/keys", text: "keys", roles: both}, {href: "/admin/issuers", text: "issuers", roles: both}, {href: trustPath, text: "trust", roles: both}}},
	}
}

// Settings is GET /admin/settings.
func (p *Pages) Settings(c *gin.Context) error {
	d, err := p.desk(c, allStaff()...)
	if err != nil {
		return err
	}
	var v settingsView
	for _, g := range settingsCards() {
		group := settingsGroup{ID: "g-" + g.key, Title: d.l.t("settings.group_" + g.key)}
		for _, x := range g.pages {
			if x.open(d.actor) {
				group.Cards = append(group.Cards, settingsCard{x.href, d.l.t("settings." + x.text), d.l.t("settings." + x.text + "_about")})
			}
		}
		if len(group.Cards) > 0 {
			v.Groups = append(v.Groups, group)
		}
	}
	return p.show(c, http.StatusOK, look{page: "settings", title: d.l.t("settings.title"), nav: settingsPath}, v)
}

// isAdmin says whether the reader may change what the page shows.
func (d *desk) isAdmin() bool { return d.actor.HasEverywhere(registry.RoleAdmin) }

// rolesText names roles.
func (d *desk) rolesText(roles []registry.Role) string {
	var out []string
	for _, r := range roles {
		out = append(out, d.l.t("role."+string(r)))
	}
	slices.Sort(out)
	return joinWords(d.l, out)
}

func joinWords(l *locale, list []string) string {
	out := ""
	for n, s := range list {
		if n > 0 {
			out += l.t("list.comma") + " "
		}
		out += s
	}
	return out
}
