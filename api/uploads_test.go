package api_test

import (
	csvformat "encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// step sends one step of an import as a job, works it off and gives the import.
func (s *service) step(t *testing.T, d *db.DB, at, step string, as []string) map[string]any {
	t.Helper()
	asked := s.do(call("POST", at+"/"+step, "", as))
	s.work(t, d)
	if done := s.followed(t, asked, as); text(t, done, "state") != "done" {
		t.Fatalf("%s: %s", step, done.Body)
	}
	return member(t, s.do(call("GET", at, "", as))).(map[string]any)
}

// tally gives "updated unchanged failed deactivated / attested rejected taken_back" of an import.
func tally(in map[string]any) string {
	r, _ := in["result"].(map[string]any)
	d, _ := r["decisions"].(map[string]any)
	return fmt.Sprint(in["state"], ": ", r["updated"], r["unchanged"], r["failed"], r["deactivated"], " / ", d["attested"], d["rejected"], d["taken_back"])
}

// edited writes cells of the one row of a download, as a person does in a
// spreadsheet.
func edited(t *testing.T, file string, cells map[string]string) string {
	t.Helper()
	rows, err := csvformat.NewReader(strings.NewReader(file)).ReadAll()
	must(t, err)
	for i, name := range rows[0] {
		if cell, ok := cells[name]; ok {
			rows[1][i] = cell
		}
	}
	var out strings.Builder
	must(t, csvformat.NewWriter(&out).WriteAll(rows))
	return out.String()
}

// One upload of both, the download with some cells changed, updates the registry, the
// change log and the attestation table; its undo puts them back (R7, R18, R19).
func TestUploadOfBothAndItsUndoThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleAdmin)
		p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar),
			registry.Change{Set: map[string]string{"full_name": "=Mina Tal", "sex": "female", "locality": "Quay"}})
		must(t, err)
		person := "/api/v1/people/" + p.ID.String()
		download := s.exported(t, as, `{"fields":["full_name","sex","locality"],"query":{"q":"mina"},"purpose":"bulk attestation","attestations":true}`)
		file := edited(t, s.do(call("GET", download+"/file", "", as)).Body.String(), map[string]string{"sex:attestation": "ATTESTED", "sex:comment": "seen",
			"locality": "Harbour", "locality:attestation": "REJECTED", "locality:comment": "Which harbour?"})
		if !strings.Contains(file, "'=Mina Tal,NEW,") {
			t.Fatalf("the download: %s", file)
		}
		// A row that nobody is found by, as wide as the others.
		file += p.Number[:len(p.Number)-1] + "x" + strings.Repeat(",", strings.Count(file, ",")/2) + "\n"
		sent := s.do(csv(imports+"?mode=update&carries=both&name=people.csv&reason=back+from+the+field", file, as))
		at := sent.Header().Get("Location")
		if sent.Code != http.StatusCreated || !strings.Contains(sent.Body.String(), `"carries":"both"`) {
			t.Fatalf("sent: %d %s", sent.Code, sent.Body)
		}
		if got := tally(s.step(t, d, at, "check", as)); got != "checked: 1 0 1 0 / 1 1 0" {
			t.Errorf("checked: %s", got)
		}
		if file := s.do(call("GET", at+"/problems.csv", "", as)).Body.String(); !strings.Contains(file, "3,registration_number,") {
			t.Errorf("problems: %q", file)
		}
		if rec := s.do(call("GET", person, "", as)); text(t, rec, "values", "locality") != "Quay" {
			t.Errorf("a check changed something: %s", rec.Body)
		}
		if got := tally(s.step(t, d, at, "apply", as)); got != "applied: 1 0 1 0 / 1 1 0" {
			t.Errorf("applied: %s", got)
		}
		if rec := s.do(call("GET", person, "", as)); text(t, rec, "values", "locality") != "Harbour" || text(t, rec, "values", "full_name") != "=Mina Tal" {
			t.Errorf("the registry: %s", rec.Body)
		}
		states := s.do(call("GET", person+"/attestations", "", as)).Body.String()
		if !strings.Contains(states, `"comment":"seen"`) || !strings.Contains(states, `"comment":"Which harbour?"`) || strings.Count(states, `"NEW"`) != 1 {
			t.Errorf("the attestations: %s", states)
		}
		log := s.do(call("GET", person+"/history", "", as)).Body.String()
		if !strings.Contains(log, "back from the field") || !strings.Contains(log, `"csv"`) || !strings.Contains(log, `"ATTESTED"`) {
			t.Errorf("the change log: %s", log)
		}

		taken := s.do(call("POST", at+"/undo", `{"reason":"the wrong list"}`, as))
		undo := taken.Header().Get("Location")
		if taken.Code != http.StatusCreated || textOf(t, taken, "undoes") != at[len(imports)+1:] {
			t.Fatalf("undo: %d %s", taken.Code, taken.Body)
		}
		if got := tally(s.step(t, d, undo, "check", as)); got != "checked: 1 0 0 0 / 0 0 2" {
			t.Errorf("undo checked: %s", got)
		}
		if got := tally(s.step(t, d, undo, "apply", as)); got != "applied: 1 0 0 0 / 0 0 2" {
			t.Errorf("undo applied: %s", got)
		}
		if rec := s.do(call("GET", person, "", as)); text(t, rec, "values", "locality") != "Quay" {
			t.Errorf("after the undo: %s", rec.Body)
		}
		if states := s.do(call("GET", person+"/attestations", "", as)).Body.String(); strings.Count(states, `"NEW"`) != 3 {
			t.Errorf("after the undo: %s", states)
		}
		if log := s.do(call("GET", person+"/history", "", as)).Body.String(); !strings.Contains(log, "the wrong list") || !strings.Contains(log, "back from the field") {
			t.Errorf("the change log after the undo: %s", log)
		}
		if got := text(t, s.do(call("GET", at, "", as)), "state"); got != "undone" {
			t.Errorf("the import is %s", got)
		}
		for _, path := range []string{at, undo} {
			if rec := s.do(call("POST", path+"/undo", `{}`, as)); rec.Code != http.StatusConflict {
				t.Errorf("undone again: %d %s", rec.Code, rec.Body)
			}
		}
	})
}

