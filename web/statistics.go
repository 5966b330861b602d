package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

const statisticsPath = "/admin/statistics"

// staleAfter is how old numbers may be before their page says so: they are counted
// every hour.
const staleAfter = 2 * time.Hour

// shownColumns is how many columns a table of a page has at most; its file has all.
const shownColumns = 8

func statisticsReaders() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAttester, registry.RoleAuditor}
}

// figureView is a chart with its table and its file.
type figureView struct {
	ID, Title, Text string
	Bars            []bar
	Months          *monthChart
	Table           grid
	Empty           string
	CSV             string
	More            string // of the columns that only the file has
}

// statisticsView is the page of all numbers, or of those of one area.
type statisticsView struct {
	Title, AsOf, Stale string
	Empty              string // nothing has been counted yet
	Rule               string
	Job                *jobRow
	Token              string
	MayCount           bool
	Area               *pageLink  // whose numbers these are; nil: everybody's
	Own                []pageLink // of somebody whose roles hold in several areas
	Tiles              []tile
	Figures            []figureView
}

func areaNumbers(code string) string { return statisticsPath + "?area=" + url.QueryEscape(code) }

// numbers is what the actor may be told: of all, or of one area.
type numbers struct {
	asOf    time.Time
	area    string
	tables  map[string]registry.Table
	funnel  []issuer.FunnelStep
	counted bool
}

// Statistics is GET /admin/statistics, with area= for one area.
func (p *Pages) Statistics(c *gin.Context) error {
	if err := auth.Allow(c, statisticsReaders()...); err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	a := auth.Actor(ctx)
	n, err := p.numbers(ctx, a, c.Query("area"))
	if fault.KindOf(err) == fault.Forbidden && c.Query("area") == "" {
		if own := ownAreas(a); len(own) > 0 {
			return seeOther(c, areaNumbers(own[0]))
		}
	}
	if err != nil {
		return err
	}
	v := statisticsView{Title: l.t("stat.title"), Rule: l.t("stat.rule", "n", registry.MinimumCell), MayCount: a.Has(registry.RoleAdmin)}
	if own := ownAreas(a); len(own) > 1 {
		for _, code := range own {
			v.Own = append(v.Own, pageLink{Href: areaNumbers(code), Text: p.words(l, p.areas.name(code), code).Text, Main: code == n.area})
		}
	}
	if v.Token, err = p.registry.NewForm(a); err != nil {
		return err
	}
	j, live, err := p.registry.StatisticsJob(ctx, a)
	if err != nil {
		return err
	}
	if live {
		v.Job = p.jobRow(l, a, j, v.Token, statisticsAt(c))
		v.Job.CancelURL, v.MayCount = "", false
	}
	if done, err := p.progress(c, "statistics", v.Job); done || err != nil {
		return err
	}
	if n.counted {
		p.showNumbers(ctx, &v, l, n)
	} else {
		v.Empty = l.t("stat.empty")
	}
	return p.show(c, http.StatusOK, look{page: "statistics", title: v.Title, nav: statisticsPath}, v)
}

// statisticsAt is the address of the page that is open, of all or of an area.
func statisticsAt(c *gin.Context) string {
	query := url.Values{}
	if area := c.Query("area"); area != "" {
		query.Set("area", area)
	}
	return addressOf(statisticsPath, query)
}

// ownAreas are the areas in which somebody has a role that reads numbers: one that
// is narrowed to a kind of record or to a section reads none.
func ownAreas(a registry.Actor) (out []string) {
	for _, g := range a.Grants {
		if g.Area != "" && g.Kind == "" && g.Section == "" && slices.Contains(statisticsReaders(), g.Role) && !slices.Contains(out, g.Area) {
			out = append(out, g.Area)
		}
	}
	return out
}

// numbers reads them; counted is false before the first count.
func (p *Pages) numbers(ctx context.Context, a registry.Actor, area string) (n numbers, err error) {
	n = numbers{area: area, counted: true}
	if area != "" {
		s, err := p.registry.AreaStatistics(ctx, a, area)
		n.asOf, n.tables = s.AsOf, map[string]registry.Table{"areas": s.Areas, "attested": s.Attested}
		return n.orEmpty(err)
	}
	s, err := p.registry.Statistics(ctx, a)
	n.asOf, n.tables = s.AsOf, map[string]registry.Table{"people": s.People, "attestation": s.Attestation, "queues": s.Queues, "groups": s.Groups,
		"programmes": s.Programmes, "areas": s.ByArea.Areas, "attested": s.ByArea.Attested}
	if n, err = n.orEmpty(err); err != nil || !n.counted {
		return n, err
	}
	n.funnel, err = p.issuer.Funnel(ctx, a)
	if fault.KindOf(err) == fault.Forbidden {
		err = nil
	}
	return n, err
}

