package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const programmesPath = "/admin/programmes"

// enrollers are the roles that enrol; the registry decides again.
func enrollers() []registry.Role { return []registry.Role{registry.RoleRegistrar, registry.RoleAdmin} }

func mayEnrol(a registry.Actor) bool { return slices.ContainsFunc(enrollers(), a.Has) }

type programmesView struct {
	Rows      []programmeRow
	MayDefine bool
}

type programmeRow struct {
	Href       string
	Name       words
	Code       string
	Kinds      []words
	Start, End string
}

// Programmes is GET /admin/programmes.
func (p *Pages) Programmes(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	list, err := p.registry.Programmes(ctx)
	if err != nil {
		return err
	}
	kinds, err := p.kindWords(ctx, l)
	if err != nil {
		return err
	}
	v := programmesView{MayDefine: auth.Actor(ctx).Has(registry.RoleAdmin)}
	for _, prog := range list {
		v.Rows = append(v.Rows, p.programmeRow(l, kinds, prog))
	}
	return p.show(c, http.StatusOK, look{page: "programmes", title: l.t("programmes.title"), nav: programmesPath}, v)
}

func (p *Pages) programmeRow(l *locale, kinds map[string]words, prog registry.Programme) programmeRow {
	row := programmeRow{Href: programmesPath + "/" + prog.Code, Name: p.words(l, prog.Label, prog.Code), Code: prog.Code, Start: l.day(prog.Start), End: l.day(prog.End)}
	for _, k := range prog.Kinds {
		row.Kinds = append(row.Kinds, kinds[k])
	}
	return row
}

type programmeFormView struct {
	Action, Back string
	New          bool
	Name         words
	Code         input
	Labels       []input
	Kinds        []candidate // whom it is for
	KindsWrong   string
	Start, End   input
	Reason       input
	Version      int
	Token        string
	Problems     []problem
}

// ProgrammeNew is GET /admin/programmes/new.
func (p *Pages) ProgrammeNew(c *gin.Context) error {
	return p.programmeForm(c, http.StatusOK, nil, nil, nil)
}

// ProgrammeCreate is POST /admin/programmes/new.
func (p *Pages) ProgrammeCreate(c *gin.Context) error { return p.saveProgramme(c, nil) }

// ProgrammeEdit is GET /admin/programmes/:code/edit.
func (p *Pages) ProgrammeEdit(c *gin.Context) error {
	prog, err := p.registry.Programme(c.Request.Context(), c.Param("code"))
	if err != nil {
		return err
	}
	return p.programmeForm(c, http.StatusOK, &prog, nil, nil)
}

// ProgrammeEditPost is POST /admin/programmes/:code/edit: its names and its last day.
func (p *Pages) ProgrammeEditPost(c *gin.Context) error {
	prog, err := p.registry.Programme(c.Request.Context(), c.Param("code"))
	if err != nil {
		return err
	}
	return p.saveProgramme(c, &prog)
}

// saveProgramme makes a programme, or changes the one that is there.
func (p *Pages) saveProgramme(c *gin.Context, there *registry.Programme) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	actor, l := auth.Actor(c.Request.Context()), p.localeOf(c)
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	want := p.programmeOf(form, there)
	reason := strings.TrimSpace(form.Get("reason"))
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		if err := requireReason(reason); err != nil {
			return "", err
		}
		if there == nil {
			made, err := p.registry.DefineProgramme(ctx, actor, want, reason)
			return programmesPath + "/" + made.Code + "?done=made", err
		}
		made, err := p.registry.EditProgramme(ctx, actor, want, reason)
		return programmesPath + "/" + made.Code + "?done=saved", err
	})
	if fault.CodeOf(err) == "version_conflict" && there != nil {
		now, err := p.registry.Programme(c.Request.Context(), there.Code)
		if err != nil {
			return err
		}
		there = &now
		return p.programmeForm(c, http.StatusConflict, there, form, []problem{{Text: l.t("programmes.moved")}})
	}
	if problems, ok := formErrors(l, err); err != nil && ok {
		return p.programmeForm(c, http.StatusUnprocessableEntity, there, form, problems)
	}
	return err
}

// programmeOf reads the form over the programme that is there.
func (p *Pages) programmeOf(form url.Values, there *registry.Programme) registry.Programme {
	want := registry.Programme{Code: strings.TrimSpace(form.Get("code")), Kinds: form["kind"], Start: form.Get("start")}
	if there != nil {
		want = *there
		version, err := wholeNumber(form.Get("version"))
		if err != nil {
			version = -1 // no programme has it
		}
		want.VersionNo = version
	}
	want.End, want.Label = form.Get("end"), map[string]string{}
	if there != nil { // a name in a language that no page is in stays
		for code, text := range there.Label {
			want.Label[code] = text
		}
	}
	for _, code := range p.codes {
		delete(want.Label, code)
		if text := strings.TrimSpace(form.Get("label_" + code)); text != "" {
			want.Label[code] = text
		}
	}
	return want
}

