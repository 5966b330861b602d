package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// shownProblems is how many problems of an upload a page lists; the file has all.
const shownProblems = 100

// batchPage is one upload: what it would do, or did.
type batchPage struct {
	ID, Name    string
	Badge       badge
	About       string // who sent it, when, in which mode
	Summary     string
	Job         *jobRow // it is worked on, or that has failed
	Counts      []badge
	Ignored     []string
	Problems    []problemRow
	Total       int // problems, all of them
	ProblemsURL string
	ApplyURL    string // "" if it cannot be applied
	Typed       *input // the number that must be typed; nil: none
	DiscardURL  string // "" if there is no file to delete
	Token       string
	Apply       string // words of the button
	CheckURL    string // "" if it cannot be checked now
	ChangesURL  string // "" if it has changed nothing
	Undo        *act
	ForGood     bool // nothing takes it back: an upload of groups
	Wrong       []problem
}

type problemRow struct {
	Line         int
	Column, Code string
	Text         words
}

// UploadStatus is GET /admin/uploads/:id.
func (p *Pages) UploadStatus(c *gin.Context) error { return p.uploadStatus(c, http.StatusOK, nil, nil) }

func (p *Pages) uploadStatus(c *gin.Context, status int, sent url.Values, wrong []problem) error {
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
	v.Wrong = wrong
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	if err := p.uploadJob(c, l, actor, &v, id); err != nil {
		return err
	}
	if done, err := p.progress(c, "upload_status", v.Job); done || err != nil {
		return err
	}
	v.offerActs(l, b, wrong)
	if v.Undo != nil {
		acts := []act{*v.Undo}
		refill(acts, c.Request, sent)
		v.Undo = &acts[0]
	}
	if v.Typed != nil {
		v.Typed.refill(sent)
	}
	return p.show(c, status, look{page: "upload_status", title: l.t("upload.status_title"), nav: uploadsPath, here: uploadPath(id), failed: len(wrong) > 0}, v)
}

// uploadJob is the job that works on the upload, or the one in the address, if that
// has failed.
func (p *Pages) uploadJob(c *gin.Context, l *locale, a registry.Actor, v *batchPage, id uuid.UUID) error {
	ctx := c.Request.Context()
	j, ok, err := p.registry.ImportJob(ctx, a, id)
	if err != nil {
		return err
	}
	if asked, parseErr := uuid.Parse(c.Query("job")); !ok && parseErr == nil {
		j, err = p.registry.Job(ctx, a, asked)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		ok = j.State == registry.JobFailed || j.State == registry.JobCancelled
	}
	if err != nil || !ok {
		return err
	}
	v.Job = p.jobRow(l, a, j, v.Token, uploadPath(id))
	return nil
}

func batchOf(l *locale, b registry.ImportBatch, problems []csvio.Problem) batchPage {
	res := b.Result
	mode := "upload.mode_" + string(b.Mode)
	if b.Undoes != uuid.Nil {
		mode = "upload.mode_undo"
	}
	v := batchPage{ID: b.ID.String(), Name: textOr(b.Name), Badge: batchBadge(l, b), Ignored: res.Ignored, Total: res.ProblemCount,
		About: l.t("upload.about", "who", b.Actor, "when", l.dateTime(b.CreatedAt), "mode", l.t(mode), "carries", l.t("upload.carries_"+string(b.Carries)))}
	v.Summary = l.t("upload.summary_"+string(b.State), "n", res.Rows)
	if b.State != registry.ImportUploaded {
		v.countAll(l, b.State, res)
	}
	for _, x := range problems {
		v.Problems = append(v.Problems, problemRow{Line: x.Line, Column: x.Column, Code: x.Code, Text: problemWords(l, x)})
	}
	if v.Total > 0 {
		v.ProblemsURL = uploadPath(b.ID) + "/problems.csv"
	}
	return v
}

// offerActs adds what can be done with an upload as it stands. Nothing is done
// while a job works on it.
func (v *batchPage) offerActs(l *locale, b registry.ImportBatch, wrong []problem) {
	at := uploadPath(b.ID)
	if b.State == registry.ImportApplied || b.State == registry.ImportUndone {
		v.ChangesURL = changesPath + "?import=" + b.ID.String()
	}
	if v.Job != nil && v.Job.Live {
		return
	}
	v.ForGood = b.Kind != registry.PersonKind && (b.State == registry.ImportChecked || b.State == registry.ImportApplied) && changesOf(b) > 0
	switch {
	case b.State == registry.ImportApplied && b.Undoes == uuid.Nil && b.Kind == registry.PersonKind && b.Result.Created+b.Result.Updated > 0:
		f := typed{l: l, problems: wrong}
		v.Undo = &act{ID: "undo", Title: l.t("upload.undo"), Text: l.t("upload.undo_text"), Action: at + "/undo", Token: v.Token, Inputs: []input{f.reason()}, Button: l.t("upload.undo_check"), Warn: true}
	case !b.HasFile:
	case b.State == registry.ImportUndoing: // half of it is done: there is no way back
		v.ApplyURL, v.Apply = at+"/apply", l.t("upload.go_on")
	default:
		v.DiscardURL, v.CheckURL = at+"/discard", at+"/check"
		if n := changesOf(b); b.State == registry.ImportChecked && n > 0 && (!b.AllOrNothing || b.Result.Failed == 0) {
			v.ApplyURL, v.Apply = at+"/apply", l.t("upload.apply", "n", n)
			v.Typed = countInput(l, n, wrong)
		}
	}
}

