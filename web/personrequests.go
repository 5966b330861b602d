package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// recordRequests is what was asked for about one record, newest first: also what was
// decided.
type recordRequests struct {
	personView
	turn
	State input
	Here  string
	All   bool
	Rows  []requestRow
}

// RecordRequests is GET /admin/people/:id/requests, and of groups.
func (p *Pages) RecordRequests(c *gin.Context) error {
	rec, head, err := p.person(c, "/requests")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	q := registry.RequestQuery{State: registry.RequestState(c.Query("state")), Newest: true, After: c.Query("after"), Limit: requestsPage}
	page, err := p.registry.RequestsOf(ctx, actor, rec.person.ID, q)
	if err != nil {
		return err
	}
	v := recordRequests{personView: head, Here: head.Who.Base + "/requests", All: q.State == ""}
	var states []option
	for _, s := range []registry.RequestState{registry.RequestSent, registry.RequestDraft, registry.RequestApproved, registry.RequestRejected, registry.RequestWithdrawn} {
		states = append(states, option{Value: string(s), Label: words{Text: l.t("requests.state_" + string(s))}, Selected: s == q.State})
	}
	v.State = choiceInput(l, "state", "credentials.state", "people.any", states, nil)
	if v.Rows, err = p.requestRows(ctx, l, actor, page.Requests, fieldsByKey(rec.fields), nil); err != nil {
		return err
	}
	v.turn = turnOf(c.Request.URL, page.Next)
	return p.show(c, http.StatusOK, look{page: "record_requests", title: head.Who.Name, nav: navOf(c)}, v)
}
