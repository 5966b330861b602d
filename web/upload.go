package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// maxPart bounds the small parts of an upload form, in bytes.
const maxPart = 4 << 10

// shownProblems is how many problems of an upload a page lists; the file has all.
const shownProblems = 100

type uploadFormView struct {
	Token    string
	File     input
	Modes    []option
	Rules    []option
	Past     []batchView
	Problems []problem
	MaxSize  int // MB
}

// batchView is one upload in a list.
type batchView struct {
	Href, Name, When, By string
	Badge                badge
	Rows                 int
}

// UploadForm is GET /admin/uploads/new: choose a file, and earlier uploads.
func (p *Pages) UploadForm(c *gin.Context) error {
	if err := auth.Allow(c, registrars()...); err != nil {
		return err
	}
	return p.uploadForm(c, http.StatusOK, nil)
}

func (p *Pages) uploadForm(c *gin.Context, status int, problems []problem) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	batches, err := p.registry.ImportBatches(ctx, actor, uuid.Nil, 10)
	if err != nil {
		return err
	}
	token, err := p.registry.NewForm(actor)
	if err != nil {
		return err
	}
	v := uploadFormView{Token: token, MaxSize: registry.MaxUpload >> 20, Problems: problems,
		File: input{ID: "file", Kind: "file", Label: words{Text: l.t("upload.file")}, Hint: words{Text: l.t("upload.file_hint")}, Required: true, Wrong: wrongOf(problems, "file")},
		Modes: []option{{Value: string(registry.ImportCreate), Label: words{Text: l.t("upload.create")}, Selected: true},
			{Value: string(registry.ImportUpdate), Label: words{Text: l.t("upload.update")}}},
		Rules: []option{{Value: "", Label: words{Text: l.t("upload.good_rows")}, Selected: true}, {Value: "all", Label: words{Text: l.t("upload.all_or_nothing")}}}}
	for _, b := range batches {
		v.Past = append(v.Past, batchView{Href: uploadPath(b.ID), Name: b.Name, When: l.dateTime(b.CreatedAt), By: b.Actor, Badge: batchBadge(l, b), Rows: b.Result.Rows})
	}
	return p.show(c, status, look{page: "upload", title: l.t("upload.title"), nav: "/admin/uploads/new", here: "/admin/uploads/new", failed: len(problems) > 0}, v)
}

// Upload is POST /admin/uploads: the file is kept and checked; nothing changes.
func (p *Pages) Upload(c *gin.Context) error {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	up, err := readUpload(c.Request)
	if err != nil {
		return p.uploadRefused(c, err)
	}
	err = p.once(c, actor, up.token, func(ctx context.Context) (string, error) {
		id, err := p.registry.UploadImport(ctx, actor, up.file, up.options)
		if err != nil {
			return "", err
		}
		return uploadPath(id), p.checkUpload(ctx, actor, id)
	})
	if err != nil {
		return p.uploadRefused(c, err)
	}
	return nil
}

// checkUpload is the dry run. A file that cannot be used is no error here: the
// page of the upload says what is wrong with it.
func (p *Pages) checkUpload(ctx context.Context, actor registry.Actor, id uuid.UUID) error {
	_, err := p.registry.CheckImport(ctx, actor, id, nil)
	if err != nil && fault.KindOf(err) == fault.Invalid {
		return nil
	}
	return err
}

func (p *Pages) uploadRefused(c *gin.Context, err error) error {
	l := p.localeOf(c)
	var f *fault.Error
	if errors.As(err, &f) && (f.Kind == fault.Invalid || f.Kind == fault.TooLarge) {
		return p.uploadForm(c, http.StatusUnprocessableEntity, []problem{{Field: "file", Text: faultText(l, f.Code, f.Detail)}})
	}
	return err
}

// upload is what was sent: the small parts, then the file, still unread.
type upload struct {
	token   string
	options registry.ImportOptions
	file    io.Reader
}

