package registry_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
)

// bulkPeople is how many `make bench-bulk` asks for; another number by SR_BENCH_ROWS.
const bulkPeople = 1_000_000

// BenchmarkBulk takes one registry on PostgreSQL through the bulk work of its life:
// its people are imported, four values of each are attested by one upload, and the
// people are downloaded. Both uploads are killed half-way and sent again. The same
// rows are written by GORM's CreateInBatches, and copied by COPY TO, in the same
// run. It fails if a target is missed, or a row is lost or doubled.
func BenchmarkBulk(b *testing.B) {
	people := benchNumber(b, "SR_BENCH_ROWS", bulkPeople)
	cluster, err := dbtest.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	m := measurement{b: b, cluster: cluster, file: writePeople(b, people), people: people, rate: map[string][]float64{}, growth: map[string][]float64{}}
	base := &attestBase{url: m.database("postgres", "attest_base"), master: secret.NewMaster(), file: filepath.Join(b.TempDir(), "decisions.csv")}

	job := childJob{URL: base.url, Master: base.master.Encode(), File: m.file, Halt: fmt.Sprintf("rows %d", people/2)}
	b.Logf("an import was killed %s", killed(b, job))
	job.Halt = ""
	m.fill("postgres import", 0, job)
	m.once(fmt.Sprintf("postgres CreateInBatches(%d)", gormBatch), "postgres", 0, gormBatch)
	m.sql(fmt.Sprintf("DROP DATABASE bench_0_%d", gormBatch))
	m.reportImport("postgres")

	m.exports("postgres", job, "csv", "xlsx", "attested")
	m.reportExport()

	m.decideAboutAll(base)
	for _, batch := range []int{0, gormBatch} {
		m.attest(base, "postgres", 0, batch)
	}
	m.reportAttest("postgres")
}

// decideAboutAll writes the file of decisions, and has the upload of it killed.
func (m *measurement) decideAboutAll(base *attestBase) {
	m.b.Helper()
	d, err := db.Open(m.b.Context(), base.url)
	if err != nil {
		m.b.Fatal(err)
	}
	defer d.Close()
	m.writeDecisions(d, base.file)
	job := childJob{URL: base.url, Master: base.master.Encode(), File: base.file, Attest: true, Halt: fmt.Sprintf("rows %d", m.people/2)}
	m.b.Logf("an upload of decisions was killed %s", killed(m.b, job))
	m.wantRows(d, "registrant", m.people)
	m.wantRows(d, "attestation", 0)
}

// wantRows fails unless a table has so many rows.
func (m *measurement) wantRows(d *db.DB, table string, want int) {
	m.b.Helper()
	var got int
	if err := d.SQL.QueryRowContext(m.b.Context(), "SELECT count(*) FROM "+table).Scan(&got); err != nil || got != want {
		m.b.Fatalf("%d rows of %s (%v), want %d", got, table, err, want)
	}
}
