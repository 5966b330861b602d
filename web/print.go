package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/qrcode"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// deskPaperPath is where the office prints a credential of a person or a household.
const deskPaperPath = "/papers"

// The layouts of a paper: a sheet of A4, or a card of ISO/IEC 7810 ID-1.
const (
	layoutSheet = "a4"
	layoutCard  = "card"
)

// paperForm asks what is printed, and on what.
type paperForm struct {
	Name, Format string // of the credential
	Back, Action string
	Config, Of   string // id of the configuration, and the name of its issuer
	Token        string
	Until        string // until when the paper would count
	Details      []paperDetail
	Layout       input
	Wrong        string // of the details
	Problems     []problem
}

// paperDetail is one that can be printed.
type paperDetail struct {
	Key    string
	Label  words
	Value  shown
	Chosen bool
}

// myPaperView is the form of a person; Card says why nothing is printed.
type myPaperView struct {
	Paper paperForm
	Card  credentialCard
}

// deskPaperView is the form of the office.
type deskPaperView struct {
	personView
	myPaperView
	Problems []problem
}

// paperView is a paper as it is printed.
type paperView struct {
	Name, Issuer string
	Card         bool // it is a card, else a sheet
	Who          string
	Details      []paperDetail
	Until, Since string
	Reference    string
	Check        string // where anybody checks it
	Mark         qrcode.Code
	Back, Other  string // Other is the address of the other layout
	Page         string // of its life
}

// paperForm fills the form for a record. chosen is what was sent, nil before.
func (p *Pages) paperForm(ctx context.Context, l *locale, actor registry.Actor, rec record, r issuer.Readiness, form url.Values, problems []problem) (paperForm, error) {
	v := paperForm{Name: r.Config.Name(l.code), Format: r.Config.Format, Config: r.Config.ID, Of: r.Issuer,
		Until: l.t("print.until", "n", r.Config.PaperDays)}
	i, err := p.issuer.Of(r.Issuer)
	if err != nil {
		return v, err
	}
	fields, err := i.PaperFields(ctx, actor, rec.person.ID, r.Config.ID)
	if err != nil {
		return v, err
	}
	byKey := fieldsByKey(rec.fields)
	for _, f := range fields {
		def := fieldOf(byKey, f.Field)
		d := paperDetail{Key: f.Field, Label: p.label(l, def), Value: p.ownValue(l, def, rec.person.Values[f.Field].Text), Chosen: f.Suggested}
		if form != nil {
			d.Chosen = slices.Contains(form["details"], f.Field)
		}
		v.Details = append(v.Details, d)
	}
	in := typed{l: l, values: form, problems: problems}
	v.Layout = in.choice("layout", "print.layout", option{Value: layoutSheet, Label: words{Text: l.t("print.a4")}}, option{Value: layoutCard, Label: words{Text: l.t("print.card")}})
	v.Problems, v.Wrong = problems, wrongOf(problems, "details")
	v.Token, err = p.registry.NewForm(actor)
	return v, err
}

// paperProblems says in words why a paper cannot be made.
func (p *Pages) paperProblems(l *locale, rec record, err error) ([]problem, bool) {
	problems, ok := formErrors(l, err)
	switch {
	case err == nil || !ok:
		return nil, false
	case fault.CodeOf(err) == "paper_too_dense":
		byKey, names := fieldsByKey(rec.fields), []string{}
		for _, f := range fault.FieldsOf(err) {
			names = append(names, p.label(l, fieldOf(byKey, f.Name)).Text)
		}
		return []problem{{Field: "details", Text: l.t("print.too_dense", "details", strings.Join(names, l.t("list.comma")+" "))}}, true
	case fault.CodeOf(err) == "paper_fields":
		return []problem{{Field: "details", Text: l.t("fault.paper_fields")}}, true
	}
	return problems, true
}

// MyPrint is GET /me/credentials/:id/print, of a configuration.
func (p *Pages) MyPrint(c *gin.Context) error { return p.myPrint(c, nil, nil) }

func (p *Pages) myPrint(c *gin.Context, form url.Values, problems []problem) error {
	d := p.visit(c)
	rec, err := p.subject(c)
	if err != nil {
		return err
	}
	r, err := p.configuration(d.ctx, d.actor, rec, c)
	if err != nil {
		return err
	}
	v := myPaperView{Card: p.credentialCard(d.l, rec, fieldsByKey(rec.fields), r)}
	if v.Card.Print == "" && len(v.Card.Missing) == 0 && !v.Card.Suspended {
		return fault.New(fault.NotFound, "not_found", "There is no such credential.")
	}
	if v.Paper, err = p.paperForm(d.ctx, d.l, d.actor, rec, r, form, problems); err != nil {
		return err
	}
	v.Paper.Back, v.Paper.Action = rec.path(credentialsPath), rec.printPath(r.Issuer, r.Config.ID, "")
	return d.page(statusOf(problems), look{page: "my_print", title: d.l.t("print.title"), nav: credentialsPath, failed: len(problems) > 0}, v)
}

