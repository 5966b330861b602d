package web

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

const sourcesPath = "/admin/sources"

// sourceReaders see where rows come from; administrators keep it.
func sourceReaders() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAuditor}
}

// Sources is GET /admin/sources: other systems that people are pulled from.
func (p *Pages) Sources(c *gin.Context) error {
	d, err := p.desk(c, sourceReaders()...)
	if err != nil {
		return err
	}
	list, err := p.registry.Sources(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v, l := d.list("source", sourcesPath, ""), d.l
	v.Grid = newGrid(l, v.Title, "source.name", "job.state", "source.mapping", "source.next")
	for _, s := range list {
		name := p.words(l, s.Label, s.Key).gridCell()
		name.Href = sourcesPath + "/" + s.Key
		state, next := sourceBadge(l, s), ""
		if !s.NextAt.IsZero() {
			next = l.dateTime(s.NextAt)
		}
		v.Grid.add(name, cell{Badge: &state}, code(s.Mapping), cell{Text: next})
	}
	if d.actor.Has(registry.RoleAdmin) {
		v.Acts = []pageLink{{Href: sourcesPath + "/new", Text: l.t("source.new"), Main: true}}
	}
	return d.showList(v)
}

func sourceBadge(l *locale, s registry.Source) badge {
	switch {
	case s.State != registry.SourceReady:
		return badge{"bad", "alert", l.t("source.state_stuck")}
	case !s.Enabled || s.Every == 0:
		return badge{"none", "minus", l.t("source.state_asked")}
	}
	return badge{"ok", "check", l.t("source.state_ready")}
}

// Source is GET /admin/sources/:key: how it is set, and its pulls.
func (p *Pages) Source(c *gin.Context) error { return p.sourcePage(c, nil, nil) }

func (p *Pages) sourcePage(c *gin.Context, sent url.Values, problems []problem) error {
	d, l := p.visit(c), p.localeOf(c)
	s, err := p.registry.Source(d.ctx, d.actor, c.Param("key"))
	if err != nil {
		return err
	}
	runs, err := p.registry.SourceRuns(d.ctx, d.actor, s.Key, c.Query("after"), 25)
	if err != nil {
		return err
	}
	state, at := sourceBadge(l, s), sourcesPath+"/"+s.Key
	v := showPage{Title: p.words(l, s.Label, s.Key), Text: l.t("source.about"), Back: pageLink{Href: sourcesPath, Text: l.t("source.title")}, Badge: &state, Problems: problems, Done: doneText(c, l),
		Name: l.t("source.settings"), Facts: sourceFacts(l, s), Grids: []gridSection{{ID: "runs", Title: l.t("source.runs"), Grid: runsGrid(l, at, runs.Runs), Empty: l.t("source.no_runs")}}, Sent: sent}
	if runs.Next != "" {
		v.Grids[0].Acts = []pageLink{{Href: turnOf(c.Request.URL, runs.Next).Next, Text: l.t("people.next")}}
	}
	if d.actor.Has(registry.RoleAdmin) {
		v.Links = []pageLink{{Href: at + "/edit", Text: l.t("source.edit"), Icon: "pencil"}}
		f := typed{l: l, problems: problems}
		v.Acts = []act{{ID: "pull", Title: l.t("source.pull"), Text: l.t("source.pull_text"), Action: at + "/pull", Token: d.token(), Button: l.t("source.pull")},
			{ID: "restart", Title: l.t("source.restart"), Text: l.t("source.restart_text"), Action: at + "/restart", Token: d.token(), Inputs: []input{f.reason()}, Button: l.t("source.restart"), Warn: true}}
	}
	return d.showOne(sourcesPath, at, v)
}

func sourceFacts(l *locale, s registry.Source) []fact {
	secret := l.t("kit.no")
	if s.HasSecret {
		secret = l.t("kit.yes")
	}
	goes := l.t("source.goes_anew")
	if s.GoesOn {
		goes = l.t("source.goes_on")
	}
	out := []fact{{Label: l.t("source.url"), Text: s.URL, Dir: "ltr"}, {Label: l.t("source.mapping"), Text: s.Mapping, Dir: "ltr", Href: mappingsPath + "/" + s.Mapping},
		{Label: l.t("source.every"), Text: everyText(l, s.Every)}, {Label: l.t("source.secret_kept"), Text: secret}, {Label: l.t("source.next_pull"), Text: goes}}
	if !s.NextAt.IsZero() {
		out = append(out, fact{Label: l.t("source.next"), Text: l.dateTime(s.NextAt)})
	}
	return out
}

func everyText(l *locale, seconds int) string {
	if seconds == 0 {
		return l.t("source.every_asked")
	}
	return l.t("source.every_minutes", "n", (seconds+59)/60)
}

func runsGrid(l *locale, at string, runs []registry.SourceRun) grid {
	g := newGrid(l, l.t("source.runs"), "source.begun", "job.state", "#upload.rows", "#job.result_created", "#job.result_updated", "#job.result_problem_count", "job.by")
	for _, r := range runs {
		state := jobBadge(l, registry.Job{State: registry.JobState(r.State)})
		problems := cell{Text: l.number(r.ProblemCount), Href: at + "/runs/" + r.ID.String()}
		note := ""
		if r.ErrorCode != "" {
			note = faultText(l, r.ErrorCode, r.ErrorCode)
		}
		g.add(cell{Text: l.dateTime(r.BegunAt)}, cell{Badge: &state, Note: note}, cell{Text: l.number(r.Rows)}, cell{Text: l.number(r.Created)}, cell{Text: l.number(r.Updated)}, problems, cell{Text: r.AskedBy})
	}
	return g
}

// SourceProblems is GET /admin/sources/:key/runs/:id: what was wrong with the rows
// of one pull.
func (p *Pages) SourceProblems(c *gin.Context) error {
	id, err := pathUUID(c, "no_such_run")
	if err != nil {
		return err
	}
	d := p.visit(c)
	page, err := p.registry.SourceProblems(d.ctx, d.actor, c.Param("key"), id, c.Query("after"), 100)
	if err != nil {
		return err
	}
	v, l := d.list("source", sourcesPath, page.Next), d.l
	v.Title, v.Text, v.Empty = l.t("source.problems"), l.t("source.problems_text"), l.t("source.no_problems")
	v.Back = &pageLink{Href: sourcesPath + "/" + c.Param("key"), Text: l.t("source.title")}
	v.Grid = newGrid(l, v.Title, "source.row", "upload.column", "upload.code", "upload.problem")
	for _, x := range page.Problems {
		text := x.Words
		if l.code != defaultLocale && l.has("fault."+x.Code) {
			text = l.t("fault." + x.Code)
		}
		v.Grid.add(cell{Text: l.t("source.row_at", "page", x.Page, "row", x.Row)}, cell{Text: x.Column, Dir: "auto"}, code(x.Code), cell{Text: text, Dir: "auto"})
	}
	return d.showList(v)
}

// SourcePull is POST /admin/sources/:key/pull.
func (p *Pages) SourcePull(c *gin.Context) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	return p.startJob(c, func(ctx context.Context, a registry.Actor, _ url.Values) (registry.Job, error) {
		return p.registry.StartSourcePull(ctx, a, c.Param("key"))
	})
}

