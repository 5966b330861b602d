package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// must200 makes a request that succeeds, and gives its answer.
func (s *service) must200(t *testing.T, req *http.Request) string {
	t.Helper()
	rec := s.do(req)
	if rec.Code < 200 || rec.Code > 299 {
		t.Fatalf("%s %s: %d %s", req.Method, req.URL, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// TestTheChangeLogCoversEverythingThroughREST: values, groups, kinship, identifiers,
// attestations, enrolments and change requests stand in the history of the record;
// definitions, kinds, types, programmes, areas and roles in that of settings. Every
// entry names actor, channel and reason.
func TestTheChangeLogCoversEverythingThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, attester := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleAttester)
		group, head, child := s.newHousehold(t)
		at := people + "/" + child.String()
		post := func(path, body string, as []string, headers ...string) {
			t.Helper()
			s.must200(t, call("POST", path, body, as, headers...))
		}
		s.must200(t, call("PATCH", at, `{"values":{"sex":"female"},"reason":"moved"}`, as, "Content-Type", mergePatch, "If-Match", `"1"`))
		post(at+"/attestations", `{"decisions":[{"field":"sex","state":"ATTESTED"}]}`, attester, "If-Match", `"2"`)
		post("/api/v1/registrants/"+child.String()+"/identifiers", `{"type":"tax_number","value":"TIN 4711","reason":"seen"}`, as)
		post(at+"/guardians", fmt.Sprintf(`{"guardian_id":%q,"from":"2020-01-01","reason":"the court"}`, head), as, "If-Match", s.kinshipTag(t, at, as))
		post(at+"/change-requests", `{"values":{"locality":"Quay"},"reason":"asked"}`, as)
		s.holdKinds(t, at, as, "value", "attestation", "identifier", "kinship", "membership", "change_request", "change_request_value")
		s.holdKinds(t, group, as, "value", "membership")

		s.must200(t, call("PATCH", "/api/v1/fields/locality", `{"hint":{"en":"Town or village"},"reason":"clearer"}`, as, "Content-Type", mergePatch, "If-Match", `"1"`))
		post("/api/v1/identifier-types", `{"key":"card","label":{"en":"Card"},"reason":"new"}`, as)
		post("/api/v1/group-kinds", `{"key":"crew","label":{"en":"Crew"},"roles":[{"key":"sailor","label":{"en":"Sailor"}}],"max_members":3,"reason":"new"}`, as)
		post("/api/v1/programmes", `{"code":"works","label":{"en":"Works"},"start":"2020-01-01","reason":"new"}`, as)
		name := s.newStaff(t, registry.RoleAuditor)
		post("/api/v1/staff/"+name+"/roles", `{"role":"registrar","reason":"promoted"}`, as)
		for _, subject := range []string{"field:locality", "identifier_type:card", "group_kind:crew", "programme:works", "account:" + name} {
			s.holdSubject(t, subject, as)
		}
	})
}

// kinshipTag is the ETag of somebody's kinship.
func (s *service) kinshipTag(t *testing.T, at string, as []string) string {
	t.Helper()
	return s.do(call("GET", at+"/kinship", "", as)).Header().Get("ETag")
}

// holdKinds looks for kinds of changes in a history, and for what each entry names.
func (s *service) holdKinds(t *testing.T, at string, as []string, kinds ...string) {
	t.Helper()
	var page struct {
		Items []struct {
			Actor, Channel string
			At             time.Time
			Reason         *string
			Changes        []struct{ Kind string }
		}
	}
	must(t, json.Unmarshal([]byte(s.must200(t, call("GET", at+"/history?limit=200", "", as))), &page))
	found := map[string]bool{}
	for _, e := range page.Items {
		if e.Actor == "" || e.Channel == "" || e.Reason == nil || e.At.IsZero() {
			t.Errorf("an entry lacks actor, channel, reason or time: %+v", e)
		}
		for _, c := range e.Changes {
			found[c.Kind] = true
		}
	}
	for _, kind := range kinds {
		if !found[kind] {
			t.Errorf("the history of %s has no %s, only %v", at, kind, found)
		}
	}
}

func (s *service) holdSubject(t *testing.T, subject string, as []string) {
	t.Helper()
	body := s.must200(t, call("GET", "/api/v1/history?subject="+subject, "", as))
	if !strings.Contains(body, `"channel":"staff"`) || !strings.Contains(body, `"reason":`) || !strings.Contains(body, `"actor":"staff-`) {
		t.Errorf("the history of %s: %s", subject, body)
	}
}

// TestTimesOfValuesThroughREST: each value tells when it was recorded and, where
// known, collected; an edit moves those of what it changes, and no others.
func TestTimesOfValuesThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		var p struct {
			ID    uuid.UUID
			Times map[string]struct {
				Recorded  time.Time `json:"recorded_at"`
				Collected time.Time `json:"collected_at"`
			}
		}
		body := s.must200(t, call("POST", people, `{"values":{"full_name":"Nyota Were","sex":"female"},"collected_at":"2026-11-20T08:00:00Z","reason":"visit"}`, as))
		must(t, json.Unmarshal([]byte(body), &p))
		first, collected := p.Times["sex"].Recorded, time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
		if !first.Equal(s.deps.Now()) || !p.Times["sex"].Collected.Equal(collected) {
			t.Errorf("at first %+v", p.Times)
		}
		s.must200(t, call("PATCH", people+"/"+p.ID.String(), `{"values":{"full_name":"Nyota W. Were"},"reason":"moved"}`, as, "Content-Type", mergePatch, "If-Match", `"1"`))
		p.Times = nil
		must(t, json.Unmarshal([]byte(s.must200(t, call("GET", people+"/"+p.ID.String(), "", as))), &p))
		if !p.Times["sex"].Collected.Equal(collected) || !p.Times["full_name"].Collected.IsZero() || p.Times["full_name"].Recorded.Before(first) {
			t.Errorf("after an edit of the name %+v", p.Times)
		}
	})
}
