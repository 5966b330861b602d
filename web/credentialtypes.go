package web

import (
	"cmp"
	"context"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
)

const typesPath = "/admin/credentials"

// CredentialTypes is GET /admin/credentials: what is issued, by each issuer.
func (p *Pages) CredentialTypes(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("settings.credentials"), Text: d.l.t("settings.credentials_about"), Back: settingsPath}
	for n, i := range p.issuer.All() {
		stored, err := i.StoredConfigurations(d.ctx, d.actor)
		if err != nil {
			return err
		}
		t := deskTable{ID: "types-" + strconv.Itoa(n), Title: i.Title(d.l.code), Empty: d.l.t("desk.no_configurations"),
			Heads: []string{d.l.t("credentials.name"), d.l.t("desk.format"), d.l.t("desk.in_validity_days"), d.l.t("desk.claims"), d.l.t("credentials.state")}}
		for _, s := range stored {
			t.Rows = append(t.Rows, []deskCell{{Text: s.Name(d.l.code), Href: typeAddress(i, s.ID, ""), Small: s.ID}, codeCell(s.Format), plainCell(d.l.number(s.ValidityDays)), plainCell(d.l.number(len(s.Fields))), {Badges: []badge{d.running(s)}}})
		}
		v.Tables = append(v.Tables, t)
	}
	return d.show(http.StatusOK, v, typesPath)
}

// running says whether what is stored is what is issued.
func (d *desk) running(s issuer.StoredConfiguration) badge {
	if s.Running {
		return badge{"ok", "check", d.l.t("desk.is_used")}
	}
	return badge{"wait", "clock", d.l.t("desk.is_waiting")}
}

// typeAddress is the page of a type.
func typeAddress(i *issuer.Issuer, id, page string) string {
	out := typesPath + "/" + url.PathEscape(id) + page
	if name := i.IssuerName(); name != "" {
		out += "?issuer=" + url.QueryEscape(name)
	}
	return out
}

// credentialType reads the type that the address names.
func (d *desk) credentialType() (*issuer.Issuer, issuer.StoredConfiguration, error) {
	i, err := d.p.issuer.Of(d.c.Query("issuer"))
	if err != nil {
		return nil, issuer.StoredConfiguration{}, err
	}
	s, err := i.StoredConfiguration(d.ctx, d.actor, d.c.Param("config"))
	return i, s, err
}

// CredentialType is GET /admin/credentials/:config.
func (p *Pages) CredentialType(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	i, s, err := d.credentialType()
	if err != nil {
		return err
	}
	entries, err := i.ConfigurationLog(d.ctx, d.actor, s.ID)
	if err != nil {
		return err
	}
	state := d.running(s)
	v := deskPage{Title: s.Name(d.l.code), Code: s.ID, Text: d.l.t("desk.type_text"), Back: typesPath, Badge: &state, Done: d.done(), Facts: d.typeFacts(i, s.Configuration), Line: d.entries(entries)}
	if !s.Running {
		v.Notes = []string{d.l.t("desk.type_waits")}
	}
	if v.Cards, err = d.cards(i, s.Configuration); err != nil {
		return err
	}
	claims := deskTable{ID: "claims", Title: d.l.t("desk.claims"), Heads: []string{d.l.t("desk.detail"), d.l.t("desk.claim"), d.l.t("desk.is_required")}}
	for _, f := range s.Fields {
		claims.Rows = append(claims.Rows, []deskCell{d.fieldCell(f.Field), codeCell(f.Claim), plainCell(d.l.t("value." + strconv.FormatBool(f.Mandatory)))})
	}
	v.Tables = []deskTable{claims}
	if d.isAdmin() {
		v.Acts = []deskLink{{Href: typeAddress(i, s.ID, "/edit"), Text: d.l.t("desk.edit_type"), Icon: "pencil"}}
	}
	return d.show(http.StatusOK, v, typesPath)
}

// fieldCell names a field and leads to its definition.
func (d *desk) fieldCell(key string) deskCell {
	f, err := d.p.registry.Field(d.ctx, key)
	if err != nil { // counted of a household: no definition of its own
		return codeCell(key)
	}
	out := d.p.label(d.l, f).cell()
	out.Href = fieldsPath + "/" + f.Key
	return out
}

// typeFacts are what verifiers tell a type by, and its rules.
func (d *desk) typeFacts(i *issuer.Issuer, c issuer.Configuration) []deskFact {
	out := []deskFact{{d.l.t("desk.in_issuer"), plainCell(i.Title(d.l.code))}, {d.l.t("desk.format"), codeCell(c.Format)}, {d.l.t("desk.type_name"), codeCell(c.Type)},
		{d.l.t("desk.algorithm"), codeCell(strings.TrimSpace(c.Alg + " " + c.Suite))}, {d.l.t("desk.in_kinds"), plainCell(d.l.t("desk.for_" + string(c.For)))}, {d.l.t("desk.statuses"), codeCell(strings.Join(c.StatusPurposes, ", "))}}
	for _, x := range d.typeRules(c.Edit()) {
		if s := x.says(); s != "" {
			out = append(out, deskFact{x.Label.Text, plainCell(s)})
		}
	}
	return out
}

