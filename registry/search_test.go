package registry_test

import (
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func names(people []registry.Person) []string {
	out := []string{}
	for _, p := range people {
		out = append(out, p.Values["given_name"].Text)
	}
	return out
}

func TestSearchByText(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.register(t, map[string]string{"given_name": "Amina", "family_name": "Odhiambo", "national_id": "KE-4471 220/9", "phone_number": "+254711220998", "alias_names": "Mama Grace"})
		b := x.register(t, map[string]string{"given_name": "José María", "family_name": "Núñez", "phone_number": "+254711220998", "locality": "Amina Town"})
		x.register(t, map[string]string{"given_name": "محمد", "local_script_name": "أَمِينَة عبدالله"})
		x.register(t, map[string]string{"given_name": "Ng"})
		all := []string{"Amina", "José María", "محمد", "Ng"}
		for text, want := range map[string][]string{
			"": all, " ": all, "amina": {"Amina", "محمد"}, "MIN": {"Amina", "محمد"}, "odhiambo amina": {"Amina"}, "amina nunez": {}, "grace": {"Amina"},
			"jose": {"José María"}, "NÚÑEZ": {"José María"}, "maria nune": {"José María"}, "امينة": {"Amina", "محمد"}, "محمد": {"محمد"}, "ng": {"Ng"},
			"%": {}, "_mina": {"Amina", "محمد"}, "a%a": {"Amina", "José María", "محمد"}, "'": {}, "\\": {}, "KE44712209": {"Amina"}, "ke 4471-2209": {"Amina"}, "KE4471220": {},
			"+254 711 220 998": {"Amina", "José María"}, "00254711220998": {"Amina", "José María"}, "254711220998": {},
			strings.Repeat("é", 200): {}, a.Number: {"Amina"}, strings.ToLower(b.Number): {"José María"}, b.Number[3:]: {"José María"}, b.Number[:len(b.Number)-1]: {},
			"amina amina amina amina amina nosuch": {"Amina", "محمد"}, // words after the fifth are not looked at
		} {
			page, err := x.Search(t.Context(), actor(registry.RoleAuditor), registry.Query{Text: text})
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			if got := names(page.People); !slices.Equal(got, want) || page.Next != "" {
				t.Errorf("%q found %v (next %q), want %v", text, got, page.Next, want)
			}
		}
		// what was changed is found as it is now
		x.edit(t, a, map[string]string{"given_name": "Zawadi", "national_id": "KE-9", "alias_names": ""})
		for text, want := range map[string]int{"amina": 1, "zawadi": 1, "grace": 0, "KE44712209": 0, "ke9": 1, "odhiambo": 1} {
			if page, err := x.Search(t.Context(), admin(), registry.Query{Text: text}); err != nil || len(page.People) != want {
				t.Errorf("%q found %d, %v; want %d", text, len(page.People), err, want)
			}
		}
	})
}

func TestSearchByState(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		person := func(name string) registry.Person {
			return x.register(t, map[string]string{"given_name": name, "region": "Coast", "national_id": "KE-" + name})
		}
		person("new")
		x.attest(t, person("attested"), registry.StateAttested, "", "region", "national_id")
		x.attest(t, person("rejected"), registry.StateRejected, "no", "region", "national_id")
		stale := person("stale")
		x.attest(t, stale, registry.StateAttested, "", "region", "national_id")
		x.edit(t, stale, map[string]string{"region": "Rift", "national_id": "KE-other"})
		returned := person("returned")
		x.attest(t, returned, registry.StateRejected, "no", "region")
		returned = x.edit(t, returned, map[string]string{"region": "Rift"})
		x.edit(t, returned, map[string]string{"region": "Coast"})
		taken := person("taken back")
		x.attest(t, taken, registry.StateAttested, "", "region")
		x.attest(t, taken, registry.StateNew, "", "region")
		removed := person("removed")
		x.attest(t, removed, registry.StateAttested, "", "region")
		x.edit(t, removed, map[string]string{"region": ""})
		x.register(t, map[string]string{"given_name": "none"})
		for _, c := range []struct {
			q    registry.Query
			want []string
		}{
			{registry.Query{Field: "region", State: registry.StateNew}, []string{"new", "stale", "taken back"}},
			{registry.Query{Field: "region", State: registry.StateAttested}, []string{"attested"}},
			{registry.Query{Field: "region", State: registry.StateRejected}, []string{"rejected", "returned"}},
			{registry.Query{Field: "national_id", State: registry.StateAttested}, []string{"attested"}},
			{registry.Query{Field: "national_id", State: registry.StateNew}, []string{"new", "stale", "returned", "taken back", "removed"}},
			{registry.Query{Field: "region", State: registry.StateRejected, Text: "turned"}, []string{"returned"}},
			{registry.Query{Field: "locality", State: registry.StateNew}, []string{}},
		} {
			page, err := x.Search(t.Context(), attester(), c.q)
			if got := names(page.People); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%+v found %v, %v; want %v", c.q, got, err, c.want)
			}
		}
		for _, q := range []registry.Query{{Field: "region"}, {State: registry.StateNew}, {Field: "shoe_size", State: registry.StateNew},
			{Field: "region", State: "STALE"}, {Field: "preferred_contact_method", State: registry.StateNew}, {Text: "a\x00"}, {Text: "\xff"},
			{Text: strings.Repeat("é", 201)}} {
			_, err := x.Search(t.Context(), admin(), q)
			wantFault(t, err, fault.Invalid, "bad_query")
		}
	})
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const n = 7
		var want []string
		for i := range n {
			name := "P" + string(rune('a'+i))
			want = append(want, name)
			x.register(t, map[string]string{"given_name": name, "family_name": "Same"})
		}
		for _, q := range []registry.Query{{}, {Text: "same"}, {Field: "family_name", State: registry.StateNew}} {
			for limit := 1; limit <= n+1; limit++ {
				q.Limit, q.After = limit, ""
				var got []string
				for range n + 1 {
					page, err := x.Search(t.Context(), admin(), q)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, names(page.People)...)
					if len(page.People) > limit || page.Next == "" {
						break
					}
					q.After = page.Next
				}
				if !slices.Equal(got, want) {
					t.Errorf("%+v, pages of %d: %v", q, limit, got)
				}
			}
		}
		for _, bad := range []string{"x", "!", "AAAA", strings.Repeat("A", 23)} {
			_, err := x.Search(t.Context(), admin(), registry.Query{After: bad})
			wantFault(t, err, fault.Invalid, "bad_cursor")
		}
	})
}
