package registry_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// foundAll gives the given names of all pages of a query, in order.
func (x *fixture) foundAll(t *testing.T, a registry.Actor, q registry.Query) []string {
	t.Helper()
	got := []string{}
	for {
		page, err := x.Search(t.Context(), a, q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		got = append(got, names(page.People)...)
		if q.After = page.Next; page.Next == "" || len(got) > 100 {
			return got
		}
	}
}

// Names are found across scripts and spellings, the closest first, on pages of any
// size.
func TestNamesAreFoundInAnyScript(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, name := range []string{"Iman", "أمينة", "Aminata", "Amina", "Mohammed", "محمد", "Muhamad Amina", "Αμίνα", "अमीना", "Zoë", "Jane"} {
			x.register(t, map[string]string{"given_name": name})
		}
		x.register(t, map[string]string{"given_name": "254711220998 Named"})
		numbered := x.register(t, map[string]string{"given_name": "Numbered", "phone_number": "+254711220998"})
		amina := []string{"أمينة", "Amina", "Muhamad Amina", "Αμίνα", "अमीना", "Aminata"}
		for text, want := range map[string][]string{
			"Amina": append(amina, "Iman"), "أمينة": append(amina, "Iman"), "اَمِينَه": append(amina, "Iman"), "Амина": append(amina, "Iman"),
			"ameena":  {"Iman", "أمينة", "Amina", "Muhamad Amina", "Αμίνα", "अमीना"},
			"mohamed": {"Mohammed", "محمد", "Muhamad Amina"}, "محمد": {"محمد", "Mohammed", "Muhamad Amina"}, "MUHAMMAD": {"Mohammed", "محمد", "Muhamad Amina"},
			"محمد امينه": {"Muhamad Amina"}, "zoe": {"Zoë"}, "mhm": {"محمد"}, "hmd": {"محمد"}, "jn": {}, "+254 711 220 998": {"Numbered", "254711220998 Named"},
			numbered.Number: {"Numbered"}, "zz": {},
		} {
			for _, limit := range []int{1, 3, 50} {
				if got := x.foundAll(t, registrar(), registry.Query{Text: text, Limit: limit}); !slices.Equal(got, want) {
					t.Errorf("%q in pages of %d found %v, want %v", text, limit, got, want)
				}
			}
		}
		if got := x.foundAll(t, registrar(), registry.Query{Text: "Amina", AsWritten: true}); !slices.Equal(got, amina) {
			t.Errorf("as written: %v, want %v", got, amina)
		}
		n, err := x.CountDefaultSwitch(t.Context(), admin(), "Survey", registry.Query{Text: "ameena"})
		if err != nil || n != (registry.SwitchCount{}) {
			t.Errorf("a switch by the same text: %+v, %v", n, err)
		}
	})
}

// A cursor belongs to its query, and the total says how many that finds.
func TestSearchTotalsAndCursors(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, name := range []string{"Amina", "Ameena", "Aminata", "Brian"} {
			x.register(t, map[string]string{"given_name": name, "region": "Coast"})
		}
		q := registry.Query{Text: "amina", Limit: 1, Total: true}
		first, err := x.Search(t.Context(), registrar(), q)
		if err != nil || first.Total != (registry.Total{Count: 3, Exact: true}) || first.Next == "" {
			t.Fatalf("first page: %+v, %v", first.Total, err)
		}
		q.After = first.Next
		if page, err := x.Search(t.Context(), registrar(), q); err != nil || page.Total.Count != 3 || page.People[0].ID == first.People[0].ID {
			t.Errorf("second page: %+v, %v", page.Total, err)
		}
		for name, other := range map[string]registry.Query{"text": {Text: "amin"}, "area": {Text: "amina", Area: "NL"}, "as written": {Text: "amina", AsWritten: true}, "none": {}} {
			other.After = first.Next
			if _, err := x.Search(t.Context(), registrar(), other); fault.CodeOf(err) != "bad_cursor" {
				t.Errorf("%s: a cursor of another query: %v", name, err)
			}
		}
		if groups, err := x.Groups(t.Context(), registrar(), registry.Query{Text: "amina", After: first.Next}); fault.CodeOf(err) != "bad_cursor" {
			t.Errorf("a cursor of people found groups: %v, %v", groups, err)
		}
		if page, err := x.Search(t.Context(), registrar(), registry.Query{}); err != nil || page.Total != (registry.Total{}) {
			t.Errorf("nobody asked for a total: %+v, %v", page.Total, err)
		}
		// beyond the bound it is only a lot
		x.exec(t, `INSERT INTO registrant (id, number, kind, status, version_no, latest_no, full_name_norm, extra, enc, times, vhash, hash_key_id, chain_head, chain_no, created_at, updated_at)
			SELECT `+map[string]string{"postgres": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}[x.DB.Dialect.Name()]+`, 'N' || n, kind, status, 1, 1, full_name_norm, extra, enc, times,
				vhash, hash_key_id, chain_head, 1, created_at, updated_at
			FROM registrant, (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 997) SELECT n FROM s) AS many
			WHERE number = '`+first.People[0].Number+`'`)
		for _, c := range []struct {
			q    registry.Query
			want registry.Total
		}{{registry.Query{Text: "amina"}, registry.Total{Count: registry.TotalCap, Exact: true}}, {registry.Query{}, registry.Total{Count: registry.TotalCap}}} {
			c.q.Total, c.q.Limit = true, 1
			if page, err := x.Search(t.Context(), registrar(), c.q); err != nil || page.Total != c.want {
				t.Errorf("%+v: %+v, %v; want %+v", c.q, page.Total, err, c.want)
			}
		}
	})
}

