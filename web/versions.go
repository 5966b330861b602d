package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type versionsView struct {
	personView
	turn
	Versions []versionView
	AsOf     input
	Today    string
}

// versionView is one version in a list.
type versionView struct {
	No      int
	Href    string
	Label   string
	Default bool
	Basis   int
	When    string
	By      string
	Reason  string
	From    bool // chosen to compare from
	To      bool // chosen to compare to
}

// PersonVersions is GET /admin/people/:id/versions, newest first.
func (p *Pages) PersonVersions(c *gin.Context) error {
	rec, head, err := p.person(c, "/versions")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	back, err := backFrom(head.Who.Base+"/versions", c.Request.URL.Query(), rec.person.LatestNo)
	if err != nil {
		return err
	}
	page, err := p.registry.VersionPage(ctx, auth.Actor(ctx), rec.person.ID, back.after(), backPage)
	if err != nil {
		return err
	}
	v := versionsView{personView: head, Today: p.now().UTC().Format(time.DateOnly), AsOf: asOfInput(l, "", "")}
	for _, version := range page.Versions {
		if version.No <= back.to {
			v.Versions = append(v.Versions, versionRow(l, head.Who.Base, version, page.DefaultNo))
		}
	}
	slices.Reverse(v.Versions)
	v.choose()
	v.turn = back.links()
	return p.show(c, http.StatusOK, look{page: "person_versions", title: head.Who.Name, nav: navOf(c)}, v)
}

// choose picks the two versions that a comparison begins with: the default, and
// another.
func (v *versionsView) choose() {
	for i := range v.Versions {
		v.Versions[i].To = v.Versions[i].Default
	}
	for i := range v.Versions {
		if !v.Versions[i].Default {
			v.Versions[i].From = true
			return
		}
	}
}

func versionRow(l *locale, base string, version registry.Version, defaultNo int) versionView {
	return versionView{No: version.No, Href: base + "/versions/" + strconv.Itoa(version.No), Label: version.Label, Default: version.No == defaultNo, Basis: version.Basis,
		When: l.dateTime(version.At), Reason: version.Reason, By: l.t("history.by", "who", version.Author, "channel", l.t("channel."+string(version.Channel)))}
}

func asOfInput(l *locale, value, wrong string) input {
	return input{ID: "day", Kind: "date", Label: words{Text: l.t("asof.day")}, Value: value, Autocomplete: "off", Wrong: wrong}
}

type versionPageView struct {
	personView
	Version  versionView
	Sections []section
	Compare  string // address of the comparison with the default; "": it is the default
	MayKeep  bool
	Reason   input
	Expect   int
	Token    string
	Problems []problem
}

// PersonVersion is GET /admin/people/:id/versions/:number: what it says, and the
// way to make it the record.
func (p *Pages) PersonVersion(c *gin.Context) error {
	return p.versionPage(c, http.StatusOK, nil, nil)
}

func (p *Pages) versionPage(c *gin.Context, status int, form url.Values, problems []problem) error {
	rec, head, err := p.person(c, "/versions")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	version, err := p.versionOf(c, actor, rec)
	if err != nil {
		return err
	}
	v := versionPageView{personView: head, Version: versionRow(l, head.Who.Base, version, rec.person.VersionNo), MayKeep: isOfficer(actor) && head.Group == nil, Expect: rec.person.VersionNo, Problems: problems,
		Reason: input{ID: "reason", Kind: "area", Label: words{Text: l.t("edit.reason")}, Hint: words{Text: l.t("edit.reason_hint")}, Value: form.Get("reason"),
			Dir: "auto", Required: true, MaxLength: 500, Wrong: wrongOf(problems, "reason")}}
	then := rec
	then.person.Values, then.states = version.Values, nil
	v.Sections = p.plainSections(l, actor, then)
	if !v.Version.Default {
		v.Compare = head.Who.Base + "/compare?" + url.Values{"from": {strconv.Itoa(rec.person.VersionNo)}, "to": {strconv.Itoa(version.No)}}.Encode()
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "person_version", title: head.Who.Name, nav: navOf(c), failed: len(problems) > 0}, v)
}

// versionOf is the version of the address.
func (p *Pages) versionOf(c *gin.Context, actor registry.Actor, rec record) (registry.Version, error) {
	number, err := wholeNumber(c.Param("number"))
	if err != nil {
		return registry.Version{}, fault.Wrap(fault.NotFound, "no_such_version", "There is no such version.", err)
	}
	return p.registry.Version(c.Request.Context(), actor, rec.person.ID, number)
}

// plainSections are the values of a record as they were: nothing is said of where
// they stand, for that is about the record of today.
func (p *Pages) plainSections(l *locale, actor registry.Actor, rec record) []section {
	sections := p.sections(l, actor, rec, p.masked)
	for i := range sections {
		for j := range sections[i].Details {
			d := &sections[i].Details[j]
			d.Badge, d.Meta, d.Note = nil, "", ""
		}
	}
	return slices.DeleteFunc(sections, func(s section) bool { return len(s.Details) == 0 })
}
