package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

type enrolView struct {
	programmeRow
	Find    input
	Asked   bool
	Found   []candidate
	Chosen  *link
	For     string
	Stays   []stayView
	Status  input
	On      input
	Reason  input
	Version int
	Token   string

	Problems []problem
}

// stayView is one stay in a programme.
type stayView struct {
	Programme          words
	Href               string // of the programme
	State              badge
	Start, Since, End  string
	Reason, RecordedBy string
	Change             string // moves it on; "": not for this reader
}

// EnrolForm is GET /admin/programmes/:code/enrol: whom, and where they shall stand.
func (p *Pages) EnrolForm(c *gin.Context) error {
	return p.enrol(c, http.StatusOK, c.Request.URL.Query(), nil)
}

// EnrolPost is POST /admin/programmes/:code/enrol: one person or group is moved.
func (p *Pages) EnrolPost(c *gin.Context) error {
	d, form, err := p.desked(c, enrollers()...)
	if err != nil {
		return err
	}
	status := registry.EnrolmentStatus(form.Get("status"))
	return d.change(form, "enrol.moved", func(ctx context.Context) (string, error) {
		reason := strings.TrimSpace(form.Get("reason"))
		if err := requireReason(reason); err != nil {
			return "", err
		}
		_, err := p.registry.Enrol(ctx, d.actor, oneOf(form, "for"), registry.EnrolmentChange{Programme: c.Param("code"), Status: status, On: form.Get("on"), Reason: reason, ExpectVersion: versionOf(form)})
		return programmesPath + "/" + url.PathEscape(c.Param("code")) + "?done=enrolled&status=" + url.QueryEscape(string(status)), err
	}, func(again int, problems []problem) error {
		if again != http.StatusConflict {
			problems = allAbout("status", problems)
		}
		return p.enrol(c, again, form, problems)
	})
}

