package registry_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/dbtest"
)

// explainer has the server explain each statement of one session as it runs
// (auto_explain: EXPLAIN with ANALYZE and BUFFERS), reads and writes alike, and
// reads the plans from its log.
type explainer struct {
	b       *testing.B
	cluster *dbtest.Cluster
	x       *fixture
	marks   int
}

// explain begins to explain; the fixture has one session from then on. end stops.
func (m *registryBench) explain(x *fixture) (e *explainer, end func()) {
	m.b.Helper()
	x.DB.SQL.SetMaxOpenConns(1)
	for _, sql := range []string{"LOAD 'auto_explain'", "SET auto_explain.log_analyze = on", "SET auto_explain.log_buffers = on", "SET auto_explain.log_timing = off",
		"SET auto_explain.log_format = 'json'", "SET auto_explain.log_nested_statements = on", "SET auto_explain.log_min_duration = 0"} {
		m.exec(x, sql)
	}
	return &explainer{b: m.b, cluster: m.cluster, x: x}, func() {
		m.exec(x, "SET auto_explain.log_min_duration = -1")
		x.DB.SQL.SetMaxOpenConns(0)
	}
}

// pages is how many pages the statements of f touch in shared memory or on disk.
func (e *explainer) pages(f func()) float64 {
	e.b.Helper()
	begin := e.mark()
	f()
	end := e.mark()
	log := e.cluster.Log()
	log = log[strings.LastIndex(log, begin):]
	log = log[:strings.Index(log, end)]
	total := int64(0)
	plans := strings.Split(log, "plan:\n")
	if len(plans) < 3 {
		e.b.Fatal("the server explained nothing")
	}
	for _, text := range plans[1 : len(plans)-1] { // the first and the last are those of the marks
		var plan struct {
			Plan struct {
				Hit  int64 `json:"Shared Hit Blocks"`
				Read int64 `json:"Shared Read Blocks"`
			}
		}
		if err := json.Unmarshal([]byte(indented(text)), &plan); err != nil {
			e.b.Fatalf("a plan in the log cannot be read: %v\n%s", err, text)
		}
		total += plan.Plan.Hit + plan.Plan.Read
	}
	return float64(total)
}

// mark leaves a mark in the log and waits until it is there.
func (e *explainer) mark() string {
	e.b.Helper()
	e.marks++
	mark := fmt.Sprintf("AS mark_%d_%d", time.Now().UnixNano(), e.marks)
	if _, err := e.x.DB.SQL.ExecContext(e.b.Context(), "SELECT 1 "+mark); err != nil {
		e.b.Fatal(err)
	}
	for range 2000 {
		if strings.Contains(e.cluster.Log(), mark) {
			return mark
		}
		time.Sleep(time.Millisecond)
	}
	e.b.Fatal("the server does not explain its statements")
	return ""
}

// indented gives the first lines of text that a tab goes on with, as the server
// writes a message of several lines.
func indented(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "\t")
		if !ok {
			break
		}
		out.WriteString(rest)
	}
	return out.String()
}

// medianPages is pages for some runs of one operation.
func (e *explainer) medianPages(op func(i int)) float64 {
	e.b.Helper()
	var all []float64
	for i := range explainedRuns {
		all = append(all, e.pages(func() { op(i) }))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
