package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
)

// personView is what all pages of a person begin with.
type personView struct {
	Who       identity
	Tabs      []tab
	MayEdit   bool
	MayCode   bool // hand out activation codes
	MayAsk    bool // for a change that somebody else decides about
	MayAttest bool
	Latest    int // number of the newest version
	Waiting   int
	Done      string     // what was just done
	Lock      *lockView  // nil: the person is not locked out, or the reader cannot help
	Group     *groupView // of a page about a group; nil: a person
}

type detailsView struct {
	personView
	Ring     ring
	Waits    []waitingChange
	Told     []toldNote // about the household, by the person
	Sections []section
	Why      *whyView // nil: the reader is not asked
	Problems []problem
}

// personID reads :id; what is no id is nobody.
func personID(c *gin.Context) (uuid.UUID, error) {
	return pathID(c, "id", "no_such_person", "There is no such person.")
}

// person loads the person of the address and the head of the page.
func (p *Pages) person(c *gin.Context, current string) (rec record, v personView, err error) {
	if aboutGroup(c) {
		g, head, err := p.group(c, current)
		return g.record, head.asPerson(g), err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	id, err := personID(c)
	if err != nil {
		return rec, v, err
	}
	if rec, err = p.load(ctx, actor, id); err != nil {
		return rec, v, err
	}
	base := "/admin/people/" + id.String()
	v = personView{Who: p.identityOf(rec.fields, rec.person, base), MayEdit: mayRegister(actor), MayCode: isOfficer(actor), MayAsk: mayKeep(actor), Waiting: rec.waiting(),
		Latest: rec.person.LatestNo, MayAttest: slices.ContainsFunc(attesters(), actor.Has)}
	v.Tabs = tabsOf(l, actor, base, current)
	v.Done = said(c, l, "person.done_")
	return rec, v, nil
}

// Person is GET /admin/people/:id.
func (p *Pages) Person(c *gin.Context) error { return p.personPage(c, http.StatusOK, nil, nil) }

func (p *Pages) personPage(c *gin.Context, status int, form url.Values, problems []problem) error {
	rec, head, err := p.person(c, "")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	waits, err := p.waitingOf(ctx, l, actor, rec.person.ID, rec.fields, p.masked)
	if err != nil {
		return err
	}
	if head.Lock, err = p.lockOf(c, actor, rec.person.ID, head.Who.Base); err != nil {
		return err
	}
	v := detailsView{personView: head, Ring: newRing(rec), Waits: waits, Sections: p.sections(l, actor, rec, p.masked), Problems: problems}
	if v.Told, err = p.toldNotes(ctx, l, actor, rec.person.ID, head.Who.Base); err != nil {
		return err
	}
	if v.Why, err = p.why(ctx, l, actor, rec, form, problems); err != nil {
		return err
	}
	return p.show(c, status, look{page: "person", title: head.Who.Name, nav: "/admin/people", failed: len(problems) > 0}, v)
}

type personCredentialsView struct {
	personView
	Cards    []credentialCard
	Past     []issuedView
	MayOffer bool
	Token    string
	Reason   input
	Problems []problem
}

// PersonCredentials is GET /admin/people/:id/credentials, and of groups.
func (p *Pages) PersonCredentials(c *gin.Context) error {
	return p.personCredentials(c, http.StatusOK, nil)
}

func (p *Pages) personCredentials(c *gin.Context, status int, problems []problem) error {
	rec, head, err := p.person(c, "/credentials")
	if err != nil {
		return err
	}
	d := p.visit(c)
	v := personCredentialsView{personView: head, Reason: input{ID: "reason", Kind: "text", Label: words{Text: d.l.t("withdraw.reason")}, Dir: "auto",
		Required: true, MaxLength: 200, Wrong: wrongOf(problems, "reason")}}
	for _, x := range problems {
		if x.Field != "reason" {
			v.Problems = append(v.Problems, x)
		}
	}
	if err := p.withCounted(d.ctx, c, &rec); err != nil {
		return err
	}
	v.MayOffer = isOfficer(d.actor) && (head.Group == nil || !head.Group.Ended)
	if v.Cards, err = p.deskCards(d.ctx, d.l, d.actor, rec, head.Who.Base, v.MayOffer); err != nil {
		return err
	}
	if v.Past, err = p.issuedLives(d.ctx, d.l, d.actor, rec, head.Who.Base, v.MayOffer); err != nil {
		return err
	}
	v.Token = d.token()
	return d.page(status, look{page: "person_credentials", title: head.Who.Name, nav: navOf(c), failed: len(problems) > 0}, v)
}

// WithdrawCredential is POST /admin/people/:id/credentials, and of groups: one credential ends, or is
// suspended or restored, with a reason that the person reads.
func (p *Pages) WithdrawCredential(c *gin.Context) error {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	credential, err := uuid.Parse(form.Get("credential"))
	if err != nil {
		return fault.Wrap(fault.NotFound, "not_found", "There is no such credential.", err)
	}
	done, step := "withdrawn", p.issuer.Withdraw
	switch form.Get("step") {
	case "suspend":
		done, step = "suspended", p.issuer.Suspend
	case "restore":
		done, step = "restored", p.issuer.Restore
	}
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return basePath(c, id) + "/credentials?done=" + done, step(ctx, actor, credential, form.Get("reason"))
	})
	if fault.CodeOf(err) == "reason_required" {
		l := p.localeOf(c)
		return p.personCredentials(c, http.StatusUnprocessableEntity, []problem{{Field: "reason", Text: l.t("fault.reason_required")}})
	}
	return err
}