func (p *Pages) enrol(c *gin.Context, status int, form url.Values, problems []problem) error {
	if err := auth.Allow(c, enrollers()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	prog, err := p.registry.Programme(ctx, c.Param("code"))
	if err != nil {
		return err
	}
	kinds, err := p.kindWords(ctx, l)
	if err != nil {
		return err
	}
	v := enrolView{programmeRow: p.programmeRow(l, kinds, prog), Problems: problems, Find: searchInput(l, "q", "enrol.find", form.Get("q")), Asked: strings.TrimSpace(form.Get("q")) != ""}
	if id := oneOf(form, "for"); id != uuid.Nil {
		if err := p.enrolOne(ctx, l, actor, prog, id, form, &v); err != nil {
			return err
		}
	}
	if v.Asked {
		if v.Found, err = p.findCandidates(ctx, l, actor, form.Get("q"), prog.Kinds); err != nil {
			return err
		}
	}
	return p.show(c, status, look{page: "enrol", title: l.t("enrol.title"), nav: programmesPath, failed: len(problems) > 0}, v)
}

// enrolOne is the form about one person or group.
func (p *Pages) enrolOne(ctx context.Context, l *locale, actor registry.Actor, prog registry.Programme, id uuid.UUID, form url.Values, v *enrolView) (err error) {
	if v.Version, err = p.registry.CurrentVersion(ctx, actor, id); err != nil {
		return err
	}
	named, err := p.links(ctx, l, actor, id)
	if err != nil {
		return err
	}
	found := named(id)
	v.Chosen, v.For = &found, id.String()
	if v.Stays, err = p.stays(ctx, l, actor, id, prog.Code); err != nil {
		return err
	}
	v.Status = choiceInput(l, "status", "credentials.state", "value.choose", statusOptions(l, form.Get("status")), v.Problems)
	v.On = dayInput(l, "on", "members.on", form.Get("on"), v.Problems)
	v.On.Hint = words{Text: l.t("members.today")}
	v.Reason = reasonInput(l, "reason", form.Get("reason"), v.Problems)
	v.Token, err = p.registry.NewForm(actor)
	return err
}

func statusOptions(l *locale, now string) []option {
	var out []option
	for _, s := range registry.EnrolmentStatuses() {
		out = append(out, option{Value: string(s), Label: words{Text: l.t("enrol.state_" + string(s))}, Selected: string(s) == now})
	}
	return out
}

// stays lists where a record stands and stood: in one programme, or with "" in all.
func (p *Pages) stays(ctx context.Context, l *locale, actor registry.Actor, id uuid.UUID, only string) ([]stayView, error) {
	list, err := p.registry.Enrolments(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	programmes, err := p.registry.Programmes(ctx)
	if err != nil {
		return nil, err
	}
	var out []stayView
	for _, e := range slices.Backward(list) {
		if only != "" && e.Programme != only {
			continue
		}
		row := stayView{Href: programmesPath + "/" + e.Programme, State: enrolmentBadge(l, e.Status), Start: l.day(e.Start), Since: l.day(e.Since), End: l.day(e.End), Reason: e.Reason, RecordedBy: e.RecordedBy}
		for _, prog := range programmes {
			if prog.Code == e.Programme {
				row.Programme = p.words(l, prog.Label, prog.Code)
			}
		}
		if mayEnrol(actor) {
			row.Change = row.Href + "/enrol?for=" + id.String()
		}
		out = append(out, row)
	}
	return out, nil
}

func enrolmentBadge(l *locale, s registry.EnrolmentStatus) badge {
	return badgeOf(s, l.t("enrol.state_"+string(s)), map[registry.EnrolmentStatus]badge{"": {"none", "minus", ""}, registry.EnrolmentEnrolled: {"ok", "check", ""},
		registry.EnrolmentApplied: {"wait", "clock", ""}, registry.EnrolmentSuspended: {"chg", "minus", ""}})
}

type recordProgrammesView struct {
	personView
	Stays      []stayView
	Programmes []tab // in which the record can be enrolled
}

// RecordProgrammes is GET /admin/people/:id/programmes, and of groups.
func (p *Pages) RecordProgrammes(c *gin.Context) error {
	rec, head, err := p.person(c, "/programmes")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	v := recordProgrammesView{personView: head}
	if v.Stays, err = p.stays(ctx, l, actor, rec.person.ID, ""); err != nil {
		return err
	}
	if mayEnrol(actor) {
		kind := registry.PersonKind
		if aboutGroup(c) {
			g, err := p.registry.Group(ctx, actor, rec.person.ID)
			if err != nil {
				return err
			}
			kind = g.Kind
		}
		list, err := p.registry.Programmes(ctx)
		if err != nil {
			return err
		}
		for _, prog := range list {
			if slices.Contains(prog.Kinds, kind) {
				v.Programmes = append(v.Programmes, tab{Href: programmesPath + "/" + prog.Code + "/enrol?for=" + rec.person.ID.String(), Text: p.words(l, prog.Label, prog.Code).Text})
			}
		}
	}
	return p.show(c, http.StatusOK, look{page: "record_programmes", title: head.Who.Name, nav: navOf(c)}, v)
}

type enrolManyView struct {
	programmeRow
	Numbers, Status, On, Reason input
	Token                       string
	Problems                    []problem
	Counted                     bool // the list was counted, and waits to be confirmed
	ToMove                      int
	Count, Already              string
	Job                         *jobView
	Result                      *manyResult
}

// manyResult is what came of a list.
type manyResult struct {
	Moved, Already int
	More           int // who were refused and are not named
	Refused        []refusedRow
}

type refusedRow struct{ Number, Why string }

// EnrolMany is GET /admin/programmes/:code/list: many at once, by their numbers; and
// with a job, what came of it.
func (p *Pages) EnrolMany(c *gin.Context) error { return p.enrolMany(c, http.StatusOK, nil, nil, nil) }

// EnrolManyPost is POST /admin/programmes/:code/list.
func (p *Pages) EnrolManyPost(c *gin.Context) error {
	d, form, err := p.desked(c, enrollers()...)
	if err != nil {
		return err
	}
	many := registry.EnrolMany{Programme: c.Param("code"), Status: registry.EnrolmentStatus(form.Get("status")), On: form.Get("on"), Reason: strings.TrimSpace(form.Get("reason")),
		Numbers: strings.FieldsFunc(form.Get("numbers"), func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ';' || r == '\t' || r == ' ' })}
	n, err := p.registry.CountEnrolMany(d.ctx, d.actor, many)
	if err == nil {
		err = requireReason(many.Reason)
	}
	if err == nil && (form.Get("counted") != decimal(n.ToMove) || form.Get("again") != "") {
		return p.enrolMany(c, http.StatusOK, form, nil, &n)
	}
	again := func(problems []problem) error {
		return p.enrolMany(c, http.StatusUnprocessableEntity, form, problems, nil)
	}
	if problems, ok := formErrors(d.l, err); err != nil && ok {
		return again(problems)
	} else if err != nil {
		return err
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		j, err := p.registry.StartEnrolMany(ctx, d.actor, many)
		return programmesPath + "/" + url.PathEscape(many.Programme) + "/list?job=" + j.ID.String(), err
	}, again)
}

