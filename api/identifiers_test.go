package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// exerciseIdentifiers drives the operations on identifiers and their types.
func (s *service) exerciseIdentifiers(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Ife Bello"}})
	must(t, err)
	s.exerciseAddIdentifier(t, run, "/api/v1/registrants/"+p.ID.String()+"/identifiers")
	s.exerciseChangeIdentifier(t, run, "/api/v1/registrants/"+p.ID.String()+"/identifiers/1")
	s.exerciseFindIdentifier(t, run)
	s.exerciseIdentifierTypes(t, run)
}

func (s *service) exerciseAddIdentifier(t *testing.T, run func(exercise) *httptest.ResponseRecorder, path string) {
	t.Helper()
	registrar, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	add := func(as []string) *http.Request {
		return call("POST", path, `{"type":"passport","value":"AB 123456","valid_from":"2020-01-01","valid_to":"2031-01-01","issued_by":"Interior","reason":"seen"}`, as)
	}
	run(exercise{"addIdentifier", 201, add(registrar), false})
	run(exercise{"addIdentifier", 409, add(registrar), false}) // doubled
	exerciseGates(run, "addIdentifier", attester, add)
	run(exercise{"addIdentifier", 404, call("POST", "/api/v1/registrants/"+uuid.NewString()+"/identifiers", `{"type":"passport","value":"AB123457"}`, registrar), false})
	run(exercise{"addIdentifier", 422, call("POST", path, `{"type":"passport","value":"4.49E+35","valid_to":"2031-01-01"}`, registrar), false})
	run(exercise{"addIdentifier", 400, call("POST", path, `{"type":"passport","value":4.49E+35}`, registrar), true})
	exerciseBodies(run, "addIdentifier", "POST", path, registrar)

	list := func(as []string) *http.Request { return call("GET", path, "", as) }
	narrow := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
	run(exercise{"listIdentifiers", 200, list(attester), false})
	exerciseGates(run, "listIdentifiers", narrow, list)
	run(exercise{"listIdentifiers", 404, call("GET", "/api/v1/registrants/"+uuid.NewString()+"/identifiers", "", registrar), false})
	one := func(as []string) *http.Request { return call("GET", path+"/1", "", as) }
	run(exercise{"getIdentifier", 200, one(attester), false})
	exerciseGates(run, "getIdentifier", narrow, one)
	run(exercise{"getIdentifier", 404, call("GET", path+"/2", "", registrar), false})
}

func (s *service) exerciseChangeIdentifier(t *testing.T, run func(exercise) *httptest.ResponseRecorder, path string) {
	t.Helper()
	registrar := s.as(t, registry.RoleRegistrar)
	change := func(body, etag string, as []string) *http.Request {
		return call("PATCH", path, body, as, "Content-Type", mergePatch, "If-Match", etag)
	}
	const good = `{"status":"LOST","valid_from":null,"reason":"told so"}`
	run(exercise{"changeIdentifier", 200, change(good, `"1"`, registrar), false})
	run(exercise{"changeIdentifier", 412, change(good, `"1"`, registrar), false})
	run(exercise{"changeIdentifier", 422, change(`{"status":"EXPIRED"}`, `"2"`, registrar), true})
	run(exercise{"changeIdentifier", 428, call("PATCH", path, good, registrar, "Content-Type", mergePatch), true})
	exerciseGates(run, "changeIdentifier", s.as(t, registry.RoleAuditor), func(as []string) *http.Request { return change(good, `"2"`, as) })
	run(exercise{"changeIdentifier", 200, change(`{"status":"REVOKED"}`, `"2"`, registrar), false})
	run(exercise{"changeIdentifier", 409, change(`{"status":"VALID"}`, `"3"`, registrar), false})
	run(exercise{"changeIdentifier", 404, call("PATCH", strings.TrimSuffix(path, "1")+"9", good, registrar, "Content-Type", mergePatch, "If-Match", `"1"`), false})
	exerciseBodies(run, "changeIdentifier", "PATCH", path, registrar, "Content-Type", mergePatch, "If-Match", `"3"`)
}