// Who has a name that more than TotalCap people have is found page by page, each
// once and in the order of ids, also where many others are registered before.
func TestSearchOfACommonName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		csv := "given_name,family_name\n" + strings.Repeat("Brian,Otieno\n", 20_100) + "Aminata,Otieno\n" + strings.Repeat("Amina,Wanjiru\n", 1100)
		res, err := x.Import(t.Context(), admin(), strings.NewReader(csv), registry.ImportOptions{Mode: registry.ImportCreate, Reason: "census", Progress: func(registry.ImportProgress) {}})
		if err != nil || res.Created != 21_201 {
			t.Fatalf("%+v, %v", res, err)
		}
		var got []string
		q := registry.Query{Text: "amina", Limit: 200, Total: true, Names: true}
		for n := 0; n == 0 || q.After != ""; n++ {
			page, err := x.Search(t.Context(), registrar(), q)
			if err != nil {
				t.Fatal(err)
			}
			if want := (registry.Total{Count: registry.TotalCap}); page.Total != want {
				t.Errorf("page %d: total %+v, want %+v", n, page.Total, want)
			}
			for _, p := range page.People {
				got = append(got, p.ID.String())
			}
			q.After = page.Next
		}
		if len(got) != 1101 || !slices.IsSorted(got[:1100]) || got[1100] > got[0] || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) {
			t.Errorf("%d found, the last %s, the first %s", len(got), got[len(got)-1], got[0])
		}
		first, err := x.Search(t.Context(), registrar(), registry.Query{Limit: 3, Names: true})
		if err != nil {
			t.Fatal(err)
		}
		page, err := x.Search(t.Context(), registrar(), registry.Query{Text: "brian", Limit: 3, Names: true})
		if err != nil || !slices.Equal(names(page.People), []string{"Brian", "Brian", "Brian"}) || page.People[2].ID != first.People[2].ID {
			t.Errorf("those who were registered first: %+v, %v", page.People, err)
		}
	})
}

func TestSearchByVersionsAndTime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		person := func(name string) registry.Person {
			return x.register(t, map[string]string{"given_name": name, "region": "Coast"})
		}
		plain, beside, chosen := person("plain"), person("beside"), person("chosen")
		add := func(p registry.Person, makeDefault bool) {
			t.Helper()
			_, err := x.AddVersion(t.Context(), registrar(), p.ID, "Survey", registry.Change{Set: map[string]string{"region": "Rift"}, Reason: "survey", ExpectVersion: p.VersionNo}, makeDefault)
			if err != nil {
				t.Fatal(err)
			}
		}
		add(beside, false)
		x.Clock.Add(time.Hour)
		since := x.Clock.Now()
		add(chosen, true)
		for name, c := range map[string]struct {
			q    registry.Query
			want []string
		}{
			"a version":          {registry.Query{Version: "Survey"}, []string{"beside", "chosen"}},
			"a default":          {registry.Query{Default: "Survey"}, []string{"chosen"}},
			"another label":      {registry.Query{Version: "survey"}, []string{}},
			"since":              {registry.Query{ChangedSince: since}, []string{"chosen"}},
			"since just after":   {registry.Query{ChangedSince: since.Add(time.Microsecond)}, []string{}},
			"since the start":    {registry.Query{ChangedSince: since.Add(-time.Hour)}, []string{"plain", "beside", "chosen"}},
			"version and since":  {registry.Query{Version: "Survey", ChangedSince: since}, []string{"chosen"}},
			"name and a version": {registry.Query{Version: "Survey", Text: "beside"}, []string{"beside"}},
		} {
			if got := x.foundAll(t, admin(), c.q); !slices.Equal(got, c.want) {
				t.Errorf("%s: found %v, want %v", name, got, c.want)
			}
		}
		for name, q := range map[string]registry.Query{"version": {Version: "a\x00"}, "default_version": {Default: "\xff"}, "kind": {Kind: "household"}} {
			_, err := x.Search(t.Context(), admin(), q)
			wantFault(t, err, fault.Invalid, "bad_query")
			if got := fields(err); !slices.Equal(got, []string{name + ":bad_" + name}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		_, err := x.Search(t.Context(), self(plain.ID), registry.Query{Version: "Survey"})
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}
