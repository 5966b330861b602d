package registry_test

import (
	"bytes"
	"encoding/csv"
	"maps"
	"slices"
	"testing"

	"socialregistry/internal/vectors"
	"socialregistry/registry"
)

// The two files of openg2p-data hold the same 200 people. The second lacks
// Region and has three columns more.

func openg2p(t *testing.T) (first, second []byte) {
	t.Helper()
	return vectors.Read(t, "data/openg2p-data/registry-individual-data.csv"), vectors.Read(t, "data/openg2p-data/sample_data2.csv")
}

// threeMore are definitions of the three columns that only the second file has.
func threeMore() []registry.Field {
	field := func(key, label string) registry.Field {
		return registry.Field{Key: key, Type: registry.TypeNumber, Section: "household", Label: map[string]string{"en": label}}
	}
	return []registry.Field{field("household_size", "Household size"), field("children", "Number of children"), field("home_size", "Size of home")}
}

func (x *fixture) define(t testing.TB, fields_ ...registry.Field) {
	t.Helper()
	for _, f := range fields_ {
		if _, err := x.DefineField(t.Context(), admin(), f, ""); err != nil {
			t.Fatal(err, fields(err))
		}
	}
}

// everybody gives the values of all people by national id.
func (x *fixture) everybody(t *testing.T) map[string]registry.Person {
	t.Helper()
	out := map[string]registry.Person{}
	for cursor := ""; ; {
		page, err := x.Search(t.Context(), admin(), registry.Query{Limit: 100, After: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range page.People {
			p, err := x.Person(t.Context(), admin(), found.ID)
			if err != nil {
				t.Fatal(err)
			}
			out[p.Values["national_id"].Text] = p
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

// column reads one column of a file by the national id.
func cells(t *testing.T, file []byte, id, column string) map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	i, j := slices.Index(rows[0], id), slices.Index(rows[0], column)
	if i < 0 || j < 0 {
		t.Fatalf("no column %q or %q in %v", id, column, rows[0])
	}
	out := map[string]string{}
	for _, row := range rows[1:] {
		out[row[i]] = row[j]
	}
	return out
}

func TestOpenG2PEachIntoAnEmptyRegistry(t *testing.T) {
	t.Parallel()
	first, second := openg2p(t)
	for name, file := range map[string][]byte{"first": first, "second": second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, x *fixture) {
				x.load(t, string(file), create(), "200 0 0 0")
				people := x.everybody(t)
				if len(people) != 200 {
					t.Fatalf("%d people", len(people))
				}
				id, birth := "ID", "Date of Birth"
				if name == "second" {
					id, birth = "UIN", "Date of birth"
				}
				dates := cells(t, file, id, birth)
				for id, p := range people {
					d := dates[id] // dd-mm-yyyy
					if want := d[6:] + "-" + d[3:5] + "-" + d[:2]; texts(p)["birth_date"] != want {
						t.Errorf("birth date = %s, want %s", texts(p)["birth_date"], want)
					}
					for _, key := range []string{"full_name", "sex", "phone_number", "email", "address_line_1"} {
						if texts(p)[key] == "" {
							t.Errorf("no %s", key)
						}
					}
					if (texts(p)["region"] != "") != (name == "first") {
						t.Errorf("region = %q", texts(p)["region"])
					}
				}
			})
		})
	}
}

func TestOpenG2PSecondAfterFirst(t *testing.T) {
	t.Parallel()
	first, second := openg2p(t)
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, string(first), create(), "200 0 0 0")
		before := x.everybody(t)
		res := x.load(t, string(second), update(), "0 0 200 0") // the three columns are no fields yet
		for _, column := range []string{"Household size", "No. of children", "Size of home (sq. ft)"} {
			if !slices.Contains(res.Ignored, column) {
				t.Errorf("ignored columns %q do not name %q", res.Ignored, column)
			}
		}
		if got := x.everybody(t); !maps.EqualFunc(got, before, samePerson) {
			t.Error("the second file changed people without the three fields")
		}

		x.define(t, threeMore()...)
		res = x.load(t, string(second), update(), "0 200 0 0")
		if slices.Contains(res.Ignored, "Household size") {
			t.Errorf("ignored = %q", res.Ignored)
		}
		after := x.everybody(t)
		if len(after) != 200 {
			t.Fatalf("%d people", len(after))
		}
		size, children, home := cells(t, second, "UIN", "Household size"), cells(t, second, "UIN", "No. of children"), cells(t, second, "UIN", "Size of home (sq. ft)")
		for id, p := range after {
			want := texts(before[id])
			want["household_size"], want["children"], want["home_size"] = size[id], children[id], home[id]
			if !maps.Equal(texts(p), want) || p.ID != before[id].ID || p.VersionNo != 2 {
				t.Errorf("values = %v, want %v", texts(p), want)
			}
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
		}
	})
}

func samePerson(a, b registry.Person) bool {
	return a.ID == b.ID && a.VersionNo == b.VersionNo && a.ChainNo == b.ChainNo && maps.Equal(texts(a), texts(b))
}

// A file that a spreadsheet has spoiled: upstream's own sample_data.csv.
func TestOpenG2PMangledTokens(t *testing.T) {
	t.Parallel()
	first, _ := openg2p(t)
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "token_id", Type: registry.TypeIdentifier, Label: map[string]string{"en": "Token"}, Unique: true, Sealed: true})
		tokens := cells(t, first, "ID", "Token ID")
		var id string
		for k := range tokens {
			id = k
			break
		}
		mangled := bytes.Replace(first, []byte(tokens[id]), []byte("4.49E+35"), 1)
		res := x.load(t, string(mangled), create(), "199 0 0 1")
		if got := problemsOf(res); len(got) != 1 || res.Problems[0].Column != "Token ID" || res.Problems[0].Code != registry.CodeMangled {
			t.Errorf("problems = %q", got)
		}
	})
}
