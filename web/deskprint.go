package web

import (
	"context"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
)

// DeskPrint is GET /admin/people/:id/papers/new?config=…&issuer=…, and of groups.
func (p *Pages) DeskPrint(c *gin.Context) error {
	return p.deskPrint(c, c.Request.URL.Query(), nil, nil)
}

func (p *Pages) deskPrint(c *gin.Context, of, form url.Values, problems []problem) error {
	if err := auth.Allow(c, officers()...); err != nil {
		return err
	}
	d := p.visit(c)
	rec, head, err := p.person(c, "/credentials")
	if err != nil {
		return err
	}
	if err := p.withCounted(d.ctx, c, &rec); err != nil {
		return err
	}
	all, err := p.issuer.Readiness(d.ctx, d.actor, rec.person.ID)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(r issuer.Readiness) bool {
		return r.Config.ID == of.Get("config") && r.Issuer == of.Get("issuer") && r.Config.PaperDays > 0
	})
	if n < 0 {
		return fault.New(fault.NotFound, "not_found", "There is no such credential.")
	}
	v := deskPaperView{personView: head, Problems: problems}
	v.Card = p.credentialCard(d.l, rec, fieldsByKey(rec.fields), all[n])
	v.Card.Do = ""
	if v.Paper, err = p.paperForm(d.ctx, d.l, d.actor, rec, all[n], form, problems); err != nil {
		return err
	}
	v.Paper.Back, v.Paper.Action = head.Who.Base+"/credentials", head.Who.Base+deskPaperPath
	return d.page(statusOf(problems), look{page: "person_print", title: d.l.t("print.title"), nav: navOf(c), failed: len(problems) > 0, here: v.Paper.Action + "/new"}, v)
}

// DeskPrintMake is POST /admin/people/:id/papers, and of groups.
func (p *Pages) DeskPrintMake(c *gin.Context) error {
	d, id, form, err := p.sentAbout(c)
	if err != nil {
		return err
	}
	err = p.once(c, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		paper, err := p.makePaper(ctx, d.actor, id, form.Get("issuer"), form.Get("config"), form)
		return withLayout(basePath(c, id)+deskPaperPath+"/"+paper.ID.String(), form.Get("layout")), err
	})
	if _, ok := formErrors(d.l, err); err == nil || !ok {
		return err
	}
	rec, _, failed := p.person(c, "/credentials")
	if failed != nil {
		return failed
	}
	problems, _ := p.paperProblems(d.l, rec, err)
	return p.deskPrint(c, form, form, problems)
}

// DeskPaper is GET /admin/people/:id/papers/:paper, and of groups.
func (p *Pages) DeskPaper(c *gin.Context) error {
	d, err := p.desk(c, officers()...)
	if err != nil {
		return err
	}
	rec, head, err := p.person(c, "/credentials")
	if err != nil {
		return err
	}
	if err := p.withCounted(d.ctx, c, &rec); err != nil {
		return err
	}
	v, paper, err := p.paper(d, rec)
	if err != nil {
		return err
	}
	v.Back, v.Page = head.Who.Base+"/credentials", issuedPath+"/"+paper.ID.String()
	return d.showPaper(v, head.Who.Base+deskPaperPath+"/"+paper.ID.String(), navOf(c))
}
