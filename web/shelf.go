package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// Shelf is the pages of one kind of definition: a list, and a form for a new one and
// for one that is there. Auditors read it without the form.
type Shelf struct {
	p       *Pages
	path    string // of the list
	words   string // settings.WORDS and settings.WORDS_about say what it is for
	list    func(d *desk) (deskTable, error)
	blank   func() thing
	load    func(d *desk, key string) (thing, error)
	save    func(ctx context.Context, d *desk, t thing, reason string) error // a new one, if its version is 0
	around  func(d *desk, v *deskPage, t thing) error                        // what else its page has; nil: nothing
	aliases map[string]string
}

// thing is one definition.
type thing interface {
	key() string
	version() int // 0: it is not there yet
	title(d *desk) string
	groups(d *desk) ([]deskGroup, error)
	read(form url.Values) thing // what a form says over it
}

// List is GET of the list.
func (s Shelf) List(c *gin.Context) error {
	d, err := s.p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	t, err := s.list(d)
	if err != nil {
		return err
	}
	t.ID, t.Title = s.words, d.l.t("settings."+s.words)
	v := deskPage{Title: t.Title, Text: d.l.t("settings." + s.words + "_about"), Back: settingsPath, Done: d.done(), Tables: []deskTable{t}}
	if d.isAdmin() {
		v.Acts = []deskLink{{Href: s.path + "/new", Text: d.l.t("desk.new_" + s.words)}}
		v.Tables[0].Act = &v.Acts[0]
	}
	return d.show(http.StatusOK, v, settingsPath)
}

// New is GET of the form for a new one.
func (s Shelf) New(c *gin.Context) error {
	d, err := s.p.desk(c, admins()...)
	if err != nil {
		return err
	}
	return s.page(d, s.blank(), "", http.StatusOK, nil)
}

// Show is GET of one.
func (s Shelf) Show(c *gin.Context) error {
	d, err := s.p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	t, err := s.load(d, c.Param("key"))
	if err != nil {
		return err
	}
	return s.page(d, t, "", http.StatusOK, nil)
}

// Define is POST of a new one.
func (s Shelf) Define(c *gin.Context) error {
	d, form, err := s.p.desked(c, admins()...)
	if err != nil {
		return err
	}
	return s.post(d, form, s.blank().read(form))
}

// Change is POST of one that is there.
func (s Shelf) Change(c *gin.Context) error {
	d, form, err := s.p.desked(c, admins()...)
	if err != nil {
		return err
	}
	t, err := s.load(d, c.Param("key"))
	if err != nil {
		return err
	}
	return s.post(d, form, t.read(form))
}

func (s Shelf) post(d *desk, form url.Values, t thing) error {
	reason := form.Get("reason")
	return d.send(form, func(ctx context.Context) (string, error) {
		if err := needReason(form); err != nil {
			return "", err
		}
		return s.at(t) + "?done=saved", s.save(ctx, d, t, reason)
	}, func(status int, problems []problem) error { return s.page(d, t, reason, status, problems) })
}

// store saves a definition: with define, if it is not there yet.
func store[T any](ctx context.Context, d *desk, t thing, x T, reason string, define, change func(context.Context, registry.Actor, T, string) (T, error)) error {
	if t.version() == 0 {
		change = define
	}
	_, err := change(ctx, d.actor, x, reason)
	return err
}

// at is the address of one.
func (s Shelf) at(t thing) string { return s.path + "/" + url.PathEscape(t.key()) }

// page is one definition: a form, or facts for those who only read.
func (s Shelf) page(d *desk, t thing, reason string, status int, problems []problem) error {
	groups, err := t.groups(d)
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("desk.new_" + s.words), Text: d.l.t("settings." + s.words + "_about"), Back: s.path, Done: d.done()}
	form := deskForm{Action: s.path + "/new", Leave: s.path, Buttons: []deskButton{{Text: d.l.t("desk.save")}},
		Groups: append(groups, deskGroup{Title: d.l.t("desk.in_reason"), Controls: []deskControl{d.reason(reason)}})}
	if t.version() != 0 {
		v.Title, v.Code, form.Action, form.Hidden = cmp.Or(t.title(d), t.key()), t.key(), s.at(t), []hidden{{"version", strconv.Itoa(t.version())}}
	}
	if status == http.StatusConflict && t.version() != 0 {
		if err := s.stale(d, &v, &form, t); err != nil {
			return err
		}
	}
	if !d.isAdmin() {
		v.Facts = factsOf(groups)
	} else if form, err = d.form(form); err != nil {
		return err
	} else {
		v.Form = &form
	}
	if s.around != nil && t.version() != 0 {
		if err := s.around(d, &v, t); err != nil {
			return err
		}
	}
	v.refused(d.l, problems, s.aliases)
	return d.show(status, v, settingsPath)
}

// stale shows both values, and lets what was typed be saved over what is there.
func (s Shelf) stale(d *desk, v *deskPage, form *deskForm, t thing) error {
	now, err := s.load(d, t.key())
	if err != nil {
		return err
	}
	groups, err := now.groups(d)
	if err != nil {
		return err
	}
	v.Stale, form.Hidden = d.differences(form.Groups, groups), []hidden{{"version", strconv.Itoa(now.version())}}
	return nil
}

// factsOf is what stands in the controls of a form, for those who only read.
func factsOf(groups []deskGroup) []deskFact {
	var out []deskFact
	for _, g := range groups {
		for _, x := range g.Controls {
			if s := x.says(); s != "" {
				out = append(out, deskFact{x.Label.Text, plainCell(s)})
			}
		}
	}
	return out
}

// orFixed is a control, or only what it says where it cannot be changed any more.
func (d *desk) orFixed(fixed bool, x deskControl) deskControl {
	if !fixed {
		return x
	}
	says := x.says()
	if says == "" {
		says = d.l.t("value.none")
		if x.Kind == "tick" {
			says = d.l.t("value.false")
		}
	}
	out := d.fixed(x.ID, says)
	out.Label = x.Label
	return out
}

// needed marks a control that must be filled in.
func needed(x deskControl) deskControl {
	x.Required = true
	return x
}
