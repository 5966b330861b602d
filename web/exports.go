package web

import (
	"context"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const exportsPath = "/admin/exports"

// exportsShown is how many downloads one page of the list has.
const exportsShown = 25

func exportPath(id uuid.UUID) string { return exportsPath + "/" + id.String() }

// exporters make downloads; auditors see those of all.
func exporters() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAttester}
}

func exportReaders() []registry.Role { return append(exporters(), registry.RoleAuditor) }

// Exports is GET /admin/exports: downloads, and how long their files are kept.
func (p *Pages) Exports(c *gin.Context) error {
	d, err := p.desk(c, exportReaders()...)
	if err != nil {
		return err
	}
	page, err := p.registry.Downloads(d.ctx, d.actor, c.Query("after"), exportsShown)
	if err != nil {
		return err
	}
	v, l := d.list("export", exportsPath, page.Next), d.l
	v.Grid = newGrid(l, l.t("export.list"), "export.purpose", "job.state", "#upload.rows", "job.by", "job.asked", "export.until", "export.size")
	for _, x := range page.Downloads {
		state := exportBadge(l, x, p.now())
		until, size := "", ""
		if x.HasFile && !x.ExpiresAt.IsZero() {
			until, size = l.dateTime(x.ExpiresAt), sizeWords(l, x.Size)
		}
		v.Grid.add(cell{Text: x.Purpose, Href: exportPath(x.ID)}, cell{Badge: &state}, cell{Text: l.count(x.Rows)}, cell{Text: x.CreatedBy}, cell{Text: l.dateTime(x.CreatedAt)}, cell{Text: until}, cell{Text: size})
	}
	if mayExport(d.actor) {
		v.Acts = []pageLink{{Href: exportsPath + "/new", Text: l.t("export.new"), Main: true}}
	}
	return d.showList(v)
}

func exportBadge(l *locale, d registry.Download, now time.Time) badge {
	state := registry.JobState(d.State)
	if state == registry.JobDone && (!d.HasFile || now.After(d.ExpiresAt)) {
		return badge{"none", "minus", l.t("export.gone")}
	}
	return jobBadge(l, registry.Job{State: state})
}

// Export is GET /admin/exports/:id: what a download holds, and its file.
func (p *Pages) Export(c *gin.Context) error {
	d, l := p.visit(c), p.localeOf(c)
	id, err := pathUUID(c, "no_such_export")
	if err != nil {
		return err
	}
	x, err := p.registry.Download(d.ctx, d.actor, id)
	if err != nil {
		return err
	}
	state := exportBadge(l, x, p.now())
	v := showPage{Title: words{Text: x.Purpose}, Text: l.t("job.about", "who", x.CreatedBy, "when", l.dateTime(x.CreatedAt)), Done: doneText(c, l),
		Back: pageLink{Href: exportsPath, Text: l.t("export.title")}, Badge: &state, Name: l.t("export.about"), Facts: p.exportFacts(d.ctx, l, x)}
	if x.Job != uuid.Nil {
		j, err := p.registry.Job(d.ctx, d.actor, x.Job)
		if err == nil && j.State != registry.JobDone {
			v.Job = p.jobRow(l, d.actor, j, d.token(), exportPath(id))
		} else if err != nil && fault.KindOf(err) != fault.NotFound { // ended jobs are not kept for ever
			return err
		}
	}
	if done, err := p.progress(c, "one", v.Job); done || err != nil {
		return err
	}
	if x.HasFile && p.now().Before(x.ExpiresAt) {
		v.Links = []pageLink{{Href: exportPath(id) + "/file." + string(x.Format), Text: l.t("export.download"), Main: true}}
		v.Acts = []act{{ID: "drop", Title: l.t("export.drop"), Text: l.t("export.drop_text"), Action: exportPath(id) + "/drop", Token: d.token(), Button: l.t("export.drop"), Warn: true}}
	}
	return d.showOne(exportsPath, "", v)
}

