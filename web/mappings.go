package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const mappingsPath = "/admin/mappings"

// Mappings is GET /admin/mappings: what the columns of known files mean.
func (p *Pages) Mappings(c *gin.Context) error {
	if err := auth.Allow(c, sourceReaders()...); err != nil {
		return err
	}
	l, a := p.localeOf(c), auth.Actor(c.Request.Context())
	list, err := p.registry.ImportMappings(c.Request.Context(), a)
	if err != nil {
		return err
	}
	g := newGrid(l.t("mapping.title"), column{Text: l.t("source.name")}, column{Text: l.t("upload.kind")}, column{Text: l.t("mapping.mode")}, column{Text: l.t("mapping.columns"), Num: true})
	for _, m := range list {
		name := p.words(l, m.Label, m.Key).gridCell()
		name.Href = mappingsPath + "/" + m.Key
		g.add(name, code(m.Kind), cell{Text: l.t("mapping.mode_" + m.Mode)}, cell{Text: l.number(len(m.Headers))})
	}
	v := listPage{Title: l.t("mapping.title"), Text: l.t("mapping.text"), Grid: g, Empty: l.t("mapping.none"), Done: doneText(c, l)}
	if a.Has(registry.RoleAdmin) {
		v.Acts = []pageLink{{Href: mappingsPath + "/new", Text: l.t("mapping.new"), Main: true}}
	}
	return p.showList(c, mappingsPath, v)
}

// Mapping is GET /admin/mappings/:key: what each column means.
func (p *Pages) Mapping(c *gin.Context) error {
	if err := auth.Allow(c, sourceReaders()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	a := auth.Actor(ctx)
	m, err := p.registry.ImportMapping(ctx, a, c.Param("key"))
	if err != nil {
		return err
	}
	labels := p.labelsOfKind(ctx, l, m.Kind)
	g := newGrid(l.t("mapping.headers"), column{Text: l.t("upload.column")}, column{Text: l.t("changes.field")})
	for _, header := range keysOf(m.Headers) {
		field := words{Text: m.Headers[header], Dir: "ltr"}
		if label, ok := labels[field.Text]; ok {
			field = label
		}
		if field.Text == "" {
			field = words{Text: l.t("mapping.left_out")}
		}
		g.add(cell{Text: header, Dir: "auto"}, field.gridCell())
	}
	v := showPage{Title: p.words(l, m.Label, m.Key), Text: l.t("mapping.about"), Back: pageLink{Href: mappingsPath, Text: l.t("mapping.title")}, Done: doneText(c, l), Name: l.t("source.settings"),
		Facts: []fact{{Label: l.t("kit.key"), Text: m.Key, Dir: "ltr"}, {Label: l.t("upload.kind"), Text: m.Kind, Dir: "ltr"}, {Label: l.t("mapping.mode"), Text: l.t("mapping.mode_" + m.Mode)}},
		Grids: []gridSection{{ID: "headers", Title: l.t("mapping.headers"), Grid: g, Empty: l.t("mapping.no_headers")}}}
	if a.Has(registry.RoleAdmin) {
		v.Links = []pageLink{{Href: mappingsPath + "/" + m.Key + "/edit", Text: l.t("mapping.edit"), Icon: "pencil"}}
	}
	return p.showOne(c, mappingsPath, "", v)
}

// MappingForm is GET /admin/mappings/new.
func (p *Pages) MappingForm(c *gin.Context) error {
	return p.mappingForm(c, typed{values: url.Values{"kind": {registry.PersonKind}, "mode": {string(registry.ImportCreate)}}}, "")
}

// MappingCreate is POST /admin/mappings.
func (p *Pages) MappingCreate(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	a := auth.Actor(c.Request.Context())
	err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
		m, err := p.registry.DefineImportMapping(ctx, a, mappingOf(form).Mapping, form.Get("reason"))
		return mappingsPath + "/" + m.Key + "?done=saved", err
	})
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.mappingForm(c, typed{values: form, problems: problems}, "")
	}
	return err
}

// MappingEdit is GET /admin/mappings/:key/edit.
func (p *Pages) MappingEdit(c *gin.Context) error {
	m, err := p.registry.ImportMapping(c.Request.Context(), auth.Actor(c.Request.Context()), c.Param("key"))
	if err != nil {
		return err
	}
	return p.mappingForm(c, typed{values: mappingValues(m)}, m.Key)
}

// MappingChange is POST /admin/mappings/:key/edit.
func (p *Pages) MappingChange(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	a, key := auth.Actor(c.Request.Context()), c.Param("key")
	err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
		m := mappingOf(form)
		m.Key, m.VersionNo = key, numberOf(form.Get("version"))
		_, err := p.registry.ChangeImportMapping(ctx, a, m, form.Get("reason"))
		return mappingsPath + "/" + key + "?done=saved", err
	})
	if fault.CodeOf(err) == "version_conflict" {
		m, err := p.registry.ImportMapping(c.Request.Context(), a, key)
		if err != nil {
			return err
		}
		return p.mappingForm(c, typed{values: form, now: mappingValues(m)}, key)
	}
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.mappingForm(c, typed{values: form, problems: problems}, key)
	}
	return err
}

