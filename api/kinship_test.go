package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// relative registers somebody and gives the id.
func (s *service) relative(t *testing.T, name, born string) string {
	t.Helper()
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": name, "birth_date": born}})
	must(t, err)
	return p.ID.String()
}

// etag reads the ETag of a person's kinship.
func (s *service) etag(t *testing.T, as []string, id string) string {
	t.Helper()
	rec := s.do(call("GET", people+"/"+id+"/kinship", "", as))
	if rec.Code != http.StatusOK {
		t.Fatalf("kinship: %d %s", rec.Code, rec.Body)
	}
	return rec.Header().Get("ETag")
}

// exerciseKinship drives the operations on families to every answer.
func (s *service) exerciseKinship(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	as, auditor, path := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAuditor), people+"/"+s.person.String()
	narrow := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
	mother, spouse := s.relative(t, "Mother", "1960-01-01"), s.relative(t, "Spouse", "1991-01-01")
	for operation, at := range map[string]string{"getKinship": "/kinship", "listRelatives": "/relatives?degree=2"} {
		read := func(as []string) *http.Request { return call("GET", path+at, "", as) }
		run(exercise{operation, 200, read(auditor), false})
		exerciseGates(run, operation, narrow, read)
		run(exercise{operation, 404, call("GET", people+"/"+uuid.NewString()+at, "", auditor), false})
	}
	run(exercise{"listRelatives", 422, call("GET", path+"/relatives?degree=9", "", auditor), true})

	parents := kinshipWrite{operation: "setParents", method: "PUT", at: "/parents", good: `{"parent1_id":"` + mother + `","reason":"certificate"}`, wrong: `{"is_adopted":true}`, want: 200, seen: true}
	s.exerciseKinshipWrite(t, run, parents)
	add := kinshipWrite{operation: "addSpouse", method: "POST", at: "/spouses", good: `{"spouse_id":"` + spouse + `","is_married":true,"married_on":"2012-06-01"}`,
		wrong: `{"spouse_id":"` + spouse + `","is_married":true,"married_on":"2999-01-01"}`, want: 201}
	s.exerciseKinshipWrite(t, run, add)
	run(exercise{"addSpouse", 409, call("POST", path+add.at, add.good, as), false})
	marriages, ok := member(t, s.do(call("GET", path+"/kinship", "", as)), "spouses").([]any)
	if !ok || len(marriages) != 1 {
		t.Fatalf("marriages: %v", marriages)
	}
	at := fmt.Sprint("/spouses/", marriages[0].(map[string]any)["marriage_id"])
	const over = `{"is_married":true,"married_on":"2012-06-01","is_separated":true}`
	s.exerciseKinshipWrite(t, run, kinshipWrite{operation: "editSpouse", method: "PUT", at: at, good: over, wrong: `{"is_married":false,"married_on":"2012-06-01","is_separated":false}`, want: 200, seen: true})
	run(exercise{"addSpouse", 201, call("POST", path+add.at, add.good, as), false}) // the two again: the former one stays over
	run(exercise{"editSpouse", 409, call("PUT", path+at, `{"is_married":true,"is_separated":false}`, as, "If-Match", s.etag(t, as, s.person.String())), false})
	s.exerciseKinshipWrite(t, run, kinshipWrite{operation: "removeSpouse", method: "POST", at: at + "/removal", good: `{"reason":"another person"}`, wrong: `{"reason":" "}`, want: 200, seen: true})

	guardian := kinshipWrite{operation: "addGuardian", method: "POST", at: "/guardians", good: `{"guardian_id":"` + mother + `","from":"2000-01-01"}`,
		wrong: `{"guardian_id":"` + mother + `","from":"2999-01-01"}`, want: 201}
	s.exerciseKinshipWrite(t, run, guardian)
	run(exercise{"addGuardian", 409, call("POST", path+guardian.at, guardian.good, as), false})
	at = "/guardians/" + mother
	s.exerciseKinshipWrite(t, run, kinshipWrite{operation: "endGuardian", method: "POST", at: at + "/end", good: `{"to":"2008-01-01"}`, wrong: `{"to":"1999-01-01"}`, want: 200, seen: true})
	run(exercise{"endGuardian", 409, call("POST", path+at+"/end", `{"to":"2009-01-01"}`, as, "If-Match", s.etag(t, as, s.person.String())), false})
	s.exerciseKinshipWrite(t, run, kinshipWrite{operation: "removeGuardian", method: "POST", at: at + "/removal", good: `{"from":"2000-01-01","reason":"another person"}`,
		wrong: `{"from":"2000-01-01","reason":" "}`, want: 200, seen: true})
}

// kinshipWrite is a write below a person: a body that is good, one that is not,
// and whether it names the state that it was made from.
type kinshipWrite struct {
	operation, method, at string
	good, wrong           string
	want                  int
	seen                  bool
}

