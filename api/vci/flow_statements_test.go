package vci_test

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// flowStatements is what one flow sends to the database, by kind of statement: the
// verb and the first table.
type flowStatements map[string]flowStatement

type flowStatement struct {
	calls, rows float64 // per flow
}

// resetStatements makes PostgreSQL count from nothing. Sessions are made to look
// fresh, for once a minute a page view writes that its session is alive.
func (f *flowBench) resetStatements() {
	f.b.Helper()
	f.sql("UPDATE session SET seen_at = now()")
	f.sql("SELECT pg_stat_statements_reset()")
}

// statements is what was sent since, by flow.
func (f *flowBench) statements(flows int) flowStatements {
	f.b.Helper()
	rows, err := f.conn.Query(f.b.Context(), "SELECT query, calls, rows FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'")
	f.must(err)
	out := flowStatements{}
	var query string
	var calls, got int64
	_, err = pgx.ForEachRow(rows, []any{&query, &calls, &got}, func() error {
		kind := kindOf(query)
		s := out[kind]
		out[kind] = flowStatement{s.calls + float64(calls)/float64(flows), s.rows + float64(got)/float64(flows)}
		return nil
	})
	f.must(err)
	return out
}

func kindOf(query string) string {
	verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(query)), " ")
	table := regexp.MustCompile(`(?i)\b(?:FROM|INTO|UPDATE)\s+"?(\w+)`).FindStringSubmatch(query)
	if table == nil {
		return verb
	}
	return verb + " " + strings.ToLower(table[1])
}

// calls is how many statements there are.
func (s flowStatements) calls() (n float64) {
	for _, statement := range s {
		n += statement.calls
	}
	return n
}

// difference says which kinds of statements the two do not have alike, "" if
// there is none.
func (s flowStatements) difference(other flowStatements) string {
	kinds := maps.Clone(s)
	maps.Copy(kinds, other)
	var out strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		a, b := s[kind], other[kind]
		if math.Abs(a.calls-b.calls) > flowSlack || math.Abs(a.rows-b.rows) > flowSlack {
			fmt.Fprintf(&out, "%-32s %.2f per flow with %.2f rows, the bare handler %.2f with %.2f\n", kind, a.calls, a.rows, b.calls, b.rows)
		}
	}
	return out.String()
}
