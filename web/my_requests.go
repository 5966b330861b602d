package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

const requestsPath = "/me/requests"

// ownRequests is what was asked for about the reader's record, the newest first.
type ownRequests struct {
	turn
	Requests []ownRequestLine
	Done     string
}

// ownRequestLine is one change request in the list.
type ownRequestLine struct {
	Path  string
	Label words
	New   shown
	Badge badge
	When  string
}

// MyRequests is GET /me/requests.
func (p *Pages) MyRequests(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	page, err := p.registry.RequestsOf(ctx, actor, actor.RegistrantID, registry.RequestQuery{Newest: true, After: c.Query("after"), Limit: 20})
	if err != nil {
		return err
	}
	v, byKey := ownRequests{turn: turnOf(c.Request.URL, page.Next), Done: said(c, l, "ownrequest.done_")}, fieldsByKey(fields)
	if n, err := wholeNumber(c.Query("n")); err == nil && n > 1 && c.Query("done") == "drafts" {
		v.Done = l.t("ownrequest.done_drafts", "n", n)
	}
	for _, q := range page.Requests {
		v.Requests = append(v.Requests, p.ownRequestLine(l, fieldOf(byKey, q.Field), q))
	}
	return p.show(c, http.StatusOK, look{page: "my_requests", title: l.t("ownrequest.title"), nav: requestsPath}, v)
}

func (p *Pages) ownRequestLine(l *locale, f registry.Field, q registry.ChangeRequest) ownRequestLine {
	return ownRequestLine{Path: ownRequestPath(q.ID), Label: p.label(l, f), New: p.ownValue(l, f, q.Value), Badge: ownRequestBadge(l, q.State), When: l.dateTime(latest(q))}
}

func ownRequestPath(id uuid.UUID) string { return requestsPath + "/" + id.String() }

// ownRequestBadge says where a request stands, to the person whom it is about.
func ownRequestBadge(l *locale, state registry.RequestState) badge {
	return badgeOf(state, l.t("ownrequest.state_"+string(state)), map[registry.RequestState]badge{"": {"none", "minus", ""}, registry.RequestSent: {"wait", "clock", ""},
		registry.RequestApproved: {"ok", "check", ""}, registry.RequestRejected: {"bad", "cross", ""}, registry.RequestDraft: {"none", "pencil", ""}})
}

// MyRequest is GET /me/requests/:id.
func (p *Pages) MyRequest(c *gin.Context) error {
	r, err := p.asked(c)
	if err != nil {
		return err
	}
	return p.showRequest(c, r, http.StatusOK, nil)
}

// asked is a change request that the address names, and the record that it is about.
type asked struct {
	registry.ChangeRequest
	editing // of a draft: one field
}

// asked reads the request of an address. Somebody else's is not told from one that is
// not there.
func (p *Pages) asked(c *gin.Context) (*asked, error) {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	id, err := requestID(c)
	if err != nil {
		return nil, err
	}
	q, err := p.registry.ChangeRequest(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	rec, err := p.load(ctx, actor, actor.RegistrantID)
	if err != nil {
		return nil, err
	}
	f := fieldOf(fieldsByKey(rec.fields), q.Field)
	return &asked{q, editing{p: p, l: p.localeOf(c), actor: actor, rec: rec, fields: []registry.Field{f}, action: ownRequestPath(id), back: requestsPath,
		version: rec.person.VersionNo, values: map[string]string{f.Key: q.Value}, reason: q.Reason}}, nil
}
