package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// looksView is who of the staff read a record, newest first.
type looksView struct {
	personView // of a page for staff
	Looks      []lookView
	Next       string // address of the next page; "" after the last
	Downloads  downloadsView
}

type lookView struct {
	Who     string // the account, or the roles where names are not told
	When    string
	Roles   string // beside the account
	Purpose string
}

// MyLooks is GET /me/looks.
func (p *Pages) MyLooks(c *gin.Context) error {
	actor := auth.Actor(c.Request.Context())
	page, err := p.registry.Looks(c.Request.Context(), actor, actor.RegistrantID, c.Query("after"), 0)
	if err != nil {
		return err
	}
	fields, err := p.registry.Fields(c.Request.Context())
	if err != nil {
		return err
	}
	l := p.localeOf(c)
	v := looksOf(c, l, page)
	if v.Downloads, err = p.downloadsOf(c, l, actor.RegistrantID, fields); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "my_looks", title: l.t("looks.title"), nav: "/me/looks"}, v)
}

// PersonLooks is GET /admin/people/:id/looks.
func (p *Pages) PersonLooks(c *gin.Context) error {
	rec, head, err := p.person(c, "/looks")
	if err != nil {
		return err
	}
	page, err := p.registry.Looks(c.Request.Context(), auth.Actor(c.Request.Context()), rec.person.ID, c.Query("after"), 0)
	if err != nil {
		return err
	}
	v := looksOf(c, p.localeOf(c), page)
	v.personView = head
	if v.Downloads, err = p.downloadsOf(c, p.localeOf(c), rec.person.ID, rec.fields); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "person_looks", title: head.Who.Name, nav: "/admin/people"}, v)
}

func looksOf(c *gin.Context, l *locale, page registry.LookPage) looksView {
	v := looksView{}
	if page.Next != "" {
		v.Next, _ = turnIn(c.Request.URL, "after", page.Next)
	}
	for _, look := range page.Looks {
		roles := ""
		for _, role := range look.Roles {
			roles += string(role) + " "
		}
		row := lookView{Who: look.Name, Roles: roleNames(l, roles), When: l.dateTime(look.At), Purpose: look.Purpose}
		if row.Who == "" {
			row.Who, row.Roles = row.Roles, ""
		}
		v.Looks = append(v.Looks, row)
	}
	return v
}

// mayReadLooks says whether an account of staff is shown who read a record; the
// registry decides again.
func mayReadLooks(a registry.Actor) bool {
	return a.Has(registry.RoleAdmin) || a.Has(registry.RoleAuditor)
}
