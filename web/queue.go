package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

type queueView struct {
	Groups      []tileGroup
	MayRegister bool
	Find        input
	Undelivered string // messages did not get out; "": they all did
	Nothing     bool   // waits for anybody
}

// tileGroup is the queues of one kind of work.
type tileGroup struct {
	ID, Title string
	Tiles     []tile
}

type tile struct {
	Href, Title, Text string
	Count             string
	Badge             badge
}

// Queue is GET /admin: what waits for somebody, by kind and age, and the search box.
func (p *Pages) Queue(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	counts, err := p.registry.QueueCounts(ctx, actor)
	if err != nil {
		return err
	}
	open, err := p.registry.OpenCounts(ctx, actor)
	if err != nil {
		return err
	}
	v := queueView{MayRegister: mayRegister(actor), Find: findInput(l, ""), Nothing: open.Requests+open.Appeals == 0}
	for _, kind := range queueKinds() {
		group := tileGroup{ID: "q-" + kind.key, Title: l.t("queue.kind_" + kind.key)}
		for _, q := range kind.queues {
			v.Nothing = v.Nothing && counts[q] == 0
			if !q.Rare() || counts[q] > 0 {
				group.Tiles = append(group.Tiles, queueTile(l, q, counts[q]))
			}
		}
		if kind.key == "now" {
			group.Tiles = append(group.Tiles, askedTiles(l, actor, open)...)
		}
		if len(group.Tiles) > 0 {
			v.Groups = append(v.Groups, group)
		}
	}
	if v.Undelivered, err = p.undelivered(ctx, l, actor); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "queue", title: l.t("queue.title"), nav: "/admin"}, v)
}

// queueKind is queues that belong together.
type queueKind struct {
	key    string
	queues []registry.Queue
}

// queueKinds orders the queues by how long they can wait.
func queueKinds() []queueKind {
	return []queueKind{
		{"late", []registry.Queue{registry.QueueOverdue, registry.QueueExpired}},
		{"now", []registry.Queue{registry.QueueUndecided, registry.QueueChanged, registry.QueueResubmitted, registry.QueueProposed}},
		{"soon", []registry.Queue{registry.QueueExpiring, registry.QueueRejected}},
	}
}

func queueTile(l *locale, q registry.Queue, n int) tile {
	return tile{Href: queuePath(q), Title: l.t("queue." + string(q)), Text: l.t("queue." + string(q) + "_text"), Count: cappedCount(l, n), Badge: queueBadge(l, q)}
}

// cappedCount writes a count that was not followed beyond registry.QueueCap.
func cappedCount(l *locale, n int) string {
	if n > registry.QueueCap {
		return l.t("queue.more_than", "n", registry.QueueCap)
	}
	return l.number(n)
}

func queueBadge(l *locale, q registry.Queue) badge {
	switch q {
	case registry.QueueChanged, registry.QueueResubmitted:
		return badge{"chg", "changed", l.t("state.changed")}
	case registry.QueueRejected:
		return badge{"bad", "cross", l.t("state.rejected")}
	case registry.QueueExpiring:
		return badge{"wait", "clock", l.t("state.expires_soon")}
	case registry.QueueExpired:
		return badge{"chg", "clock", l.t("state.expired")}
	case registry.QueueProposed:
		return badge{"wait", "clock", l.t("state.proposed")}
	case registry.QueueOverdue:
		return badge{"bad", "clock", l.t("state.overdue")}
	}
	return badge{"wait", "clock", l.t("state.waiting")}
}

// askedTiles are what people have asked for.
func askedTiles(l *locale, actor registry.Actor, open registry.OpenCounts) []tile {
	var out []tile
	if slices.ContainsFunc(approvers(), actor.Has) {
		out = append(out, tile{Href: "/admin/requests", Title: l.t("queue.requests"), Text: l.t("queue.requests_text"), Count: cappedCount(l, open.Requests),
			Badge: badge{"wait", "clock", l.t("wait.title")}})
	}
	if slices.ContainsFunc(appealReaders(), actor.Has) {
		out = append(out, tile{Href: "/admin/appeals", Title: l.t("queue.appeals"), Text: l.t("queue.appeals_text"), Count: cappedCount(l, open.Appeals),
			Badge: badge{"chg", "alert", l.t("appeal.state_OPEN")}})
	}
	return out
}

// approvers and appealReaders are for whom the tiles are shown; the registry
// decides again.
func approvers() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester}
}

