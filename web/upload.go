package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

const uploadsPath = "/admin/uploads"

// shownUploads is how many uploads one page of the list has.
const shownUploads = 25

// uploaders are the roles that send files: attesters send decisions.
func uploaders() []registry.Role { return append(officers(), registry.RoleAttester) }

// uploadFormView is the form that sends a file, and the one that gives a template.
type uploadFormView struct {
	Token     string
	Kind      input
	Choices   []input // what is in the file, and what of bad rows
	More      []input
	Open      bool // something is typed in More
	Reason    input
	File      input
	Template  []input // "": the sender gets none
	Problems  []problem
	MaxSize   int // MB
	MaxRows   int
	MaxGroups int  // rows of a file of groups
	Decisions bool // the sender sends nothing but decisions
}

// Uploads is GET /admin/uploads: the files that were sent.
func (p *Pages) Uploads(c *gin.Context) error {
	d, err := p.desk(c, uploaders()...)
	if err != nil {
		return err
	}
	before := uuid.Nil
	if after := c.Query("after"); after != "" {
		if before, err = uuid.Parse(after); err != nil {
			return fault.Wrap(fault.Invalid, "bad_cursor", "This page does not exist.", err)
		}
	}
	batches, err := p.registry.ImportBatches(d.ctx, d.actor, before, shownUploads)
	if err != nil {
		return err
	}
	next := ""
	if len(batches) == shownUploads {
		next = batches[shownUploads-1].ID.String()
	}
	v, l := d.list("upload", uploadsPath, next), d.l
	v.Title, v.Text, v.Acts = l.t("upload.list"), l.t("upload.list_text"), []pageLink{{Href: uploadsPath + "/new", Text: l.t("upload.title"), Icon: "upload", Main: true}}
	v.Grid = newGrid(l, l.t("upload.past"), "upload.name", "credentials.state", "#upload.rows", "upload.when", "job.by")
	for _, b := range batches {
		state := batchBadge(l, b)
		v.Grid.add(cell{Text: textOr(b.Name), Href: uploadPath(b.ID)}, cell{Badge: &state}, cell{Text: l.number(b.Result.Rows)}, cell{Text: l.dateTime(b.CreatedAt)}, cell{Text: b.Actor})
	}
	return d.showList(v)
}

// UploadForm is GET /admin/uploads/new: what is in the file, and the file.
func (p *Pages) UploadForm(c *gin.Context) error {
	return p.uploadForm(c, http.StatusOK, url.Values{"kind": {registry.PersonKind}, "carries": {string(registry.CarriesValues)}, "mode": {string(registry.ImportCreate)}, "rule": {"good"}}, nil)
}

func (p *Pages) uploadForm(c *gin.Context, status int, values url.Values, problems []problem) error {
	if err := auth.Allow(c, uploaders()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	token, err := p.registry.NewForm(actor)
	if err != nil {
		return err
	}
	v := uploadFormView{Token: token, MaxSize: registry.MaxUpload >> 20, MaxRows: csvio.DefaultMaxRows, MaxGroups: registry.MaxGroupRows, Problems: problems, Decisions: !mayRegister(actor)}
	f := typed{l: l, values: values, problems: problems}
	if v.Decisions {
		values.Set("carries", string(registry.CarriesAttestations))
		values.Set("mode", string(registry.ImportUpdate))
	} else if err := p.uploadChoices(ctx, &v, actor, f); err != nil {
		return err
	}
	rule := f.choice("rule", "upload.rule", option{Value: "good", Label: words{Text: l.t("upload.good_rows")}}, option{Value: "all", Label: words{Text: l.t("upload.all_or_nothing")}})
	rule.Kind = "radios"
	v.Choices = append(v.Choices, rule)
	v.Reason, v.More = f.text("reason", "upload.reason"), uploadMore(f, !v.Decisions)
	v.Open = moreTyped(v.More)
	v.File = f.input("file", "file", "upload.file")
	v.File.Required, v.File.Accept = true, uploadTypes
	return p.show(c, status, look{page: "upload", title: l.t("upload.title"), nav: uploadsPath, here: uploadsPath + "/new", failed: len(problems) > 0}, v)
}

// uploadChoices are those of whoever sends values.
func (p *Pages) uploadChoices(ctx context.Context, v *uploadFormView, a registry.Actor, f typed) error {
	l := f.l
	kinds, err := p.recordKinds(ctx, l)
	if err != nil {
		return err
	}
	v.Kind = f.choice("kind", "upload.kind", kinds...)
	carries := f.choice("carries", "upload.carries", option{Value: string(registry.CarriesValues), Label: words{Text: l.t("upload.values")}})
	if a.Has(registry.RoleAdmin) || a.Has(registry.RoleAttester) {
		carries = f.choice("carries", "upload.carries", append(carries.Options, option{Value: string(registry.CarriesAttestations), Label: words{Text: l.t("upload.attestations")}},
			option{Value: string(registry.CarriesBoth), Label: words{Text: l.t("upload.both")}})...)
	}
	mode := f.choice("mode", "upload.mode", option{Value: string(registry.ImportCreate), Label: words{Text: l.t("upload.create")}}, option{Value: string(registry.ImportUpdate), Label: words{Text: l.t("upload.update")}})
	carries.Kind, mode.Kind = "radios", "radios"
	v.Choices = []input{carries, mode}
	saved, err := p.registry.ImportMappings(ctx, a)
	if err != nil {
		return err
	}
	options := []option{{Label: words{Text: l.t("upload.no_mapping")}}}
	for _, m := range saved {
		options = append(options, option{Value: m.Key, Label: p.words(l, m.Label, m.Key)})
	}
	v.Choices = append(v.Choices, f.choice("mapping", "upload.mapping", options...))
	again := typed{l: l, values: url.Values{}}
	v.Template = []input{again.choice("template_kind", "upload.kind", kinds...), again.choice("template_carries", "upload.carries",
		option{Label: words{Text: l.t("upload.template_new")}}, option{Value: string(registry.CarriesValues), Label: words{Text: l.t("upload.template_changes")}},
		option{Value: string(registry.CarriesBoth), Label: words{Text: l.t("upload.template_both")}}, option{Value: string(registry.CarriesAttestations), Label: words{Text: l.t("upload.template_decisions")}})}
	return nil
}

// recordKinds are people and every kind of group.
func (p *Pages) recordKinds(ctx context.Context, l *locale) ([]option, error) {
	out := []option{{Value: registry.PersonKind, Label: words{Text: l.t("upload.kind_person")}}}
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		out = append(out, option{Value: k.Key, Label: p.words(l, k.Label, k.Key)})
	}
	return out, nil
}

