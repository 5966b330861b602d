package registry_test

import (
	"encoding/csv"
	"fmt"
	"io"

	"socialregistry/registry"
	"socialregistry/registry/demodata"
)

// Sizes of what the people of a benchmark are told apart by.
const (
	peoplePerWard = 200
	taxNumbers    = 100_000_000 // TX1, then eight digits: none looks like a spreadsheet's number
)

// populate makes n people by the product's own import, so that every row is one
// that the product reads: sealed values are bound to their person and cannot be
// copied from one to another. Versions of a person are copied by SQL.
func (m *registryBench) populate(n int) *fixture {
	m.b.Helper()
	if m.sizes = append(m.sizes, n); m.hot == nil {
		m.hot = map[int][2]int{}
	}
	x := m.open(n)
	x.define(m.b, registry.Field{Key: "ward", Type: registry.TypeText, Searchable: true, Label: label("Ward")})
	in, out := io.Pipe()
	go func() { out.CloseWithError(writeBenchPeople(out, n)) }()
	res, err := x.Import(m.b.Context(), admin(), in, registry.ImportOptions{Mode: registry.ImportCreate, Reason: "benchmark", Progress: func(registry.ImportProgress) {}})
	if err != nil || res.Created != n {
		m.b.Fatalf("imported %d of %d people, %v, %v", res.Created, n, err, res.Problems[:min(3, len(res.Problems))])
	}
	for _, sql := range versionsSQL(n) {
		m.exec(x, sql)
	}
	m.exec(x, "VACUUM (ANALYZE)")
	return x
}

// versionsSQL gives one person in ten five versions, and everybody up to
// switchedPeople a version with the name Survey, whose region is another one.
func versionsSQL(n int) []string {
	columns := "given_name, family_name, full_name_norm, sex, birth_date, region, extra, enc, times, vhash, hash_key_id"
	surveyed := "given_name, family_name, full_name_norm, sex, birth_date, 'Surveyed', extra, enc, times, vhash, hash_key_id"
	insert := `INSERT INTO registrant_version (registrant_id, version_no, label, ` + columns + `, author, channel, reason, created_at) `
	ranked := `(SELECT v.*, row_number() OVER (ORDER BY registrant_id) AS rank FROM registrant_version v WHERE version_no = 1) AS one`
	return []string{
		insert + fmt.Sprintf(`SELECT registrant_id, 2, 'Survey', %s, author, channel, reason, created_at FROM %s WHERE rank %% greatest(1, %d) = 0`, surveyed, ranked, n/switchedPeople),
		insert + fmt.Sprintf(`SELECT registrant_id, no, NULL, %s, author, channel, reason, created_at FROM %s CROSS JOIN generate_series(2, 5) AS no
			WHERE rank %% 10 = 0 AND NOT (no = 2 AND rank %% greatest(1, %d) = 0)`, columns, ranked, n/switchedPeople),
		`UPDATE registrant SET latest_no = v.last FROM (SELECT registrant_id, max(version_no) AS last FROM registrant_version GROUP BY registrant_id HAVING max(version_no) > 1) AS v
			WHERE id = v.registrant_id`,
	}
}

func (m *registryBench) exec(x *fixture, sql string, args ...any) {
	m.b.Helper()
	if _, err := x.DB.SQL.ExecContext(m.b.Context(), sql, args...); err != nil {
		m.b.Fatalf("%s: %v", sql, err)
	}
}

// writeBenchPeople writes invented people with an identifier of a type and a ward.
func writeBenchPeople(out io.Writer, n int) error {
	in, generated := io.Pipe()
	go func() {
		generated.CloseWithError(demodata.Write(generated, demodata.Options{People: n, Seed: 7, AsOf: newClock().Now()}))
	}()
	r, w := csv.NewReader(in), csv.NewWriter(out)
	r.ReuseRecord = true
	for i := -1; ; i++ {
		row, err := r.Read()
		if err == io.EOF {
			w.Flush()
			return w.Error()
		}
		if err != nil {
			return err
		}
		more := []string{"identifier:tax_number", "ward"}
		if i >= 0 {
			more = []string{taxNumber(i), wardOf(i, n)}
		}
		if err := w.Write(append(row[:len(row):len(row)], more...)); err != nil {
			return err
		}
	}
}

func taxNumber(i int) string { return fmt.Sprintf("TX%dA", taxNumbers+i) }

func wardOf(i, n int) string { return fmt.Sprint("Ward ", i%max(1, n/peoplePerWard)) }
