package ledger_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/ledger"
)

// By the head of its id an issuance is found by the key of the table, however many there
// are, and not by walking down the list.
func TestFoundByTheHeadOfItsID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		list, first := b.list(t).ID, uuid.Nil
		for n := range 3 {
			r := b.reservation(b.grant(t), list, 0)
			copies := make([]ledger.Issuance, 400)
			for k := range copies {
				copies[k] = r.Issuances[0]
				copies[k].ID, copies[k].ListIndex = uuid.New(), int64(n*len(copies)+k)
			}
			first, r.Issuances = copies[7].ID, copies
			if _, err := b.Reserve(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		var query string
		var args []any
		err := d.Callback().Query().After("gorm:query").Register("test:plan", func(tx *gorm.DB) {
			if tx.Statement.Table == "issuance" {
				query, args = tx.Statement.SQL.String(), slices.Clone(tx.Statement.Vars)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		from, to := first, first
		copy(from[6:], make([]byte, 10))
		copy(to[6:], strings.Repeat("\xff", 10))
		for _, format := range []string{"dc+sd-jwt", ledger.FormatPaper} {
			rows, err := b.FindIssuances(ctx, ledger.IssuanceQuery{Format: format, From: from, To: to, Limit: 51})
			if err != nil {
				t.Fatal(err)
			}
			if found := len(rows) == 1 && rows[0].ID == first; found != (format == "dc+sd-jwt") {
				t.Errorf("%s: %d found", format, len(rows))
			}
		}
		want, explain := "id>? AND id<?)", "EXPLAIN QUERY PLAN "
		if d.Dialect.Name() == "postgres" {
			want, explain = "issuance_pkey", "EXPLAIN "
		}
		for _, before := range []string{"", "ANALYZE"} {
			if before != "" {
				if _, err := d.SQL.ExecContext(ctx, before); err != nil {
					t.Fatal(err)
				}
			}
			rows, err := d.SQL.QueryContext(ctx, explain+query, args...)
			if err != nil {
				t.Fatal(err)
			}
			if plan := planOf(t, rows); !strings.Contains(plan, want) {
				t.Errorf("%q\n%s\nis planned as\n%s\nwant %s", before, query, plan, want)
			}
		}
	})
}

// planOf reads what EXPLAIN answers: a plan stands in the last column.
func planOf(t *testing.T, rows *sql.Rows) string {
	t.Helper()
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		cells := make([]any, len(columns))
		for n := range cells {
			cells[n] = new(sql.RawBytes)
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
