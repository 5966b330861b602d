package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// versionNewView is the form for a named version: that of an edit, and its name.
type versionNewView struct {
	editView
	Label       input
	Default     bool // it is to be the record
	MayDefault  bool
	PersonLabel string
}

// VersionForm is GET /admin/people/:id/versions/new.
func (p *Pages) VersionForm(c *gin.Context) error {
	e, err := p.versionEditing(c)
	if err != nil {
		return err
	}
	return p.versionForm(c, e, http.StatusOK, url.Values{}, nil)
}

// VersionAdd is POST /admin/people/:id/versions: a version with a name is added
// beside the record, or becomes the record.
func (p *Pages) VersionAdd(c *gin.Context) error {
	e, err := p.versionEditing(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	if err := e.read(form); err != nil {
		return err
	}
	id := e.rec.person.ID
	err = p.once(c, e.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		if err := e.complete(nil); err != nil {
			return "", err
		}
		v, err := p.registry.AddVersion(ctx, e.actor, id, form.Get("label"), e.change(), form.Get("default") == "1")
		return "/admin/people/" + id.String() + "/versions/" + strconv.Itoa(v.No) + "?done=version_added", err
	})
	return p.versionRefused(c, e, form, err)
}

// versionRefused shows the form with its mistakes. If somebody was quicker, what
// is in the record now stands beside what was typed.
func (p *Pages) versionRefused(c *gin.Context, e *editing, form url.Values, err error) error {
	if fault.CodeOf(err) == "version_conflict" {
		e.version = e.rec.person.VersionNo
		return p.versionForm(c, e, http.StatusConflict, form, []problem{{Text: e.l.t("versions.moved")}})
	}
	problems, ok := formErrors(e.l, err)
	if err == nil || !ok {
		return err
	}
	if fault.CodeOf(err) == "label_taken" {
		problems = []problem{{Field: "label", Text: problems[0].Text}}
	}
	return p.versionForm(c, e, http.StatusUnprocessableEntity, form, problems)
}

func (p *Pages) versionEditing(c *gin.Context) (*editing, error) {
	e, err := p.editRecord(c)
	if err != nil {
		return nil, err
	}
	e.action, e.back = e.back+"/versions", e.back+"/versions"
	return e, nil
}

func (p *Pages) versionForm(c *gin.Context, e *editing, status int, form url.Values, problems []problem) error {
	edit, err := e.view(problems)
	if err != nil {
		return err
	}
	for i, pr := range problems {
		if pr.Field == "label" {
			edit.Problems[i].Field = "label"
		}
	}
	v := versionNewView{editView: edit, Default: form.Get("default") == "1", MayDefault: isOfficer(e.actor),
		Label: input{ID: "label", Kind: "text", Label: words{Text: e.l.t("versions.label")}, Hint: words{Text: e.l.t("versions.label_hint")}, Value: form.Get("label"),
			Dir: "auto", Autocomplete: "off", Required: true, MaxLength: registry.MaxLabelLength, Wrong: wrongOf(problems, "label")}}
	return p.show(c, status, look{page: "version_new", title: e.l.t("versions.add"), nav: "/admin/people", failed: len(problems) > 0, here: e.back + "/new"}, v)
}

// VersionDefault is POST /admin/people/:id/versions/:number: it becomes the record.
func (p *Pages) VersionDefault(c *gin.Context) error {
	d, form, err := p.desked(c, officers()...)
	if err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	number, err := wholeNumber(c.Param("number"))
	if err != nil {
		return fault.Wrap(fault.NotFound, "no_such_version", "There is no such version.", err)
	}
	if form.Get("reason") == "" {
		return p.versionPage(c, http.StatusUnprocessableEntity, form, []problem{{Field: "reason", Text: d.l.t("fault.reason_missing")}})
	}
	return d.change(form, "attest.moved", func(ctx context.Context) (string, error) {
		_, err := p.registry.SetDefault(ctx, d.actor, id, number, versionOf(form), form.Get("reason"))
		return "/admin/people/" + id.String() + "/versions?done=default_set", err
	}, func(status int, problems []problem) error { return p.versionPage(c, status, form, problems) })
}
