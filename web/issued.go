package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

const (
	issuedPath = "/admin/issued"
	issuedPage = 50
)

// IssuedList is GET /admin/issued: every credential, the newest first.
func (p *Pages) IssuedList(c *gin.Context) error {
	d, err := p.desk(c, allStaff()...)
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("settings.issued"), Text: d.l.t("settings.issued_about"), Back: settingsPath, Find: d.issuedFind(), FindAction: issuedPath}
	q := issuer.IssuedQuery{ConfigID: c.Query("config"), State: c.Query("standing"), Reference: strings.TrimSpace(c.Query("reference")), After: c.Query("after"), Limit: issuedPage}
	t := deskTable{ID: "issued", Title: d.l.t("settings.issued"), Empty: d.l.t("desk.no_issued"), Act: &deskLink{Href: "/admin/people", Text: d.l.t("people.find")},
		Heads: []string{d.l.t("credentials.name"), d.l.t("desk.person"), d.l.t("credentials.state"), d.l.t("desk.issued_at"), d.l.t("desk.until")}}
	if q.Reference != "" {
		t.Empty, t.Act = d.l.t("desk.no_paper"), nil
	}
	problems, err := d.readIssued(&q)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		page, err := p.issuer.Find(d.ctx, d.actor, q)
		if q.RegistrantID == uuid.Nil && fault.KindOf(err) == fault.Forbidden { // a role for a part of the registry
			v.Notes, err = []string{d.l.t("desk.issued_bounds")}, nil
		}
		if fault.CodeOf(err) == "bad_reference" {
			problems, err = []problem{{"reference", d.l.t("fault.bad_reference")}}, nil
		}
		if err != nil {
			return err
		}
		if t.Rows, err = d.issuedRows(page.Issued); err != nil {
			return err
		}
		v.turn = turnOf(c.Request.URL, page.Next)
	}
	if len(problems) == 0 {
		v.Tables = []deskTable{t}
	}
	for _, x := range problems {
		v.Problems = append(v.Problems, x)
		for n := range v.Find {
			if v.Find[n].ID == x.Field {
				v.Find[n].Wrong = x.Text
			}
		}
	}
	return d.show(statusOf(v.Problems), v, issuedPath)
}

// issuedFind is the form that filters the list.
func (d *desk) issuedFind() []deskControl {
	any := option{Label: words{Text: d.l.t("people.any")}}
	configs := []option{any}
	for _, i := range d.p.issuer.All() {
		for _, c := range i.Configurations() {
			configs = append(configs, option{Value: c.ID, Label: words{Text: c.Name(d.l.code) + " (" + c.Format + ")"}})
		}
	}
	since := d.line("issued_since", d.c.Query("issued_since"))
	since.Kind, since.Dir = "date", ""
	states := append([]option{any}, d.options("standing.", "issued", "suspended", "withdrawn", "failed", "reserved")...)
	return []deskControl{d.choice("config", d.c.Query("config"), configs...), d.choice("standing", d.c.Query("standing"), states...), since, d.code("person_number", d.c.Query("person_number")), d.code("reference", d.c.Query("reference"))}
}

// readIssued reads the day and the number of the form.
func (d *desk) readIssued(q *issuer.IssuedQuery) (problems []problem, err error) {
	if s := d.c.Query("issued_since"); s != "" {
		if q.Since, err = dayOf(s); err != nil {
			problems = append(problems, problem{"issued_since", d.l.t("fault.bad_date")})
		}
	}
	if number := strings.TrimSpace(d.c.Query("person_number")); number != "" {
		found, err := d.p.registry.Search(d.ctx, d.actor, registry.Query{Text: number, Limit: 2, Names: true})
		if err != nil && fault.KindOf(err) != fault.Invalid {
			return nil, err
		}
		for _, person := range found.People {
			if strings.EqualFold(person.Number, number) {
				q.RegistrantID = person.ID
			}
		}
		if q.RegistrantID == uuid.Nil {
			problems = append(problems, problem{"person_number", d.l.t("fault.no_such_person")})
		}
	}
	return problems, nil
}