func (s *service) exerciseFindIdentifier(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	const path = "/api/v1/identifiers/find"
	registrar := s.as(t, registry.RoleRegistrar)
	_, err := s.deps.Registry.AddIdentifier(t.Context(), staff(registry.RoleRegistrar), s.person, registry.NewIdentifier{Type: "tax_number", Value: "TIN-77001"})
	must(t, err)
	find := func(as []string) *http.Request {
		return call("POST", path, `{"type":"tax_number","value":"tin 77001"}`, as)
	}
	rec := run(exercise{"findByIdentifier", 200, find(registrar), false})
	if !strings.Contains(rec.Body.String(), s.person.String()) {
		t.Errorf("found %s, want %s", rec.Body, s.person)
	}
	registrant, own := s.registrant(t)
	exerciseGates(run, "findByIdentifier", registrant, find)
	run(exercise{"findByIdentifier", 422, call("POST", path, `{"type":"tax_number","value":"1"}`, registrar), false})
	exerciseBodies(run, "findByIdentifier", "POST", path, registrar)

	_, err = s.deps.Registry.AddIdentifier(t.Context(), staff(registry.RoleRegistrar), own, registry.NewIdentifier{Type: "tax_number", Value: "TIN-77002"})
	must(t, err)
	mine := run(exercise{"listIdentifiers", 200, call("GET", "/api/v1/registrants/"+own.String()+"/identifiers", "", registrant), false})
	if body := mine.Body.String(); strings.Contains(body, "77002") || !strings.Contains(body, `•7002"`) {
		t.Errorf("a registrant reads %s", body)
	}
	run(exercise{"listIdentifiers", 404, call("GET", "/api/v1/registrants/"+s.person.String()+"/identifiers", "", registrant), false})
}

func (s *service) exerciseIdentifierTypes(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	const path = "/api/v1/identifier-types"
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	narrow := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
	list := func(as []string) *http.Request { return call("GET", path, "", as) }
	run(exercise{"listIdentifierTypes", 200, list(registrar), false})
	exerciseGates(run, "listIdentifierTypes", narrow, list)

	const ration = `{"key":"ration_card","label":{"en":"Ration card"},"pattern":"[0-9]{6,12}","check_rule":"luhn","normalisation":"digits",
		"unique":true,"expires":"optional","kinds":["person"],"edit_by":["admin","registrar"],"active":true,"reason":"new programme"}`
	define := func(as []string) *http.Request { return call("POST", path, ration, as) }
	run(exercise{"defineIdentifierType", 201, define(admin), false})
	run(exercise{"defineIdentifierType", 409, define(admin), false})
	exerciseGates(run, "defineIdentifierType", registrar, define)
	run(exercise{"defineIdentifierType", 422, call("POST", path, `{"key":"x","label":{"en":"X"},"pattern":"("}`, admin), false})
	exerciseBodies(run, "defineIdentifierType", "POST", path, admin)

	one := func(as []string) *http.Request { return call("GET", path+"/ration_card", "", as) }
	run(exercise{"getIdentifierType", 200, one(registrar), false})
	exerciseGates(run, "getIdentifierType", narrow, one)
	run(exercise{"getIdentifierType", 404, call("GET", path+"/no_card", "", registrar), false})

	change := func(as []string) *http.Request {
		return call("PUT", path+"/ration_card", ration, as, "If-Match", `"1"`)
	}
	run(exercise{"changeIdentifierType", 200, change(admin), false})
	run(exercise{"changeIdentifierType", 412, change(admin), false})
	run(exercise{"changeIdentifierType", 428, call("PUT", path+"/ration_card", ration, admin), true})
	exerciseGates(run, "changeIdentifierType", registrar, change)
	run(exercise{"changeIdentifierType", 404, call("PUT", path+"/no_card", ration, admin, "If-Match", `"1"`), false})
	run(exercise{"changeIdentifierType", 422, call("PUT", path+"/ration_card", `{"label":{"en":"X"},"expires":"soon"}`, admin, "If-Match", `"2"`), true})
	exerciseBodies(run, "changeIdentifierType", "PUT", path+"/ration_card", admin, "If-Match", `"2"`)
	loose := strings.Replace(ration, `"unique":true`, `"unique":false`, 1)
	tax := strings.NewReplacer("ration_card", "tax_number", `"normalisation":"digits"`, `"normalisation":"letters_digits"`).Replace(loose)
	run(exercise{"changeIdentifierType", 409, call("PUT", path+"/tax_number", tax, admin, "If-Match", `"1"`), false}) // in use
}
