package web

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
)

// galleryView shows every component in every state, light and dark beside each other.
type galleryView struct{ Panels []galleryPanel }

// galleryPanel is one of the two sides. IDs begin with the side: they stand once on
// the page.
type galleryPanel struct {
	Side, Title string
	Badges      []badge
	Notices     []gallerySaid
	Inputs      []input
	Ticks       []option
	Problems    []problem
	Rings       []ring
	Tiles       []galleryTile
	Details     []galleryRow
	Lines       []galleryRow
	Bars        []galleryBar
	Icons       []string
	Cards       []credentialCard
	Jobs        []*jobRow
	Stages      []stage
	Controls    []input
	Entries     []entryView
}

type gallerySaid struct{ Class, Text string }

type galleryTile struct{ Count, Word, Text string }

type galleryRow struct {
	ID    string
	Label words
	Value shown
	Badge *badge
	Note  string
	When  string
}

type galleryBar struct {
	Name   string
	Value  string
	X, Y   int
	Height int
}

// Gallery is GET /gallery: there for those who develop, on their own machine.
func (p *Pages) Gallery(c *gin.Context) error {
	if !p.gallery {
		return respond.NoRoute()
	}
	l := p.localeOf(c)
	v := galleryView{}
	for _, side := range []string{"light", "dark"} {
		v.Panels = append(v.Panels, p.galleryPanel(l, side))
	}
	return p.show(c, http.StatusOK, look{page: "gallery", title: l.t("gallery.title")}, v)
}

func (p *Pages) galleryPanel(l *locale, side string) galleryPanel {
	g := galleryPanel{Side: side, Title: l.t("gallery." + side), Badges: galleryBadges(l), Inputs: galleryInputs(l, side), Icons: iconNames(),
		Problems: []problem{{Field: side + "-text-wrong", Text: l.t("fault.required")}, {Text: l.t("fault.version_conflict")}},
		Rings:    []ring{{0, 12, 0}, {9, 12, 75}, {12, 12, 100}},
		Tiles:    []galleryTile{{l.number(0), l.t("queue.overdue"), l.t("queue.overdue_text")}, {l.number(1234567), l.t("queue.undecided"), l.t("queue.undecided_text")}},
		Ticks: []option{{Value: side + "-a", Label: words{Text: l.t("upload.good_rows")}, Selected: true}, {Value: side + "-b", Label: words{Text: l.t("upload.all_or_nothing")}},
			{Value: side + "-c", Label: words{Text: strings.Repeat(l.t("upload.rule")+" ", 4)}}},
	}
	for _, class := range []string{"", "ok", "wait", "bad", "chg"} {
		g.Notices = append(g.Notices, gallerySaid{class, l.t("check.again")})
	}
	g.Details = p.galleryRows(l)
	g.Lines = []galleryRow{{Label: words{Text: l.t("history.registered")}, When: l.dateTime(galleryDay())}, {Label: words{Text: l.t("history.decided", "n", 3)}, When: l.dateTime(galleryDay())}}
	for i, n := range []int{12, 48, 31, 0, 64} {
		g.Bars = append(g.Bars, galleryBar{Name: l.t("date.month." + string(rune('1'+i))), Value: l.number(n), X: 10 + 40*i, Y: 80 - n, Height: n})
	}
	g.addParts(p, l)
	return g
}

func galleryDay() time.Time { return time.Date(1991, 4, 2, 9, 5, 0, 0, time.UTC) }

func galleryBadges(l *locale) (out []badge) {
	for _, b := range []badge{{"ok", "check", "attested"}, {"wait", "clock", "waiting"}, {"bad", "cross", "rejected"}, {"chg", "changed", "changed"},
		{"wait", "alert", "expired"}, {"none", "minus", "not_attested"}} {
		b.Text = l.t("state." + b.Text)
		out = append(out, b)
	}
	return out
}

// galleryRows are details as they come: short, long, in another direction, none.
func (p *Pages) galleryRows(l *locale) []galleryRow {
	badges := galleryBadges(l)
	return []galleryRow{
		{Label: words{Text: l.t("people.name")}, Value: shown{Text: "Amina Lekuton", Dir: "auto"}, Badge: &badges[0]},
		{Label: words{Text: l.t("people.name")}, Value: shown{Text: "أمينة يوسف", Dir: "auto"}, Badge: &badges[1]},
		{Label: words{Text: l.t("people.name")}, Value: shown{Text: strings.Repeat("Wolfeschlegelsteinhausenbergerdorff", 6)[:200], Dir: "auto"}, Badge: &badges[2], Note: l.t("fault.damaged_text")},
		{Label: words{Text: l.t("person.number")}, Value: shown{Text: "SR-2026-000123-4", Dir: "ltr"}, Badge: &badges[5]},
		{Label: words{Text: l.t("section.contact")}, Value: shown{Text: l.t("value.none"), Empty: true}},
	}
}

// galleryInputs are the controls of every kind: empty, filled, with a hint, wrong.
func galleryInputs(l *locale, side string) (out []input) {
	for _, kind := range []string{"text", "password", "tel", "email", "date", "number", "search", "file", "area", "choice"} {
		in := input{ID: side + "-" + kind, Kind: kind, Label: words{Text: l.t("gallery.input_" + kind)}, Hint: words{Text: l.t("login.name_hint")}}
		if kind == "choice" {
			in.Options = []option{{Value: "", Label: words{Text: l.t("value.choose")}}, {Value: "1", Label: words{Text: l.t("value.true")}, Selected: true}}
		}
		wrong := in
		wrong.ID, wrong.Wrong, wrong.Hint = in.ID+"-wrong", l.t("fault.required"), words{}
		now := shown{Text: "Kisima", Dir: "auto"}
		wrong.Now = &now
		out = append(out, in, wrong)
	}
	return out
}

// gallerySheet is our sheet's tokens and dark rules for a part of a page instead of
// a whole one.
func gallerySheet(sheet []byte) []byte {
	light := between(sheet, []byte(":root {"), []byte("}"))
	out := slices.Concat([]byte(".as-light, .as-dark {"), light, []byte("color: var(--ink); background: var(--paper); }\n"))
	for rest := sheet; ; {
		_, after, found := bytes.Cut(rest, []byte("@media (prefers-color-scheme: dark) {"))
		if !found {
			return out
		}
		block := block(after)
		rest = after[len(block):]
		out = slices.Concat(out, []byte(".as-dark {"), bytes.ReplaceAll(block, []byte(":root {"), []byte("& {")), []byte("}\n"))
	}
}

func between(text, begin, end []byte) []byte {
	_, after, _ := bytes.Cut(text, begin)
	inside, _, _ := bytes.Cut(after, end)
	return inside
}

// block is what stands before the brace that closes an open one.
func block(text []byte) []byte {
	depth := 1
	for i, b := range text {
		switch b {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return text[:i]
			}
		}
	}
	return text
}