func (d *desk) issuedRows(list []issuer.Issued) ([][]deskCell, error) {
	ids := make([]uuid.UUID, len(list))
	for n, i := range list {
		ids[n] = i.RegistrantID
	}
	names, err := d.p.registry.Names(d.ctx, d.actor, ids)
	if err != nil {
		return nil, err
	}
	var out [][]deskCell
	for _, i := range list {
		at := i.IssuedAt
		if at.IsZero() {
			at = i.ReservedAt
		}
		format := i.Format
		if format == issuer.FormatPaper {
			format = d.l.t("print.format")
		}
		out = append(out, []deskCell{{Text: d.credentialName(i), Href: issuedPath + "/" + i.ID.String(), Small: format}, d.personCell(names[i.RegistrantID], i.RegistrantID), {Badges: []badge{d.standing(i)}}, plainCell(d.l.dateTime(at)), plainCell(d.l.date(i.ValidUntil))})
	}
	return out, nil
}

// personCell names whom something is about.
func (d *desk) personCell(n registry.Named, id uuid.UUID) deskCell {
	if n.Number == "" {
		return deskCell{Text: d.l.t("desk.somebody")}
	}
	path := "/admin/people/"
	if n.Kind != registry.PersonKind {
		path = "/admin/groups/"
	}
	out := deskCell{Text: n.Name, Href: path + id.String(), Small: n.Number}
	if n.Name == "" {
		out.Text, out.Dir, out.Small = n.Number, "ltr", ""
	}
	return out
}

func (d *desk) credentialName(i issuer.Issued) string {
	if c := d.p.configurationOf(i); c.ID != "" {
		return c.Name(d.l.code)
	}
	return i.ConfigID
}

// standing is where a credential stands now.
func (d *desk) standing(i issuer.Issued) badge {
	look := map[string]badge{"issued": {"ok", "check", ""}, "suspended": {"wait", "clock", ""}, "withdrawn": {"bad", "cross", ""}, "failed": {"none", "minus", ""}, "reserved": {"chg", "changed", ""}}[i.State]
	look.Text = d.l.t("standing." + i.State)
	if i.State == "issued" && !d.p.now().Before(i.ValidUntil) {
		look = badge{"none", "clock", d.l.t("credential.expired")}
	}
	return look
}

// IssuedShow is GET /admin/issued/:id.
func (p *Pages) IssuedShow(c *gin.Context) error {
	d, err := p.desk(c, allStaff()...)
	if err != nil {
		return err
	}
	return d.issuedPage("", http.StatusOK, nil)
}

func (d *desk) issuedPage(reason string, status int, problems []problem) error {
	id, err := uuid.Parse(d.c.Param("id"))
	if err != nil {
		return fault.New(fault.NotFound, "not_found", "There is no such credential.")
	}
	life, err := d.p.issuer.Life(d.ctx, d.actor, id)
	if err != nil {
		return err
	}
	names, err := d.p.registry.Names(d.ctx, d.actor, []uuid.UUID{life.RegistrantID, life.HeldBy})
	if err != nil {
		return err
	}
	state := d.standing(life.Issued)
	v := deskPage{Title: d.credentialName(life.Issued), Code: id.String(), Text: d.l.t("desk.issued_text"), Back: issuedPath, Badge: &state, Done: d.done()}
	if v.Facts, err = d.issuedFacts(life, names); err != nil {
		return err
	}
	steps := deskTable{ID: "life", Title: d.l.t("life.title"), Empty: d.l.t("desk.no_history"), Heads: []string{d.l.t("desk.what"), d.l.t("desk.who"), d.l.t("desk.in_reason")}}
	for _, s := range lifeSteps(d.l, life) {
		steps.Rows = append(steps.Rows, []deskCell{plainCell(s.Text), plainCell(s.By), plainCell(s.Reason)})
	}
	v.Line = &steps
	if err := d.issuedActs(&v, life, reason); err != nil {
		return err
	}
	v.refused(d.l, problems, nil)
	return d.show(status, v, issuedPath)
}

