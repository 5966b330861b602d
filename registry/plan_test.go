package registry_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"socialregistry/registry"
)

// The queries that must not read the whole registry go through their indexes,
// on both databases.
func TestQueriesUseTheirIndexes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.register(t, amina())
		for _, c := range []struct{ query, postgres, sqlite string }{
			{"SELECT id FROM registrant_search WHERE searched LIKE '% amina %|%'", "registrant_trgm", "SCAN f VIRTUAL TABLE INDEX 0:L0"},
			{"SELECT registrant_id FROM change_log WHERE at >= '2099-01-01 00:00:00Z'", "change_log_at", "change_log_at"},
			{"SELECT registrant_id FROM registrant_version WHERE label = 'Survey'", "registrant_version_named", "registrant_version_named"},
			{"SELECT registrant_id FROM field_value WHERE field = 1 AND norm_value = 'north'", "field_value_found", "field_value_found"},
			{"SELECT registrant_id FROM identifier WHERE scheme = 'a' AND bidx = (SELECT value_hash FROM attestation LIMIT 1)", "identifier_pkey", "(scheme=? AND bidx=?)"},
			{"SELECT registrant_id FROM field_state WHERE field = 1 AND state = 'NEW'", "field_state_by_state", "field_state_by_state"},
			{"SELECT chain_no FROM change_log WHERE (tx_no, registrant_id, chain_no) > (1, '00000000-0000-0000-0000-000000000000', 1) ORDER BY tx_no, registrant_id, chain_no LIMIT 5",
				"change_log_feed", "change_log_feed"},
			{"SELECT group_id FROM membership WHERE member_id = '00000000-0000-0000-0000-000000000000' ORDER BY group_id, seq LIMIT 5", "membership_of_member", "membership_of_member"},
			{"SELECT member_id FROM membership WHERE group_id = '00000000-0000-0000-0000-000000000000' AND role = 'head' AND end_date IS NULL AND is_unique_role",
				"membership_", "membership_"},
			{"SELECT registrant_id FROM enrolment WHERE programme = 'a' AND status = 'ENROLLED' AND registrant_id > '00000000-0000-0000-0000-000000000000' ORDER BY registrant_id LIMIT 5",
				"enrolment_of_programme", "enrolment_of_programme"},
		} {
			plan := x.plan(t, c.query)
			want := map[string]string{"postgres": c.postgres, "sqlite": c.sqlite}[x.DB.Dialect.Name()]
			if !strings.Contains(plan, want) {
				t.Errorf("%s\nis planned as\n%s\nwant %s", c.query, plan, want)
			}
		}
		x.planSearch(t)
		x.planProgramme(t)
	})
}

// planProgramme looks at the statements of a search by programme: each reads stays by
// an index that has them in the order of ids, and no people to look for stays.
func (x *fixture) planProgramme(t *testing.T) {
	t.Helper()
	x.programme(t, cash())
	for status, want := range map[registry.EnrolmentStatus]string{"": "enrolment_open", registry.EnrolmentSuspended: "enrolment_of_programme", registry.EnrolmentExited: "enrolment_of_programme"} {
		statements := among(capture(t, x.DB, func() {
			if page, err := x.Search(t.Context(), admin(), registry.Query{Programme: "cash", Enrolment: status}); err != nil || len(page.People) != 0 {
				t.Errorf("%s: found %d people, %v; want none", status, len(page.People), err)
			}
		}), "FROM registrant WHERE")
		for _, s := range statements {
			if plan := x.planWithout(t, []string{"seqscan"}, s.sql, s.args...); !strings.Contains(plan, want) || strings.Contains(plan, "Semi Join") {
				t.Errorf("%s\nis planned as\n%s\nwant %s", s.sql, plan, want)
			}
		}
		if len(statements) != 1 {
			t.Errorf("%d statements look for people, want one", len(statements))
		}
	}
}

// planSearch looks at the statements of a search for a name: each finds its people
// by the index of names, what sounds alike too.
func (x *fixture) planSearch(t *testing.T) {
	t.Helper()
	statements := among(capture(t, x.DB, func() {
		if page, err := x.Search(t.Context(), admin(), registry.Query{Text: "Ameena Odiambo", Total: true}); err != nil || len(page.People) != 1 {
			t.Errorf("found %d people, %v; want 1", len(page.People), err)
		}
	}), "searched")
	if len(statements) != 4 {
		t.Errorf("%d statements look for a name, want one per rank that counts, and one that reads", len(statements))
	}
	want := map[string]string{"postgres": "registrant_trgm", "sqlite": "SCAN f VIRTUAL TABLE INDEX 0:L0"}[x.DB.Dialect.Name()]
	for _, s := range statements {
		if plan := x.planWithout(t, []string{"seqscan", "indexscan"}, s.sql, s.args...); !strings.Contains(plan, want) {
			t.Errorf("%s\nis planned as\n%s\nwant %s", s.sql, plan, want)
		}
	}
}

// plan explains a query to a planner that would rather not read whole tables.
func (x *fixture) plan(t *testing.T, query string) string {
	t.Helper()
	return x.planWithout(t, []string{"seqscan"}, query)
}

// planWithout explains a query to a planner that would rather not use some methods:
// of a small table, each costs the same.
func (x *fixture) planWithout(t *testing.T, methods []string, query string, args ...any) string {
	t.Helper()
	tx, err := x.DB.SQL.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	explain := "EXPLAIN QUERY PLAN "
	if x.DB.Dialect.Name() == "postgres" {
		explain = "EXPLAIN "
		for _, method := range methods {
			if _, err := tx.Exec("SET LOCAL enable_" + method + " = off"); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows, err := tx.Query(explain+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		plan.Write(*cells[len(cells)-1].(*sql.RawBytes))
		plan.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
