package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// editOpen shows the form that load prepares, and editSent answers it.
func (p *Pages) editOpen(c *gin.Context, load func(c *gin.Context) (*editing, error)) error {
	e, err := load(c)
	if err != nil {
		return err
	}
	return p.editForm(c, e, http.StatusOK, nil)
}

func (p *Pages) editSent(c *gin.Context, load func(c *gin.Context) (*editing, error)) error {
	e, err := load(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.editPost(c, e, form, e.back+"?done=edited")
}

// editRecord prepares the form over what the reader may change of the person or the
// group of the address.
func (p *Pages) editRecord(c *gin.Context) (*editing, error) {
	roles, changeable := registrars(), editable
	if aboutGroup(c) {
		roles, changeable = keepers(), editableBy
	}
	d, err := p.desk(c, roles...)
	if err != nil {
		return nil, err
	}
	rec, err := d.record()
	if err != nil {
		return nil, err
	}
	base := basePath(c, rec.person.ID)
	return &editing{p: p, l: d.l, actor: d.actor, rec: rec, staff: true, group: aboutGroup(c), action: base + "/edit", back: base,
		version: rec.person.VersionNo, fields: changeable(d.actor, rec.fields)}, nil
}

// record is the person or the group of the address.
func (d *desk) record() (record, error) {
	if aboutGroup(d.c) {
		id, err := groupID(d.c)
		if err != nil {
			return record{}, err
		}
		g, err := d.p.loadGroup(d.ctx, d.actor, id)
		return g.record, err
	}
	id, err := personID(d.c)
	if err != nil {
		return record{}, err
	}
	return d.p.load(d.ctx, d.actor, id)
}

// editPost answers a sent edit form by its button: check shows what follows,
// save writes, anything else shows the form again.
func (p *Pages) editPost(c *gin.Context, e *editing, form url.Values, saved string) error {
	if err := p.registry.FormFits(e.actor, form.Get("form")); err != nil {
		return err
	}
	if err := e.read(form); err != nil {
		return err
	}
	switch form.Get("step") {
	case "save":
		return p.editSave(c, e, form.Get("form"), saved)
	case "check":
		return p.editCheck(c, e)
	case "draft":
		if !e.staff {
			return p.editDraft(c, e, form.Get("form"))
		}
	}
	return p.editForm(c, e, http.StatusOK, nil)
}

func (p *Pages) editForm(c *gin.Context, e *editing, status int, problems []problem) error {
	v, err := e.view(problems)
	if err != nil {
		return err
	}
	if !e.staff {
		v.Fixed = p.fixed(e)
	}
	return p.show(c, status, look{page: "edit", title: e.title(), nav: e.navPath(), failed: len(problems) > 0}, v)
}

func (p *Pages) editCheck(c *gin.Context, e *editing) error {
	ctx := c.Request.Context()
	changes, err := p.registry.CheckEdit(ctx, e.actor, e.rec.person.ID, e.change())
	if err = e.complete(err); err != nil {
		return p.editRefused(c, e, err)
	}
	if len(changes) == 0 {
		v, err := e.view(nil)
		if err != nil {
			return err
		}
		v.Nothing = true
		return p.show(c, http.StatusOK, look{page: "edit", title: e.title(), nav: e.navPath()}, v)
	}
	v, err := e.check(ctx, changes)
	if err != nil {
		return err
	}
	title := e.l.t("check.title")
	if v.Told {
		title = e.l.t("check.tell")
	}
	return p.show(c, http.StatusOK, look{page: "edit_check", title: title, nav: e.navPath()}, v)
}

func (p *Pages) editSave(c *gin.Context, e *editing, token, saved string) error {
	err := p.once(c, e.actor, token, func(ctx context.Context) (string, error) {
		if err := e.complete(nil); err != nil {
			return "", err
		}
		waits, err := e.write(ctx)
		if waits {
			return e.waits(), err
		}
		return saved, err
	})
	if err != nil {
		return p.editRefused(c, e, err)
	}
	return nil
}

// editDraft keeps what was typed for its author, who sends it later.
func (p *Pages) editDraft(c *gin.Context, e *editing, token string) error {
	err := p.once(c, e.actor, token, func(ctx context.Context) (string, error) {
		made, err := p.registry.RequestChange(ctx, e.actor, e.rec.person.ID, e.change(), true)
		if err != nil {
			return "", err
		}
		if len(made) > 1 {
			return requestsPath + "?done=drafts&n=" + strconv.Itoa(len(made)), nil
		}
		return requestsPath + "/" + made[0].ID.String() + "?done=draft", nil
	})
	if err != nil {
		return p.editRefused(c, e, err)
	}
	return nil
}

// waits is the page after an edit of which part waits for approval.
func (e *editing) waits() string {
	if e.staff {
		return e.back + "?done=waiting"
	}
	if e.told() {
		return e.back + "?done=told"
	}
	return "/me?saved=waiting"
}

// editRefused shows the form with its mistakes, or both values if somebody else
// was quicker.
func (p *Pages) editRefused(c *gin.Context, e *editing, err error) error {
	if fault.CodeOf(err) == "version_conflict" {
		return p.editStale(c, e)
	}
	if problems, ok := formErrors(e.l, err); ok {
		return p.editForm(c, e, http.StatusUnprocessableEntity, problems)
	}
	return err
}

func (p *Pages) editStale(c *gin.Context, e *editing) error {
	v, err := e.stale(c.Request.Context())
	if err != nil {
		return err
	}
	return p.show(c, http.StatusConflict, look{page: "edit_stale", title: e.l.t("stale.title"), nav: e.navPath()}, v)
}

// complete adds to what is wrong with the values what is wrong with the rest of
// the form that staff fill in: no reason, or a day of collection that is none.
func (e *editing) complete(err error) error {
	wrong := append(slices.Clone(e.wrongCollected), e.untold()...)
	if e.staff && strings.TrimSpace(e.reason) == "" {
		wrong = append(wrong, fault.Field{Name: "reason", Code: "reason_missing", Detail: "Say why: it stands in the change log."})
	}
	if len(wrong) == 0 {
		return err
	}
	var f *fault.Error
	switch {
	case err == nil:
	case errors.As(err, &f) && len(f.Fields) > 0:
		wrong = append(slices.Clone(f.Fields), wrong...)
	default:
		return err
	}
	return fault.InvalidFields("invalid_values", "Some values cannot be accepted.", wrong)
}

func (e *editing) title() string {
	if e.staff && e.version == 0 {
		return e.l.t("register.title")
	}
	if e.staff {
		return e.l.t("edit.title_staff")
	}
	if e.told() {
		return e.l.t("ownhousehold.tell")
	}
	if len(e.fields) > 0 {
		return e.l.t("edit.title", "section", sectionTitle(e.l, e.fields[0].Section))
	}
	return e.l.t("edit.title_staff")
}

func (e *editing) navPath() string {
	if e.group {
		return groupsPath
	}
	if e.staff {
		return "/admin/people"
	}
	return e.back
}

// fixed is what the person sees in the section and cannot edit.
func (p *Pages) fixed(e *editing) []detail {
	if len(e.fields) == 0 {
		return nil
	}
	var out []detail
	for _, f := range e.rec.fields {
		if f.Section == e.fields[0].Section && !mayEdit(e.actor, f) {
			out = append(out, p.detail(e.l, e.rec, f, p.ownValue))
		}
	}
	return out
}

// editOwn prepares the form over one section of the person's own record.
func (p *Pages) editOwn(ctx context.Context, l *locale, actor registry.Actor, section string) (*editing, error) {
	rec, err := p.load(ctx, actor, actor.RegistrantID)
	if err != nil {
		return nil, err
	}
	e := &editing{p: p, l: l, actor: actor, rec: rec, action: "/me/edit/" + url.PathEscape(section), back: "/me", version: rec.person.VersionNo}
	for _, f := range rec.fields {
		if f.Section == section && mayEdit(actor, f) {
			e.fields = append(e.fields, f)
		}
	}
	if e.told() {
		e.back = householdPath
	}
	if len(e.fields) == 0 {
		return nil, fault.New(fault.NotFound, "nothing_to_edit", "There is nothing here that you can change yourself.")
	}
	return e, nil
}
