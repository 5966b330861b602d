package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const deskAppealsPath = "/admin/appeals"

type appealsView struct {
	turn
	Rows      []appealRow
	MayAnswer bool
	Done      string
	Token     string
	Problems  []problem
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
	d, form, err := p.desked(c, attesters()...)
	if err != nil {
		return err
	}
	id := oneOf(form, "appeal")
	return d.once(form, func(ctx context.Context) (string, error) {
		_, err := p.registry.DeclineAppeal(ctx, d.actor, id, form.Get("comment-"+id.String()))
		return deskAppealsPath + "?done=declined", err
	}, func(problems []problem) error {
		for i := range problems {
			problems[i].Field = "comment-" + id.String()
		}
		return p.appeals(c, http.StatusUnprocessableEntity, form, problems)
	})
}

func (p *Pages) appeals(c *gin.Context, status int, form url.Values, problems []problem) error {
	d, err := p.desk(c, appealReaders()...)
	if err != nil {
		return err
	}
	page, err := p.registry.Appeals(d.ctx, d.actor, c.Query("after"), requestsPage)
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, a := range page.Appeals {
		ids = append(ids, a.RegistrantID)
	}
	named, err := p.links(d.ctx, d.l, d.actor, ids...)
	if err != nil {
		return err
	}
	fields, err := p.registry.Fields(d.ctx)
	if err != nil {
		return err
	}
	v := appealsView{Problems: problems, MayAnswer: d.actor.Has(registry.RoleAttester) || d.actor.Has(registry.RoleAdmin)}
	for _, a := range page.Appeals {
		id := "comment-" + a.ID.String()
		row := appealRow{ID: a.ID.String(), Record: named(a.RegistrantID), Label: p.label(d.l, definitionOf(fields, a.Field)), Text: a.Text, When: d.l.dateTime(a.At), Rejected: a.RejectedBy, Rejection: a.Rejection,
			Comment: input{ID: id, Kind: "area", Label: words{Text: d.l.t("appeals.comment")}, Hint: words{Text: d.l.t("appeals.comment_hint")}, Value: form.Get(id), Dir: "auto", Required: true, MaxLength: 500, Wrong: wrongOf(problems, id)}}
		if row.Record.Href != "" {
			row.AttestHref = row.Record.Href + "/attest"
		}
		v.Rows = append(v.Rows, row)
	}
	if c.Query("done") == "declined" {
		v.Done = d.l.t("appeals.done")
	}
	v.turn = turnOf(c.Request.URL, page.Next)
	v.Token = d.token()
	return d.page(status, look{page: "appeals", title: d.l.t("appeals.title"), nav: deskAppealsPath, failed: len(problems) > 0}, v)
}
