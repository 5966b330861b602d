package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// searched is one page of a search.
type searched struct {
	Items []struct {
		Values map[string]string
	}
	Total *struct {
		Count int
		Exact bool
	}
}

// names reads all pages of a search, two at a time, and its total.
func (s *service) names(t *testing.T, path, query string, as []string) (names []string, total int) {
	t.Helper()
	names, total = []string{}, -1
	for at := path + "?limit=2&" + query; at != ""; {
		rec := s.do(call("GET", at, "", as))
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", at, rec.Code, rec.Body)
		}
		var page searched
		decode(t, rec, &page)
		if page.Total != nil {
			if total != -1 || !page.Total.Exact {
				t.Errorf("%s: total %+v after %d", at, *page.Total, total)
			}
			total = page.Total.Count
		}
		for _, x := range page.Items {
			names = append(names, x.Values["full_name"]+x.Values["group_name"])
		}
		at, _, _ = strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">")
	}
	return names, total
}

// TestFindThroughREST: people and groups are found by name in any script, number,
// version, time of change and area, the closest first, with an honest total.
func TestFindThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		var number, at string
		for _, name := range []string{"Iman Otieno", "أمينة", "Aminata", "Amina Otieno"} {
			rec := s.do(call("POST", people, `{"values":{"full_name":"`+name+`"}}`, as))
			var p struct{ Number string }
			decode(t, rec, &p)
			number, at = p.Number, rec.Header().Get("Location")
		}
		const since, later = "2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000001Z" // the clock stands
		if rec := s.do(call("POST", at+"/versions", `{"label":"Survey","values":{"locality":"Quay"},"default":true}`, as, "If-Match", `"1"`)); rec.Code != http.StatusCreated {
			t.Fatalf("a version: %d %s", rec.Code, rec.Body)
		}
		for query, want := range map[string][]string{
			"q=Amina": {"أمينة", "Amina Otieno", "Aminata", "Iman Otieno"}, "q=" + url.QueryEscape("أَمِينَة"): {"أمينة", "Amina Otieno", "Aminata", "Iman Otieno"},
			"q=amina&as_written=true": {"أمينة", "Amina Otieno", "Aminata"}, "q=otieno+ameena": {"Iman Otieno", "Amina Otieno"}, "q=" + number: {"Amina Otieno"},
			"version=Survey": {"Amina Otieno"}, "default_version=Survey": {"Amina Otieno"}, "version=Census": {}, "area=NOWHERE": {},
			"q=iman&changed_since=" + since: {"Iman Otieno", "أمينة", "Amina Otieno"}, "q=iman&as_written=true": {"Iman Otieno"}, "q=iman&changed_since=" + later: {},
		} {
			if got, total := s.names(t, people, query, as); !slices.Equal(got, want) || total != len(want) {
				t.Errorf("%s found %v of %d, want %v", query, got, total, want)
			}
		}
		if got, total := s.names(t, groups, "q=Amina&changed_since="+since+"&version=Survey", as); len(got) != 0 || total != 0 {
			t.Errorf("groups: %v of %d", got, total)
		}
		s.refusesSearches(t, as)
	})
}

// refusesSearches: what a search does not understand finds nobody.
func (s *service) refusesSearches(t *testing.T, as []string) {
	t.Helper()
	for query, want := range map[string]string{
		"q=" + strings.Repeat("a", 201): "bad_query", "q=%00": "bad_query", "q=%ff": "bad_query", "version=%07": "bad_query", "version=" + strings.Repeat("a", 101): "bad_query",
		"default_version=%00": "bad_query", "changed_since=yesterday": "bad_query", "changed_since=2026-13-01T00:00:00Z": "bad_query", "as_written=1": "bad_query",
		"kind=person": "bad_query", "state=NEW": "bad_query", "field=sex&state=OLD": "bad_query", "area=%25": "bad_query", "value[nosuch]=1": "bad_query",
		"q=a&q=b": "bad_query", "q=amina&after=x": "bad_cursor", "after=AAAAAAAAAAAAAAAAAAAAAA": "bad_cursor",
	} {
		rec := s.do(call("GET", people+"?"+query, "", as))
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"`+want+`"`) {
			t.Errorf("%s: %d %s, want 422 %s", query, rec.Code, rec.Body, want)
		}
	}
	first := s.do(call("GET", people+"?q=amina&limit=1", "", as)).Header().Get("Link")
	at, _, _ := strings.Cut(strings.TrimPrefix(first, "<"), ">")
	other := strings.Replace(at, "q=amina", "q=iman", 1)
	if rec := s.do(call("GET", other, "", as)); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "bad_cursor") {
		t.Errorf("the cursor of another query: %d %s", rec.Code, rec.Body)
	}
	_, err := s.deps.Registry.ImportAreas(t.Context(), staff(registry.RoleAdmin), strings.NewReader(nations), false, "")
	must(t, err)
	name := "bounded"
	_, err = s.deps.Registry.OpenStaff(t.Context(), registry.System(), name, "six green kettles", []registry.Grant{{Role: registry.RoleAuditor, Area: "NL"}}, "")
	must(t, err)
	if got, total := s.names(t, people, "q=Amina", s.bearer(t, name, registry.ScopePeopleRead)); len(got) != 0 || total != 0 {
		t.Errorf("outside of the bounds of a role: %v of %d", got, total)
	}
}
