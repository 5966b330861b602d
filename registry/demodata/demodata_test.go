package demodata_test

import (
	"bytes"
	"encoding/csv"
	"math"
	"testing"
	"time"
	"unicode"

	"socialregistry/registry/demodata"
)

func write(t *testing.T, people int, seed uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	err := demodata.Write(&b, demodata.Options{People: people, Seed: seed, AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(write(t, 300, 7), write(t, 300, 7)) {
		t.Error("the same seed gave other people")
	}
	if bytes.Equal(write(t, 300, 7), write(t, 300, 8)) {
		t.Error("another seed gave the same people")
	}
}

func TestNumberOfPeople(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 50} {
		rows, err := csv.NewReader(bytes.NewReader(write(t, n, 1))).ReadAll()
		if err != nil || len(rows) != n+1 {
			t.Errorf("%d people: %d rows (%v)", n, len(rows)-1, err)
		}
	}
	for _, n := range []int{-1, demodata.MaxPeople + 1} {
		if err := demodata.Write(&bytes.Buffer{}, demodata.Options{People: n}); err == nil {
			t.Errorf("%d people: no error", n)
		}
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	const n = 20_000
	rows, err := csv.NewReader(bytes.NewReader(write(t, n, 3))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	ids, phones, regions, scripts, male := map[string]bool{}, map[string]bool{}, map[string]int{}, map[string]int{}, 0.0
	for _, r := range rows[1:] {
		ids[r[0]] = true
		if r[5] != "" {
			if phones[r[5]] {
				t.Errorf("telephone number given twice")
			}
			phones[r[5]] = true
		}
		regions[r[7]]++
		if r[3] == "Male" {
			male++
		}
		for name, table := range map[string]*unicode.RangeTable{"Latin": unicode.Latin, "Arabic": unicode.Arabic, "Ethiopic": unicode.Ethiopic, "Devanagari": unicode.Devanagari, "Bengali": unicode.Bengali} {
			if unicode.Is(table, []rune(r[1])[0]) {
				scripts[name]++
			}
		}
		if born, err := time.Parse(time.DateOnly, r[4]); err != nil || born.Year() < 1932 || born.Year() > 2026 {
			t.Errorf("birth date out of range: %v", err)
		}
	}
	if len(ids) != n || len(scripts) != 5 || len(regions) != 13 {
		t.Errorf("%d ids, scripts %v, %d regions", len(ids), scripts, len(regions))
	}
	if share := male / n; math.Abs(share-0.50) > 0.02 { // 66 % of a quarter, 45 % of the rest
		t.Errorf("share of men = %.3f", share)
	}
	if len(phones) < n/4 {
		t.Errorf("%d telephone numbers", len(phones))
	}
}