// countInput asks for a number that must be typed; nil where it is so small that it
// need not be.
func countInput(l *locale, n int, wrong []problem) *input {
	if n <= typedAbove {
		return nil
	}
	return &input{ID: "count", Kind: "text", Label: words{Text: l.t("upload.type_count", "n", n)}, Mode: "numeric", Dir: "ltr", Autocomplete: "off", MaxLength: 20, Wrong: wrongOf(wrong, "count")}
}

// changesOf is how many records an upload would change.
func changesOf(b registry.ImportBatch) int {
	return b.Result.Created + b.Result.Updated + b.Result.Deactivated
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

// UploadCheck is POST /admin/uploads/:id/check: the dry run, once more.
func (p *Pages) UploadCheck(c *gin.Context) error {
	return p.onUpload(c, func(ctx context.Context, a registry.Actor, id uuid.UUID, _ string, _ string) (string, error) {
		j, err := p.registry.StartImportCheck(ctx, a, id)
		return uploadPath(id) + "?job=" + j.ID.String(), err
	})
}

// UploadApply is POST /admin/uploads/:id/apply. Of many rows the number must be
// typed.
func (p *Pages) UploadApply(c *gin.Context) error {
	return p.onUpload(c, func(ctx context.Context, a registry.Actor, id uuid.UUID, count, _ string) (string, error) {
		b, err := p.registry.ImportBatch(ctx, a, id)
		if err != nil {
			return "", err
		}
		if n := changesOf(b); b.State == registry.ImportChecked && n > typedAbove && digitsOf(count) != decimal(n) {
			return "", fault.InvalidFields("count_differs", "The number is not the one that is asked for.", []fault.Field{{Name: "count", Code: "count_differs", Detail: "Type the number of rows."}})
		}
		j, err := p.registry.StartImportApply(ctx, a, id)
		return uploadPath(id) + "?job=" + j.ID.String(), err
	})
}

// digitsOf is a number without what people put between its digits; other digits
// than European ones count as well.
func digitsOf(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			zero := r
			for unicode.IsDigit(zero-1) && r-zero < 9 {
				zero--
			}
			b.WriteRune('0' + r - zero)
		case unicode.IsSpace(r), strings.ContainsRune(",.'’٬", r):
		default:
			return ""
		}
	}
	return b.String()
}

// UploadUndo is POST /admin/uploads/:id/undo: to take it back is an upload of its
// own, which is checked first.
func (p *Pages) UploadUndo(c *gin.Context) error {
	return p.onUpload(c, func(ctx context.Context, a registry.Actor, id uuid.UUID, _, reason string) (string, error) {
		if strings.TrimSpace(reason) == "" {
			return "", fault.InvalidFields("reason_required", "Give a reason.", []fault.Field{{Name: "reason", Code: "reason_required", Detail: "Give a reason."}})
		}
		undo, err := p.registry.UndoImport(ctx, a, id, reason)
		if err != nil {
			return "", err
		}
		j, err := p.registry.StartImportCheck(ctx, a, undo)
		return uploadPath(undo) + "?job=" + j.ID.String(), err
	})
}

// UploadDiscard is POST /admin/uploads/:id/discard: the file is deleted.
func (p *Pages) UploadDiscard(c *gin.Context) error {
	return p.onUpload(c, func(ctx context.Context, a registry.Actor, id uuid.UUID, _, _ string) (string, error) {
		return uploadPath(id), p.registry.DiscardImport(ctx, a, id)
	})
}

// onUpload does something with an upload, once per form, and shows it again.
func (p *Pages) onUpload(c *gin.Context, do func(ctx context.Context, a registry.Actor, id uuid.UUID, count, reason string) (string, error)) error {
	actor := auth.Actor(c.Request.Context())
	id, err := uploadID(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return do(ctx, actor, id, form.Get("count"), form.Get("reason"))
	})
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.uploadStatus(c, http.StatusUnprocessableEntity, form, problems)
	}
	return err
}
