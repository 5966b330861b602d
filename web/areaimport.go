package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// maxAreaFile is the greatest size of a file of areas, in bytes.
const maxAreaFile = 15 << 20

// maxKeptFile is the greatest size of a file that its form keeps between the check
// and the saving; a larger one is chosen again.
const maxKeptFile = 1 << 20

// areaFileView is the form of a file of areas, and what it would do or did.
type areaFileView struct {
	Token    string
	File     input
	Reason   input
	Problems []problem
	Result   string
	Counts   []badge
	Rows     []problemRow
	Total    int
	Kept     string // the file that was checked
	MaySave  bool
	Saved    bool
}

// AreaFileForm is GET /admin/areas/import.
func (p *Pages) AreaFileForm(c *gin.Context) error {
	return p.areaFile(c, typed{values: url.Values{}}, areaFileView{})
}

// AreaFile is POST /admin/areas/import: checked first, and saved when asked to.
func (p *Pages) AreaFile(c *gin.Context) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	l, a := p.localeOf(c), auth.Actor(c.Request.Context())
	form, file, err := readAreaFile(c.Request)
	dry := form.Get("step") != "save"
	var res registry.AreaImport
	if err == nil {
		run := func(ctx context.Context) (err error) {
			res, err = p.registry.ImportAreas(ctx, a, strings.NewReader(file), dry, form.Get("reason"))
			return err
		}
		if dry {
			err = run(c.Request.Context())
		} else {
			err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) { return areasPath + "?done=areas", run(ctx) })
			if err == nil {
				return nil
			}
			if _, ok := formErrors(l, err); ok { // the file that was checked stays
				if dried, wrong := p.registry.ImportAreas(c.Request.Context(), a, strings.NewReader(file), true, ""); wrong == nil {
					res = dried
				}
			}
		}
	}
	v := areaFileView{}
	v.tell(l, res, file)
	if err != nil && len(v.Rows) == 0 {
		problems, ok := formErrors(l, err)
		if !ok && fault.KindOf(err) != fault.TooLarge {
			return err
		}
		if !ok {
			problems = []problem{{Text: l.t("fault.upload_too_large")}}
		}
		return p.areaFile(c, typed{values: form, problems: allAbout("file", problems)}, v)
	}
	return p.areaFile(c, typed{values: form}, v)
}

// tell says what a file would do.
func (v *areaFileView) tell(l *locale, res registry.AreaImport, file string) {
	if res.Rows == 0 && res.ProblemCount == 0 {
		return
	}
	v.Result, v.Total = l.t("area.checked", "n", res.Rows), res.ProblemCount
	for _, x := range []struct {
		class, icon, key string
		n                int
	}{{"ok", "check", "upload.would_create", res.Created}, {"chg", "changed", "upload.would_update", res.Updated}, {"none", "minus", "upload.unchanged", res.Unchanged}, {"bad", "cross", "upload.problems", res.ProblemCount}} {
		if x.n > 0 {
			v.Counts = append(v.Counts, badge{x.class, x.icon, l.t(x.key, "n", x.n)})
		}
	}
	for _, x := range res.Problems[:min(len(res.Problems), shownProblems)] {
		v.Rows = append(v.Rows, problemRow{Line: x.Line, Column: x.Column, Code: x.Code, Text: problemWords(l, x)})
	}
	v.MaySave = res.ProblemCount == 0 && res.Created+res.Updated > 0
	if v.MaySave && len(file) <= maxKeptFile {
		v.Kept = file
	}
}

func (p *Pages) areaFile(c *gin.Context, f typed, v areaFileView) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	f.l = p.localeOf(c)
	var err error
	if v.Token, err = p.registry.NewForm(auth.Actor(c.Request.Context())); err != nil {
		return err
	}
	v.File, v.Reason, v.Problems = f.input("file", "file", "area.file"), f.reason(), f.problems
	status := statusOf(f.problems)
	if v.Total > 0 {
		status = http.StatusUnprocessableEntity
	}
	return p.show(c, status, look{page: "areas_import", title: f.l.t("area.import"), nav: areasPath, here: areasPath + "/import", failed: status != http.StatusOK}, v)
}

// readAreaFile reads the parts of the form: the file, or the one that was checked.
func readAreaFile(r *http.Request) (form url.Values, file string, err error) {
	form = url.Values{}
	parts, err := r.MultipartReader()
	if err != nil {
		return form, "", malformedUpload(err)
	}
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return form, "", malformedUpload(err)
		}
		text, err := io.ReadAll(io.LimitReader(part, maxAreaFile+1))
		if err != nil {
			return form, "", malformedUpload(err)
		}
		if len(text) > maxAreaFile {
			return form, "", fault.New(fault.TooLarge, "upload_too_large", "The file is too large.")
		}
		switch name := part.FormName(); name {
		case "file", "kept":
			if len(text) > 0 {
				file = string(text)
			}
		default:
			form.Set(name, string(text[:min(len(text), maxPart)]))
		}
	}
	if file == "" {
		return form, "", fault.New(fault.Invalid, "file_missing", "Choose a file.")
	}
	return form, file, nil
}