// Upload is POST /admin/uploads: the file is kept, and a job checks it. Nothing
// changes.
func (p *Pages) Upload(c *gin.Context) error {
	actor := auth.Actor(c.Request.Context())
	up, err := readUpload(c.Request)
	if err != nil {
		return p.uploadRefused(c, up, err)
	}
	options, err := up.options()
	if err != nil {
		return p.uploadRefused(c, up, err)
	}
	err = p.once(c, actor, up.values.Get("form"), func(ctx context.Context) (string, error) {
		id, err := p.registry.UploadImport(ctx, actor, up.file, options)
		if err != nil {
			return "", err
		}
		j, err := p.registry.StartImportCheck(ctx, actor, id)
		return uploadPath(id) + "?job=" + j.ID.String(), err
	})
	if err != nil {
		return p.uploadRefused(c, up, err)
	}
	return nil
}

// uploadRefused shows the form again with all that was chosen; a browser does not
// choose the file again.
func (p *Pages) uploadRefused(c *gin.Context, up upload, err error) error {
	if problems, ok := uploadProblems(p.localeOf(c), err); ok {
		return p.uploadForm(c, http.StatusUnprocessableEntity, up.values, problems)
	}
	return err
}

// UploadProblems is GET /admin/uploads/:id/problems.csv: all that were kept.
func (p *Pages) UploadProblems(c *gin.Context) error {
	ctx := c.Request.Context()
	id, err := uploadID(c)
	if err != nil {
		return err
	}
	problems, err := p.registry.ImportProblems(ctx, auth.Actor(ctx), id, 0, registry.MaxProblems)
	if err != nil {
		return err
	}
	download(c, "problems.csv")
	out, err := csvio.NewProblemWriter(c.Writer)
	if err != nil {
		return fmt.Errorf("write problems: %w", err)
	}
	for _, x := range problems {
		if err := out.Write(x); err != nil {
			return fmt.Errorf("write problems: %w", err)
		}
	}
	return out.Flush()
}

// UploadTemplate is GET /admin/uploads/template.csv and .xlsx: the header of a
// file, with every field that the sender may fill.
func (p *Pages) UploadTemplate(format string) func(*gin.Context) error {
	return func(c *gin.Context) error {
		kind := c.DefaultQuery("template_kind", registry.PersonKind)
		var file bytes.Buffer
		err := p.registry.WriteImportTemplate(c.Request.Context(), auth.Actor(c.Request.Context()), kind, registry.Carries(c.Query("template_carries")), format, &file)
		if err != nil {
			return err
		}
		c.Header("Cache-Control", "no-store")
		c.Header("Content-Disposition", `attachment; filename="`+kind+"."+format+`"`)
		c.Data(http.StatusOK, registry.ExportFormat(format).MediaType(), file.Bytes())
		return nil
	}
}

func download(c *gin.Context, name string) {
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	c.Status(http.StatusOK)
}

func uploadID(c *gin.Context) (uuid.UUID, error) { return pathUUID(c, "no_such_import") }

func uploadPath(id uuid.UUID) string { return uploadsPath + "/" + id.String() }
