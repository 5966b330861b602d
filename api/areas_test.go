package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"socialregistry/registry"
)

const (
	areas   = "/api/v1/areas"
	offices = "/api/v1/offices"
	nations = "code,parent,level,name_en\nNL,,0,Nowhereland\nNL-W,NL,1,West\nNL-W-BAY,NL-W,2,Bay\nNL-E,NL,1,East\n"
)

// csv makes a request whose body is a file.
func csv(path, file string, as []string) *http.Request {
	return call("POST", path, file, as, "Content-Type", "text/csv")
}

func (s *service) exerciseAreas(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	load := func(as []string) *http.Request { return csv(areas+"/import?reason=gazetteer", nations, as) }
	run(exercise{"importAreas", 200, csv(areas+"/import?dry_run=true", "code,name_en\nA/B,A\n", admin), false})
	run(exercise{"importAreas", 200, load(admin), false})
	run(exercise{"importAreas", 422, csv(areas+"/import", "code,name_en\nA/B,A\n", admin), false})
	run(exercise{"importAreas", 422, csv(areas+"/import?dry_run=maybe", nations, admin), true})
	run(exercise{"importAreas", 413, csv(areas+"/import", strings.Repeat(" ", 16<<20+1), admin), true})
	run(exercise{"importAreas", 415, call("POST", areas+"/import", "{}", admin), true})
	exerciseGates(run, "importAreas", registrar, load)

	run(exercise{"listAreas", 200, call("GET", areas+"?under=NL&level=1&retired=true&limit=1", "", registrar), false})
	run(exercise{"listAreas", 404, call("GET", areas+"?under=XX", "", registrar), false})
	run(exercise{"listAreas", 422, call("GET", areas+"?level=high", "", registrar), true})
	exerciseGates(run, "listAreas", s.narrow(t), func(as []string) *http.Request { return call("GET", areas, "", as) })
	run(exercise{"getArea", 200, call("GET", areas+"/NL-W", "", registrar), false})
	run(exercise{"getArea", 404, call("GET", areas+"/XX", "", registrar), false})
	exerciseGates(run, "getArea", s.narrow(t), func(as []string) *http.Request { return call("GET", areas+"/NL", "", as) })

	s.exerciseOneArea(t, run)
	move := func(as []string) *http.Request {
		return call("POST", areas+"/NL-W-BAY/move", `{"parent":"NL-E","reason":"reform"}`, as, "If-Match", `"1"`)
	}
	exerciseGates(run, "moveArea", registrar, move)
	run(exercise{"moveArea", 200, move(admin), false})
	run(exercise{"moveArea", 412, move(admin), false})
	run(exercise{"moveArea", 404, call("POST", areas+"/XX/move", `{"parent":""}`, admin, "If-Match", `"1"`), false})
	run(exercise{"moveArea", 422, call("POST", areas+"/NL/move", `{"parent":"NL-E"}`, admin, "If-Match", `"1"`), false})
	run(exercise{"moveArea", 428, call("POST", areas+"/NL/move", `{"parent":"NL-E"}`, admin), true})
	exerciseBodies(run, "moveArea", "POST", areas+"/NL-W-BAY/move", admin, "If-Match", `"2"`)

	retire := func(code, version string, as []string) *http.Request {
		return call("POST", areas+"/"+code+"/retire", `{"reason":"flooded"}`, as, "If-Match", version)
	}
	exerciseGates(run, "retireArea", registrar, func(as []string) *http.Request { return retire("NL-W-BAY", `"2"`, as) })
	run(exercise{"retireArea", 409, retire("NL-E", `"1"`, admin), false})
	run(exercise{"retireArea", 200, retire("NL-W-BAY", `"2"`, admin), false})
	run(exercise{"retireArea", 412, retire("NL-W-BAY", `"2"`, admin), false})
	run(exercise{"retireArea", 404, retire("XX", `"1"`, admin), false})
	run(exercise{"retireArea", 428, call("POST", areas+"/NL-E/retire", `{}`, admin), true})
	exerciseBodies(run, "retireArea", "POST", areas+"/NL-E/retire", admin, "If-Match", `"1"`)
}

