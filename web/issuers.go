package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer"
)

const issuersPath = "/admin/issuers"

// CredentialIssuers is GET /admin/issuers: in whose name credentials are issued.
func (p *Pages) CredentialIssuers(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	return d.issuersPage(url.Values{}, http.StatusOK, nil)
}

func (d *desk) issuersPage(sent url.Values, status int, problems []problem) error {
	t := deskTable{ID: "issuers", Title: d.l.t("settings.issuers"), Heads: []string{d.l.t("desk.name"), d.l.t("desk.identifier"), d.l.t("settings.credentials")}}
	for _, i := range d.p.issuer.All() {
		var names []string
		for _, c := range i.Configurations() {
			names = append(names, c.Name(d.l.code))
		}
		t.Rows = append(t.Rows, []deskCell{plainCell(i.Title(d.l.code)), codeCell(i.Identifier()), {List: names}})
	}
	v := deskPage{Title: d.l.t("settings.issuers"), Text: d.l.t("settings.issuers_about"), Back: settingsPath, Done: d.done(), Tables: []deskTable{t}}
	if d.isAdmin() {
		var configs []option
		for _, c := range d.p.issuer.Configurations() {
			configs = append(configs, option{Value: c.ID, Label: words{Text: c.Name(d.l.code) + " (" + c.Format + ")"}})
		}
		controls := append([]deskControl{needed(d.code("issuer_name", sent.Get("issuer_name"))), d.code("country", sent.Get("country"))}, d.perLanguage("called", labelsIn(sent, "called"))...)
		f, err := d.small("add", d.l.t("desk.add_issuer"), d.l.t("desk.add_issuer_text"), issuersPath, "", append(controls, d.ticks("configs", sent["configs"], configs...), d.reason(sent.Get("reason")))...)
		if err != nil {
			return err
		}
		f.Folded = len(problems) == 0
		v.Forms = []deskForm{f}
	}
	v.refused(d.l, problems, nil)
	return d.show(status, v, settingsPath)
}

// CredentialIssuerAdd is POST /admin/issuers.
func (p *Pages) CredentialIssuerAdd(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	n := issuer.NewIssuer{Name: strings.TrimSpace(form.Get("issuer_name")), Names: labelsIn(form, "called"), Country: strings.ToUpper(strings.TrimSpace(form.Get("country"))), ConfigIDs: form["configs"], Reason: form.Get("reason")}
	return d.send(form, func(ctx context.Context) (string, error) {
		_, err := p.issuer.AddIssuer(ctx, d.actor, n)
		return issuersPath + "?done=issuer_added", withReason(err)
	}, func(status int, problems []problem) error { return d.issuersPage(form, status, problems) })
}
