package registry_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

// What `make bench-export` asks for, on PostgreSQL.
const (
	exportRatio  = 0.5      // of COPY TO of the same columns
	exportGrowth = 64 << 20 // bytes of memory above idle
)

// exportedFields are columns of their own and others.
var exportedFields = []string{"given_name", "family_name", "sex", "birth_date", "region", "marital_status", "nationality"}

const copiedColumns = `COPY (SELECT number, version_no, given_name, family_name, sex, birth_date, region, extra ->> 'marital_status',
	extra ->> 'nationality' FROM registrant WHERE kind = 'person') TO STDOUT (FORMAT csv)`

// BenchmarkExport downloads SR_BENCH_ROWS people (100,000 unless told) from both
// databases, and by COPY TO for comparison, in turn. It fails if a target is missed.
func BenchmarkExport(b *testing.B) {
	people := benchPeople
	if text := os.Getenv("SR_BENCH_ROWS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		people = n
	}
	cluster, err := dbtest.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	m := measurement{b: b, cluster: cluster, file: writePeople(b, people), people: people, rate: map[string][]float64{}, growth: map[string][]float64{}}
	for _, name := range dbtest.Names() {
		m.exports(name)
	}
	ratio := median(m.rate["postgres csv"]) / median(m.rate["postgres COPY TO"])
	growth := slices.Max(slices.Concat(m.growth["postgres csv"], m.growth["postgres xlsx"], m.growth["postgres attested"]))
	fmt.Fprintf(os.Stdout, "postgres: %d people, median of %d: export %.0f rows/s, COPY TO %.0f rows/s, ratio %.2f; memory at most %+.1f MiB over idle\n",
		people, benchRounds, median(m.rate["postgres csv"]), median(m.rate["postgres COPY TO"]), ratio, growth/(1<<20))
	if ratio < exportRatio {
		b.Errorf("%.2f of COPY TO, the target is %.1f", ratio, exportRatio)
	}
	if growth > exportGrowth {
		b.Errorf("memory grew by %.1f MiB, the target is %d MiB", growth/(1<<20), exportGrowth>>20)
	}
}

// exports fills a database and downloads it, each time in a process of its own.
func (m *measurement) exports(name string) {
	master := secret.NewMaster()
	url := m.database(name, "bench_export")
	if res := finish(m.b, childJob{URL: url, Master: master.Encode(), File: m.file}); res.Result.Created != m.people {
		m.b.Fatalf("%d people, want %d", res.Result.Created, m.people)
	}
	if name == "postgres" {
		m.vacuum(url)
	}
	for round := range benchRounds {
		if name == "postgres" {
			m.note(round, name+" COPY TO", m.copyOut(url), 0)
		}
		for _, kind := range []string{"csv", "xlsx", "attested"} {
			if res := finish(m.b, childJob{URL: url, Master: master.Encode(), File: m.file, Export: kind}); res.Result.Rows != m.people {
				m.b.Fatalf("%d rows, want %d", res.Result.Rows, m.people)
			} else {
				m.note(round, name+" "+kind, res.Seconds, float64(res.PeakBytes-res.IdleBytes))
			}
		}
	}
}

func (m *measurement) note(round int, what string, seconds, growth float64) {
	rate := float64(m.people) / seconds
	m.rate[what], m.growth[what] = append(m.rate[what], rate), append(m.growth[what], growth)
	m.b.Logf("round %d, %-18s %8.0f rows/s, memory %+5.1f MiB", round+1, what, rate, growth/(1<<20))
}

// vacuum does what a server does by itself after a large import, and a server of
// tests does not: without statistics it would plan for a few hundred people.
func (m *measurement) vacuum(url string) {
	m.b.Helper()
	ctx := m.b.Context()
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_, err = conn.Exec(ctx, "VACUUM ANALYZE")
	}
	if err != nil {
		m.b.Fatal(err)
	}
	conn.Close(ctx)
}

// copyOut gives the seconds that PostgreSQL itself takes.
func (m *measurement) copyOut(url string) float64 {
	m.b.Helper()
	ctx := m.b.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		m.b.Fatal(err)
	}
	defer conn.Close(ctx)
	begin := time.Now()
	if _, err := conn.PgConn().CopyTo(ctx, io.Discard, copiedColumns); err != nil {
		m.b.Fatal(err)
	}
	return time.Since(begin).Seconds()
}

// export is what a child does that downloads.
func (job childJob) export(ctx context.Context, r *registry.Registry) (registry.ImportResult, error) {
	req := registry.ExportRequest{Fields: exportedFields, Purpose: "a benchmark", Format: registry.ExportCSV}
	switch job.Export {
	case "xlsx":
		req.Format = registry.ExportXLSX
	case "attested":
		req.AttestedOnly, req.Attestations = true, true
	}
	out, err := os.Create(filepath.Join(os.TempDir(), fmt.Sprintf("export-%d", os.Getpid())))
	if err != nil {
		return registry.ImportResult{}, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	res, err := r.Export(ctx, registry.System(), out, req, nil)
	return registry.ImportResult{Rows: int(res.Rows)}, err
}
