package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const deskRequestsPath = "/admin/requests"

// requestsPage is how many change requests one page of a list has.
const requestsPage = 25

// approvedCode stands in an address for a request that was approved.
const approvedCode = "approved"

type requestsView struct {
	turn
	State, Field, Area input
	Number             input
	Areas              []option // known codes, for whoever types one
	Rows               []requestRow
	MayDecide          bool // there are rows to tick
	Notes              bool // there are notes among them
	Words              input
	Told               []toldRow // what became of those that were just decided on
	Asked              bool
	Token              string
	Problems           []problem
}

// requestRow is one change request in a list.
type requestRow struct {
	Href     string
	Pick     string // its id and version; "": the reader does not decide about it
	Note     bool   // what it says becomes no value of a record
	Chosen   bool
	Record   link
	Label    words
	Old, New shown
	By       string
	When     string
	Badge    badge

	Decided, DecidedBy, Words string // "": nobody has decided yet
}

// toldRow is what became of one of several requests.
type toldRow struct {
	Href, Name string
	Label      words
	Badge      badge
}

// Requests is GET /admin/requests: the oldest first.
func (p *Pages) Requests(c *gin.Context) error { return p.requests(c, http.StatusOK, nil, nil) }

// RequestsApprove is POST /admin/requests: all that are ticked, each with its outcome.
func (p *Pages) RequestsApprove(c *gin.Context) error {
	d, form, err := p.desked(c, approvers()...)
	if err != nil {
		return err
	}
	picks := picksOf(form["request"])
	return d.once(form, func(ctx context.Context) (string, error) {
		if len(picks) == 0 {
			return "", fault.New(fault.Invalid, "no_requests", "Tick at least one.")
		}
		done, err := p.registry.ApproveRequests(ctx, d.actor, picks, registry.Approve{Words: form.Get("words")})
		told := url.Values{}
		for _, o := range done {
			code := approvedCode
			if o.Err != nil {
				code = outcomeCode(o.Err)
			}
			told.Add("told", o.ID.String()+"~"+code)
		}
		return deskRequestsPath + "?" + told.Encode(), err
	}, func(problems []problem) error { return p.requests(c, http.StatusUnprocessableEntity, form, problems) })
}

// outcomeCode is the most exact code of an error.
func outcomeCode(err error) string {
	if fields := fault.FieldsOf(err); len(fields) > 0 {
		return fields[0].Code
	}
	return fault.CodeOf(err)
}

// mayApprove says whether the definition lets the actor decide; the registry
// decides again.
func mayApprove(a registry.Actor, f registry.Field) bool {
	by := f.Approval.By
	if len(by) == 0 {
		by = []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}
	}
	return slices.ContainsFunc(by, a.Has)
}

// picksOf reads id:version pairs.
func picksOf(texts []string) []registry.RequestVersion {
	var out []registry.RequestVersion
	for _, text := range texts {
		id, version, _ := strings.Cut(text, ":")
		parsed, err := uuid.Parse(id)
		no, noErr := wholeNumber(version)
		if err == nil && noErr == nil {
			out = append(out, registry.RequestVersion{ID: parsed, Version: no})
		}
	}
	return out
}

func (p *Pages) requests(c *gin.Context, status int, form url.Values, problems []problem) error {
	d := p.visit(c)
	q := registry.RequestQuery{State: registry.RequestSent, Field: c.Query("field"), Area: typedArea(c.Request.URL.Query()), Number: strings.TrimSpace(c.Query("number")), After: c.Query("after"), Limit: requestsPage}
	if state, given := c.GetQuery("state"); given {
		q.State = registry.RequestState(state)
	}
	page, err := p.registry.ChangeRequests(d.ctx, d.actor, q)
	if wrong, ok := queryProblems(d.l, err); err != nil && ok {
		status, problems = http.StatusUnprocessableEntity, append(problems, wrong...)
	} else if err != nil {
		return err
	}
	fields, err := p.fieldsOfAll(d.ctx)
	if err != nil {
		return err
	}
	v := requestsView{Problems: problems, Asked: q.State != registry.RequestSent || q.Field != "" || q.Area != "" || q.Number != "",
		Words: input{ID: "words", Kind: "text", Label: words{Text: d.l.t("requests.words")}, Hint: words{Text: d.l.t("requests.words_hint")}, Value: form.Get("words"), Dir: "auto", Autocomplete: "off", MaxLength: 500, Wrong: wrongOf(problems, "words")}}
	if err := p.requestFilters(d.ctx, d.l, d.actor, q, fields, &v); err != nil {
		return err
	}
	if v.Rows, err = p.requestRows(d.ctx, d.l, d.actor, page.Requests, fields, form["request"]); err != nil {
		return err
	}
	v.MayDecide = slices.ContainsFunc(v.Rows, func(r requestRow) bool { return r.Pick != "" })
	v.Notes = slices.ContainsFunc(v.Rows, func(r requestRow) bool { return r.Pick != "" && r.Note })
	if v.Told, err = p.told(d.ctx, d.l, d.actor, c.QueryArray("told"), fields); err != nil {
		return err
	}
	v.turn = turnOf(c.Request.URL, page.Next)
	v.Token = d.token()
	return d.page(status, look{page: "requests", title: d.l.t("requests.title"), nav: deskRequestsPath, failed: len(problems) > 0}, v)
}