// readUpload reads the parts before the file, in the order of the form, so that
// the file need not be kept in memory.
func readUpload(r *http.Request) (up upload, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return up, fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
	}
	up.options.Mode = registry.ImportCreate
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return up, fault.New(fault.Invalid, "file_missing", "Choose a file.")
		}
		if err != nil {
			return up, fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return up, fault.New(fault.Invalid, "file_missing", "Choose a file.")
			}
			up.options.Name, up.file = part.FileName(), part
			return up, nil
		}
		if err := up.take(part); err != nil {
			return up, err
		}
	}
}

func (up *upload) take(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxPart))
	if err != nil {
		return fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
	}
	switch part.FormName() {
	case "form":
		up.token = string(value)
	case "mode":
		up.options.Mode = registry.ImportMode(value)
	case "rule":
		up.options.AllOrNothing = string(value) == "all"
	}
	return nil
}

// batchPage is one upload: what it would do, or did.
type batchPage struct {
	ID, Name    string
	Badge       badge
	About       string // who sent it, when, in which mode
	Summary     string
	Counts      []badge
	Ignored     []string
	Problems    []problemRow
	Total       int // problems, all of them
	ProblemsURL string
	ApplyURL    string // "" if it cannot be applied
	DiscardURL  string // "" if there is no file to delete
	Token       string
	Apply       string // words of the button
}

type problemRow struct {
	Line   int
	Column string
	Text   words
}

// UploadStatus is GET /admin/uploads/:id.
func (p *Pages) UploadStatus(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	id, err := uploadID(c)
	if err != nil {
		return err
	}
	b, err := p.registry.ImportBatch(ctx, actor, id)
	if err != nil {
		return err
	}
	problems, err := p.registry.ImportProblems(ctx, actor, id, 0, shownProblems)
	if err != nil {
		return err
	}
	v := batchOf(l, b, problems)
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "upload_status", title: l.t("upload.status_title"), nav: "/admin/uploads/new"}, v)
}

func batchOf(l *locale, b registry.ImportBatch, problems []csvio.Problem) batchPage {
	res := b.Result
	mode := "upload.mode_" + string(b.Mode)
	if b.Undoes != uuid.Nil {
		mode = "upload.mode_undo"
	}
	v := batchPage{ID: b.ID.String(), Name: b.Name, Badge: batchBadge(l, b), Ignored: res.Ignored, Total: res.ProblemCount,
		About: l.t("upload.about", "who", b.Actor, "when", l.dateTime(b.CreatedAt), "mode", l.t(mode), "carries", l.t("upload.carries_"+string(b.Carries)))}
	v.Summary = l.t("upload.summary_"+string(b.State), "n", res.Rows)
	if b.State != registry.ImportUploaded {
		v.countAll(l, b.State, res)
	}
	for _, x := range problems {
		v.Problems = append(v.Problems, problemRow{Line: x.Line, Column: x.Column, Text: problemWords(l, x)})
	}
	if v.Total > 0 {
		v.ProblemsURL = uploadPath(b.ID) + "/problems.csv"
	}
	v.offerActs(l, b)
	return v
}

// offerActs adds what can be done with an upload as it stands.
func (v *batchPage) offerActs(l *locale, b registry.ImportBatch) {
	res := b.Result
	changes := res.Created + res.Updated + res.Deactivated
	switch {
	case !b.HasFile:
		return
	case b.State == registry.ImportUndoing: // half of it is done: there is no way back
		v.ApplyURL, v.Apply = uploadPath(b.ID)+"/apply", l.t("upload.go_on")
		return
	case b.State == registry.ImportChecked && changes > 0 && (!b.AllOrNothing || res.Failed == 0):
		v.ApplyURL, v.Apply = uploadPath(b.ID)+"/apply", l.t("upload.apply", "n", changes)
	}
	v.DiscardURL = uploadPath(b.ID) + "/discard"
}

