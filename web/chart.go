package web

import (
	"socialregistry/registry"
)

// bar is one line of a chart: words, a length, and the number.
type bar struct {
	Label, Value string
	Length       int // of 1000
	Hidden       bool
}

// newBar is a bar of a number among numbers of which the greatest is most.
func newBar(label, value string, n registry.Count, most int64) bar {
	b := bar{Label: label, Value: value, Hidden: n.Hidden}
	if !n.Hidden && most > 0 {
		b.Length = int(n.N * 1000 / most)
	}
	return b
}

// shownBars is how many bars a chart has; the table has all.
const shownBars = 12

// bars is a chart of one number of each row, in the order of the rows.
func (h heads) bars(t registry.Table, of func(row int) registry.Count) (out []bar) {
	most := int64(0)
	for i := range t.Rows {
		if n := of(i); !n.Hidden {
			most = max(most, n.N)
		}
	}
	for i, row := range t.Rows[:min(len(t.Rows), shownBars)] {
		n := of(i)
		out = append(out, newBar(h.join(t.RowNames, row), h.number(n), n, most))
	}
	return out
}

// rates is how many of all people have an attested value, field by field.
func (h heads) rates(t registry.Table, of numbers) (out []bar) {
	all := of.tables["people"].Total
	if all.Hidden || all.N == 0 {
		return nil
	}
	for i, row := range t.Rows {
		if len(row) < 2 || row[1] != string(registry.StateAttested) || t.RowTotals[i].Hidden || len(out) == shownBars {
			continue
		}
		n := t.RowTotals[i]
		out = append(out, newBar(h.head("field", row[0]).Text, h.l.t("stat.percent", "n", int(n.N*100/all.N)), n, all.N))
	}
	return out
}

// monthChart is decisions by month, the newest last.
type monthChart struct {
	Title, Text string
	Width       int
	Columns     []monthColumn
	First, Last string
}

type monthColumn struct{ X, Y, Height int }

// months is the totals of columns that are months; nil if none may be told.
func (h heads) months(t registry.Table) *monthChart {
	m := &monthChart{Title: h.l.t("stat.months")}
	most, told := int64(0), 0
	for i, c := range t.Columns {
		if n := t.ColumnTotals[i]; len(c[0]) == 7 && !n.Hidden {
			most = max(most, n.N)
			told++
		}
	}
	if told == 0 || most == 0 {
		return nil
	}
	for i, c := range t.Columns {
		if len(c[0]) != 7 || c[0][4] != '-' {
			continue
		}
		if m.First == "" {
			m.First = h.head("month", c[0]).Text
		}
		m.Last = h.head("month", c[0]).Text
		column := monthColumn{X: m.Width}
		if n := t.ColumnTotals[i]; !n.Hidden {
			column.Height = int(n.N * 100 / most)
		}
		column.Y = 100 - column.Height
		m.Width += 10
		m.Columns = append(m.Columns, column)
	}
	m.Text = h.l.t("stat.months_text", "first", m.First, "last", m.Last, "most", h.l.count(most))
	return m
}
