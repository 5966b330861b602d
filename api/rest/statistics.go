package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// statisticsBody is all numbers of one count.
type statisticsBody struct {
	AsOf        time.Time `json:"as_of"`
	MinimumCell int       `json:"minimum_cell"`
	areaTablesBody
	People      tableBody `json:"people"`
	Attestation tableBody `json:"attestation"`
	Queues      tableBody `json:"queues"`
	Groups      tableBody `json:"groups"`
	Programmes  tableBody `json:"programmes"`
}

// areaStatisticsBody is the numbers of one area by one count.
type areaStatisticsBody struct {
	AsOf        time.Time `json:"as_of"`
	MinimumCell int       `json:"minimum_cell"`
	Area        string    `json:"area"`
	areaTablesBody
}

// areaTablesBody is the parts of an area, or of the whole.
type areaTablesBody struct {
	Areas    tableBody `json:"areas"`
	Attested tableBody `json:"attested"`
}

func areaTablesBodyOf(t registry.AreaTables) areaTablesBody {
	return areaTablesBody{tableBodyOf(t.Areas), tableBodyOf(t.Attested)}
}

// tableBody is a cross table; null is a number that is not shown.
type tableBody struct {
	RowNames     []string   `json:"row_names"`
	ColumnNames  []string   `json:"column_names"`
	Rows         [][]string `json:"rows"`
	Columns      [][]string `json:"columns"`
	Cells        [][]*int64 `json:"cells"`
	RowTotals    []*int64   `json:"row_totals"`
	ColumnTotals []*int64   `json:"column_totals"`
	Total        *int64     `json:"total"`
}

func tableBodyOf(t registry.Table) tableBody {
	out := tableBody{RowNames: t.RowNames, ColumnNames: t.ColumnNames, Rows: t.Rows, Columns: t.Columns,
		Cells: make([][]*int64, len(t.Cells)), RowTotals: countsOf(t.RowTotals), ColumnTotals: countsOf(t.ColumnTotals), Total: countOf(t.Total)}
	for i, line := range t.Cells {
		out.Cells[i] = countsOf(line)
	}
	if out.Rows == nil {
		out.Rows = [][]string{}
	}
	return out
}

func countsOf(counts []registry.Count) []*int64 {
	out := make([]*int64, len(counts))
	for i, x := range counts {
		out[i] = countOf(x)
	}
	return out
}

func countOf(x registry.Count) *int64 {
	if x.Hidden {
		return nil
	}
	return &x.N
}

// Statistics answers GET /statistics.
func (h *Handlers) Statistics(c *gin.Context) error {
	if err := onlyQuery(c, "area"); err != nil {
		return err
	}
	if area, given := c.GetQuery("area"); given {
		return h.areaStatistics(c, area)
	}
	s, err := h.reg.Statistics(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return ok(c, statisticsBody{AsOf: s.AsOf, MinimumCell: s.MinimumCell, areaTablesBody: areaTablesBodyOf(s.ByArea),
		People: tableBodyOf(s.People), Attestation: tableBodyOf(s.Attestation), Queues: tableBodyOf(s.Queues),
		Groups: tableBodyOf(s.Groups), Programmes: tableBodyOf(s.Programmes)})
}

func (h *Handlers) areaStatistics(c *gin.Context, area string) error {
	s, err := h.reg.AreaStatistics(c.Request.Context(), actorOf(c), area)
	if err != nil {
		return err
	}
	return ok(c, areaStatisticsBody{s.AsOf, s.MinimumCell, s.Area, areaTablesBodyOf(s.AreaTables)})
}