// An attester sends decisions and nothing else; whoever may not decide sends none.
func TestUploadOfDecisionsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		attester, registrar := s.as(t, registry.RoleAttester), s.as(t, registry.RoleRegistrar)
		p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Mina Tal", "sex": "female"}})
		must(t, err)
		file := "registration_number,sex,sex:attestation\n" + p.Number + ",female,ATTESTED\n"
		for carries, as := range map[string][]string{"attestations": registrar, "both": registrar, "values": attester} {
			if rec := s.do(csv(imports+"?mode=update&carries="+carries, file, as)); rec.Code != http.StatusForbidden {
				t.Errorf("%s: %d %s", carries, rec.Code, rec.Body)
			}
		}
		at := s.do(csv(imports+"?mode=update&carries=attestations", file, attester)).Header().Get("Location")
		s.step(t, d, at, "check", attester)
		if got := tally(s.step(t, d, at, "apply", attester)); got != "applied: 1 0 0 0 / 1 0 0" {
			t.Errorf("applied: %s", got)
		}
		// Values alone set no status, whatever columns there are.
		at = s.do(csv(imports+"?mode=update", strings.Replace(file, "female,ATTESTED", "male,ATTESTED", 1), registrar)).Header().Get("Location")
		s.step(t, d, at, "check", registrar)
		if got := tally(s.step(t, d, at, "apply", registrar)); got != "applied: 1 0 0 0 / 0 0 0" {
			t.Errorf("values alone: %s", got)
		}
		if states := s.do(call("GET", "/api/v1/people/"+p.ID.String()+"/attestations", "", attester)).Body.String(); strings.Contains(states, `"state":"ATTESTED"`) {
			t.Errorf("the attestations: %s", states)
		}
	})
}
