package registry_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	people := benchNumber(b, "SR_BENCH_ROWS", benchPeople)
	cluster, err := dbtest.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	m := measurement{b: b, cluster: cluster, file: writePeople(b, people), people: people, rate: map[string][]float64{}, growth: map[string][]float64{}}
	for _, name := range dbtest.Names() {
		job := childJob{URL: m.database(name, "bench_export"), Master: secret.NewMaster().Encode(), File: m.file}
		m.fill(name+" import", 0, job)
		m.exports(name, job, "csv", "xlsx", "attested")
	}
	m.reportExport()
}

// reportExport compares the downloads from PostgreSQL with the targets.
func (m *measurement) reportExport() {
	m.b.Helper()
	ratio := median(m.rate["postgres csv"]) / median(m.rate["postgres COPY TO"])
	growth := slices.Max(slices.Concat(m.growth["postgres csv"], m.growth["postgres xlsx"], m.growth["postgres attested"]))
	fmt.Fprintf(os.Stdout, "postgres: %d people, median of %d: export %.0f rows/s, COPY TO %.0f rows/s, ratio %.2f; memory at most %+.1f MiB over idle\n",
		m.people, benchRounds, median(m.rate["postgres csv"]), median(m.rate["postgres COPY TO"]), ratio, growth/(1<<20))
	if ratio < exportRatio {
		m.b.Errorf("%.2f of COPY TO, the target is %.1f", ratio, exportRatio)
	}
	if growth > exportGrowth {
		m.b.Errorf("memory grew by %.1f MiB, the target is %d MiB", growth/(1<<20), exportGrowth>>20)
	}
}

// exports downloads a database in each of the forms, each time in a process of its own.
func (m *measurement) exports(name string, job childJob, kinds ...string) {
	m.b.Helper()
	if name == "postgres" {
		m.vacuum(job.URL)
	}
	for round := range benchRounds {
		if name == "postgres" {
			m.note(round, name+" COPY TO", childResult{Seconds: m.copyOut(job.URL)})
		}
		for _, job.Export = range kinds {
			res := finish(m.b, job)
			if res.Result.Rows != m.people {
				m.b.Fatalf("%d rows, want %d", res.Result.Rows, m.people)
			}
			m.note(round, name+" "+job.Export, res)
		}
	}
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
