package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

const mappingsPath = "/admin/mappings"

// Mappings is GET /admin/mappings: what the columns of known files mean.
func (p *Pages) Mappings(c *gin.Context) error {
	d, err := p.desk(c, sourceReaders()...)
	if err != nil {
		return err
	}
	list, err := p.registry.ImportMappings(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v, l := d.list("mapping", mappingsPath, ""), d.l
	v.Grid = newGrid(l, v.Title, "source.name", "upload.kind", "mapping.mode", "#mapping.columns")
	for _, m := range list {
		name := p.words(l, m.Label, m.Key).gridCell()
		name.Href = mappingsPath + "/" + m.Key
		v.Grid.add(name, code(m.Kind), cell{Text: l.t("mapping.mode_" + m.Mode)}, cell{Text: l.number(len(m.Headers))})
	}
	if d.actor.Has(registry.RoleAdmin) {
		v.Acts = []pageLink{{Href: mappingsPath + "/new", Text: l.t("mapping.new"), Main: true}}
	}
	return d.showList(v)
}

// Mapping is GET /admin/mappings/:key: what each column means.
func (p *Pages) Mapping(c *gin.Context) error {
	d, err := p.desk(c, sourceReaders()...)
	if err != nil {
		return err
	}
	l := d.l
	m, err := p.registry.ImportMapping(d.ctx, d.actor, c.Param("key"))
	if err != nil {
		return err
	}
	labels := p.labelsOfKind(d.ctx, l, m.Kind)
	g := newGrid(l, l.t("mapping.headers"), "upload.column", "changes.field")
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
	if d.actor.Has(registry.RoleAdmin) {
		v.Links = []pageLink{{Href: mappingsPath + "/" + m.Key + "/edit", Text: l.t("mapping.edit"), Icon: "pencil"}}
	}
	return d.showOne(mappingsPath, "", v)
}

func (p *Pages) mappings() editor {
	return editor{p: p, page: p.mappingForm,
		now: func(d *desk, key string) (url.Values, error) {
			m, err := p.registry.ImportMapping(d.ctx, d.actor, key)
			return mappingValues(m), err
		},
		save: func(ctx context.Context, d *desk, key string, form url.Values) (at string, err error) {
			m := mappingOf(form)
			if key == "" {
				m, err = p.registry.DefineImportMapping(ctx, d.actor, m.Mapping, form.Get("reason"))
			} else {
				m.Key, m.VersionNo = key, numberOf(form.Get("version"))
				m, err = p.registry.ChangeImportMapping(ctx, d.actor, m, form.Get("reason"))
			}
			return mappingsPath + "/" + m.Key + "?done=saved", err
		}}
}

// MappingForm is GET /admin/mappings/new.
func (p *Pages) MappingForm(c *gin.Context) error {
	return p.mappings().open(c, "", url.Values{"kind": {registry.PersonKind}, "mode": {string(registry.ImportCreate)}})
}

// MappingCreate is POST /admin/mappings.
func (p *Pages) MappingCreate(c *gin.Context) error { return p.mappings().post(c, "") }

// MappingEdit is GET /admin/mappings/:key/edit.
func (p *Pages) MappingEdit(c *gin.Context) error { return p.mappings().open(c, c.Param("key"), nil) }

// MappingChange is POST /admin/mappings/:key/edit.
func (p *Pages) MappingChange(c *gin.Context) error { return p.mappings().post(c, c.Param("key")) }

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
func (p *Pages) mappingForm(d *desk, f typed, key string) error {
	v := d.formOf(f, "mapping", mappingsPath, key)
	ctx, l := d.ctx, d.l
	kinds, err := p.recordKinds(ctx, l)
	if err != nil {
		return err
	}
	what := controlGroup{ID: "what", Title: l.t("source.what")}
	if key == "" {
		what.Inputs = append(what.Inputs, f.code("key", "kit.key"))
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
		var keys []string
		for _, field := range fields {
			if !field.Approval.Note {
				keys = append(keys, field.Key)
			}
		}
		rows.Text = l.t("mapping.keys", "keys", strings.Join(keys, ", "))
	}
	v.Groups = []controlGroup{what, rows, f.why()}
	return d.showForm(v)
}