// exerciseKinshipWrite drives what all writes of kinship answer; the good one last.
func (s *service) exerciseKinshipWrite(t *testing.T, run func(exercise) *httptest.ResponseRecorder, w kinshipWrite) {
	t.Helper()
	as, path := s.as(t, registry.RoleRegistrar), people+"/"+s.person.String()+w.at
	var seen []string
	if w.seen {
		seen = []string{"If-Match", s.etag(t, as, s.person.String())}
		run(exercise{w.operation, 412, call(w.method, path, w.good, as, "If-Match", `"0"`), false})
		run(exercise{w.operation, 428, call(w.method, path, w.good, as), true})
	}
	send := func(as []string) *http.Request { return call(w.method, path, w.good, as, seen...) }
	exerciseGates(run, w.operation, s.as(t, registry.RoleAttester), send)
	exerciseBodies(run, w.operation, w.method, path, as, seen...)
	elsewhere := send(as)
	elsewhere.URL.Path = strings.Replace(path, s.person.String(), uuid.NewString(), 1)
	run(exercise{w.operation, 404, elsewhere, false})
	run(exercise{w.operation, 422, call(w.method, path, w.wrong, as, seen...), false})
	run(exercise{w.operation, w.want, send(as), false})
}

// TestKinshipThroughREST: what is recorded on one side is read on both, the rest
// is derived, and every change is in the history.
func TestKinshipThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		me, sister, mother, uncle, granny := s.relative(t, "Me", "1990-01-01"), s.relative(t, "Sister", "1992-01-01"), s.relative(t, "Mother", "1965-01-01"), s.relative(t, "Uncle", "1967-01-01"), s.relative(t, "Granny", "1940-01-01")
		husband := s.relative(t, "Husband", "1989-01-01")
		for child, parent := range map[string]string{me: mother, sister: mother, mother: granny, uncle: granny} {
			rec := s.do(call("PUT", people+"/"+child+"/parents", `{"parent1_id":null,"parent2_id":"`+parent+`","reason":"certificate"}`, as, "If-Match", s.etag(t, as, child)))
			if rec.Code != http.StatusOK || rec.Header().Get("ETag") != s.etag(t, as, child) || member(t, rec, "parent2", "id") != parent {
				t.Fatalf("parents: %d %s", rec.Code, rec.Body)
			}
		}
		rec := s.do(call("POST", people+"/"+sister+"/spouses", `{"spouse_id":"`+husband+`","is_married":true,"married_on":"2015-05-01","reason":"certificate"}`, as))
		if rec.Code != http.StatusCreated || rec.Header().Get("Location") != people+"/"+sister+"/kinship" {
			t.Fatalf("spouse: %d %s %v", rec.Code, rec.Body, rec.Header())
		}
		var k struct {
			Spouses []struct{ ID, Married_on string }
		}
		decode(t, s.do(call("GET", people+"/"+husband+"/kinship", "", as)), &k)
		if len(k.Spouses) != 1 || k.Spouses[0].ID != sister || k.Spouses[0].Married_on != "2015-05-01" {
			t.Errorf("the other side: %+v", k)
		}
		var found struct {
			Items []struct {
				ID, Relation string
				Steps        int
			}
			More bool
		}
		decode(t, s.do(call("GET", people+"/"+me+"/relatives", "", as)), &found)
		got := map[string]string{}
		for _, r := range found.Items {
			got[r.ID] = fmt.Sprint(r.Relation, r.Steps)
		}
		if want := map[string]string{mother: "parent1", granny: "grandparent2", sister: "sibling2", uncle: "aunt_or_uncle3", husband: "sibling_in_law3"}; fmt.Sprint(got) != fmt.Sprint(want) || found.More {
			t.Errorf("relatives: %v, want %v", got, want)
		}
		log := s.do(call("GET", people+"/"+mother+"/history", "", as)).Body.String()
		for _, want := range []string{`"kind":"kinship"`, `"field":"child"`, `"field":"parent2"`, `"reason":"certificate"`} {
			if !strings.Contains(log, want) {
				t.Errorf("the mother's history lacks %s: %s", want, log)
			}
		}
		rec = s.do(call("PUT", people+"/"+granny+"/parents", `{"parent1_id":"`+me+`"}`, as, "If-Match", s.etag(t, as, granny)))
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "descendant_as_parent") {
			t.Errorf("a cycle: %d %s", rec.Code, rec.Body)
		}
	})
}

