package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const fields = "/api/v1/fields"

// exerciseFields drives the operations on definitions to every answer.
func (s *service) exerciseFields(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	define := func(as []string) *http.Request {
		return call("POST", fields, `{"key":"ward","type":"text","label":{"en":"Ward"},"schema":{"maxLength":20},"reason":"as the ministry asks"}`, as)
	}
	run(exercise{"defineField", 201, define(admin), false})
	run(exercise{"defineField", 409, define(admin), false})
	exerciseGates(run, "defineField", registrar, define)
	exerciseBodies(run, "defineField", "POST", fields, admin)
	run(exercise{"defineField", 422, call("POST", fields, `{"key":"Ward","type":"text","label":{"en":"Ward"}}`, admin), false})

	run(exercise{"getField", 200, call("GET", fields+"/ward", "", registrar), false})
	run(exercise{"getField", 401, call("GET", fields+"/ward", "", nil), false})
	run(exercise{"getField", 404, call("GET", fields+"/nothing", "", registrar), false})

	patch := func(as []string, body string, headers ...string) *http.Request {
		return call("PATCH", fields+"/ward", body, as, append([]string{"Content-Type", mergePatch}, headers...)...)
	}
	const good = `{"label":{"sw":"Kata","en":"Ward of the town"},"hint":null,"reason":"also in Swahili"}`
	run(exercise{"updateField", 200, patch(admin, good, "If-Match", `"1"`), false})
	run(exercise{"updateField", 412, patch(admin, good, "If-Match", `"1"`), false})
	run(exercise{"updateField", 428, patch(admin, good), true})
	run(exercise{"updateField", 422, patch(admin, `{"type":"number"}`, "If-Match", `"2"`), false})
	run(exercise{"updateField", 404, s.other(patch(admin, good, "If-Match", `"2"`), fields+"/nothing"), false})
	exerciseGates(run, "updateField", registrar, func(as []string) *http.Request { return patch(as, good, "If-Match", `"2"`) })
	exerciseBodies(run, "updateField", "PATCH", fields+"/ward", admin, "Content-Type", mergePatch, "If-Match", `"2"`)

	run(exercise{"listFieldVersions", 200, call("GET", fields+"/ward/versions", "", admin), false})
	exerciseGates(run, "listFieldVersions", registrar, func(as []string) *http.Request { return call("GET", fields+"/ward/versions", "", as) })
	run(exercise{"listFieldVersions", 422, call("GET", fields+"/ward/versions?after=x", "", admin), true})
	run(exercise{"listFieldVersions", 404, call("GET", fields+"/nothing/versions", "", admin), false})
	index := func(as []string) *http.Request { return call("POST", fields+"/ward/index", "", as) }
	run(exercise{"indexField", 409, index(admin), false})
	run(exercise{"indexField", 404, call("POST", fields+"/nothing/index", "", admin), false})
	run(exercise{"defineField", 201, call("POST", fields, `{"key":"parish","type":"text","label":{"en":"Parish"},"searchable":true}`, admin), false})
	run(exercise{"indexField", 202, call("POST", fields+"/parish/index", "", admin), false})
	exerciseGates(run, "indexField", registrar, index)
	for i, operation := range []string{"retireField", "reviveField"} {
		s.exerciseFieldMove(run, operation, fields+"/ward/"+strings.TrimSuffix(operation, "Field"), []string{`"2"`, `"3"`}[i], admin, registrar)
	}
}

func (s *service) exerciseFieldMove(run func(exercise) *httptest.ResponseRecorder, operation, path, version string, admin, registrar []string) {
	move := func(as []string, headers ...string) *http.Request {
		return call("POST", path, `{"reason":"not asked any more"}`, as, headers...)
	}
	run(exercise{operation, 200, move(admin, "If-Match", version), false})
	run(exercise{operation, 412, move(admin, "If-Match", version), false})
	run(exercise{operation, 428, move(admin), true})
	run(exercise{operation, 404, s.other(move(admin, "If-Match", version), strings.Replace(path, "ward", "nothing", 1)), false})
	exerciseGates(run, operation, registrar, func(as []string) *http.Request { return move(as, "If-Match", version) })
	exerciseBodies(run, operation, "POST", path, admin, "If-Match", version)
	run(exercise{operation, 422, call("POST", path, `{"reason":"a\u0000b"}`, admin, "If-Match", version), false})
}

// other sends a request to another path.
func (s *service) other(req *http.Request, path string) *http.Request {
	req.URL.Path = path
	return req
}

