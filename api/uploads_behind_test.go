package api_test

import (
	"net/http"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// problemsAfter sends a file, checks it and gives its problems.
func (s *service) problemsAfter(t *testing.T, d *db.DB, query, file string, as []string) string {
	t.Helper()
	sent := s.do(csv(imports+"?"+query, file, as))
	if sent.Code != http.StatusCreated {
		t.Fatalf("sent: %d %s", sent.Code, sent.Body)
	}
	at := sent.Header().Get("Location")
	s.step(t, d, at, "check", as)
	return s.do(call("GET", at+"/problems.csv", "", as)).Body.String()
}

// A download that was not touched, and comes back late, overturns neither the
// decisions nor the values of others since (R7, R8, R18).
func TestAnOldDownloadOverturnsNothingThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleAdmin)
		p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar),
			registry.Change{Set: map[string]string{"full_name": "Mina Tal", "sex": "female", "locality": "Quay"}})
		must(t, err)
		person := "/api/v1/people/" + p.ID.String()
		s.decides(t, person, `{"field":"sex","state":"ATTESTED"}`, as, http.StatusOK, "")
		for _, set := range []string{"attestation SET at", "field_state SET since"} { // an hour ago
			must(t, d.WithContext(t.Context()).Exec(`UPDATE `+set+` = '2026-11-22T11:00:00.000000Z' WHERE registrant_id = ?`, p.ID).Error)
		}
		download := s.exported(t, as, `{"fields":["full_name","sex","locality"],"query":{"q":"mina"},"purpose":"bulk attestation","attestations":true}`)
		file := s.do(call("GET", download+"/file", "", as)).Body.String()
		s.decides(t, person, `{"field":"sex","state":"REJECTED","comment":"forged"}`, s.as(t, registry.RoleAttester), http.StatusOK, "")
		if got := s.problemsAfter(t, d, "mode=update&carries=attestations", file, as); !strings.Contains(got, "2,sex:attestation,decided_meanwhile,") {
			t.Errorf("an untouched file: %s", got)
		}
		if got := s.stateAt(t, person, "sex", as).State; got != "REJECTED" {
			t.Errorf("sex = %s", got)
		}
		_, err = s.deps.Registry.Edit(t.Context(), staff(registry.RoleRegistrar), p.ID, registry.Change{Set: map[string]string{"locality": "Harbour"}, ExpectVersion: 1})
		must(t, err)
		if got := s.problemsAfter(t, d, "mode=update", file, as); !strings.Contains(got, "2,locality,version_conflict,") {
			t.Errorf("an older version: %s", got)
		}
		if got := s.problemsAfter(t, d, "mode=update", edited(t, file, map[string]string{"locality": "", "sex": "male"}), as); strings.Contains(got, "2,") {
			t.Errorf("a value that nobody touched: %s", got)
		}
	})
}

// The undo of a decision that answered an appeal opens the appeal again, by anybody
// but who had rejected; an import of groups is not taken back (R7, R8).
func TestWhoMayTakeAnImportBackThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, other := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleAdmin, registry.RoleAttester)
		p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Mina Tal", "sex": "female"}})
		must(t, err)
		person := "/api/v1/people/" + p.ID.String()
		s.decides(t, person, `{"field":"sex","state":"REJECTED","comment":"Which?"}`, as, http.StatusOK, "")
		me := staff(registry.RoleRegistrant)
		me.RegistrantID = p.ID
		_, err = s.deps.Registry.AppealDecision(t.Context(), me, p.ID, "sex", "Look at the paper.")
		must(t, err)
		applied := func(query, file string, as []string) string {
			t.Helper()
			at := s.do(csv(imports+"?"+query, file, as)).Header().Get("Location")
			s.step(t, d, at, "check", as)
			s.step(t, d, at, "apply", as)
			return at
		}
		at := applied("mode=update&carries=attestations", "registration_number,sex,sex:attestation\n"+p.Number+",female,ATTESTED\n", other)
		undo := s.do(call("POST", at+"/undo", `{"reason":"the wrong list"}`, as)).Header().Get("Location")
		if got := tally(s.step(t, d, undo, "check", as)); got != "checked: 0 0 1 0 / 0 0 0" {
			t.Errorf("who rejected: %s", got)
		}
		if got := s.do(call("GET", undo+"/problems.csv", "", as)).Body.String(); !strings.Contains(got, ",sex,own_rejection,") {
			t.Errorf("who rejected: %s", got)
		}
		if got := tally(s.step(t, d, undo, "apply", as)); got != "applied: 0 0 1 0 / 0 0 0" {
			t.Errorf("who rejected: %s", got)
		}
		undo = s.do(call("POST", at+"/undo", `{"reason":"the wrong list"}`, other)).Header().Get("Location")
		s.step(t, d, undo, "check", other)
		if got := tally(s.step(t, d, undo, "apply", other)); got != "applied: 1 0 0 0 / 0 0 1" {
			t.Errorf("somebody else: %s", got)
		}
		if got := s.do(call("GET", person+"/attestations", "", as)).Body.String(); !strings.Contains(got, `"Which?"`) || !strings.Contains(got, `"OPEN"`) {
			t.Errorf("the attestations: %s", got)
		}
		if got := s.do(call("GET", person+"/attestations/sex", "", as)).Body.String(); !strings.Contains(got, `"undoes":2`) || !strings.Contains(got, "the wrong list") {
			t.Errorf("the history: %s", got)
		}
		at = applied("mode=create&kind=household", "group_name,member,role,start\nHouse of Tal,"+p.Number+",head,2026-01-01\n", as)
		if rec := s.do(call("POST", at+"/undo", `{}`, as)); rec.Code != http.StatusConflict || textOf(t, rec, "code") != "undo_of_groups" {
			t.Errorf("groups: %d %s", rec.Code, rec.Body)
		}
	})
}