// TestARegistrantsKinshipIsMasked: the own parents by the ends of their numbers,
// and neither relatives nor anything to write.
func TestARegistrantsKinshipIsMasked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, own := s.registrant(t)
		office, mother := s.as(t, registry.RoleRegistrar), s.relative(t, "Mother", "1960-01-01")
		path := people + "/" + own.String()
		rec := s.do(call("PUT", path+"/parents", `{"parent1_id":"`+mother+`","is_adopted":true,"reason":"private"}`, office, "If-Match", s.etag(t, office, own.String())))
		if rec.Code != http.StatusOK {
			t.Fatalf("parents: %d %s", rec.Code, rec.Body)
		}
		rec = s.do(call("GET", path+"/kinship", "", as))
		number, ok := member(t, rec, "parent1", "number").(string)
		if !ok || !strings.HasPrefix(number, "SR-*******") {
			t.Errorf("number = %s", number)
		}
		said := rec.Body.String() + s.do(call("GET", path+"/history", "", as)).Body.String()
		for _, secret := range []string{mother, "adopted", "children", "wards", "private", "sex"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q is told: %s", secret, said)
			}
		}
		etag := []string{"If-Match", s.etag(t, office, own.String())}
		for _, c := range []struct{ method, at, body string }{
			{"GET", "/relatives", ""}, {"PUT", "/parents", "{}"}, {"POST", "/spouses", `{"spouse_id":"` + mother + `"}`}, {"PUT", "/spouses/" + mother, "{}"}, {"POST", "/spouses/" + mother + "/removal", "{}"},
			{"POST", "/guardians", `{"guardian_id":"` + mother + `"}`}, {"POST", "/guardians/" + mother + "/end", "{}"}, {"POST", "/guardians/" + mother + "/removal", "{}"},
		} {
			for _, whose := range []string{path, people + "/" + mother, people + "/" + uuid.NewString()} {
				if rec := s.do(call(c.method, whose+c.at, c.body, as, etag...)); rec.Code != http.StatusForbidden {
					t.Errorf("%s %s: %d %s, want 403 whoever it is", c.method, c.at, rec.Code, rec.Body)
				}
			}
		}
	})
}

// TestBodiesOfKinshipAreStrict: what is not a change of kinship is not guessed at.
func TestBodiesOfKinshipAreStrict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, path := s.as(t, registry.RoleRegistrar), people+"/"+s.person.String()
		other, seen := s.relative(t, "Other", "1960-01-01"), s.etag(t, as, s.person.String())
		for _, c := range []struct {
			at, body string
			want     int
		}{
			{"/parents", `[]`, 400}, {"/parents", `null`, 400}, {"/parents", `{}`, 200}, {"/parents", `{"parent1_id":1}`, 400}, {"/parents", `{"parent1_id":"x"}`, 400}, {"/parents", `{"parent1_id":""}`, 400},
			{"/parents", `{"is_adopted":"yes"}`, 400}, {"/parents", `{"age_reason":"\u0000"}`, 422}, {"/parents", `{"parent1_id":"` + uuid.NewString() + `"}`, 404},
			{"/parents", `{"parent1_id":"` + s.person.String() + `"}`, 422}, {"/parents", `{"parent1_id":"` + other + `","parent2_id":"` + other + `"}`, 422},
			{"/spouses", `{}`, 422}, {"/spouses", `{"spouse_id":"` + s.person.String() + `"}`, 422}, {"/spouses", `{"spouse_id":"` + other + `","married_on":"2020-02-30","is_married":true}`, 422},
			{"/spouses", `{"spouse_id":"` + other + `","married_on":20200101}`, 400}, {"/spouses", `{"spouse_id":"` + other + `","reason":"` + strings.Repeat("a", 501) + `"}`, 422},
			{"/guardians", `{}`, 422}, {"/guardians", `{"guardian_id":"` + other + `"}`, 422}, {"/guardians", `{"guardian_id":"` + other + `","from":"` + strings.Repeat("2", 20000) + `"}`, 422},
		} {
			method := map[bool]string{true: "PUT", false: "POST"}[c.at == "/parents"]
			if rec := s.do(call(method, path+c.at, c.body, as, "If-Match", seen)); rec.Code != c.want {
				t.Errorf("%s %.60s: %d %s, want %d", c.at, c.body, rec.Code, rec.Body, c.want)
			}
		}
		for query, want := range map[string]int{"": 200, "?degree=1": 200, "?degree=8": 200, "?degree=9": 422, "?degree=0": 422, "?degree=": 422, "?degree=x": 422, "?degree=1&degree=2": 422, "?of=x": 422} {
			if rec := s.do(call("GET", path+"/relatives"+query, "", as)); rec.Code != want {
				t.Errorf("relatives%s: %d %s, want %d", query, rec.Code, rec.Body, want)
			}
		}
		if got := s.etag(t, as, s.person.String()); got != seen {
			t.Errorf("something was written: %s, then %s", seen, got)
		}
	})
}
