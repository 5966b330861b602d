package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// fieldGroups is a definition as a form. What cannot be changed of one that is there
// is not asked for.
func (d *desk) fieldGroups(f registry.Field, reason string) ([]deskGroup, error) {
	what, err := d.fieldWhat(f)
	if err != nil {
		return nil, err
	}
	return []deskGroup{
		{Title: d.l.t("desk.group_what"), Two: true, Controls: what},
		{Title: d.l.t("desk.group_labels"), Text: d.l.t("desk.group_labels_text"), Two: true, Controls: append(d.perLanguage("label", f.Label), d.perLanguage("hint", f.Hint)...)},
		{Title: d.l.t("desk.group_values"), Two: true, Controls: d.fieldValues(f)},
		{Title: d.l.t("desk.group_who"), Two: true, Controls: d.fieldWho(f)},
		{Title: d.l.t("desk.group_attestation"), Text: d.l.t("desk.group_attestation_text"), Two: true, Controls: d.fieldAttestation(f)},
		{Title: d.l.t("desk.group_use"), Two: true, Controls: d.fieldUse(f)},
		{Title: d.l.t("desk.in_reason"), Controls: []deskControl{d.reason(reason)}},
	}, nil
}

func (d *desk) fieldWhat(f registry.Field) ([]deskControl, error) {
	kinds, err := d.kindOptions()
	if err != nil {
		return nil, err
	}
	if len(f.Kinds) == 0 {
		f.Kinds = []string{registry.PersonKind}
	}
	kind, types := d.ticks("kinds", f.Kinds, kinds...), d.choice("type", string(f.Type), d.options("fieldtype.", fieldTypes()...)...)
	result := d.choice("result", string(f.Result), append([]option{{Label: words{Text: d.l.t("value.none")}}}, d.options("fieldtype.", "text", "number", "boolean", "date")...)...)
	key := d.code("key", f.Key)
	key.Required, key.MaxLength = true, 63
	if f.Version > 0 {
		key, kind, types, result = d.fixed("key", f.Key), d.fixed("kinds", kind.says()), d.fixed("type", types.says()), d.fixed("result", result.says())
	}
	section, position := d.code("section", f.Section), d.code("position", strconv.Itoa(f.Position))
	section.Required, position.Mode = true, "numeric"
	out := []deskControl{key, types, section, position, kind}
	if f.Version == 0 || f.Type == registry.TypeComputed {
		out = append(out, result, d.codeArea("rule", f.Rule))
	}
	return out, nil
}

func fieldTypes() []string {
	return []string{"text", "date", "choice", "multi_choice", "number", "boolean", "phone", "email", "identifier", "location", "document", "repeat", "computed"}
}

func (d *desk) fieldValues(f registry.Field) []deskControl {
	length := ""
	if f.MaxLength > 0 {
		length = strconv.Itoa(f.MaxLength)
	}
	out := []deskControl{d.tick("required", f.Required), d.code("pattern", f.Pattern), d.code("min", f.Min), d.code("max", f.Max), d.code("max_length", length),
		d.codeArea("choices", choiceLines(f.Choices)), d.codeArea("show_if", f.ShowIf), d.codeArea("required_if", f.RequiredIf), d.codeArea("schema", string(f.Schema))}
	out[4].Mode = "numeric"
	return out
}

func (d *desk) fieldWho(f registry.Field) []deskControl {
	editors := []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleRegistrant}
	return []deskControl{
		d.ticks("edit_by", textsOf(f.EditBy), roleOptions(d, editors...)...),
		d.ticks("see_by", textsOf(f.SeeBy), roleOptions(d, append(allStaff(), registry.RoleRegistrant)...)...),
		d.ticks("approval", textsOf(f.Approval.Channels), d.options("desk.channel_", "self", "staff", "csv", "import", "odk", "partner")...),
		d.ticks("approval_by", textsOf(f.Approval.By), roleOptions(d, registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester)...),
	}
}

func (d *desk) fieldAttestation(f registry.Field) []deskControl {
	two := "1"
	if f.Attestation.Attesters == 2 {
		two = "2"
	}
	days := func(id string, n int) deskControl {
		x := d.code(id, "")
		if n > 0 {
			x.Value = strconv.Itoa(n)
		}
		x.Mode = "numeric"
		return x
	}
	return []deskControl{
		d.tick("attestable", f.Attestable), d.choice("attesters", two, d.options("desk.attesters_", "1", "2")...),
		d.choice("own_edit", string(f.Attestation.OwnEdit), append([]option{{Label: words{Text: d.l.t("desk.own_edit_usual")}}}, d.options("desk.own_edit_", "allowed", "refused")...)...),
		d.tick("in_area", f.Attestation.Area), days("valid_days", f.Attestation.ValidDays), days("deadline_days", f.Attestation.DeadlineDays),
		d.tick("evidence", f.Attestation.EvidenceRequired),
	}
}

