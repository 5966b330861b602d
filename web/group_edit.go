package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// GroupEdit is GET /admin/groups/:id/edit.
func (p *Pages) GroupEdit(c *gin.Context) error {
	e, err := p.editGroup(c)
	if err != nil {
		return err
	}
	return p.editForm(c, e, http.StatusOK, nil)
}

// GroupEditPost is POST /admin/groups/:id/edit: check, save, or back to the form.
func (p *Pages) GroupEditPost(c *gin.Context) error {
	e, err := p.editGroup(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.editPost(c, e, form, e.back+"?done=edited")
}

func (p *Pages) editGroup(c *gin.Context) (*editing, error) {
	if err := auth.Allow(c, keepers()...); err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	id, err := groupID(c)
	if err != nil {
		return nil, err
	}
	g, err := p.loadGroup(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	base := groupsPath + "/" + id.String()
	return &editing{p: p, l: p.localeOf(c), actor: actor, rec: g.record, staff: true, group: true, action: base + "/edit", back: base,
		version: g.group.VersionNo, fields: editableBy(actor, g.fields)}, nil
}

// write stores the change, and tells whether some of it waits for approval.
func (e *editing) write(ctx context.Context) (waits bool, err error) {
	if e.group {
		g, err := e.p.registry.EditGroup(ctx, e.actor, e.rec.person.ID, e.change())
		return len(g.Pending) > 0, err
	}
	person, err := e.p.registry.Edit(ctx, e.actor, e.rec.person.ID, e.change())
	return len(person.Pending) > 0, err
}

type groupEndView struct {
	groupView
	On, Reason input
	Version    int
	Token      string
	Problems   []problem
	InParts    bool // there are so many members that it takes a while
}

// partsFrom is from how many members on the end of a group takes a while.
const partsFrom = 50

// GroupEndForm is GET /admin/groups/:id/end: what follows from it, day and reason.
func (p *Pages) GroupEndForm(c *gin.Context) error {
	return p.groupEnding(c, http.StatusOK, registry.GroupEnd{}, nil)
}

// GroupEnd is POST /admin/groups/:id/end.
func (p *Pages) GroupEnd(c *gin.Context) error {
	if err := auth.Allow(c, keepers()...); err != nil {
		return err
	}
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	id, err := groupID(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	version, err := wholeNumber(form.Get("version"))
	if err != nil {
		version = -1 // no record has it
	}
	end := registry.GroupEnd{ExpectVersion: version, On: form.Get("on"), Reason: strings.TrimSpace(form.Get("reason"))}
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		if err := requireReason(end.Reason); err != nil {
			return "", err
		}
		j, waits, err := p.registry.StartGroupEnd(ctx, actor, id, end)
		if waits {
			return groupsPath + "/" + id.String() + "?job=" + j.ID.String(), err
		}
		return groupsPath + "/" + id.String() + "?done=ended", err
	})
	if fault.CodeOf(err) == "version_conflict" {
		return p.groupEnding(c, http.StatusConflict, end, []problem{{Text: p.localeOf(c).t("group.moved")}})
	}
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.groupEnding(c, http.StatusUnprocessableEntity, end, problems)
	}
	return err
}

func (p *Pages) groupEnding(c *gin.Context, status int, end registry.GroupEnd, problems []problem) error {
	if err := auth.Allow(c, keepers()...); err != nil {
		return err
	}
	g, head, err := p.group(c, "")
	if err != nil {
		return err
	}
	l := p.localeOf(c)
	v := groupEndView{groupView: head, Version: g.group.VersionNo, Problems: problems, InParts: g.group.Size > partsFrom,
		On: dayInput(l, "on", "group.end_on", end.On, problems), Reason: reasonInput(l, "reason", end.Reason, problems)}
	v.On.Hint = words{Text: l.t("members.today")}
	if v.Token, err = p.registry.NewForm(auth.Actor(c.Request.Context())); err != nil {
		return err
	}
	return p.show(c, status, look{page: "group_end", title: l.t("group.end"), nav: groupsPath, failed: len(problems) > 0}, v)
}
