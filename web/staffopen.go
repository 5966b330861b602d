package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// secretView is something that is shown once and never again.
type secretView struct {
	Title, Name, Secret string
	Once, Text          string
	Back                string
}

// reveal runs what a form asks for, and shows the secret that comes of it. Sending the
// form again leads to back.
func (d *desk) reveal(form url.Values, v secretView, act func(ctx context.Context) (secret string, err error), again func(status int, problems []problem) error) error {
	v.Once = d.l.t("desk.once")
	location, err := d.p.runOnce(d.ctx, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		var err error
		v.Secret, err = act(ctx)
		return v.Back, err
	})
	if problems, ok := formErrors(d.l, err); err != nil && ok {
		d.sent = form
		return again(http.StatusUnprocessableEntity, problems)
	}
	if err != nil {
		return err
	}
	if v.Secret == "" {
		return seeOther(d.c, location)
	}
	return d.p.show(d.c, http.StatusOK, look{page: "secret", title: v.Title, nav: settingsPath, here: v.Back}, v)
}

// newPassphrase is random and can be read out: five groups of five.
func newPassphrase() string {
	s := strings.ToLower(rand.Text())[:25]
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:20] + "-" + s[20:]
}

// StaffNew is GET /admin/staff/new.
func (p *Pages) StaffNew(c *gin.Context) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	return d.openForm(url.Values{"role": {string(registry.RoleRegistrar)}}, http.StatusOK, nil)
}

func (d *desk) openForm(sent url.Values, status int, problems []problem) error {
	controls, err := d.grantControls(readGrant(sent))
	if err != nil {
		return err
	}
	name := d.code("username", sent.Get("username"))
	name.Required, name.MaxLength = true, 40
	form, err := d.form(deskForm{Action: staffPath + "/new", Leave: staffPath, Buttons: []deskButton{{Text: d.l.t("desk.open_account")}}, Groups: []deskGroup{
		{Title: d.l.t("desk.account"), Two: true, Controls: append([]deskControl{name}, d.passwordControls()...)},
		{Title: d.l.t("desk.in_role"), Text: d.l.t("desk.grant_text"), Two: true, Controls: controls},
		{Title: d.l.t("desk.in_reason"), Controls: []deskControl{d.reason(sent.Get("reason"))}}}})
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("desk.open_account"), Text: d.l.t("desk.open_account_text"), Back: staffPath, Form: &form}
	v.refused(d.l, problems, nil)
	return d.show(status, v, settingsPath)
}

// StaffOpen is POST /admin/staff/new. A passphrase that was made is shown once.
func (p *Pages) StaffOpen(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	name, password := strings.ToLower(strings.TrimSpace(form.Get("username"))), form.Get("password")
	open := func(ctx context.Context, password string) error {
		if err := needReason(form); err != nil {
			return err
		}
		_, err := p.registry.OpenStaff(ctx, d.actor, name, password, []registry.Grant{readGrant(form)}, form.Get("reason"))
		return err
	}
	again := func(status int, problems []problem) error { return d.openForm(form, status, problems) }
	return d.setPassword(form, name, password, "opened", open, again)
}

// setPassword gives an account the passphrase that was typed, or one that is made.
func (d *desk) setPassword(form url.Values, name, password, done string, set func(ctx context.Context, password string) error, again func(status int, problems []problem) error) error {
	back := staffPath + "/" + url.PathEscape(name) + "?done=" + done
	if password != "" {
		return d.send(form, func(ctx context.Context) (string, error) { return back, set(ctx, password) }, again)
	}
	v := secretView{Title: d.l.t("desk.passphrase"), Name: name, Text: d.l.t("desk.passphrase_text"), Back: back}
	return d.reveal(form, v, func(ctx context.Context) (string, error) {
		made := newPassphrase()
		return made, set(ctx, made)
	}, again)
}

// StaffPassword is POST /admin/staff/:name/password.
func (p *Pages) StaffPassword(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	name := c.Param("name")
	return d.setPassword(form, name, form.Get("password"), "password", func(ctx context.Context, password string) error {
		return p.registry.SetStaffPassword(ctx, d.actor, name, password)
	}, func(status int, problems []problem) error { return d.staffPage(nil, status, problems) })
}