func (p *Pages) enrolMany(c *gin.Context, status int, form url.Values, problems []problem, n *registry.EnrolCount) error {
	if err := auth.Allow(c, enrollers()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	prog, err := p.registry.Programme(ctx, c.Param("code"))
	if err != nil {
		return err
	}
	kinds, err := p.kindWords(ctx, l)
	if err != nil {
		return err
	}
	v := enrolManyView{programmeRow: p.programmeRow(l, kinds, prog), Problems: problems,
		Numbers: input{ID: "numbers", Kind: "area", Label: words{Text: l.t("enrol.numbers")}, Hint: words{Text: l.t("enrol.numbers_hint", "n", registry.MaxEnrolMany)}, Value: form.Get("numbers"), Dir: "ltr", Autocomplete: "off", Required: true, Wrong: wrongOf(problems, "numbers")},
		Status:  choiceInput(l, "status", "credentials.state", "value.choose", statusOptions(l, form.Get("status")), problems),
		On:      dayInput(l, "on", "members.on", form.Get("on"), problems), Reason: reasonInput(l, "reason", form.Get("reason"), problems)}
	v.On.Hint = words{Text: l.t("members.today")}
	if n != nil {
		v.Counted, v.ToMove = true, n.ToMove
		v.Count, v.Already = l.t("enrolfound.count", "n", n.ToMove), l.t("enrol.already", "n", n.Already)
	}
	if v.Job, err = p.jobOf(c); err != nil {
		return err
	}
	if v.Job != nil {
		if v.Result, err = p.manyResult(c); err != nil {
			return err
		}
	}
	if v.Token, err = p.registry.NewForm(auth.Actor(ctx)); err != nil {
		return err
	}
	return p.show(c, status, look{page: "enrol_many", title: l.t("enrol.many"), nav: programmesPath, failed: len(problems) > 0}, v)
}

// manyResult is what the job of the address has done; nil until it is at its end.
func (p *Pages) manyResult(c *gin.Context) (*manyResult, error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	j, err := p.registry.Job(ctx, auth.Actor(ctx), idsOf([]string{c.Query("job")}, 1)[0])
	if err != nil || j.Kind != registry.JobEnrolMany || len(j.Result) == 0 {
		return nil, err
	}
	var got registry.EnrolManyResult
	if err := json.Unmarshal(j.Result, &got); err != nil {
		return nil, fmt.Errorf("read the result of a job: %w", err)
	}
	out := &manyResult{Moved: got.Moved, Already: got.Already, More: got.MoreRefused}
	for _, r := range got.Refused {
		out.Refused = append(out.Refused, refusedRow{r.Number, faultText(l, "enrol_"+r.Code, faultText(l, r.Code, r.Code))})
	}
	return out, nil
}
