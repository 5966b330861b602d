package web

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const versionsPath = "/me/versions"

// ownVersions is the reader's record as it was, the newest version first.
type ownVersions struct {
	turn
	Versions []ownVersionLine
}

// ownVersionLine is one version in the list.
type ownVersionLine struct {
	Path, Title, When, By, Reason string
	Default                       bool // it is the record
}

// MyVersions is GET /me/versions.
func (p *Pages) MyVersions(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	page, err := p.registry.LatestVersions(ctx, actor, actor.RegistrantID, c.Query("after"), 20)
	if err != nil {
		return err
	}
	v := ownVersions{turn: turnOf(c.Request.URL, page.Next)}
	for _, version := range page.Versions {
		line := ownVersionLine{Path: versionsPath + "/" + strconv.Itoa(version.No), Title: l.t("ownversion.title", "n", version.No), When: l.dateTime(version.At), Reason: version.Reason,
			By: l.t("history.by", "who", version.Author, "channel", l.t("channel."+string(version.Channel))), Default: version.No == page.DefaultNo}
		if version.Label != "" {
			line.Title = l.t("ownversion.named", "n", version.No, "label", version.Label)
		}
		v.Versions = append(v.Versions, line)
	}
	return p.show(c, http.StatusOK, look{page: "my_versions", title: l.t("ownversion.list"), nav: versionsPath}, v)
}

// ownVersion is one version beside the record as it is now.
type ownVersion struct {
	Back, Title, When string
	Default           bool
	Rows              []ownVersionRow
}

// ownVersionRow is one detail then and now.
type ownVersionRow struct {
	Label     words
	Then, Now shown
	Differs   bool
}

// MyVersion is GET /me/versions/:number.
func (p *Pages) MyVersion(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	number, err := wholeNumber(c.Param("number"))
	if err != nil || number < 1 {
		return fault.New(fault.NotFound, "no_such_version", "This record has no such version.")
	}
	version, err := p.registry.Version(ctx, actor, actor.RegistrantID, number)
	if err != nil {
		return err
	}
	rec, err := p.load(ctx, actor, actor.RegistrantID)
	if err != nil {
		return err
	}
	v := ownVersion{Back: versionsPath, Title: l.t("ownversion.title", "n", number), When: l.dateTime(version.At), Default: number == rec.person.VersionNo, Rows: p.ownVersionRows(l, rec, version)}
	return p.show(c, http.StatusOK, look{page: "my_version", title: v.Title, nav: versionsPath}, v)
}

func (p *Pages) ownVersionRows(l *locale, rec record, version registry.Version) (rows []ownVersionRow) {
	for _, f := range rec.fields {
		then, now := version.Values[f.Key].Text, rec.person.Values[f.Key].Text
		if then != "" || now != "" {
			rows = append(rows, ownVersionRow{Label: p.label(l, f), Then: p.ownValue(l, f, then), Now: p.ownValue(l, f, now), Differs: then != now})
		}
	}
	return rows
}