// cards draws a type as wallets do.
func (d *desk) cards(i *issuer.Issuer, c issuer.Configuration) ([]cardPreview, error) {
	pictures, err := i.Cards(c, d.l.t("desk.example"))
	own := slices.ContainsFunc(pictures, func(x issuer.CardPicture) bool { return x.Locale == d.l.code })
	var out []cardPreview
	for _, x := range pictures {
		other := own && x.Locale != d.l.code || !own && x.Locale != pictures[0].Locale
		key := "desk.card_across"
		if x.Portrait {
			key = "desk.card_upright"
		}
		src := "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(x.SVG)
		out = append(out, cardPreview{Name: x.Name, Lang: x.Locale, Alt: d.l.t(key, "name", x.Name), Src: template.URL(src), Other: other})
	}
	return out, err
}

// typeGroups is a type as a form.
func (d *desk) typeGroups(e issuer.ConfigurationEdit, reason string) []deskGroup {
	names, abouts, logo := map[string]string{}, map[string]string{}, ""
	for _, x := range e.Display {
		names[x.Locale], abouts[x.Locale] = x.Name, x.Description
		if x.Logo != nil {
			logo = x.Logo.URI
		}
	}
	first := issuer.Display{BackgroundColor: "#14532d", TextColor: "#ffffff"}
	if len(e.Display) > 0 {
		first = e.Display[0]
	}
	look := append(d.perLanguage("card_name", names), d.perLanguage("card_about", abouts)...)
	back, ink := d.code("background", first.BackgroundColor), d.code("ink", first.TextColor)
	claims := d.codeArea("claims", claimLines(e.Fields))
	claims.Required = true
	return []deskGroup{{Title: d.l.t("desk.group_card"), Two: true, Controls: append(look, back, ink, d.code("logo", logo))},
		{Title: d.l.t("desk.claims"), Text: d.l.t("desk.claims_text"), Controls: []deskControl{claims, d.claimToAdd(e.Fields)}},
		{Title: d.l.t("desk.group_rules"), Two: true, Controls: d.typeRules(e)},
		{Title: d.l.t("desk.in_reason"), Controls: []deskControl{d.reason(reason)}}}
}

func (d *desk) typeRules(e issuer.ConfigurationEdit) []deskControl {
	days, wait := d.code("validity_days", strconv.Itoa(e.ValidityDays)), d.code("refresh_days", strconv.Itoa(e.RefreshDays))
	paper := d.code("paper_days", strconv.Itoa(e.PaperDays))
	days.Mode, wait.Mode, paper.Mode = "numeric", "numeric", "numeric"
	return []deskControl{days, d.choice("refresh", string(e.Refresh), d.options("desk.refresh_", "at_once", "accepted")...), wait,
		d.choice("consent_end", string(e.ConsentEnd), d.options("desk.consent_", "keep", "withdraw")...),
		paper, d.choice("paper_profile", string(e.PaperProfile), d.options("desk.paper_", "spec", "inji")...), d.tick("deferred", e.Deferred), d.tick("own_only", e.OwnOnly)}
}

