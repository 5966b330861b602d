package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/registry"
)

const deskAppealsPath = "/admin/appeals"

type appealsView struct {
	Rows        []appealRow
	MayAnswer   bool
	Next, First string
	Done        string
	Token       string
	Problems    []problem
}

// appealRow is what somebody says against a rejection.
type appealRow struct {
	ID         string
	Record     link
	Label      words
	Text       string
	When       string
	Rejected   string // by whom
	Rejection  string // why
	AttestHref string
	Comment    input
}

// Appeals is GET /admin/appeals: the open ones, the oldest first.
func (p *Pages) Appeals(c *gin.Context) error { return p.appeals(c, http.StatusOK, nil, nil) }

// AppealDecline is POST /admin/appeals: one is declined, with words for the person.
func (p *Pages) AppealDecline(c *gin.Context) error {
	if err := auth.Allow(c, attesters()...); err != nil {
		return err
	}
	actor := auth.Actor(c.Request.Context())
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	id := oneOf(form, "appeal")
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		_, err := p.registry.DeclineAppeal(ctx, actor, id, form.Get("comment-"+id.String()))
		return deskAppealsPath + "?done=declined", err
	})
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		for i := range problems {
			problems[i].Field = "comment-" + id.String()
		}
		return p.appeals(c, http.StatusUnprocessableEntity, form, problems)
	}
	return err
}

func (p *Pages) appeals(c *gin.Context, status int, form url.Values, problems []problem) error {
	if err := auth.Allow(c, appealReaders()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	page, err := p.registry.Appeals(ctx, actor, c.Query("after"), requestsPage)
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, a := range page.Appeals {
		ids = append(ids, a.RegistrantID)
	}
	named, err := p.links(ctx, l, actor, ids...)
	if err != nil {
		return err
	}
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	v := appealsView{Problems: problems, MayAnswer: actor.Has(registry.RoleAttester) || actor.Has(registry.RoleAdmin)}
	for _, a := range page.Appeals {
		id := "comment-" + a.ID.String()
		row := appealRow{ID: a.ID.String(), Record: named(a.RegistrantID), Label: p.label(l, definitionOf(fields, a.Field)), Text: a.Text, When: l.dateTime(a.At), Rejected: a.RejectedBy, Rejection: a.Rejection,
			Comment: input{ID: id, Kind: "area", Label: words{Text: l.t("appeals.comment")}, Hint: words{Text: l.t("appeals.comment_hint")}, Value: form.Get(id), Dir: "auto", Required: true, MaxLength: 500, Wrong: wrongOf(problems, id)}}
		if row.Record.Href != "" {
			row.AttestHref = row.Record.Href + "/attest"
		}
		v.Rows = append(v.Rows, row)
	}
	if c.Query("done") == "declined" {
		v.Done = l.t("appeals.done")
	}
	v.Next, v.First = listLinks(c.Request.URL, page.Next)
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "appeals", title: l.t("appeals.title"), nav: deskAppealsPath, failed: len(problems) > 0}, v)
}
