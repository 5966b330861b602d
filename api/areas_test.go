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