// countAll adds what an upload would do, or did.
func (v *batchPage) countAll(l *locale, state registry.ImportState, res registry.ImportResult) {
	done := "upload.would_"
	switch state {
	case registry.ImportApplied, registry.ImportUndoing, registry.ImportUndone:
		done = "upload.did_"
	}
	v.count("ok", "check", l, done+"create", res.Created)
	v.count("chg", "changed", l, done+"update", res.Updated)
	v.count("none", "minus", l, "upload.unchanged", res.Unchanged)
	v.count("none", "minus", l, done+"deactivate", res.Deactivated)
	v.count("wait", "clock", l, done+"request", res.Requested)
	v.count("ok", "check", l, done+"attest", res.Decisions.Attested)
	v.count("bad", "cross", l, done+"reject", res.Decisions.Rejected)
	v.count("wait", "clock", l, done+"take_back", res.Decisions.TakenBack)
	v.count("none", "minus", l, "upload.repeated", res.Decisions.Repeated)
	v.count("bad", "cross", l, "upload.decisions_failed", res.Decisions.Failed)
	v.count("bad", "cross", l, "upload.failed", res.Failed)
}

// count adds a figure, unless it is nought.
func (v *batchPage) count(class, icon string, l *locale, key string, n int) {
	if n > 0 {
		v.Counts = append(v.Counts, badge{class, icon, l.t(key, "n", n)})
	}
}

// problemWords is a problem of a row in the page's language; English is what the
// reader of files says itself, and says more precisely.
func problemWords(l *locale, x csvio.Problem) words {
	if l.code == defaultLocale {
		return words{Text: x.Words}
	}
	for _, key := range []string{"fault.row_" + x.Code, "fault." + x.Code} {
		if l.has(key) {
			return words{Text: l.t(key)}
		}
	}
	return words{Text: x.Words, Lang: defaultLocale, Dir: "ltr"}
}

func batchBadge(l *locale, b registry.ImportBatch) badge {
	text := l.t("upload.state_" + string(b.State))
	switch b.State {
	case registry.ImportApplied:
		return badge{"ok", "check", text}
	case registry.ImportRefused:
		return badge{"bad", "cross", text}
	case registry.ImportDiscarded, registry.ImportUndone:
		return badge{"none", "minus", text}
	}
	return badge{"wait", "clock", text}
}

// UploadApply is POST /admin/uploads/:id/apply.
func (p *Pages) UploadApply(c *gin.Context) error {
	return p.onUpload(c, func(ctx context.Context, actor registry.Actor, id uuid.UUID) error {
		_, err := p.registry.ApplyImport(ctx, actor, id, nil)
		return err
	})
}

// UploadDiscard is POST /admin/uploads/:id/discard: the file is deleted.
func (p *Pages) UploadDiscard(c *gin.Context) error {
	return p.onUpload(c, p.registry.DiscardImport)
}

// onUpload does something with an upload, once per form, and shows it again.
func (p *Pages) onUpload(c *gin.Context, act func(context.Context, registry.Actor, uuid.UUID) error) error {
	actor := auth.Actor(c.Request.Context())
	id, err := uploadID(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return uploadPath(id), act(ctx, actor, id)
	})
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

// UploadTemplate is GET /admin/uploads/template.csv: the header of a file, with
// every field that the sender may fill.
func (p *Pages) UploadTemplate(c *gin.Context) error {
	ctx := c.Request.Context()
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	var header []string
	for _, f := range editable(auth.Actor(ctx), fields) {
		header = append(header, f.Key)
	}
	download(c, "people.csv")
	out := csvio.NewWriter(c.Writer)
	if err := out.Write(slices.Clip(header)); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	return out.Flush()
}

func download(c *gin.Context, name string) {
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	c.Status(http.StatusOK)
}

func uploadID(c *gin.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return uuid.Nil, fault.Wrap(fault.NotFound, "no_such_import", "There is no such import.", err)
	}
	return id, nil
}

func uploadPath(id uuid.UUID) string { return "/admin/uploads/" + id.String() }