func appealReaders() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleAttester, registry.RoleAuditor}
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

// queuePage is the people of one queue.
type queueListView struct {
	turn
	Title, Text string
	Badge       badge
	Begin       string // address of the first person's decisions; "": not for the reader, or nobody waits
	Done        string
	People      []queuedRow
	Order       string // key of the words for who comes first
	Count       string // how many wait, or that it is more than was counted
}

// queuedRow is one person in a queue, with the details that wait, the oldest first.
type queuedRow struct {
	personRow
	Details []words
	Since   string // of the oldest; "": not told
}

// QueueList is GET /admin/queues/:queue.
func (p *Pages) QueueList(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	q := queueOf(c.Param("queue"))
	if q == "" {
		return fault.New(fault.NotFound, "not_found", "There is no such queue.")
	}
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	page, err := p.registry.QueuePage(ctx, actor, q, c.Query("after"), peoplePage)
	if err != nil {
		return err
	}
	v := queueListView{Title: l.t("queue." + string(q)), Text: l.t("queue." + string(q) + "_text"), Badge: queueBadge(l, q)}
	for _, person := range page.People {
		row := queuedRow{personRow: p.personRow(l, fields, person, nil)}
		for _, wait := range page.Waits[person.ID] {
			row.Details = append(row.Details, p.label(l, definitionOf(fields, wait.Field)))
		}
		if waits := page.Waits[person.ID]; len(waits) > 0 {
			row.Since = l.date(waits[0].Since)
		}
		row.Href = attestPath("/admin/people/"+person.ID.String(), "", work{q, page.Places[person.ID]})
		v.People = append(v.People, row)
	}
	n, err := p.registry.QueueCount(ctx, actor, q)
	if err != nil {
		return err
	}
	v.Count, v.Order = cappedCount(l, n), "queue.oldest_first"
	if q == registry.QueueExpiring || q == registry.QueueExpired {
		v.Order = "queue.ends_first"
	}
	if len(v.People) > 0 && slices.ContainsFunc(attesters(), actor.Has) {
		v.Begin = v.People[0].Href
	}
	v.Done = said(c, l, "person.done_")
	v.turn = turnOf(c.Request.URL, page.Next)
	return p.show(c, http.StatusOK, look{page: "queue_list", title: v.Title, nav: "/admin"}, v)
}

// work is the queue that somebody works through, and the place of the person on the
// page in it: who comes next is known then, when the person has left the queue, too.
type work struct {
	queue registry.Queue
	at    string // "": not known
}

// workOf reads it from an address or a form.
func workOf(from url.Values) work { return work{queueOf(from.Get("queue")), from.Get("spot")} }

// queuePlace is where somebody stands in the queue that the reader works through.
type queuePlace struct {
	Key, Title string
	At         string // place of the person, "": not known
	Href       string // of the queue; "": no queue is worked through
	Next       string // address of the next person's decisions, or of the queue after the last
	Last       bool
}

// placeInQueue finds who comes after a person in the queue that is asked for. After
// the last it begins again, with whoever has waited longest.
func (p *Pages) placeInQueue(c *gin.Context, id uuid.UUID, posted url.Values) (queuePlace, error) {
	in := workOf(posted)
	if in.queue == "" {
		in = workOf(c.Request.URL.Query())
	}
	if in.queue == "" {
		return queuePlace{}, nil
	}
	l := p.localeOf(c)
	place := queuePlace{Key: string(in.queue), At: in.at, Title: l.t("queue." + string(in.queue)), Href: queuePath(in.queue), Next: queuePath(in.queue), Last: true}
	for from, again := in.at, in.at == ""; ; {
		next, at, err := p.registry.NextInQueue(c.Request.Context(), auth.Actor(c.Request.Context()), in.queue, from)
		switch {
		case err != nil && fault.CodeOf(err) != "bad_cursor":
			return place, err
		case err == nil && next == id:
			from = at
		case err == nil && next != uuid.Nil:
			place.Next, place.Last = attestPath("/admin/people/"+next.String(), "", work{in.queue, at}), false
			return place, nil
		case again:
			return place, nil
		default:
			from, again = "", true
		}
	}
}

// queueOf is the queue of a name, "" if there is none.
func queueOf(name string) registry.Queue {
	if q := registry.Queue(name); slices.Contains(registry.Queues(), q) {
		return q
	}
	return ""
}

func queuePath(q registry.Queue) string { return "/admin/queues/" + url.PathEscape(string(q)) }