// claimLines writes claims one a line, in the order of the card: field = claim, a star
// for what must be there.
func claimLines(fields []issuer.ClaimField) string {
	var out []string
	for _, f := range fields {
		line := f.Field + " = " + f.Claim
		if f.Namespace != "" {
			line += " @ " + f.Namespace
		}
		if f.Mandatory {
			line += " *"
		}
		if f.Elements {
			line += " []"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func readClaims(s string) []issuer.ClaimField {
	var out []issuer.ClaimField
	for _, line := range linesOf(s) {
		var f issuer.ClaimField
		for more := true; more; {
			line = strings.TrimSpace(line)
			var star, each bool
			line, star = strings.CutSuffix(line, "*")
			line, each = strings.CutSuffix(line, "[]")
			f.Mandatory, f.Elements, more = f.Mandatory || star, f.Elements || each, star || each
		}
		field, claim, found := strings.Cut(line, "=")
		if !found {
			claim = field
		}
		claim, f.Namespace, _ = strings.Cut(claim, "@")
		f.Field, f.Claim, f.Namespace = strings.TrimSpace(field), strings.TrimSpace(claim), strings.TrimSpace(f.Namespace)
		out = append(out, f)
	}
	return out
}

// readType reads the form over what is stored: the pictures of a language stay.
func readType(form url.Values, old issuer.Configuration) issuer.ConfigurationEdit {
	e, names, abouts := old.Edit(), labelsIn(form, "card_name"), labelsIn(form, "card_about")
	e.Display = nil
	logo := strings.TrimSpace(form.Get("logo"))
	for _, lang := range slices.SortedFunc(slices.Values(keysOf(names)), func(a, b string) int { return cmp.Compare(place(old, a), place(old, b)) }) {
		x := issuer.Display{Locale: lang}
		if n := place(old, lang); n < len(old.Display) {
			x = old.Display[n]
		}
		x.Name, x.Description, x.BackgroundColor, x.TextColor = names[lang], abouts[lang], strings.TrimSpace(form.Get("background")), strings.TrimSpace(form.Get("ink"))
		if x.Logo = nil; logo != "" {
			x.Logo = &issuer.Picture{URI: logo, AltText: x.Name}
		}
		e.Display = append(e.Display, x)
	}
	e.Fields, e.ValidityDays, e.RefreshDays = addClaim(readClaims(form.Get("claims")), form.Get("claim_add")), atoi(form.Get("validity_days")), atoi(form.Get("refresh_days"))
	e.Refresh, e.ConsentEnd, e.Deferred, e.OwnOnly = issuer.Refresh(form.Get("refresh")), issuer.ConsentEnd(form.Get("consent_end")), form.Get("deferred") != "", form.Get("own_only") != ""
	if form.Has("paper_days") { // a form from before papers says nothing of them
		e.PaperDays, e.PaperProfile = atoi(form.Get("paper_days")), issuer.PaperProfile(form.Get("paper_profile"))
	}
	return e
}

// place is where a language stands among those of a type; new ones come last.
func place(c issuer.Configuration, lang string) int {
	if n := slices.IndexFunc(c.Display, func(x issuer.Display) bool { return x.Locale == lang }); n >= 0 {
		return n
	}
	return len(c.Display)
}

// CredentialTypeEdit is GET /admin/credentials/:config/edit.
func (p *Pages) CredentialTypeEdit(c *gin.Context) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	i, s, err := d.credentialType()
	if err != nil {
		return err
	}
	return d.typeForm(i, s, s.Edit(), "", http.StatusOK, false, nil)
}

func (d *desk) typeForm(i *issuer.Issuer, s issuer.StoredConfiguration, e issuer.ConfigurationEdit, reason string, status int, drawn bool, problems []problem) error {
	form, err := d.form(deskForm{Action: typeAddress(i, s.ID, "/edit"), Leave: typeAddress(i, s.ID, ""), Groups: d.typeGroups(e, reason), Hidden: []hidden{{"digest", s.Digest}},
		Buttons: []deskButton{{"step", "preview", d.l.t("desk.show_preview"), "sec"}, {"step", "save", d.l.t("desk.save"), ""}}})
	if err != nil {
		return err
	}
	v := deskPage{Title: s.Name(d.l.code), Code: s.ID, Text: d.l.t("desk.type_form_text"), Back: typeAddress(i, s.ID, ""), Form: &form}
	if status == http.StatusConflict {
		v.Stale = d.differences(form.Groups, d.typeGroups(s.Edit(), ""))
	}
	if drawn {
		if v.Cards, err = d.cards(i, s.With(e)); err != nil {
			return err
		}
	}
	v.refused(d.l, problems, nil)
	return d.show(status, v, typesPath)
}

// CredentialTypeChange is POST /admin/credentials/:config/edit: look at the card, or save.
func (p *Pages) CredentialTypeChange(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	i, s, err := d.credentialType()
	if err != nil {
		return err
	}
	e, reason := readType(form, s.Configuration), form.Get("reason")
	again := func(status int, problems []problem) error {
		return d.typeForm(i, s, e, reason, status, false, problems)
	}
	if form.Get("step") != "save" {
		err := i.CheckConfiguration(d.ctx, d.actor, s.With(e))
		if problems, ok := formErrors(d.l, err); err != nil && ok {
			return again(http.StatusUnprocessableEntity, problems)
		}
		if err != nil {
			return err
		}
		return d.typeForm(i, s, e, reason, http.StatusOK, true, nil)
	}
	return d.send(form, func(ctx context.Context) (string, error) {
		err := i.ChangeConfiguration(ctx, d.actor, s.ID, form.Get("digest"), e, reason)
		back := typeAddress(i, s.ID, "")
		if strings.Contains(back, "?") {
			return back + "&done=type_saved", withReason(err)
		}
		return back + "?done=type_saved", withReason(err)
	}, again)
}

// withReason says of a missing reason in which control it is missing.
func withReason(err error) error {
	if fault.CodeOf(err) == "reason_required" {
		return asMember(err, "reason")
	}
	return err
}
