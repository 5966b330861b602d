package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
)

type logView struct {
	personView
	turn
	Entries []entryView
}

// PersonLog is GET /admin/people/:id/log, newest first.
func (p *Pages) PersonLog(c *gin.Context) error {
	rec, head, err := p.person(c, "/log")
	if err != nil {
		return err
	}
	back, err := backFrom(head.Who.Base+"/log", c.Request.URL.Query(), int(rec.person.ChainNo))
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	page, err := p.registry.HistoryPage(ctx, auth.Actor(ctx), rec.person.ID, back.after(), backPage)
	if err != nil {
		return err
	}
	log := page.Entries
	for len(log) > 0 && log[len(log)-1].ChainNo > int64(back.to) { // written since the page before
		log = log[:len(log)-1]
	}
	v := logView{personView: head, Entries: p.entries(p.localeOf(c), rec.fields, log, p.masked)}
	v.turn = back.links()
	return p.show(c, http.StatusOK, look{page: "person_log", title: head.Who.Name, nav: navOf(c)}, v)
}