// SourceRestart is POST /admin/sources/:key/restart: the next pull begins anew.
func (p *Pages) SourceRestart(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		_, err := p.registry.RestartSource(ctx, d.actor, c.Param("key"), form.Get("reason"))
		return sourcesPath + "/" + url.PathEscape(c.Param("key")) + "?done=saved", err
	}, func(problems []problem) error { return p.sourcePage(c, form, reasonProblems(problems)) })
}

func (p *Pages) sources() editor {
	return editor{p: p, page: p.sourceForm,
		now: func(d *desk, key string) (url.Values, error) {
			s, err := p.registry.Source(d.ctx, d.actor, key)
			return sourceValues(s), err
		},
		save: func(ctx context.Context, d *desk, key string, form url.Values) (at string, err error) {
			s, secret := sourceOf(form), form.Get("secret")
			if key == "" {
				s, err = p.registry.DefineSource(ctx, d.actor, s, secret, form.Get("reason"))
			} else {
				kept := new(secret)
				if secret == "" && form.Get("no_secret") == "" {
					kept = nil
				}
				s.Key, s.VersionNo = key, numberOf(form.Get("version"))
				s, err = p.registry.ChangeSource(ctx, d.actor, s, kept, form.Get("reason"))
			}
			return sourcesPath + "/" + s.Key + "?done=saved", err
		}}
}

// SourceForm is GET /admin/sources/new.
func (p *Pages) SourceForm(c *gin.Context) error {
	return p.sources().open(c, "", url.Values{"every": {"0"}})
}

// SourceCreate is POST /admin/sources.
func (p *Pages) SourceCreate(c *gin.Context) error { return p.sources().post(c, "") }

// SourceEdit is GET /admin/sources/:key/edit.
func (p *Pages) SourceEdit(c *gin.Context) error { return p.sources().open(c, c.Param("key"), nil) }

// SourceChange is POST /admin/sources/:key/edit.
func (p *Pages) SourceChange(c *gin.Context) error { return p.sources().post(c, c.Param("key")) }

func numberOf(text string) int {
	n, err := strconv.Atoi(digitsOf(text))
	if err != nil {
		return 0
	}
	return n
}