// MyPrintMake is POST /me/credentials/:id/print.
func (p *Pages) MyPrintMake(c *gin.Context) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	rec, err := p.subject(c)
	if err != nil {
		return err
	}
	r, err := p.configuration(d.ctx, d.actor, rec, c)
	if err != nil {
		return err
	}
	err = p.once(c, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		paper, err := p.makePaper(ctx, d.actor, rec.person.ID, r.Issuer, r.Config.ID, form)
		return withLayout(rec.printPath(r.Issuer, r.Config.ID, paper.ID.String()), form.Get("layout")), err
	})
	if problems, ok := p.paperProblems(d.l, rec, err); ok {
		return p.myPrint(c, form, problems)
	}
	return err
}

func (p *Pages) makePaper(ctx context.Context, actor registry.Actor, record uuid.UUID, of, config string, form url.Values) (issuer.Issued, error) {
	i, err := p.issuer.Of(of)
	if err != nil {
		return issuer.Issued{}, err
	}
	return i.MakePaper(ctx, actor, issuer.NewPaper{RegistrantID: record, ConfigID: config, Fields: form["details"]})
}

// withLayout adds the layout to the address of a paper.
func withLayout(address, layout string) string {
	if layout != layoutCard {
		return address
	}
	if strings.Contains(address, "?") {
		return address + "&layout=" + layoutCard
	}
	return address + "?layout=" + layoutCard
}

// MyPaper is GET /me/credentials/:id/print/:paper: the paper, as often as it is asked for
// while it counts. A printer fails, and a sheet is lost in the washing; another paper
// for that would take another place in the status list, and leave one about that counts.
func (p *Pages) MyPaper(c *gin.Context) error {
	d := p.visit(c)
	rec, err := p.subject(c)
	if err != nil {
		return err
	}
	v, paper, err := p.paper(d, rec)
	if err != nil {
		return err
	}
	here := rec.printPath(paper.Issuer, paper.ConfigID, paper.ID.String())
	v.Back, v.Page = rec.path(credentialsPath), rec.path(credentialsPath+"/"+paper.ID.String())
	return d.showPaper(v, here, credentialsPath)
}

// paper makes a paper of a record ready to be shown: what is in it as it is attested now,
// which is what was when it was made, or it would not count.
func (p *Pages) paper(d *desk, rec record) (paperView, issuer.Paper, error) {
	id, err := uuid.Parse(d.c.Param("paper"))
	if err != nil {
		return paperView{}, issuer.Paper{}, fault.New(fault.NotFound, "not_found", "There is no such paper.")
	}
	paper, err := p.issuer.Paper(d.ctx, d.actor, id)
	if err == nil && paper.RegistrantID != rec.person.ID {
		err = fault.New(fault.NotFound, "not_found", "There is no such paper.")
	}
	if err != nil {
		return paperView{}, paper, err
	}
	v := paperView{Issuer: p.issuerTitle(d.l, paper.Issuer), Name: p.configurationOf(paper.Issued).Name(d.l.code), Card: d.c.Query("layout") == layoutCard,
		Since: d.l.date(paper.IssuedAt), Until: d.l.date(paper.ValidUntil), Reference: grouped(paper.Reference()), Check: p.publicURL + verifierPath}
	for _, f := range rec.fields {
		if slices.Contains(paper.Fields, f.Key) {
			v.Details = append(v.Details, paperDetail{Key: f.Key, Label: p.label(d.l, f), Value: p.shownValue(d.l, f, rec.person.Values[f.Key].Text)})
		}
	}
	v.Mark, err = qrcode.NewAlphanumeric(paper.Code)
	return v, paper, err
}

func (d *desk) showPaper(v paperView, here, nav string) error {
	v.Other = withLayout(here, layoutCard)
	if v.Card {
		v.Other = here
	}
	d.c.Header("Cache-Control", "no-store")
	return d.page(http.StatusOK, look{page: "paper", title: d.l.t("print.paper"), nav: nav}, v)
}

// grouped writes a code in groups of four signs.
func grouped(code string) string {
	var out []string
	for group := range slices.Chunk([]byte(code), 4) {
		out = append(out, string(group))
	}
	return strings.Join(out, " ")
}

// PaperLost is POST /me/credentials/:id/lost, of a paper: who holds it ends it.
func (p *Pages) PaperLost(c *gin.Context) error {
	return p.press(c, func(ctx context.Context, d *desk, _ url.Values) (string, error) {
		life, rec, err := p.life(c)
		if err == nil && life.Format != issuer.FormatPaper {
			err = fault.New(fault.NotFound, "not_found", "There is no such paper.")
		}
		if err != nil {
			return "", err
		}
		return rec.path(credentialsPath + "/" + life.ID.String()), p.issuer.Withdraw(ctx, d.actor, life.ID, "paper_lost")
	})
}
