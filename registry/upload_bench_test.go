package registry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// attestedFields are decided on in each row of the measured file.
var attestedFields = []string{"given_name", "family_name", "sex", "birth_date"}

// BenchmarkAttest decides about four values of everybody by one upload, each run by
// a process of its own on a copy of one registry, and by GORM's CreateInBatches of
// the same rows for comparison, all in turn. It fails if a target is missed.
func BenchmarkAttest(b *testing.B) {
	people, rounds := benchNumber(b, "SR_BENCH_ROWS", benchPeople), benchNumber(b, "SR_BENCH_ROUNDS", benchRounds)
	cluster, err := dbtest.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	m := measurement{b: b, cluster: cluster, people: people, rate: map[string][]float64{}, growth: map[string][]float64{}}
	bases := map[string]*attestBase{}
	for _, name := range benchDatabases() {
		bases[name] = m.attestBase(name)
	}
	for round := range rounds {
		for _, name := range benchDatabases() {
			for _, batch := range []int{0, gormBatch} {
				m.attest(bases[name], name, round, batch)
			}
		}
	}
	for _, name := range benchDatabases() {
		m.reportAttest(name)
	}
}

// attestBase is a registry of people about whom nobody has decided, and the file
// that decides.
type attestBase struct {
	url, file string
	master    secret.Master
}

func (m *measurement) attestBase(kind string) *attestBase {
	m.b.Helper()
	base := &attestBase{url: m.database(kind, "attest_base"), master: secret.NewMaster(), file: filepath.Join(m.b.TempDir(), kind+".csv")}
	d, err := db.Open(m.b.Context(), base.url)
	if err != nil {
		m.b.Fatal(err)
	}
	defer d.Close()
	r, err := registry.New(m.b.Context(), registry.Config{DB: d, Master: base.master, Now: time.Now})
	if err != nil {
		m.b.Fatal(err)
	}
	file, err := os.Open(writePeople(m.b, m.people))
	if err != nil {
		m.b.Fatal(err)
	}
	defer file.Close()
	if _, err := r.Import(m.b.Context(), registry.System(), file, create()); err != nil {
		m.b.Fatal(err)
	}
	m.writeDecisions(d, base.file)
	return base
}

// writeDecisions writes the file as a download would, with every cell attested.
func (m *measurement) writeDecisions(d *db.DB, name string) {
	m.b.Helper()
	out, err := os.Create(name)
	if err != nil {
		m.b.Fatal(err)
	}
	defer out.Close()
	w := csvio.NewWriter(out)
	header := []string{"registration_number", "version_no"}
	for _, f := range attestedFields {
		header = append(header, f, f+":attestation", f+":comment")
	}
	if err := w.Write(header); err != nil {
		m.b.Fatal(err)
	}
	rows, err := d.SQL.QueryContext(m.b.Context(), "SELECT number, CAST(version_no AS text), "+strings.Join(attestedFields[:3], ", ")+", CAST(birth_date AS text) FROM registrant ORDER BY id")
	if err != nil {
		m.b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var number, version string
		values := make([]string, len(attestedFields))
		if err := rows.Scan(&number, &version, &values[0], &values[1], &values[2], &values[3]); err != nil {
			m.b.Fatal(err)
		}
		cells := []string{number, version}
		for _, v := range values {
			cells = append(cells, v, "ATTESTED", "seen")
		}
		if err := w.Write(cells); err != nil {
			m.b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		m.b.Fatal(err)
	}
}

// attest is one run on a copy of the base.
func (m *measurement) attest(base *attestBase, kind string, round, batch int) {
	m.b.Helper()
	what := kind + " attest"
	if batch > 0 {
		what = fmt.Sprintf("%s attest by CreateInBatches(%d)", kind, batch)
	}
	url, drop := m.copyOf(base, kind, fmt.Sprintf("attest_%d_%d", round, batch))
	defer drop()
	res := finish(m.b, childJob{URL: url, Master: base.master.Encode(), File: base.file, Batch: batch, Attest: true})
	if res.Result.Updated != m.people {
		m.b.Fatalf("%s: %d people, want %d", what, res.Result.Updated, m.people)
	}
	m.note(round, what, res)
	d, err := db.Open(m.b.Context(), url)
	if err != nil {
		m.b.Fatal(err)
	}
	defer d.Close()
	m.wantRows(d, "attestation", m.people*len(attestedFields))
}

// copyOf copies the base, which nobody has open.
func (m *measurement) copyOf(base *attestBase, kind, name string) (url string, drop func()) {
	m.b.Helper()
	if kind == "postgres" {
		m.sql("CREATE DATABASE " + name + " TEMPLATE attest_base")
		return m.cluster.URL(name), func() { m.sql("DROP DATABASE " + name) }
	}
	whole, err := os.ReadFile(strings.TrimPrefix(base.url, "sqlite:"))
	path := filepath.Join(m.b.TempDir(), name+".db")
	if err == nil {
		err = os.WriteFile(path, whole, 0o600)
	}
	if err != nil {
		m.b.Fatal(err)
	}
	return "sqlite:" + path, func() { os.Remove(path) }
}

func (m *measurement) sql(statement string) {
	m.b.Helper()
	conn, err := pgx.Connect(m.b.Context(), m.cluster.URL("postgres"))
	if err != nil {
		m.b.Fatal(err)
	}
	defer conn.Close(m.b.Context())
	if _, err := conn.Exec(m.b.Context(), statement); err != nil {
		m.b.Fatal(err)
	}
}

func (m *measurement) reportAttest(name string) {
	m.b.Helper()
	ours, theirs := name+" attest", fmt.Sprintf("%s attest by CreateInBatches(%d)", name, gormBatch)
	ratio, growth := median(m.rate[ours])/median(m.rate[theirs]), slices.Max(m.growth[ours])
	fmt.Fprintf(os.Stdout, "%s: %d people, %d decisions each, median of %d: attest %.0f rows/s, memory at most %+.1f MiB; CreateInBatches(%d) %.0f rows/s; ratio %.2f\n",
		name, m.people, len(attestedFields), len(m.rate[ours]), median(m.rate[ours]), growth/(1<<20), gormBatch, median(m.rate[theirs]), ratio)
	if growth > benchGrowth {
		m.b.Errorf("%s: memory grew by %.1f MiB, the target is %d MiB", name, growth/(1<<20), benchGrowth>>20)
	}
	if name == "postgres" && ratio < benchRatio {
		m.b.Errorf("%s: %.2f times CreateInBatches, the target is %.1f", name, ratio, benchRatio)
	}
}
