package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// pair is one value of a form, as it stands in a hidden input.
type pair struct{ Name, Value string }

// secretInputs are the inputs whose values never stand in a page again, and are kept
// nowhere: they are typed anew.
func secretInputs() []string { return []string{"password", "passphrase", "repeat", "old", "secret"} }

// pairsOf gives what may stand in a page again, in the order of the names, and tells
// whether something secret was typed that may not.
func pairsOf(form url.Values) (kept []pair, secret bool) {
	for _, name := range keysOf(form) {
		if slices.Contains(secretInputs(), name) {
			secret = secret || form.Get(name) != ""
			continue
		}
		for _, value := range form[name] {
			kept = append(kept, pair{name, value})
		}
	}
	return kept, secret
}

// keptPath is where a form waits that was sent to action.
func keptPath(action, name string) string {
	if strings.HasPrefix(action, "/admin") {
		return "/admin/kept/" + name
	}
	return "/me/kept/" + name
}

// keepSent keeps the form of a request whose sender is signed in no more, and gives the
// page where it waits; "" if there is nothing to keep. That the request came from a page
// of ours was checked before anything else, and its form must hold a token of ours: it
// waits for the account of that token alone.
func (p *Pages) keepSent(c *gin.Context) (path string, files []string, err error) {
	action := c.Request.URL.RequestURI()
	if c.Request.Method != http.MethodPost {
		return "", nil, nil
	}
	kept := registry.KeptForm{Action: action}
	if kind, _, _ := mime.ParseMediaType(c.GetHeader("Content-Type")); kind == "multipart/form-data" {
		kept.Parts = true
		kept.Values, kept.Files, err = p.readParts(c)
	} else {
		kept.Values, err = respond.Form(c)
	}
	size := 0
	for name, values := range kept.Values {
		size += len(name) + len(strings.Join(values, ""))
	}
	if err != nil || size > maxFormBytes {
		return "", nil, nil //nolint:nilerr // what cannot be read is not kept
	}
	return p.keep(c.Request.Context(), kept)
}

// keep stores a form without what is secret in it. How somebody signs in is nothing to
// keep.
func (p *Pages) keep(ctx context.Context, f registry.KeptForm) (path string, files []string, err error) {
	token := f.Values.Get("form")
	if localPath(f.Action) == "" || strings.Contains(f.Action, "/security/") || !p.registry.FormIsOurs(token) {
		return "", nil, nil
	}
	pairs, _ := pairsOf(f.Values)
	f.Values = url.Values{}
	for _, x := range pairs {
		if x.Name != "form" {
			f.Values.Add(x.Name, x.Value)
		}
	}
	name, err := p.registry.KeepForm(ctx, token, f)
	if err != nil {
		return "", nil, err
	}
	return keptPath(f.Action, name), f.Files, nil
}

// readParts reads the values of a form in parts, and the names of its files: what is in
// them is read to its end, so that the browser gets the answer, if the form is ours.
func (p *Pages) readParts(c *gin.Context) (values url.Values, files []string, err error) {
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return nil, nil, malformedForm(err)
	}
	values = url.Values{}
	for n, size := 0, 0; n < maxFormParts; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, files, nil
		}
		if err != nil {
			return nil, nil, malformedForm(err)
		}
		if file := part.FileName(); file != "" && utf8.ValidString(file) {
			if !p.registry.FormIsOurs(values.Get("form")) {
				return nil, nil, malformedForm(nil)
			}
			files = append(files, file[:min(len(file), 200)])
			if _, err := io.Copy(io.Discard, part); err != nil {
				return nil, nil, malformedForm(err)
			}
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, maxFormBytes+1))
		if size += len(text); err != nil || size > maxFormBytes || !utf8.Valid(text) {
			return nil, nil, malformedForm(err)
		}
		if part.FormName() != fileName {
			values.Add(part.FormName(), string(text))
		}
	}
	return nil, nil, malformedForm(nil)
}

// keptView leads back to a form that waited while its sender signed in again.
type keptView struct {
	Action, Here string
	Hidden       []pair
	Parts        bool
	Files        []string
	Other        bool // another record is open now than the one that the form was about
}

// Kept is GET /me/kept/:name and /admin/kept/:name: a form that was sent after its
// session had ended. To any other account than the one that it waits for it does not
// exist.
func (p *Pages) Kept(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	f, err := p.registry.KeptForm(ctx, actor, c.Param("name"))
	v := keptView{Action: f.Action, Here: c.Request.URL.Path, Parts: f.Parts, Files: f.Files, Other: fault.CodeOf(err) == "form_other_record"}
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return seeOther(c, homeOf(actor))
	case err != nil && !v.Other:
		return err
	case !v.Other:
		token, err := p.registry.AgainForm(actor, registry.FormWasKept)
		if err != nil {
			return err
		}
		v.Hidden, _ = pairsOf(f.Values)
		v.Hidden = append(v.Hidden, pair{"form", token})
	}
	return p.show(c, http.StatusOK, look{page: "kept", title: l.t("kept.title")}, v)
}

// KeptDrop is POST /me/kept/:name and /admin/kept/:name: the form is forgotten. It needs
// no form token: to send it twice is to send it once.
func (p *Pages) KeptDrop(c *gin.Context) error {
	actor := auth.Actor(c.Request.Context())
	if err := p.registry.DropKeptForm(c.Request.Context(), actor, c.Param("name")); err != nil {
		return err
	}
	return seeOther(c, homeOf(actor))
}

// showSignInAgain is the answer to a form that was sent after its session had ended: the
// way in, which leads back to what was typed. shown is false if nothing was kept.
func (p *Pages) showSignInAgain(c *gin.Context) (shown bool) {
	kept, files, err := p.keepSent(c)
	if err != nil {
		_ = c.Error(err)
	}
	if err != nil || kept == "" {
		return false
	}
	l := p.localeOf(c)
	v := p.signIn(l, "", kept, nil)
	v.Kept, v.Files = true, files
	return p.show(c, http.StatusUnauthorized, look{page: "login", title: l.t("login.title"), here: kept}, v) == nil
}