func (d *desk) issuedFacts(life issuer.Life, names map[uuid.UUID]registry.Named) ([]deskFact, error) {
	fields, err := d.p.registry.Fields(d.ctx)
	if err != nil {
		return nil, err
	}
	out := []deskFact{{d.l.t("desk.person"), d.personCell(names[life.RegistrantID], life.RegistrantID)}, {d.l.t("desk.format"), codeCell(life.Format)},
		{d.l.t("desk.valid"), plainCell(d.l.t("desk.from_to", "from", life.ValidFrom, "to", life.ValidUntil))}, {d.l.t("desk.version"), plainCell(d.l.number(life.VersionNo))},
		{d.l.t("credential.in"), plainCell(d.p.fieldNames(d.l, fields, life.Fields))}}
	if life.Format == issuer.FormatPaper {
		out = append(out, deskFact{d.l.t("print.reference"), codeCell(grouped(life.Reference()))})
	}
	if life.HeldBy != uuid.Nil {
		out = append(out, deskFact{d.l.t("desk.held_by"), d.personCell(names[life.HeldBy], life.HeldBy)})
	}
	for key, id := range map[string]uuid.UUID{"desk.supersedes": life.Supersedes, "desk.replaced_by": life.ReplacedBy} {
		if id != uuid.Nil {
			out = append(out, deskFact{d.l.t(key), deskCell{Text: id.String(), Dir: "ltr", Href: issuedPath + "/" + id.String()}})
		}
	}
	return out, nil
}

// issuedActs are what may become of a credential.
func (d *desk) issuedActs(v *deskPage, life issuer.Life, reason string) error {
	live := life.State == "issued" || life.State == "suspended"
	if !live || !(d.actor.Has(registry.RoleAdmin) || d.actor.Has(registry.RoleRegistrar)) {
		return nil
	}
	buttons := []deskButton{{"step", "suspend", d.l.t("withdraw.suspend"), "sec"}}
	if life.State == "suspended" {
		buttons = []deskButton{{"step", "restore", d.l.t("withdraw.restore"), "sec"}}
	}
	x := d.line("reason", reason)
	x.Label, x.Hint, x.MaxLength, x.Required = words{Text: d.l.t("withdraw.reason")}, words{}, 200, true
	f, err := d.form(deskForm{ID: "turn", Title: d.l.t("desk.turn"), Text: d.l.t("withdraw.text"), Action: issuedPath + "/" + life.ID.String(), Folded: reason == "",
		Groups: []deskGroup{{Controls: []deskControl{x}}}, Buttons: append([]deskButton{{"step", "withdraw", d.l.t("withdraw.button"), "warn"}}, buttons...)})
	v.Forms = []deskForm{f}
	return err
}

// IssuedTurn is POST /admin/issued/:id: withdraw, suspend, or make valid again.
func (p *Pages) IssuedTurn(c *gin.Context) error {
	d, form, err := p.desked(c, registrars()...)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.New(fault.NotFound, "not_found", "There is no such credential.")
	}
	turn := map[string]func(context.Context, registry.Actor, uuid.UUID, string) error{"suspend": p.issuer.Suspend, "restore": p.issuer.Restore}[form.Get("step")]
	if turn == nil {
		turn = p.issuer.Withdraw
	}
	return d.send(form, func(ctx context.Context) (string, error) {
		return issuedPath + "/" + id.String() + "?done=saved", asMember(turn(ctx, d.actor, id, form.Get("reason")), "reason")
	}, func(status int, problems []problem) error { return d.issuedPage(form.Get("reason"), status, problems) })
}
