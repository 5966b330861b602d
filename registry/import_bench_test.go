package registry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
)

// What `make bench-import` and `make bench-bulk` ask for.
const (
	benchPeople  = 100_000  // another number by SR_BENCH_ROWS
	benchRounds  = 5        // SR_BENCH_ROUNDS
	benchRatio   = 1.6      // on PostgreSQL, over CreateInBatches(500)
	benchGrowth  = 64 << 20 // bytes of memory above idle
	gormBatch    = 500
	fewestPeople = 20_000
)

// BenchmarkImport imports generated people on both databases, each run by a
// process of its own into an empty database, and by GORM's CreateInBatches for
// comparison, all in turn. It fails if a target is missed.
func BenchmarkImport(b *testing.B) {
	people, rounds := benchNumber(b, "SR_BENCH_ROWS", benchPeople), benchNumber(b, "SR_BENCH_ROUNDS", benchRounds)
	if testing.Short() {
		people = fewestPeople
	}
	cluster, err := dbtest.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	m := measurement{b: b, cluster: cluster, file: writePeople(b, people), people: people, rate: map[string][]float64{}, growth: map[string][]float64{}}
	for round := range rounds {
		for _, name := range benchDatabases() {
			m.once(fmt.Sprintf("%s import", name), name, round, 0)
			m.once(fmt.Sprintf("%s CreateInBatches(%d)", name, gormBatch), name, round, gormBatch)
		}
	}
	m.report()
}

// benchNumber is a number that the environment may give.
func benchNumber(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s=%s is no count", name, text)
	}
	return n
}

// benchDatabases are both, or the one that SR_BENCH_DATABASE names.
func benchDatabases() []string {
	if one := os.Getenv("SR_BENCH_DATABASE"); one != "" {
		return []string{one}
	}
	return dbtest.Names()
}

type measurement struct {
	b       *testing.B
	cluster *dbtest.Cluster
	file    string
	people  int
	rate    map[string][]float64 // rows per second
	growth  map[string][]float64 // bytes
}

func (m *measurement) once(what, database string, round, batch int) {
	m.b.Helper()
	url := m.database(database, fmt.Sprintf("bench_%d_%d", round, batch))
	m.fill(what, round, childJob{URL: url, Master: secret.NewMaster().Encode(), File: m.file, Batch: batch})
}

// fill imports the people into an empty database.
func (m *measurement) fill(what string, round int, job childJob) {
	m.b.Helper()
	res := finish(m.b, job)
	if res.Result.Created != m.people {
		m.b.Fatalf("%s: %d people, want %d", what, res.Result.Created, m.people)
	}
	m.note(round, what, res)
}

// note keeps what a child took.
func (m *measurement) note(round int, what string, res childResult) {
	rate, growth := float64(m.people)/res.Seconds, float64(res.PeakBytes-res.IdleBytes)
	m.rate[what], m.growth[what] = append(m.rate[what], rate), append(m.growth[what], growth)
	m.b.Logf("round %d, %-40s %7.0f rows/s, memory %+5.1f MiB over idle %.1f MiB", round+1, what, rate, growth/(1<<20), float64(res.IdleBytes)/(1<<20))
}

// database makes an empty, migrated one.
func (m *measurement) database(kind, name string) string {
	m.b.Helper()
	ctx := m.b.Context()
	url := "sqlite:" + filepath.Join(m.b.TempDir(), name+".db")
	if kind == "postgres" {
		conn, err := pgx.Connect(ctx, m.cluster.URL("postgres"))
		if err != nil {
			m.b.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
			m.b.Fatal(err)
		}
		url = m.cluster.URL(name)
	}
	d, err := db.Open(ctx, url)
	if err != nil {
		m.b.Fatal(err)
	}
	defer d.Close()
	if err := db.Migrate(ctx, d); err != nil {
		m.b.Fatal(err)
	}
	return url
}

func (m *measurement) report() {
	for _, name := range benchDatabases() {
		m.reportImport(name)
	}
}

func (m *measurement) reportImport(name string) {
	m.b.Helper()
	ours, theirs := name+" import", fmt.Sprintf("%s CreateInBatches(%d)", name, gormBatch)
	ratio := median(m.rate[ours]) / median(m.rate[theirs])
	growth := slices.Max(m.growth[ours])
	fmt.Fprintf(os.Stdout, "%s: %d people, median of %d: import %.0f rows/s, memory at most %+.1f MiB; CreateInBatches(%d) %.0f rows/s, %+.1f MiB; ratio %.2f\n",
		name, m.people, len(m.rate[ours]), median(m.rate[ours]), growth/(1<<20), gormBatch, median(m.rate[theirs]), slices.Max(m.growth[theirs])/(1<<20), ratio)
	if growth > benchGrowth {
		m.b.Errorf("%s: memory grew by %.1f MiB, the target is %d MiB", name, growth/(1<<20), benchGrowth>>20)
	}
	if name == "postgres" && ratio < benchRatio {
		m.b.Errorf("%s: %.2f times CreateInBatches, the target is %.1f", name, ratio, benchRatio)
	}
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
