package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// GroupEdit is GET /admin/groups/:id/edit.
func (p *Pages) GroupEdit(c *gin.Context) error { return p.editOpen(c, p.editRecord) }

// GroupEditPost is POST /admin/groups/:id/edit: check, save, or back to the form.
func (p *Pages) GroupEditPost(c *gin.Context) error { return p.editSent(c, p.editRecord) }

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
	d, form, err := p.desked(c, keepers()...)
	if err != nil {
		return err
	}
	id, err := groupID(c)
	if err != nil {
		return err
	}
	end := registry.GroupEnd{ExpectVersion: versionOf(form), On: form.Get("on"), Reason: strings.TrimSpace(form.Get("reason"))}
	return d.change(form, "group.moved", func(ctx context.Context) (string, error) {
		if err := requireReason(end.Reason); err != nil {
			return "", err
		}
		j, waits, err := p.registry.StartGroupEnd(ctx, d.actor, id, end)
		if waits {
			return groupsPath + "/" + id.String() + "?job=" + j.ID.String(), err
		}
		return groupsPath + "/" + id.String() + "?done=ended", err
	}, func(status int, problems []problem) error { return p.groupEnding(c, status, end, problems) })
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