// sourceOf reads a source from its form.
func sourceOf(form url.Values) registry.Source {
	get := form.Get
	return registry.Source{Key: get("key"), Label: labelsIn(form, "label"), URL: get("url"), Every: numberOf(get("every")), Mapping: get("mapping"), AuthHeader: get("auth_header"), RowsPath: get("rows_path"),
		Cursor:   registry.SourceCursor{In: registry.CursorPlace(get("cursor")), Path: get("cursor_path"), Param: get("cursor_param"), Keep: get("cursor_keep") != ""},
		PageSize: numberOf(get("page_size")), PageSizeParam: get("page_size_param"), VersionLabel: get("version_label"), Enabled: get("enabled") != ""}
}

// sourceValues is the other way round.
func sourceValues(s registry.Source) url.Values {
	v := url.Values{"url": {s.URL}, "every": {decimal(s.Every)}, "mapping": {s.Mapping}, "auth_header": {s.AuthHeader}, "rows_path": {s.RowsPath}, "cursor": {string(s.Cursor.In)}, "cursor_path": {s.Cursor.Path},
		"cursor_param": {s.Cursor.Param}, "page_size_param": {s.PageSizeParam}, "version_label": {s.VersionLabel}, "version": {decimal(s.VersionNo)}}
	if s.PageSize > 0 {
		v.Set("page_size", decimal(s.PageSize))
	}
	if s.Cursor.Keep {
		v.Set("cursor_keep", "1")
	}
	if s.Enabled {
		v.Set("enabled", "1")
	}
	putLabels(v, "label", s.Label)
	return v
}

// sourceForm shows the form of a source; key "" is a new one.
func (p *Pages) sourceForm(d *desk, f typed, key string) error {
	v := d.formOf(f, "source", sourcesPath, key)
	saved, err := p.registry.ImportMappings(d.ctx, d.actor)
	if err != nil {
		return err
	}
	l, what := d.l, controlGroup{ID: "what", Title: d.l.t("source.what")}
	if key == "" {
		what.Inputs = append(what.Inputs, f.code("key", "kit.key"))
	}
	what.Inputs = append(what.Inputs, p.labels(f, "label", "kit.label")...)
	options := []option{{Label: words{Text: l.t("source.choose_mapping")}}}
	for _, m := range saved {
		options = append(options, option{Value: m.Key, Label: p.words(l, m.Label, m.Key)})
	}
	what.Inputs = append(what.Inputs, f.choice("mapping", "source.mapping", options...), f.choice("every", "source.every", everyOptions(l, f.values.Get("every"))...), f.tick("enabled", "source.enabled"), f.text("version_label", "source.version_label"))
	v.Groups = append([]controlGroup{what}, sourceGroups(f, key)...)
	return d.showForm(v)
}

func everyOptions(l *locale, now string) (out []option) {
	seconds := []int{0, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600}
	known := false
	for _, n := range seconds {
		known = known || decimal(n) == now
		out = append(out, option{Value: decimal(n), Label: words{Text: everyText(l, n)}})
	}
	if n := numberOf(now); !known && n > 0 {
		out = append(out, option{Value: decimal(n), Label: words{Text: everyText(l, n)}})
	}
	return out
}

// sourceGroups are where the rows stand and how the next are asked for.
func sourceGroups(f typed, key string) []controlGroup {
	l := f.l
	address := f.code("url", "source.url")
	address.MaxLength, address.Required = 2000, true
	secret := f.input("secret", "password", "source.secret")
	secret.Value, secret.Autocomplete = "", "new-password" // it is never shown again
	access := controlGroup{ID: "access", Title: l.t("source.access"), Inputs: []input{address, f.code("rows_path", "source.rows_path"), f.code("auth_header", "source.auth_header"), secret}}
	if key != "" {
		access.Inputs = append(access.Inputs, f.tick("no_secret", "source.no_secret"))
	}
	cursor := f.choice("cursor", "source.cursor", option{Label: words{Text: l.t("source.cursor_none")}}, option{Value: string(registry.CursorBody), Label: words{Text: l.t("source.cursor_body")}}, option{Value: string(registry.CursorLink), Label: words{Text: l.t("source.cursor_link")}})
	size := f.code("page_size", "source.page_size")
	size.Mode = "numeric"
	pages := controlGroup{ID: "pages", Title: l.t("source.pages"), Inputs: []input{cursor, f.code("cursor_path", "source.cursor_path"), f.code("cursor_param", "source.cursor_param"), f.tick("cursor_keep", "source.cursor_keep"), size, f.code("page_size_param", "source.page_size_param")}}
	return []controlGroup{access, pages, f.why()}
}