func (d *desk) fieldUse(f registry.Field) []deskControl {
	out := []deskControl{d.tick("issuable", f.Issuable), d.code("iri", f.IRI), d.tick("searchable", f.Searchable)}
	fixed := []deskControl{d.tick("note", f.Approval.Note), d.tick("sealed", f.Sealed), d.tick("unique", f.Unique), d.tick("lookup", f.Lookup), d.tick("name", f.Name)}
	for _, x := range fixed {
		if f.Version > 0 {
			says := x.says()
			if says == "" {
				says = d.l.t("value.false")
			}
			x = d.fixed(x.ID, says)
		}
		out = append(out, x)
	}
	return out
}

// choiceLines writes choices one a line: value | en: words | ar: words.
func choiceLines(choices []registry.Choice) string {
	var out []string
	for _, c := range choices {
		line := c.Value
		for _, lang := range keysOf(c.Label) {
			line += " | " + lang + ": " + c.Label[lang]
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// readChoices reads choiceLines. Words without a language are English; a value
// without words is its own.
func readChoices(s string) []registry.Choice {
	var out []registry.Choice
	for _, line := range linesOf(s) {
		parts := strings.Split(line, "|")
		c := registry.Choice{Value: strings.TrimSpace(parts[0]), Label: map[string]string{}}
		for _, part := range parts[1:] {
			lang, label, found := strings.Cut(part, ":")
			if lang = strings.TrimSpace(lang); !found || strings.ContainsAny(lang, " ") || len(lang) > 12 {
				lang, label = defaultLocale, part
			}
			c.Label[lang] = strings.TrimSpace(label)
		}
		if len(c.Label) == 0 {
			c.Label[defaultLocale] = c.Value
		}
		out = append(out, c)
	}
	return out
}

// readField reads what the form says over what is there: what is fixed is not asked.
func readField(form url.Values, old registry.Field) registry.Field {
	f, on := old, func(id string) bool { return form.Get(id) != "" }
	if old.Version == 0 {
		f.Key, f.Type, f.Kinds = strings.TrimSpace(form.Get("key")), registry.FieldType(form.Get("type")), form["kinds"]
		f.Sealed, f.Unique, f.Lookup, f.Name, f.Result = on("sealed"), on("unique"), on("lookup"), on("name"), registry.FieldType(form.Get("result"))
	} else {
		f.Version = atoi(form.Get("version"))
	}
	if form.Has("rule") {
		f.Rule = strings.TrimSpace(form.Get("rule"))
	}
	f.Section, f.Position = strings.TrimSpace(form.Get("section")), max(atoi(form.Get("position")), 0)
	f.Label, f.Hint, f.Choices = labelsIn(form, "label"), labelsIn(form, "hint"), readChoices(form.Get("choices"))
	f.Pattern, f.Min, f.Max, f.MaxLength = form.Get("pattern"), strings.TrimSpace(form.Get("min")), strings.TrimSpace(form.Get("max")), count(form.Get("max_length"))
	f.Required, f.ShowIf, f.RequiredIf = on("required"), strings.TrimSpace(form.Get("show_if")), strings.TrimSpace(form.Get("required_if"))
	if f.Schema = nil; on("schema") {
		f.Schema = []byte(strings.TrimSpace(form.Get("schema")))
	}
	f.EditBy, f.SeeBy = asTexts[registry.Role](form["edit_by"]), asTexts[registry.Role](form["see_by"])
	f.Approval = registry.Approval{Channels: asTexts[registry.Channel](form["approval"]), By: asTexts[registry.Role](form["approval_by"]), Note: old.Approval.Note || old.Version == 0 && on("note")}
	if len(f.Approval.Channels) == 0 && !f.Approval.Note {
		f.Approval.By = nil
	}
	f.Attestable, f.Issuable, f.Searchable, f.IRI = on("attestable"), on("issuable"), on("searchable"), strings.TrimSpace(form.Get("iri"))
	if f.Attestation = (registry.AttestationPolicy{}); f.Attestable {
		f.Attestation = readPolicy(form)
	}
	return f
}

func readPolicy(form url.Values) registry.AttestationPolicy {
	p := registry.AttestationPolicy{OwnEdit: registry.OwnEditRule(form.Get("own_edit")), Area: form.Get("in_area") != "",
		ValidDays: count(form.Get("valid_days")), DeadlineDays: count(form.Get("deadline_days")), EvidenceRequired: form.Get("evidence") != ""}
	if form.Get("attesters") == "2" {
		p.Attesters = 2
	}
	return p
}

// count reads a number that may be left out; -1 is none, which every rule refuses.
func count(s string) int {
	if s = strings.TrimSpace(s); s == "" {
		return 0
	}
	return atoi(s)
}

// fieldAlias leads from the member of a definition to the control of the form.
func fieldAlias() map[string]string {
	return map[string]string{"label": "label_en", "hint": "hint_en", "attestation": "attesters"}
}

// FieldNew is GET /admin/fields/new.
func (p *Pages) FieldNew(c *gin.Context) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	f := registry.Field{Type: registry.TypeText, Section: "other", Position: 1000, EditBy: []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}, Attestable: true}
	return d.fieldForm(http.StatusOK, f, nil, "", nil)
}

// FieldEdit is GET /admin/fields/:key/edit.
func (p *Pages) FieldEdit(c *gin.Context) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	f, err := p.registry.Field(d.ctx, c.Param("key"))
	if err != nil {
		return err
	}
	return d.fieldForm(http.StatusOK, f, nil, "", nil)
}

