package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// peoplePage is how many people one page of a list has.
const peoplePage = 25

type queueView struct {
	Tiles       []tile
	MayRegister bool
	Find        input
	Undelivered string // messages did not get out; "": they all did
}

type tile struct {
	Href, Title, Text string
	Count             string
	Badge             badge
}

// Queue is GET /admin: what waits for somebody, and the search box.
func (p *Pages) Queue(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	counts, err := p.registry.QueueCounts(ctx, actor)
	if err != nil {
		return err
	}
	v := queueView{MayRegister: mayRegister(actor), Find: findInput(l, "")}
	badges := map[registry.Queue]badge{
		registry.QueueUndecided:   {"wait", "clock", l.t("state.waiting")},
		registry.QueueChanged:     {"chg", "changed", l.t("state.changed")},
		registry.QueueRejected:    {"bad", "cross", l.t("state.rejected")},
		registry.QueueExpired:     {"chg", "clock", l.t("state.expired")},
		registry.QueueProposed:    {"wait", "clock", l.t("state.proposed")},
		registry.QueueResubmitted: {"chg", "changed", l.t("state.changed")}, registry.QueueExpiring: {"wait", "clock", l.t("state.expires_soon")},
		registry.QueueOverdue: {"bad", "clock", l.t("state.overdue")},
	}
	for _, q := range registry.Queues() {
		if q.Rare() && counts[q] == 0 {
			continue
		}
		count := l.number(counts[q])
		if counts[q] > registry.QueueCap {
			count = l.t("queue.more_than", "n", registry.QueueCap)
		}
		v.Tiles = append(v.Tiles, tile{Href: "/admin/people?queue=" + string(q), Title: l.t("queue." + string(q)),
			Text: l.t("queue." + string(q) + "_text"), Count: count, Badge: badges[q]})
	}
	if v.Undelivered, err = p.undelivered(ctx, l, actor); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "queue", title: l.t("queue.title"), nav: "/admin"}, v)
}

// undelivered tells those who keep the registry that messages did not get out; "" if
// they all did, and for everybody else.
func (p *Pages) undelivered(ctx context.Context, l *locale, actor registry.Actor) (string, error) {
	counts, err := p.issuer.Deliveries(ctx, actor)
	if fault.KindOf(err) == fault.Forbidden {
		return "", nil
	}
	failed := 0
	for _, c := range counts {
		if c.State == issuer.DeliveryFailed {
			failed += c.Count
		}
	}
	if err != nil || failed == 0 {
		return "", err
	}
	return l.t("queue.undelivered", "n", failed), nil
}

// peopleView is a list of people with the form that found them.
type peopleView struct {
	Find        input
	Field       input
	State       input
	Queue       string // title of the queue that is shown, "" for a search
	People      []personRow
	Next        string
	First       string // address of the first page, when this is a later one
	Asked       bool   // something was searched for
	MayRegister bool
}

type personRow struct {
	Href    string
	Name    string
	Number  string
	Cells   []shown // of the fields in Heads
	Updated string
}

// People is GET /admin/people: search by name, number, phone or identifier, by
// the state of one field, or one queue.
func (p *Pages) People(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	q := registry.Query{Text: c.Query("q"), Field: c.Query("field"), State: registry.State(c.Query("state")), After: c.Query("after"), Limit: peoplePage, Names: true}
	queue := registry.Queue(c.Query("queue"))
	var page registry.Page
	half := (q.Field == "") != (q.State == "") // half a question finds nobody, and says so
	if !half {
		if page, err = p.findPeople(c, actor, queue, q); err != nil {
			return err
		}
	}
	v := p.people(l, fields, page, q)
	if half {
		v.tellHalf(l, q)
	}
	v.MayRegister, v.Asked = mayRegister(actor), q.Text != "" || q.Field != "" || queue != ""
	if queue != "" {
		v.Queue = l.t("queue." + string(queue))
	}
	v.Next, v.First = pageLinks(c.Request.URL, page.Next)
	return p.show(c, http.StatusOK, look{page: "people", title: l.t("people.title"), nav: "/admin/people"}, v)
}

// tellHalf asks for the other half of "this detail in this state".
func (v *peopleView) tellHalf(l *locale, q registry.Query) {
	if q.Field == "" {
		v.Field.Wrong = l.t("people.field_missing")
	} else {
		v.State.Wrong = l.t("people.state_missing")
	}
}

func (p *Pages) findPeople(c *gin.Context, actor registry.Actor, queue registry.Queue, q registry.Query) (registry.Page, error) {
	if queue != "" {
		return p.registry.QueuePage(c.Request.Context(), actor, queue, q.After, q.Limit)
	}
	return p.registry.Search(c.Request.Context(), actor, q)
}

func (p *Pages) people(l *locale, fields []registry.Field, page registry.Page, q registry.Query) peopleView {
	v := peopleView{Find: findInput(l, q.Text),
		Field: input{ID: "field", Kind: "choice", Label: words{Text: l.t("people.field")}, Options: []option{{Label: words{Text: l.t("people.any")}}}},
		State: input{ID: "state", Kind: "choice", Label: words{Text: l.t("people.state")}, Options: []option{{Label: words{Text: l.t("people.any")}}}}}
	for _, f := range fields {
		if f.Attestable {
			v.Field.Options = append(v.Field.Options, option{Value: f.Key, Label: p.label(l, f), Selected: f.Key == q.Field})
		}
	}
	for _, s := range []registry.State{registry.StateNew, registry.StateAttested, registry.StateRejected, registry.StateExpired, registry.StateRevoked} {
		b := stateBadge(l, registry.Field{Attestable: true}, registry.FieldState{State: s})
		v.State.Options = append(v.State.Options, option{Value: string(s), Label: words{Text: b.Text}, Selected: s == q.State})
	}
	for _, person := range page.People {
		who := p.identityOf(fields, person, "")
		v.People = append(v.People, personRow{Href: "/admin/people/" + who.ID, Name: who.Name, Number: who.Number, Updated: l.date(person.UpdatedAt)})
	}
	return v
}

func findInput(l *locale, text string) input {
	return input{ID: "q", Kind: "search", Label: words{Text: l.t("people.find")}, Hint: words{Text: l.t("people.find_hint")}, Value: text, Dir: "auto", Autocomplete: "off", MaxLength: 200}
}

// pageLinks gives the addresses of the next page and, from a later page, of the
// first; the search stays in them.
func pageLinks(here *url.URL, next string) (nextHref, firstHref string) {
	query := here.Query()
	if query.Get("after") != "" {
		first := here.Query()
		first.Del("after")
		firstHref = "/admin/people?" + first.Encode()
	}
	if next != "" {
		query.Set("after", next)
		nextHref = "/admin/people?" + query.Encode()
	}
	return nextHref, firstHref
}

// registrars and attesters are the roles that pages name when they are needed,
// and for whom they show the buttons. What may be done is decided in registry.
func registrars() []registry.Role {
	return []registry.Role{registry.RoleRegistrar, registry.RoleAdmin}
}

func attesters() []registry.Role { return []registry.Role{registry.RoleAttester, registry.RoleAdmin} }

func mayRegister(a registry.Actor) bool { return slices.ContainsFunc(registrars(), a.Has) }