// TestFieldsThroughREST: an administrator adds a field that is computed and one
// that is searched for, and everybody works with them at once; a patch takes
// members away; a retired field takes nothing.
func TestFieldsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
		for _, body := range []string{
			`{"key":"ward","type":"text","label":{"en":"Ward","fr":"Quartier"},"searchable":true,"hint":{"en":"As on the map"}}`,
			`{"key":"rooms","type":"number","label":{"en":"Rooms"}}`,
			`{"key":"crowded","type":"computed","result":"boolean","rule":"rooms < 2","label":{"en":"Crowded"},"searchable":true}`,
			`{"key":"case_note","type":"text","label":{"en":"Note"},"see_by":["admin"],"edit_by":["admin"]}`,
		} {
			if rec := s.do(call("POST", fields, body, admin)); rec.Code != http.StatusCreated || rec.Header().Get("ETag") != `"1"` {
				t.Fatalf("%s: %d %s", body, rec.Code, rec.Body)
			}
		}
		rec := s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno","ward":"North","rooms":"1","case_note":"x"},"reason":"first visit"}`, admin))
		at := rec.Header().Get("Location")
		var p struct{ Values map[string]string }
		decode(t, s.do(call("GET", at, "", registrar)), &p)
		if rec.Code != http.StatusCreated || p.Values["crowded"] != "true" || p.Values["ward"] != "North" || p.Values["case_note"] != "" {
			t.Errorf("%d, read %v", rec.Code, p.Values)
		}
		for query, want := range map[string]int{"value[ward]=NORTH": 1, "value[ward]=nort": 0, "value[crowded]=true&value[ward]=north": 1, "value[crowded]=false": 0} {
			if found, ok := member(t, s.do(call("GET", people+"?"+query, "", registrar)), "items").([]any); !ok || len(found) != want {
				t.Errorf("%s finds %v, want %d", query, found, want)
			}
		}
		for _, query := range []string{"value[rooms]=1", "value[case_note]=x", "value[ward]=", "value[ward]=a&value[ward]=b", "value[]=a", "value=a", "value[a][b]=c"} {
			if rec := s.do(call("GET", people+"?"+query, "", registrar)); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", query, rec.Code, rec.Body)
			}
		}
		s.patchesAField(t, admin)
		if rec := s.do(call("POST", fields+"/ward/retire", `{"reason":"old"}`, admin, "If-Match", `"2"`)); rec.Code != http.StatusOK {
			t.Fatalf("retire: %d %s", rec.Code, rec.Body)
		}
		rec = s.do(call("PATCH", at, `{"values":{"ward":"South"}}`, registrar, "If-Match", `"1"`, "Content-Type", mergePatch))
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"retired"`) {
			t.Errorf("a value for a retired field: %d %s", rec.Code, rec.Body)
		}
	})
}

// patchesAField changes one label, takes another and the hints away, and leaves
// the rest.
func (s *service) patchesAField(t *testing.T, admin []string) {
	t.Helper()
	rec := s.do(call("PATCH", fields+"/ward", `{"label":{"en":"Town ward","fr":null},"hint":null,"max_length":50}`, admin, "If-Match", `"1"`, "Content-Type", mergePatch))
	var f registry.Field
	decode(t, rec, &f)
	if rec.Header().Get("ETag") != `"2"` || len(f.Label) != 1 || f.Label["en"] != "Town ward" || len(f.Hint) != 0 || f.MaxLength != 50 || !f.Searchable {
		t.Errorf("patched: %d %+v", rec.Code, f)
	}
	var versions struct {
		Items []struct {
			Version    int
			Definition registry.Field
		}
	}
	decode(t, s.do(call("GET", fields+"/ward/versions", "", admin)), &versions)
	if len(versions.Items) != 2 || versions.Items[0].Definition.Label["fr"] != "Quartier" || versions.Items[1].Version != 2 {
		t.Errorf("versions: %+v", versions)
	}
	var list struct{ Items []registry.Field }
	decode(t, s.do(call("GET", fields, "", admin)), &list)
	if !slices.ContainsFunc(list.Items, func(f registry.Field) bool { return f.Key == "ward" && f.Version == 2 }) {
		t.Error("the list does not have the field")
	}
}

// TestAFieldBecomesSearchableThroughREST: people had values before; the job opens
// the field to searches, which the history of the settings says.
func TestAFieldBecomesSearchableThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin := s.as(t, registry.RoleAdmin)
		find := call("GET", people+"?value[ward]=north", "", admin)
		for _, c := range []struct {
			want int
			req  *http.Request
		}{
			{201, call("POST", fields, `{"key":"ward","type":"text","label":{"en":"Ward"}}`, admin)},
			{201, call("POST", people, `{"values":{"full_name":"Amina","ward":"North"}}`, admin)},
			{409, call("POST", fields+"/ward/index", "", admin)},
			{200, call("PATCH", fields+"/ward", `{"searchable":true}`, admin, "Content-Type", mergePatch, "If-Match", `"1"`)},
			{422, find},
		} {
			if rec := s.do(c.req); rec.Code != c.want {
				t.Errorf("%s %s: %d %s, want %d", c.req.Method, c.req.URL, rec.Code, rec.Body, c.want)
			}
		}
		asked := s.do(call("POST", fields+"/ward/index", "", admin))
		s.work(t, d)
		job := s.followed(t, asked, admin)
		if text(t, job, "state") != "done" || !strings.Contains(strings.ReplaceAll(job.Body.String(), " ", ""), `"result":{"records":`) {
			t.Errorf("the job: %s", job.Body)
		}
		if found, ok := member(t, s.do(call("GET", people+"?value[ward]=north", "", admin)), "items").([]any); !ok || len(found) != 1 {
			t.Errorf("found %v", found)
		}
		rec := s.do(call("GET", "/api/v1/history?subject=field:ward", "", admin))
		if !strings.Contains(rec.Body.String(), "the index is complete") {
			t.Errorf("the history: %s", rec.Body)
		}
	})
}
