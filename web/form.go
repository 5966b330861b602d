package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// How long what a form asks for may take (the longest is a large upload), and how
// long it may take to note what came of it.
const (
	formWork  = 15 * time.Minute
	formClose = 10 * time.Second
)

// input is one control of a form with all that belongs to it.
type input struct {
	ID           string // also its name
	Kind         string // text, tel, email, date, password, area, choice, file
	Class        string
	Label, Hint  words
	Value, Dir   string
	Autocomplete string
	Mode         string // inputmode
	Options      []option
	Required     bool
	MaxLength    int
	Accept       string // of a file
	MaxSize      int64  // of a file in bytes; scripts tell before it is sent
	Now          *shown // the value in the record, where it differs from Value
	Wrong        string // what is wrong with Value
}

// input is a control with the words of a label and, where there is one, of a hint.
func (l *locale) input(id, kind, label, hint, value string) input {
	in := input{ID: id, Kind: kind, Label: words{Text: l.t(label)}, Value: value, Autocomplete: "off"}
	if l.has(hint) {
		in.Hint = words{Text: l.t(hint)}
	}
	return in
}

type option struct {
	Value    string
	Label    words
	Selected bool
}

// problem is one line of the summary above a form; Field is the input it is
// about, "" for the form as a whole.
type problem struct {
	Field, Text string
}

func wrongOf(problems []problem, field string) string {
	for _, p := range problems {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// fieldProblems puts the fields of a fault into words.
func fieldProblems(l *locale, f *fault.Error) []problem {
	out := make([]problem, len(f.Fields))
	for i, field := range f.Fields {
		out[i] = problem{Field: field.Name, Text: faultText(l, field.Code, field.Detail)}
	}
	if len(out) == 0 {
		out = []problem{{Text: faultText(l, f.Code, f.Detail)}}
	}
	return out
}

// faultText is the message for a code in the page's language, or for codes of its
// family, or the words that came with it.
func faultText(l *locale, code, detail string) string {
	if l.has("fault." + code) {
		return l.t("fault."+code, "detail", detail)
	}
	if l.code != defaultLocale {
		switch faultFamily(code) {
		case "invalid":
			return l.t("fault.invalid_values")
		case "gone":
			return l.t("fault.not_found")
		}
		return l.t("fault.other", "detail", detail)
	}
	return detail
}

// faultFamily is what codes without words of their own have in common: "invalid" for what
// comes with the fields that are wrong, each with its own words, and "gone" for what is
// not there; "" for any other.
func faultFamily(code string) string {
	switch {
	case strings.HasPrefix(code, "invalid_"):
		return "invalid"
	case strings.HasPrefix(code, "no_such_"), strings.HasSuffix(code, "_not_found"):
		return "gone"
	}
	return ""
}

// formErrors gives what a form must show again; ok is false for an error that
// the form cannot help with.
func formErrors(l *locale, err error) (problems []problem, ok bool) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return nil, false
	}
	if f.Kind == fault.Invalid || f.Kind == fault.Conflict && f.Code != "version_conflict" && f.Code != "form_other_record" && f.Code != "form_already_sent" {
		return fieldProblems(l, f), true
	}
	return nil, false
}

// once runs what a form asks for, and only the first time that the form is sent:
// a second click follows the first to where it led. An error frees the form, so
// that it can be sent again.
func (p *Pages) once(c *gin.Context, actor registry.Actor, token string, act func(ctx context.Context) (location string, err error)) error {
	location, err := p.runOnce(c.Request.Context(), actor, token, act)
	if err != nil {
		return err
	}
	return seeOther(c, location)
}

// runOnce is once without the answer: act does not run when the form was sent
// before. What has begun goes on to its end when the sender goes away.
func (p *Pages) runOnce(ctx context.Context, actor registry.Actor, token string, act func(ctx context.Context) (location string, err error)) (string, error) {
	ctx = context.WithoutCancel(ctx)
	work, stop := context.WithTimeout(ctx, formWork)
	defer stop()
	location, err := p.registry.UseForm(work, actor, token)
	if err != nil || location != "" {
		return location, err
	}
	if location, err = act(work); err != nil {
		location = ""
	}
	closing, stopClosing := context.WithTimeout(ctx, formClose)
	defer stopClosing()
	if doneErr := p.registry.FormDone(closing, token, location); err == nil && doneErr != nil {
		return "", fmt.Errorf("close form: %w", doneErr)
	}
	return location, err
}