// mappingOf reads a mapping from its form: one pair a line, as HEADER = FIELD.
func mappingOf(form url.Values) (m registry.ImportMapping) {
	m.Key, m.Label, m.Kind, m.Mode, m.Dates = form.Get("key"), labelsIn(form, "label"), form.Get("kind"), form.Get("mode"), form.Get("dates")
	m.Headers = pairsIn(form.Get("headers"))
	if defaults := pairsIn(form.Get("defaults")); len(defaults) > 0 {
		m.Defaults = defaults
	}
	for _, line := range linesOf(form.Get("cells")) { // FIELD: CELL = MEANING
		field, pair, _ := strings.Cut(line, ":")
		if m.Values == nil {
			m.Values = map[string]map[string]string{}
		}
		field = strings.TrimSpace(field)
		if m.Values[field] == nil {
			m.Values[field] = map[string]string{}
		}
		for cell, meaning := range pairsIn(pair) {
			m.Values[field][cell] = meaning
		}
	}
	return m
}

// pairsIn reads lines as LEFT = RIGHT; the last sign counts, since headers may hold
// others.
func pairsIn(text string) map[string]string {
	out := map[string]string{}
	for _, line := range linesOf(text) {
		left, right := line, ""
		if at := strings.LastIndex(line, "="); at >= 0 {
			left, right = line[:at], line[at+1:]
		}
		out[strings.TrimSpace(left)] = strings.TrimSpace(right)
	}
	return out
}

func pairLines(prefix string, pairs map[string]string) string {
	var out strings.Builder
	for _, left := range keysOf(pairs) {
		out.WriteString(prefix + left + " = " + pairs[left] + "\n")
	}
	return out.String()
}

// mappingValues is the other way round.
func mappingValues(m registry.ImportMapping) url.Values {
	cells := ""
	for _, field := range keysOf(m.Values) {
		cells += pairLines(field+": ", m.Values[field])
	}
	v := url.Values{"kind": {m.Kind}, "mode": {m.Mode}, "dates": {m.Dates}, "headers": {pairLines("", m.Headers)}, "cells": {cells}, "defaults": {pairLines("", m.Defaults)}, "version": {decimal(m.VersionNo)}}
	putLabels(v, "label", m.Label)
	return v
}

// mappingForm shows the form of a mapping; key "" is a new one.
func (p *Pages) mappingForm(c *gin.Context, f typed, key string) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	a := auth.Actor(ctx)
	f.l = l
	v := formPage{Title: l.t("mapping.new"), Text: l.t("mapping.form_text"), Back: pageLink{Href: mappingsPath, Text: l.t("mapping.title")}, Action: mappingsPath, Problems: f.problems, Stale: f.now != nil, Button: l.t("messages.save")}
	var err error
	if v.Token, err = p.registry.NewForm(a); err != nil {
		return err
	}
	kinds, err := p.recordKinds(ctx, l)
	if err != nil {
		return err
	}
	what := controlGroup{ID: "what", Title: l.t("source.what")}
	if key == "" {
		what.Inputs = append(what.Inputs, f.code("key", "kit.key"))
	} else {
		v.Title, v.Action, v.Back.Href = l.t("mapping.edit"), mappingsPath+"/"+key+"/edit", mappingsPath+"/"+key
		v.Hidden = []hidden{{Name: "version", Value: f.version()}}
	}
	what.Inputs = append(what.Inputs, p.labels(f, "label", "kit.label")...)
	modes := []option{}
	for _, mode := range []string{"create", "update", "upsert"} {
		modes = append(modes, option{Value: mode, Label: words{Text: l.t("mapping.mode_" + mode)}})
	}
	what.Inputs = append(what.Inputs, f.choice("kind", "upload.kind", kinds...), f.choice("mode", "mapping.mode", modes...),
		f.choice("dates", "mapping.dates", option{Label: words{Text: l.t("mapping.dates_iso")}}, option{Value: "dmy", Label: words{Text: l.t("mapping.dates_dmy")}}, option{Value: "mdy", Label: words{Text: l.t("mapping.dates_mdy")}}))
	rows := controlGroup{ID: "rows", Title: l.t("mapping.headers"), Inputs: []input{f.area("headers", "mapping.headers"), f.area("cells", "mapping.cells"), f.area("defaults", "mapping.defaults")}}
	for i := range rows.Inputs {
		rows.Inputs[i].Dir = "ltr"
		if wrong := wrongOf(f.problems, "values"); rows.Inputs[i].ID == "cells" && wrong != "" {
			rows.Inputs[i].Wrong = wrong
		}
	}
	if fields, err := p.registry.FieldsOf(ctx, f.values.Get("kind")); err == nil {
		keys := make([]string, len(fields))
		for i, field := range fields {
			keys[i] = field.Key
		}
		rows.Text = l.t("mapping.keys", "keys", strings.Join(keys, ", "))
	}
	v.Groups = []controlGroup{what, rows, {ID: "why", Title: l.t("kit.why"), Inputs: []input{f.reason()}}}
	return p.showForm(c, mappingsPath, v.Action, v)
}