func (p *Pages) exportFacts(ctx context.Context, l *locale, d registry.Download) []fact {
	names := ""
	labels := p.labelsOfKind(ctx, l, d.Kind)
	for i, key := range d.Fields {
		if i > 0 {
			names += l.t("list.comma") + " "
		}
		if label := labels[key].Text; label != "" {
			key = label
		}
		names += key
	}
	out := []fact{{Label: l.t("export.fields"), Text: textOr(names)}, {Label: l.t("upload.rows"), Text: l.count(d.Rows)}, {Label: l.t("export.format"), Text: l.t("export.format_" + string(d.Format))}}
	if d.AttestedOnly {
		out = append(out, fact{Label: l.t("export.attested_only"), Text: l.t("kit.yes")})
	}
	if d.Attestations {
		out = append(out, fact{Label: l.t("export.attestations"), Text: l.t("kit.yes")})
	}
	if d.HasFile && !d.ExpiresAt.IsZero() {
		out = append(out, fact{Label: l.t("export.until"), Text: l.dateTime(d.ExpiresAt)}, fact{Label: l.t("export.size"), Text: sizeWords(l, d.Size)})
	}
	return out
}

// labelsOfKind are the names of the fields of people, or of a kind of group.
func (p *Pages) labelsOfKind(ctx context.Context, l *locale, kind string) map[string]words {
	out := map[string]words{}
	fields, err := p.registry.FieldsOf(ctx, kind)
	if err != nil {
		return out // their keys say it too
	}
	for _, f := range fields {
		out[f.Key] = p.label(l, f)
	}
	return out
}

// ExportFile is GET /admin/exports/:id/file.csv, or .xlsx.
func (p *Pages) ExportFile(c *gin.Context) error {
	id, err := pathUUID(c, "no_such_export")
	if err != nil {
		return err
	}
	f, err := p.registry.ExportFile(c.Request.Context(), auth.Actor(c.Request.Context()), id)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	return respond.Attachment(c, respond.File{Name: f.Name, ContentType: f.Format.MediaType(), Size: f.Size, Body: f})
}

// ExportDrop is POST /admin/exports/:id/drop: the file goes, its record stays.
func (p *Pages) ExportDrop(c *gin.Context) error {
	id, err := pathUUID(c, "no_such_export")
	if err != nil {
		return err
	}
	return p.press(c, func(ctx context.Context, d *desk, _ url.Values) (string, error) {
		return exportPath(id) + "?done=export_dropped", p.registry.DropExportFile(ctx, d.actor, id)
	})
}

// ExportForm is GET /admin/exports/new: what a download is to hold. Whom it is
// about stands in the address, as in that of the list of people.
func (p *Pages) ExportForm(c *gin.Context) error {
	values := c.Request.URL.Query()
	if values.Get("kind") == "" {
		values.Set("kind", registry.PersonKind)
	}
	return p.exportForm(c, exportForm{values: values})
}

// ExportStart is POST /admin/exports: it counts, and with the count that was shown
// it starts.
func (p *Pages) ExportStart(c *gin.Context) error {
	if err := auth.Allow(c, exporters()...); err != nil {
		return err
	}
	ctx := c.Request.Context()
	a := auth.Actor(ctx)
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	if form.Get("step") == "fields" { // of another kind of record
		return p.exportForm(c, exportForm{values: form})
	}
	ask, err := exportAsked(form)
	var n int64
	if err == nil {
		n, err = p.registry.CountExport(ctx, a, ask)
	}
	if err == nil && (form.Get("step") != "start" || form.Get("counted") != decimal(int(n))) {
		return p.exportForm(c, exportForm{values: form, counted: true, n: int(n)})
	}
	if err == nil && n > typedAbove && digitsOf(form.Get("count")) != decimal(int(n)) {
		err = fault.InvalidFields("count_differs", "The number is not the one that is asked for.", []fault.Field{{Name: "count", Code: "count_differs", Detail: "Type the number of rows."}})
	}
	if err == nil {
		err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
			j, err := p.registry.StartExport(ctx, a, ask)
			return jobPath(j.ID), err
		})
	}
	if problems, ok := exportErrors(p.localeOf(c), err); err != nil && ok {
		return p.exportForm(c, exportForm{values: form, counted: form.Get("step") == "start", n: int(n), problems: problems})
	}
	return err
}

