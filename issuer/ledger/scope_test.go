package ledger

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gorm.io/gorm/schema"
	"sync"
)

// scopedTables are those whose rows belong to one issuer each.
func scopedTables() []schema.Tabler {
	return []schema.Tabler{keyRow{}, configurationRow{}, offerRow{}, grantRow{}, usedRow{}, statusListRow{}, issuanceRow{}, reissueRow{},
		followerRow{}, pushedRow{}, consentRow{}, refreshRow{}, deferralRow{}, eventRow{}, identityRow{}}
}

// GORM adds the issuer to what it builds for these rows.
func TestScopedRowsHaveAnIssuer(t *testing.T) {
	t.Parallel()
	for _, row := range scopedTables() {
		s, err := schema.Parse(row, &sync.Map{}, schema.NamingStrategy{})
		if err != nil {
			t.Fatal(err)
		}
		got := []int{len(s.CreateClauses), len(s.QueryClauses), len(s.UpdateClauses), len(s.DeleteClauses)}
		for _, n := range got {
			if n != 1 {
				t.Errorf("%s: %v clauses for create, query, update and delete, want one each", row.TableName(), got)
				break
			}
		}
	}
}

// What is written in SQL says whose rows it is about, once for each table that it
// names.
func TestEveryStatementNamesTheIssuer(t *testing.T) {
	t.Parallel()
	names := []string{"issuer_witness"}
	for _, row := range scopedTables() {
		names = append(names, row.TableName())
	}
	table := regexp.MustCompile(`\b(FROM|JOIN|UPDATE|INTO) (` + strings.Join(names, "|") + `)\b`)
	found := 0
	for where, sql := range statements(t) {
		tables := len(table.FindAllString(sql, -1))
		found += tables
		joined := strings.Count(sql, " ON i.id = e.issuance_id") // by a key that no two issuers share
		if said := len(regexp.MustCompile(`\bissuer\b`).FindAllString(sql, -1)) + joined; said < tables {
			t.Errorf("%s: names the issuer %d times for %d tables: %s", where, said, tables, sql)
		}
	}
	if found < 25 {
		t.Errorf("found %d uses of the issuers' tables, want at least 25: does this test still see the SQL?", found)
	}
}

// statements gives every text of the package, with what is added to it, by its place.
func statements(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	out, files := map[string]string{}, token.NewFileSet()
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			sql := textOf(e)
			if sql != "" {
				out[files.Position(e.Pos()).String()] = sql
			}
			return sql == ""
		})
	}
	return out
}

// textOf gives the text of a literal, or of literals and other things in a sum.
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, _ := strconv.Unquote(e.Value)
			return s
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return textOf(e.X) + textOf(e.Y)
		}
	}
	return ""
}
