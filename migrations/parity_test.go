package migrations_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// allowed names each difference between the two folders that is meant: a fact
// that one side lacks, or a whole table, with its reason. A line that is not
// needed fails the test.
func allowed() map[string]string {
	const rid = "FTS5 points at its rows by an integer key that VACUUM does not renumber, so on SQLite the UUID is a unique column beside it"
	return map[string]string{
		"goose_db_version":                "made by goose in its own way on each database",
		"registrant_fts":                  "the trigram index of SQLite; PostgreSQL has an index on the column itself",
		"registrant.rid INTEGER NOT NULL": rid,
		"registrant primary key (rid)":    rid,
		"registrant primary key (id)":     rid,
		"registrant unique (id)":          rid,
	}
}

func TestFoldersHoldTheSameFiles(t *testing.T) {
	t.Parallel()
	if pg, lite := fileNames(t, "postgres"), fileNames(t, "sqlite"); !slices.Equal(pg, lite) || len(pg) == 0 {
		t.Errorf("postgres has %v\nsqlite has %v", pg, lite)
	}
}

// What both databases are asked: each fact is one line, and the two sets of
// lines must be equal.
func TestSchemasAreEqual(t *testing.T) {
	t.Parallel()
	pg, lite := postgresSchema(t, dbtest.New(t, "postgres")), sqliteSchema(t, dbtest.New(t, "sqlite"))
	if len(pg) < 30 {
		t.Fatalf("only %d facts read: the questions are wrong", len(pg))
	}
	for _, problem := range compare(pg, lite, allowed()) {
		t.Error(problem)
	}
}

// compare lists facts that one side lacks and lines of allow that are not
// needed. A fact begins with its table, or table.column.
func compare(pg, lite []string, allow map[string]string) (problems []string) {
	used := map[string]bool{}
	missing := func(from, in []string, where string) {
		for _, fact := range from {
			table, _, _ := strings.Cut(strings.Fields(fact)[0], ".")
			switch {
			case slices.Contains(in, fact):
			case allow[fact] != "":
				used[fact] = true
			case allow[table] != "":
				used[table] = true
			default:
				problems = append(problems, "not on "+where+": "+fact)
			}
		}
	}
	missing(pg, lite, "sqlite")
	missing(lite, pg, "postgres")
	for _, name := range slices.Sorted(maps.Keys(allow)) {
		if !used[name] {
			problems = append(problems, "allowed difference is none: "+name)
		}
	}
	return problems
}

func TestCompareSeesEachKindOfDifference(t *testing.T) {
	t.Parallel()
	same := []string{"a.id TEXT not null", "a primary key (id)"}
	for name, c := range map[string]struct {
		pg, lite []string
		allow    map[string]string
		want     int
	}{
		"equal":                {same, same, nil, 0},
		"a column less":        {same, same[1:], nil, 1},
		"a column more":        {same[1:], same, nil, 1},
		"NOT NULL lost":        {same, []string{"a.id TEXT", same[1]}, nil, 2},
		"allowed by fact":      {same, same[1:], map[string]string{"a.id TEXT not null": "reason"}, 0},
		"allowed by table":     {same, nil, map[string]string{"a": "reason"}, 0},
		"allowed without need": {same, same, map[string]string{"a": "reason"}, 1},
		"another fact allowed": {same, same[1:], map[string]string{"a.id TEXT": "reason"}, 2},
	} {
		if got := compare(c.pg, c.lite, c.allow); len(got) != c.want {
			t.Errorf("%s: %d problems, want %d: %v", name, len(got), c.want, got)
		}
	}
}

// Without STRICT SQLite stores text in an integer column, silently.
func TestSQLiteTablesAreStrict(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	var loose []string
	err := d.Raw("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'").Scan(&loose).Error
	if err != nil || len(loose) > 0 {
		t.Errorf("tables that are not STRICT: %v, %v", loose, err)
	}
}

// facts runs a query of one text column.
func facts(t *testing.T, d *db.DB, query string) (lines []string) {
	t.Helper()
	if err := d.Raw(query).Scan(&lines).Error; err != nil {
		t.Fatal(err)
	}
	return lines
}