// exerciseOneArea adds an area and gives it other names.
func (s *service) exerciseOneArea(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	add := func(as []string) *http.Request {
		return call("POST", areas, `{"code":"nl-n","parent":"NL","name":{"en":"North"},"reason":"founded"}`, as)
	}
	exerciseGates(run, "addArea", registrar, add)
	run(exercise{"addArea", 201, add(admin), false})
	run(exercise{"addArea", 409, add(admin), false})
	for body, code := range map[string]string{`{"code":"A/B","name":{"en":"A"}}`: "bad_area_code", `{"code":"A","name":{}}`: "name_required",
		`{"code":"A","name":{"x":"A"}}`: "invalid_name", `{"code":"A","parent":"XX","name":{"en":"A"}}`: "unknown_parent", `{"code":"NL.N","name":{"en":"A"}}`: "area_code_taken",
		`{"code":"A","parent":"NL-N","level":1,"name":{"en":"A"}}`: "bad_level", `{"code":"","name":{"en":"A"}}`: "bad_area_code"} {
		if rec := run(exercise{"addArea", 422, call("POST", areas, body, admin), true}); !strings.Contains(rec.Body.String(), `"`+code+`"`) {
			t.Errorf("%s: %s, want %s", body, rec.Body, code)
		}
	}
	exerciseBodies(run, "addArea", "POST", areas, admin)

	rename := func(code, names, version string, as []string) *http.Request {
		return call("PATCH", areas+"/"+code, `{"name":`+names+`,"reason":"by law"}`, as, "Content-Type", mergePatch, "If-Match", version)
	}
	exerciseGates(run, "renameArea", registrar, func(as []string) *http.Request { return rename("NL-N", `{"en":"Up"}`, `"1"`, as) })
	rec := run(exercise{"renameArea", 200, rename("NL-N", `{"en":null,"ar":"شمال"}`, `"1"`, admin), false})
	if got := rec.Body.String(); !strings.Contains(got, `"name":{"ar":"شمال"}`) || !strings.Contains(got, `"version":2`) {
		t.Errorf("renamed: %s", got)
	}
	run(exercise{"renameArea", 412, rename("NL-N", `{"en":"Up"}`, `"1"`, admin), false})
	run(exercise{"renameArea", 404, rename("XX", `{"en":"Up"}`, `"1"`, admin), false})
	run(exercise{"renameArea", 422, rename("NL-N", `{"ar":null}`, `"2"`, admin), false})
	run(exercise{"renameArea", 428, call("PATCH", areas+"/NL-N", `{"name":{"en":"Up"}}`, admin, "Content-Type", mergePatch), true})
	exerciseBodies(run, "renameArea", "PATCH", areas+"/NL-N", admin, "Content-Type", mergePatch, "If-Match", `"2"`)
}

// exerciseOffices needs the areas that exerciseAreas imported.
func (s *service) exerciseOffices(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	open := func(as []string) *http.Request {
		return call("POST", offices, `{"code":"WEST-1","label":{"en":"West office"},"area":"NL-W","reason":"opened"}`, as)
	}
	exerciseGates(run, "openOffice", registrar, open)
	run(exercise{"openOffice", 201, open(admin), false})
	run(exercise{"openOffice", 409, open(admin), false})
	run(exercise{"openOffice", 422, call("POST", offices, `{"code":"a","label":{},"area":"XX"}`, admin), false})
	exerciseBodies(run, "openOffice", "POST", offices, admin)

	run(exercise{"listOffices", 200, call("GET", offices+"?area=NL&retired=false", "", registrar), false})
	run(exercise{"listOffices", 404, call("GET", offices+"?area=XX", "", registrar), false})
	run(exercise{"listOffices", 422, call("GET", offices+"?x=1", "", registrar), true})
	exerciseGates(run, "listOffices", s.narrow(t), func(as []string) *http.Request { return call("GET", offices, "", as) })
	run(exercise{"getOffice", 200, call("GET", offices+"/WEST-1", "", registrar), false})
	run(exercise{"getOffice", 404, call("GET", offices+"/NONE", "", registrar), false})
	exerciseGates(run, "getOffice", s.narrow(t), func(as []string) *http.Request { return call("GET", offices+"/WEST-1", "", as) })

	change := func(code, version string, as []string) *http.Request {
		return call("PUT", offices+"/"+code, `{"label":{"en":"West"},"area":"NL-W","active":false,"reason":"closed"}`, as, "If-Match", version)
	}
	exerciseGates(run, "changeOffice", registrar, func(as []string) *http.Request { return change("WEST-1", `"1"`, as) })
	run(exercise{"changeOffice", 200, change("WEST-1", `"1"`, admin), false})
	run(exercise{"changeOffice", 412, change("WEST-1", `"1"`, admin), false})
	run(exercise{"changeOffice", 404, change("NONE", `"1"`, admin), false})
	run(exercise{"changeOffice", 422, call("PUT", offices+"/WEST-1", `{"label":{},"area":"NL","active":true}`, admin, "If-Match", `"2"`), false})
	run(exercise{"changeOffice", 428, call("PUT", offices+"/WEST-1", `{"label":{"en":"W"},"area":"NL","active":true}`, admin), true})
	exerciseBodies(run, "changeOffice", "PUT", offices+"/WEST-1", admin, "If-Match", `"2"`)
}