func (n numbers) orEmpty(err error) (numbers, error) {
	if fault.CodeOf(err) == "not_counted_yet" {
		n.counted, err = false, nil
	}
	return n, err
}

// statisticsNames are the tables in the order of the page.
func statisticsNames() []string {
	return []string{"areas", "people", "attestation", "attested", "queues", "groups", "programmes"}
}

func (p *Pages) showNumbers(ctx context.Context, v *statisticsView, l *locale, n numbers) {
	v.AsOf = l.t("stat.as_of", "when", l.dateTime(n.asOf))
	if p.now().Sub(n.asOf) > staleAfter {
		v.Stale = l.t("stat.stale", "when", l.dateTime(n.asOf))
	}
	if n.area != "" {
		name := p.words(l, p.areas.name(n.area), n.area)
		v.Title, v.Area = l.t("stat.of_area", "area", name.Text), &pageLink{Href: statisticsPath, Text: l.t("stat.all")}
	}
	h := heads{p: p, l: l, fields: p.labelsOf(ctx, l)}
	for _, name := range statisticsNames() {
		if t, ok := n.tables[name]; ok {
			v.Figures = append(v.Figures, h.figure(name, t, n))
		}
	}
	if n.funnel != nil {
		v.Figures = append(v.Figures, h.funnel(n.funnel))
	}
	areas := n.tables["areas"]
	for i, column := range areas.Columns {
		v.Tiles = append(v.Tiles, tile{Title: h.head("count", column[0]).Text, Count: h.number(areas.ColumnTotals[i])})
	}
}

// heads puts heads of tables into words.
type heads struct {
	p      *Pages
	l      *locale
	fields map[string]words
}

// head is one part of a head: a field, an area, a state, a month.
func (h heads) head(kind, text string) words {
	switch kind {
	case "field":
		if label, ok := h.fields[text]; ok {
			return label
		}
	case "area":
		if name := h.p.areas.name(text); name != nil {
			return h.p.words(h.l, name, text)
		}
	case "month":
		if at, err := time.Parse("2006-01", text); err == nil {
			return words{Text: h.l.t("date.month."+decimal(int(at.Month()))) + " " + decimal(at.Year())}
		}
	case "state":
		if text != "" && !strings.HasPrefix(text, "(") && text != "none" {
			return words{Text: stateBadge(h.l, registry.Field{Attestable: true}, registry.FieldState{State: registry.State(text)}).Text}
		}
	case "queue":
		if h.l.has("queue." + text) {
			return words{Text: h.l.t("queue." + text)}
		}
	}
	if key := "stat.head_" + strings.Trim(text, "()"); h.l.has(key) {
		return words{Text: h.l.t(key)}
	}
	return words{Text: text, Dir: "auto"}
}

// heads joins the parts of a head.
func (h heads) join(kinds, parts []string) string {
	out := make([]string, len(parts))
	for i, part := range parts {
		kind := ""
		if i < len(kinds) {
			kind = kinds[i]
		}
		out[i] = h.head(kind, part).Text
	}
	return strings.Join(out, " · ")
}

func (h heads) number(n registry.Count) string {
	if n.Hidden {
		return h.l.t("stat.hidden")
	}
	return h.l.count(n.N)
}

// figure is one table with its chart.
func (h heads) figure(name string, t registry.Table, of numbers) figureView {
	l := h.l
	f := figureView{ID: name, Title: l.t("stat." + name), Text: l.t("stat." + name + "_text"), Empty: l.t("stat.none"), CSV: statisticsPath + "/" + name + ".csv"}
	if of.area != "" {
		f.CSV += "?area=" + url.QueryEscape(of.area)
	}
	f.Table = h.table(f.Title, t)
	if len(t.Columns) > shownColumns {
		f.More = l.t("stat.more_columns")
	}
	switch name {
	case "areas":
		f.Bars = h.bars(t, func(i int) registry.Count { return t.Cells[i][0] })
	case "attestation":
		f.Bars = h.rates(t, of)
		f.Months = h.months(t)
	case "attested": // told of parts: the table says it
	default:
		f.Bars = h.bars(t, func(i int) registry.Count { return t.RowTotals[i] })
	}
	return f
}

