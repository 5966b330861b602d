package web

import (
	"net/url"
	"slices"

	"socialregistry/registry"
)

// head is one column of a list of people.
type head struct {
	key   string
	label words
	field registry.Field // zero: it is no field
}

// columnsOf reads the columns that were chosen: those that there are, each once.
// Nothing chosen is when each was last changed.
func columnsOf(asked url.Values, fields []registry.Field) []string {
	if !asked.Has(colsParam) {
		return []string{colUpdated}
	}
	known := []string{colUpdated, colVersion, colArea}
	for _, f := range fields {
		known = append(known, f.Key)
	}
	var out []string
	for _, key := range asked[colsParam] {
		if slices.Contains(known, key) && !slices.Contains(out, key) && len(out) < maxCols {
			out = append(out, key)
		}
	}
	return out
}

// hasValues tells whether the columns show more of a record than names: then
// everybody who is listed counts as looked at.
func hasValues(cols []string) bool {
	return slices.ContainsFunc(cols, func(key string) bool { return key[0] != '.' })
}

// allColumns are the columns to choose from.
func (p *Pages) allColumns(l *locale, fields []registry.Field) []columnTick {
	out := []columnTick{{Value: colUpdated, Label: words{Text: l.t("people.updated")}}, {Value: colVersion, Label: words{Text: l.t("people.version_no")}},
		{Value: colArea, Label: words{Text: l.t("people.area")}}}
	for _, f := range fields {
		if !f.Retired && !f.Approval.Note {
			out = append(out, columnTick{Value: f.Key, Label: p.label(l, f)})
		}
	}
	return out
}

// heads are the columns that were chosen, in the order of the choice.
func (p *Pages) heads(l *locale, fields []registry.Field, cols []string) []head {
	var out []head
	for _, key := range cols {
		for _, t := range p.allColumns(l, fields) {
			if t.Value == key {
				h := head{key: key, label: t.Label}
				if i := slices.IndexFunc(fields, func(f registry.Field) bool { return f.Key == key }); i >= 0 {
					h.field = fields[i]
				}
				out = append(out, h)
			}
		}
	}
	return out
}

// personRow is one person in a list with these columns.
func (p *Pages) personRow(l *locale, fields []registry.Field, person registry.Person, heads []head) personRow {
	who := p.identityOf(fields, person, "")
	row := personRow{Href: "/admin/people/" + who.ID, Name: who.Name, Number: who.Number, Updated: l.date(person.UpdatedAt)}
	for _, h := range heads {
		row.Cells = append(row.Cells, personCell{h.label, p.cellOf(l, person, h)})
	}
	return row
}

func (p *Pages) cellOf(l *locale, person registry.Person, h head) shown {
	switch h.key {
	case colUpdated:
		return shown{Text: l.date(person.UpdatedAt), Dir: "auto"}
	case colVersion:
		return shown{Text: l.t("people.version_of", "no", person.VersionNo, "all", person.LatestNo), Dir: "auto"}
	case colArea:
		return p.shownArea(l, person.Area)
	}
	return p.masked(l, h.field, person.Values[h.field.Key].Text)
}

// shownArea is the name of an area by its code.
func (p *Pages) shownArea(l *locale, code string) shown {
	if code == "" {
		return shown{Text: l.t("value.none"), Empty: true}
	}
	if name := p.areas.name(code); name != nil {
		w := p.words(l, name, code)
		return shown{Text: w.Text, Lang: w.Lang, Dir: "auto"}
	}
	return shown{Text: code, Dir: "ltr"}
}