// fieldForm shows a definition as a form, and, if it was looked at, what it would be.
func (d *desk) fieldForm(status int, f registry.Field, preview *fieldPreview, reason string, problems []problem) error {
	groups, err := d.fieldGroups(f, reason)
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("desk.new_field"), Text: d.l.t("desk.field_form_text"), Back: fieldsPath, Preview: preview}
	form := deskForm{Action: fieldsPath + "/new", Groups: groups, Leave: fieldsPath, Buttons: []deskButton{
		{"step", "preview", d.l.t("desk.show_preview"), "sec"}, {"step", "save", d.l.t("desk.save"), ""}}}
	if f.Version > 0 {
		v.Title, v.Code, v.Back = d.p.label(d.l, f).Text, f.Key, fieldsPath+"/"+f.Key
		form.Action, form.Leave, form.Hidden = v.Back+"/edit", v.Back, []hidden{{"version", strconv.Itoa(f.Version)}}
	}
	if status == http.StatusConflict && f.Version > 0 {
		if err := d.staleField(&v, &form, f); err != nil {
			return err
		}
	}
	if form, err = d.form(form); err != nil {
		return err
	}
	v.Form = &form
	v.refused(d.l, problems, fieldAlias())
	return d.show(status, v, settingsPath)
}

// staleField shows both values, and lets what was typed be saved over what is there.
func (d *desk) staleField(v *deskPage, form *deskForm, f registry.Field) error {
	now, err := d.p.registry.Field(d.ctx, f.Key)
	if err != nil {
		return err
	}
	groups, err := d.fieldGroups(now, "")
	if err != nil {
		return err
	}
	v.Stale, form.Hidden = d.differences(form.Groups, groups), []hidden{{"version", strconv.Itoa(now.Version)}}
	return nil
}

// FieldDefine is POST /admin/fields/new: look at it, or save it.
func (p *Pages) FieldDefine(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	return d.fieldPost(form, readField(form, registry.Field{}), func(ctx context.Context, f registry.Field) error {
		_, err := p.registry.DefineField(ctx, d.actor, f, form.Get("reason"))
		return err
	})
}

// FieldChange is POST /admin/fields/:key/edit: look at it, or save a new version.
func (p *Pages) FieldChange(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	old, err := p.registry.Field(d.ctx, c.Param("key"))
	if err != nil {
		return err
	}
	return d.fieldPost(form, readField(form, old), func(ctx context.Context, f registry.Field) error {
		_, err := p.registry.UpdateField(ctx, d.actor, f, form.Get("reason"))
		return err
	})
}

func (d *desk) fieldPost(form url.Values, f registry.Field, save func(ctx context.Context, f registry.Field) error) error {
	reason := form.Get("reason")
	if form.Get("step") != "save" {
		tried, err := d.p.registry.CheckField(d.ctx, d.actor, f)
		if problems, ok := formErrors(d.l, err); err != nil && ok {
			return d.fieldForm(http.StatusUnprocessableEntity, f, nil, reason, problems)
		}
		if err != nil {
			return err
		}
		preview, err := d.fieldPreview(tried)
		if err != nil {
			return err
		}
		return d.fieldForm(http.StatusOK, f, preview, reason, nil)
	}
	return d.send(form, func(ctx context.Context) (string, error) {
		if err := needReason(form); err != nil {
			return "", err
		}
		return fieldsPath + "/" + f.Key + "?done=saved", save(ctx, f)
	}, func(status int, problems []problem) error { return d.fieldForm(status, f, nil, reason, problems) })
}