// fieldsOfAll is the definitions of people and of every kind of group, by key.
func (p *Pages) fieldsOfAll(ctx context.Context) (map[string]registry.Field, error) {
	out := map[string]registry.Field{}
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return nil, err
	}
	all := []string{registry.PersonKind}
	for _, k := range kinds {
		all = append(all, k.Key)
	}
	for _, kind := range all {
		fields, err := p.registry.FieldsOf(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			out[f.Key] = f
		}
	}
	return out, nil
}

func (p *Pages) requestFilters(ctx context.Context, l *locale, actor registry.Actor, q registry.RequestQuery, fields map[string]registry.Field, v *requestsView) error {
	var states, named []option
	for _, s := range []registry.RequestState{registry.RequestSent, registry.RequestDraft, registry.RequestApproved, registry.RequestRejected, registry.RequestWithdrawn} {
		states = append(states, option{Value: string(s), Label: words{Text: l.t("requests.state_" + string(s))}, Selected: s == q.State})
	}
	v.State = choiceInput(l, "state", "credentials.state", "people.any", states, nil)
	for key, f := range fields {
		named = append(named, option{Value: key, Label: p.label(l, f), Selected: key == q.Field})
	}
	slices.SortFunc(named, func(a, b option) int { return strings.Compare(a.Label.Text, b.Label.Text) })
	v.Number = input{ID: "number", Kind: "text", Label: words{Text: l.t("requests.number")}, Value: q.Number, Dir: "ltr", Autocomplete: "off", MaxLength: 40}
	v.Field = choiceInput(l, "field", "stale.detail", "people.any", named, nil)
	v.Area = input{ID: "area", Kind: "listed", Label: words{Text: l.t("requests.area")}, Hint: words{Text: l.t("people.area_hint")}, Value: q.Area, Dir: "ltr", Autocomplete: "off", MaxLength: 40,
		Wrong: wrongOf(v.Problems, "area")}
	page, err := p.registry.Areas(ctx, actor, registry.AreaQuery{Limit: knownAreas})
	if fault.KindOf(err) == fault.Forbidden && err != nil {
		return nil
	}
	for _, a := range page.Areas {
		v.Areas = append(v.Areas, option{Value: a.Code, Label: p.words(l, a.Name, a.Code)})
	}
	return err
}

func (p *Pages) requestRows(ctx context.Context, l *locale, actor registry.Actor, list []registry.ChangeRequest, fields map[string]registry.Field, ticked []string) ([]requestRow, error) {
	var ids []uuid.UUID
	for _, q := range list {
		ids = append(ids, q.RegistrantID)
	}
	named, err := p.links(ctx, l, actor, ids...)
	if err != nil {
		return nil, err
	}
	var out []requestRow
	for _, q := range list {
		f := fields[q.Field]
		row := requestRow{Href: deskRequestsPath + "/" + q.ID.String(), Record: named(q.RegistrantID), Label: p.label(l, f), Old: p.masked(l, f, q.Base), New: p.masked(l, f, q.Value),
			By: q.Author, When: l.dateTime(askedAt(q)), Badge: requestBadge(l, q, f)}
		if q.State == registry.RequestSent && !q.Own && mayApprove(actor, f) {
			row.Pick, row.Note = q.ID.String()+":"+strconv.Itoa(q.Version), f.Approval.Note
			row.Chosen = slices.Contains(ticked, row.Pick)
		}
		if !q.DecidedAt.IsZero() {
			row.Decided, row.DecidedBy, row.Words = l.dateTime(q.DecidedAt), q.DecidedBy, q.Words
		}
		out = append(out, row)
	}
	return out, nil
}

// requestBadge says where a request stands.
func requestBadge(l *locale, q registry.ChangeRequest, f registry.Field) badge {
	if q.State == registry.RequestSent && q.Changed {
		return badge{"chg", "changed", l.t("requests.changed")}
	}
	return badgeOf(q.State, requestState(l, q.State, f), map[registry.RequestState]badge{"": {"none", "minus", ""}, registry.RequestApproved: {"ok", "check", ""},
		registry.RequestRejected: {"bad", "cross", ""}, registry.RequestSent: {"wait", "clock", ""}})
}

// requestState is the word for a state. A note is not approved: the record does not hold
// what it says.
func requestState(l *locale, state registry.RequestState, f registry.Field) string {
	if f.Approval.Note && state == registry.RequestApproved {
		return l.t("requests.noted")
	}
	return l.t("requests.state_" + string(state))
}

// told says what became of the requests of an address.
func (p *Pages) told(ctx context.Context, l *locale, actor registry.Actor, outcomes []string, fields map[string]registry.Field) ([]toldRow, error) {
	var out []toldRow
	for _, text := range outcomes[:min(len(outcomes), requestsPage)] {
		id, code, _ := strings.Cut(text, "~")
		parsed, err := uuid.Parse(id)
		if err != nil {
			continue
		}
		q, err := p.registry.ChangeRequest(ctx, actor, parsed)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		named, err := p.links(ctx, l, actor, q.RegistrantID)
		if err != nil {
			return nil, err
		}
		row := toldRow{Href: deskRequestsPath + "/" + id, Name: named(q.RegistrantID).Name, Label: p.label(l, fields[q.Field]), Badge: badge{"bad", "cross", l.t("requests.not_approved")}}
		switch {
		case code == approvedCode && q.State == registry.RequestApproved:
			row.Badge = requestBadge(l, q, fields[q.Field])
		case l.has("fault." + code):
			row.Badge.Text = l.t("fault." + code)
		}
		out = append(out, row)
	}
	return out, nil
}