func (p *Pages) programmeForm(c *gin.Context, status int, there *registry.Programme, form url.Values, problems []problem) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	for i := range problems {
		if problems[i].Field == "label" {
			problems[i].Field = "label_" + defaultLocale
		}
	}
	v := programmeFormView{Action: programmesPath + "/new", Back: programmesPath, New: there == nil, Problems: problems, KindsWrong: wrongOf(problems, "kinds"),
		Reason: reasonInput(l, "reason", form.Get("reason"), problems)}
	now, title := registry.Programme{}, l.t("programmes.new")
	if there != nil {
		now, title = *there, l.t("programmes.edit")
		v.Back = programmesPath + "/" + now.Code
		v.Action, v.Version, v.Name = v.Back+"/edit", now.VersionNo, p.words(l, now.Label, now.Code)
		if form != nil && status != http.StatusConflict { // what it says was typed over that one
			v.Version = numberOf(form.Get("version"))
		}
	}
	v.Code = input{ID: "code", Kind: "text", Label: words{Text: l.t("programmes.code")}, Hint: words{Text: l.t("programmes.code_hint")}, Value: form.Get("code"), Dir: "ltr", Autocomplete: "off", MaxLength: 53, Required: true, Wrong: wrongOf(problems, "code")}
	for _, code := range p.codes {
		id := "label_" + code
		v.Labels = append(v.Labels, input{ID: id, Kind: "text", Label: words{Text: l.t("programmes.label", "language", p.locales[code].name)}, Value: valueOf(form, id, now.Label[code]), Dir: "auto", Autocomplete: "off", MaxLength: 200,
			Required: code == defaultLocale, Wrong: wrongOf(problems, id)})
	}
	v.Start, v.End = dayInput(l, "start", "programmes.start", form.Get("start"), problems), dayInput(l, "end", "programmes.end", valueOf(form, "end", now.End), problems)
	if status == http.StatusConflict {
		v.compare(l, p.codes, now)
	}
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return err
	}
	chosen := form["kind"]
	v.Kinds = append(v.Kinds, candidate{ID: registry.PersonKind, Kind: words{Text: l.t("kind.person")}, Chosen: form == nil || slices.Contains(chosen, registry.PersonKind)})
	for _, k := range kinds {
		v.Kinds = append(v.Kinds, candidate{ID: k.Key, Kind: p.words(l, k.Label, k.Key), Chosen: slices.Contains(chosen, k.Key)})
	}
	if v.Token, err = p.registry.NewForm(auth.Actor(ctx)); err != nil {
		return err
	}
	return p.show(c, status, look{page: "programme_form", title: title, nav: programmesPath, failed: len(problems) > 0}, v)
}

// compare shows what somebody else has saved meanwhile above what was typed.
func (v *programmeFormView) compare(l *locale, codes []string, now registry.Programme) {
	for i, code := range codes { // the labels are in that order
		v.Labels[i].against(l, now.Label[code])
	}
	v.End.against(l, now.End)
}

type programmeView struct {
	programmeRow
	turn
	Edit        string // "": not for this reader
	Enrol, Many string
	States      []tab
	Lists       []tab // where those who stand there are found, exported or moved
	Rows        []enrolledRow
	Done        string
}

type enrolledRow struct {
	link
	Start, Since, End string
	Reason            string
	Change            string
}

// Programme is GET /admin/programmes/:code: who stands where in it.
func (p *Pages) Programme(c *gin.Context) error {
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
	v := programmeView{programmeRow: p.programmeRow(l, kinds, prog)}
	if actor.Has(registry.RoleAdmin) {
		v.Edit = v.Href + "/edit"
	}
	if mayEnrol(actor) {
		v.Enrol, v.Many = v.Href+"/enrol", v.Href+"/list"
	}
	status := registry.EnrolmentStatus(c.Query("status"))
	if status == "" {
		status = registry.EnrolmentEnrolled
	}
	counts, err := p.registry.EnrolledCounts(ctx, actor, prog.Code)
	if err != nil {
		return err
	}
	for _, s := range registry.EnrolmentStatuses() {
		v.States = append(v.States, tab{Count: cappedCount(l, counts[s]), Href: v.Href + "?status=" + string(s), Text: l.t("enrol.state_" + string(s)), Current: s == status})
	}
	page, err := p.registry.Enrolled(ctx, actor, registry.EnrolledQuery{Programme: prog.Code, Status: status, After: c.Query("after"), Limit: membersPage})
	if err != nil {
		return err
	}
	if v.Rows, err = p.enrolledRows(ctx, l, actor, page.Enrolments, v.Enrol); err != nil {
		return err
	}
	v.Lists = listLinks(l, prog, status)
	v.Done = said(c, l, "programmes.done_")
	v.turn = turnOf(c.Request.URL, page.Next)
	return p.show(c, http.StatusOK, look{page: "programme", title: v.Name.Text, nav: programmesPath}, v)
}

func (p *Pages) enrolledRows(ctx context.Context, l *locale, actor registry.Actor, list []registry.Enrolment, enrol string) ([]enrolledRow, error) {
	var ids []uuid.UUID
	for _, e := range list {
		ids = append(ids, e.RegistrantID)
	}
	named, err := p.links(ctx, l, actor, ids...)
	if err != nil {
		return nil, err
	}
	var out []enrolledRow
	for _, e := range list {
		row := enrolledRow{link: named(e.RegistrantID), Start: l.day(e.Start), Since: l.day(e.Since), End: l.day(e.End), Reason: e.Reason}
		if enrol != "" && row.Href != "" {
			row.Change = enrol + "?for=" + e.RegistrantID.String()
		}
		out = append(out, row)
	}
	return out, nil
}