// exportAsked reads the form; whom it is about it reads as the list of people does.
// It returns Invalid "bad_query".
func exportAsked(form url.Values) (registry.ExportRequest, error) {
	q, err := peopleQuery(form)
	return registry.ExportRequest{Kind: form.Get("kind"), Fields: form["fields"], Query: q, AttestedOnly: form.Get("attested_only") != "",
		Attestations: form.Get("attestations") != "", Format: registry.ExportFormat(form.Get("format")), Purpose: form.Get("purpose")}, err
}

// exportErrors is what is wrong with the form, with whom it asks for as well.
func exportErrors(l *locale, err error) ([]problem, bool) {
	if fault.CodeOf(err) == "bad_query" {
		return queryProblems(l, err)
	}
	return formErrors(l, err)
}

// exportForm is what was typed and what came of it.
type exportForm struct {
	values   url.Values
	problems []problem
	counted  bool
	n        int
}

// exportFormView is the form of a download.
type exportFormView struct {
	Token string
	Kind  input
	Find  input
	filterView
	Groups   []tickGroup
	Wrong    string // with the choice of fields
	How      []input
	Purpose  input
	Problems []problem
	Counted  bool
	N        int
	Count    string
	Start    string
	Typed    *input // the number that must be typed; nil: none
}

// tickGroup is choices of which several may be made.
type tickGroup struct {
	ID, Title string
	Ticks     []option
}

func (p *Pages) exportForm(c *gin.Context, f exportForm) error {
	d, err := p.desk(c, exporters()...)
	if err != nil {
		return err
	}
	v := exportFormView{Problems: f.problems, Counted: f.counted, N: f.n, Token: d.token(), Wrong: wrongOf(f.problems, "fields")}
	kinds, err := p.recordKinds(d.ctx, d.l)
	if err != nil {
		return err
	}
	in := typed{l: d.l, values: f.values, problems: f.problems}
	v.Kind = in.choice("kind", "upload.kind", kinds...)
	fields, err := p.registry.FieldsOf(d.ctx, f.values.Get("kind"))
	if err != nil {
		return err
	}
	v.Find = in.text("q", "export.find")
	if v.filterView, err = p.filterView(c, f.values.Get("kind"), fields, f.values, f.problems); err != nil {
		return err
	}
	v.Groups = p.fieldTicks(d.l, d.actor, fields, f.values["fields"])
	v.How = []input{in.tick("attested_only", "export.attested_only"), in.tick("attestations", "export.attestations"),
		in.choice("format", "export.format", option{Value: string(registry.ExportCSV), Label: words{Text: d.l.t("export.format_csv")}}, option{Value: string(registry.ExportXLSX), Label: words{Text: d.l.t("export.format_xlsx")}})}
	v.Purpose = in.text("purpose", "export.purpose")
	v.Purpose.Required = true
	if f.counted {
		v.Count, v.Start = d.l.t("export.count", "n", f.n), d.l.t("export.start", "n", f.n)
		v.Typed = countInput(d.l, f.n, f.problems)
	}
	return d.page(statusOf(f.problems), look{page: "export", title: d.l.t("export.new"), nav: exportsPath, here: exportsPath + "/new", failed: len(f.problems) > 0}, v)
}

// fieldTicks are the fields that the actor is told, by section.
func (p *Pages) fieldTicks(l *locale, a registry.Actor, fields []registry.Field, chosen []string) (out []tickGroup) {
	at, is := map[string]int{}, map[string]bool{}
	for _, key := range chosen {
		is[key] = true
	}
	for _, f := range fields {
		if !a.MaySee(f) || f.Approval.Note {
			continue
		}
		i, ok := at[f.Section]
		if !ok {
			i = len(out)
			at[f.Section] = i
			out = append(out, tickGroup{ID: f.Section, Title: sectionTitle(l, f.Section)})
		}
		out[i].Ticks = append(out[i].Ticks, option{Value: f.Key, Label: p.label(l, f), Selected: is[f.Key]})
	}
	return out
}

func mayExport(a registry.Actor) bool { return hasAny(a, exporters()) }

func hasAny(a registry.Actor, roles []registry.Role) bool {
	for _, role := range roles {
		if a.Has(role) {
			return true
		}
	}
	return false
}