// table is the numbers of a page: all columns of a narrow table, else the totals.
func (h heads) table(name string, t registry.Table) grid {
	var first []string
	for _, kind := range t.RowNames {
		first = append(first, h.l.t("stat.by_"+kind))
	}
	columns := []column{{Text: strings.Join(first, " · ")}}
	wide := len(t.Columns) > shownColumns
	if !wide {
		for _, c := range t.Columns {
			columns = append(columns, column{Text: h.join(t.ColumnNames, c), Num: true})
		}
	}
	counts := slices.Equal(t.ColumnNames, []string{"count"})
	if !counts {
		columns = append(columns, column{Text: h.l.t("stat.total"), Num: true})
	}
	g := grid{Name: name, Heads: columns}
	for i, row := range t.Rows {
		cells := []cell{{Text: h.join(t.RowNames, row), Dir: "auto"}}
		if counts && !strings.HasPrefix(row[0], "(") {
			cells[0].Href = statisticsPath + "?area=" + url.QueryEscape(row[0])
		}
		for _, n := range t.Cells[i] {
			if !wide {
				cells = append(cells, cell{Text: h.number(n)})
			}
		}
		if !counts {
			cells = append(cells, cell{Text: h.number(t.RowTotals[i])})
		}
		g.add(cells...)
	}
	return g
}

// funnel is what becomes of credentials.
func (h heads) funnel(steps []issuer.FunnelStep) figureView {
	l := h.l
	f := figureView{ID: "credentials", Title: l.t("stat.credentials"), Text: l.t("stat.credentials_text"), CSV: statisticsPath + "/credentials.csv", Empty: l.t("stat.none")}
	f.Table = newGrid(l, f.Title, "stat.by_step", "#stat.total")
	most := int64(0)
	for _, s := range steps {
		most = max(most, int64(s.Count))
	}
	for _, s := range steps {
		n := registry.Count{N: int64(s.Count), Hidden: s.Few}
		f.Table.add(cell{Text: l.t("stat.step_" + s.Step)}, cell{Text: h.number(n)})
		f.Bars = append(f.Bars, newBar(l.t("stat.step_"+s.Step), h.number(n), n, most))
	}
	return f
}

// StatisticsCount is POST /admin/statistics/count: they are counted anew.
func (p *Pages) StatisticsCount(c *gin.Context) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	return p.startJob(c, func(ctx context.Context, a registry.Actor, _ url.Values) (registry.Job, error) {
		return p.registry.StartStatistics(ctx, a)
	})
}

// StatisticsFile is GET /admin/statistics/NAME.csv: a table with all its columns, as
// the registry tells it; an empty cell is not told.
func (p *Pages) StatisticsFile(name string) func(*gin.Context) error {
	return func(c *gin.Context) error {
		ctx := c.Request.Context()
		n, err := p.numbers(ctx, auth.Actor(ctx), c.Query("area"))
		if err != nil {
			return err
		}
		t, ok := n.tables[name]
		ok = ok && n.counted
		if name == "credentials" && n.funnel != nil {
			t, ok = funnelTable(n.funnel), true
		}
		if !ok {
			return fault.New(fault.Unavailable, "not_counted_yet", "These numbers have not been counted.")
		}
		download(c, name+".csv")
		out := csvio.NewWriter(c.Writer)
		for _, line := range csvLines(t) {
			if err := out.Write(line); err != nil {
				return fmt.Errorf("write statistics: %w", err)
			}
		}
		return out.Flush()
	}
}

func funnelTable(steps []issuer.FunnelStep) registry.Table {
	t := registry.Table{RowNames: []string{"step"}, ColumnNames: []string{"count"}, Columns: [][]string{{"credentials"}}}
	for _, s := range steps {
		n := registry.Count{N: int64(s.Count), Hidden: s.Few}
		t.Rows, t.Cells, t.RowTotals = append(t.Rows, []string{s.Step}), append(t.Cells, []registry.Count{n}), append(t.RowTotals, n)
	}
	return t
}

func csvLines(t registry.Table) [][]string {
	header := slices.Clone(t.RowNames)
	for _, c := range t.Columns {
		header = append(header, strings.Join(c, "/"))
	}
	lines := [][]string{append(header, "total")}
	text := func(n registry.Count) string {
		if n.Hidden {
			return ""
		}
		return fmt.Sprint(n.N)
	}
	for i, row := range t.Rows {
		line := slices.Clone(row)
		for _, n := range t.Cells[i] {
			line = append(line, text(n))
		}
		lines = append(lines, append(line, text(t.RowTotals[i])))
	}
	return lines
}
