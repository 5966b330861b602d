package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const (
	statuses = "/api/v1/attestation-statuses"
	appeals  = "/api/v1/appeals"
	queues   = "/api/v1/queues"
)

// exerciseAttestation drives decisions, appeals and statuses to every answer.
func (s *service) exerciseAttestation(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	auditor := s.as(t, registry.RoleAuditor)
	narrow := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
	household, _, _ := s.newHousehold(t)
	for operation, path := range map[string]string{
		"listFieldDecisions": people + "/" + s.person.String() + "/attestations/sex", "listGroupFieldDecisions": household + "/attestations/rooms_count",
	} {
		read := func(as []string) *http.Request { return call("GET", path, "", as) }
		run(exercise{operation, 200, read(auditor), false})
		exerciseGates(run, operation, narrow, read)
		run(exercise{operation, 404, call("GET", path+"x", "", auditor), false})
		run(exercise{operation, 422, call("GET", path+"?after=x", "", auditor), false})
	}
	s.exerciseQueues(t, run, narrow)
	s.exerciseAppeals(t, run)
	s.exerciseStatuses(t, run, narrow)
}

func (s *service) exerciseQueues(t *testing.T, run func(exercise) *httptest.ResponseRecorder, narrow []string) {
	t.Helper()
	attester := s.as(t, registry.RoleAttester)
	for operation, path := range map[string]string{"countQueues": queues, "listQueue": queues + "/undecided"} {
		read := func(as []string) *http.Request { return call("GET", path, "", as) }
		run(exercise{operation, 200, read(attester), false})
		exerciseGates(run, operation, narrow, read)
		run(exercise{operation, 422, call("GET", path+"?limit=x", "", attester), true})
	}
}

func (s *service) exerciseAppeals(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	attester, registrar := s.as(t, registry.RoleAttester), s.as(t, registry.RoleRegistrar)
	me, id := s.registrant(t)
	path := people + "/" + id.String() + "/attestations/full_name/appeals"
	const text, words = `{"text":"It stands on the second page."}`, `{"comment":"It does not."}`
	appeal := func(as []string) *http.Request { return call("POST", path, text, as) }
	run(exercise{"appealDecision", 409, appeal(me), false})
	s.reject(t, id, "full_name")
	made := run(exercise{"appealDecision", 201, appeal(me), false})
	exerciseGates(run, "appealDecision", attester, appeal)
	run(exercise{"appealDecision", 404, s.other(appeal(me), people+"/"+s.person.String()+"/attestations/full_name/appeals"), false})
	run(exercise{"appealDecision", 422, call("POST", path, `{"text":" "}`, me), false})
	exerciseBodies(run, "appealDecision", "POST", path, me)

	list := func(as []string) *http.Request { return call("GET", appeals, "", as) }
	run(exercise{"listAppeals", 200, list(attester), false})
	exerciseGates(run, "listAppeals", registrar, list)
	run(exercise{"listAppeals", 422, call("GET", appeals+"?after=%21", "", attester), false})

	at := made.Header().Get("Location") + "/decline"
	decline := func(as []string) *http.Request { return call("POST", at, words, as) }
	exerciseBodies(run, "declineAppeal", "POST", at, attester)
	run(exercise{"declineAppeal", 422, call("POST", at, `{"comment":""}`, attester), false})
	run(exercise{"declineAppeal", 200, decline(attester), false})
	run(exercise{"declineAppeal", 409, decline(attester), false})
	exerciseGates(run, "declineAppeal", registrar, decline)
	run(exercise{"declineAppeal", 404, s.other(decline(attester), appeals+"/"+uuid.NewString()+"/decline"), false})
}

func (s *service) exerciseStatuses(t *testing.T, run func(exercise) *httptest.ResponseRecorder, narrow []string) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	list := func(as []string) *http.Request { return call("GET", statuses, "", as) }
	run(exercise{"listAttestationStatuses", 200, list(registrar), false})
	exerciseGates(run, "listAttestationStatuses", narrow, list)
	run(exercise{"listAttestationStatuses", 422, call("GET", statuses+"?sort=key", "", registrar), true})

	define := func(as []string) *http.Request {
		return call("POST", statuses, `{"key":"paper_seen","state":"ATTESTED","label":{"en":"Paper seen"},"reason":"the law asks"}`, as)
	}
	run(exercise{"defineAttestationStatus", 201, define(admin), false})
	run(exercise{"defineAttestationStatus", 409, define(admin), false})
	exerciseGates(run, "defineAttestationStatus", registrar, define)
	run(exercise{"defineAttestationStatus", 422, call("POST", statuses, `{"key":"old","state":"EXPIRED","label":{"en":"Old"}}`, admin), false})
	exerciseBodies(run, "defineAttestationStatus", "POST", statuses, admin)

	get := func(as []string) *http.Request { return call("GET", statuses+"/paper_seen", "", as) }
	run(exercise{"getAttestationStatus", 200, get(registrar), false})
	exerciseGates(run, "getAttestationStatus", narrow, get)
	run(exercise{"getAttestationStatus", 404, s.other(get(registrar), statuses+"/none"), false})

	const good = `{"state":"ATTESTED","label":{"en":"Paper was seen"},"retired":true}`
	change := func(as []string, headers ...string) *http.Request {
		return call("PUT", statuses+"/paper_seen", good, as, headers...)
	}
	const operation = "changeAttestationStatus"
	run(exercise{operation, 200, change(admin, "If-Match", `"1"`), false})
	run(exercise{operation, 412, change(admin, "If-Match", `"1"`), false})
	run(exercise{operation, 428, change(admin), true})
	run(exercise{operation, 404, s.other(change(admin, "If-Match", `"2"`), statuses+"/none"), false})
	run(exercise{operation, 422, call("PUT", statuses+"/paper_seen", strings.Replace(good, "ATTESTED", "REJECTED", 1), admin, "If-Match", `"2"`), false})
	exerciseGates(run, operation, registrar, func(as []string) *http.Request { return change(as, "If-Match", `"2"`) })
	exerciseBodies(run, operation, "PUT", statuses+"/paper_seen", admin, "If-Match", `"2"`)
}

// reject rejects one value, as somebody who is nobody else.
func (s *service) reject(t *testing.T, id uuid.UUID, field string) {
	t.Helper()
	a := staff(registry.RoleAttester)
	a.Name = "the-first-attester"
	must(t, s.deps.Registry.Attest(t.Context(), a, id, 1, []registry.Decision{{Field: field, State: registry.StateRejected, Comment: "not on the paper"}}))
}

// fieldState is what GET /people/{id}/attestations says of one field.
type fieldState struct {
	Field, State, Status, Comment string
	Changed                       bool
	AttestedBy                    string `json:"attested_by"`
	ExpiresAt                     string `json:"expires_at"`
	Proposal                      *struct {
		AttestedBy string `json:"attested_by"`
		Attesters  string
	}
	Appeal *struct{ State, Answer string }
}

// stateAt reads where one field stands.
func (s *service) stateAt(t *testing.T, path, field string, as []string) fieldState {
	t.Helper()
	var list struct{ Items []fieldState }
	decode(t, s.do(call("GET", path+"/attestations", "", as)), &list)
	for _, f := range list.Items {
		if f.Field == field {
			return f
		}
	}
	t.Fatalf("%s does not stand anywhere", field)
	return fieldState{}
}

// decides sends one decision and wants an answer, with a code of the field if it
// is not 200.
func (s *service) decides(t *testing.T, path, decision string, as []string, want int, code string) {
	t.Helper()
	rec := s.do(call("POST", path+"/attestations", `{"decisions":[`+decision+`]}`, as, "If-Match", `"1"`))
	if rec.Code != want || !strings.Contains(rec.Body.String(), code) {
		t.Errorf("%s: %d %s, want %d %s", decision, rec.Code, rec.Body, want, code)
	}
}

// TestAttestationThroughREST goes through the states, the policy of two attesters
// and of own edits, an expiry, a status and the history of one field.
func TestAttestationThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin, first, second := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleAttester), s.as(t, registry.RoleAttester, registry.RoleAuditor)
		for field, policy := range map[string]string{"sex": `{"attesters":2}`, "birth_date": `{"own_edit":"refused"}`, "region": `{"valid_days":365,"deadline_days":7}`} {
			rec := s.do(call("PATCH", fields+"/"+field, `{"attestation":`+policy+`}`, admin, "If-Match", `"1"`, "Content-Type", mergePatch))
			if rec.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", field, rec.Code, rec.Body)
			}
		}
		if rec := s.do(call("POST", statuses, `{"key":"paper_seen","state":"ATTESTED","label":{"en":"Paper seen"}}`, admin)); rec.Code != http.StatusCreated {
			t.Fatal(rec.Body)
		}
		path := s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno","sex":"male","birth_date":"1990-04-02","region":"Coast"}}`, admin)).Header().Get("Location")

		const name, sex, yes = `"field":"full_name"`, `{"field":"sex","state":"ATTESTED"}`, `"state":"ATTESTED"`
		for _, step := range []struct {
			decision string
			as       []string
			want     int
			code     string
		}{
			{`{` + name + `,"state":"REVOKED","comment":"forged"}`, first, 422, "bad_move"},
			{`{` + name + `,"state":"REJECTED","comment":"no paper"}`, first, 200, ""},
			{`{` + name + `,"state":"NEW"}`, first, 200, ""},
			{`{` + name + `,` + yes + `}`, first, 200, ""},
			{`{` + name + `,"state":"EXPIRED"}`, first, 422, "bad_state"},
			{`{` + name + `,"state":"REVOKED","comment":"forged"}`, first, 200, ""},
			{`{` + name + `,` + yes + `}`, first, 422, "bad_move"},
			{sex, first, 200, ""},
			{sex, first, 422, "same_attester"},
			{`{"field":"birth_date",` + yes + `}`, admin, 422, "own_edit"},
			{`{"field":"birth_date",` + yes + `}`, first, 200, ""},
			{`{"field":"region","status":"no_such"}`, first, 422, "unknown_status"},
			{`{"field":"region","status":"paper_seen"}`, first, 200, ""},
		} {
			s.decides(t, path, step.decision, step.as, step.want, step.code)
		}
		if f := s.stateAt(t, path, "full_name", first); f.State != "REVOKED" || f.Comment != "forged" {
			t.Errorf("full_name = %+v", f)
		}
		if f := s.stateAt(t, path, "sex", first); f.State != "NEW" || f.Proposal == nil || f.Proposal.Attesters != "1 of 2" {
			t.Errorf("sex = %+v", f)
		}
		s.decides(t, path, sex, second, 200, "")
		if f := s.stateAt(t, path, "sex", first); f.State != "ATTESTED" || f.Proposal != nil {
			t.Errorf("sex = %+v", f)
		}
		if f := s.stateAt(t, path, "region", first); f.State != "ATTESTED" || f.Status != "paper_seen" || f.ExpiresAt != "2027-11-22T12:00:00Z" {
			t.Errorf("region = %+v", f)
		}
		for _, sql := range []string{`UPDATE field_state SET expires_at = since WHERE expires_at IS NOT NULL`, `DELETE FROM waiting`,
			`INSERT INTO waiting (registrant_id, queue, since, fields) SELECT registrant_id, queue, since, fields FROM waiting_now`} {
			must(t, d.WithContext(t.Context()).Exec(sql).Error)
		}
		if f := s.stateAt(t, path, "region", first); f.State != "EXPIRED" || f.Status != "" {
			t.Errorf("region = %+v", f)
		}
		var past struct {
			Items []struct {
				State    string
				Proposal bool
				Value    string
			}
		}
		decode(t, s.do(call("GET", path+"/attestations/sex", "", first)), &past)
		if len(past.Items) != 2 || !past.Items[0].Proposal || past.Items[1].Proposal || past.Items[1].Value != "male" {
			t.Errorf("decisions = %+v", past.Items)
		}
		if found, _ := member(t, s.do(call("GET", queues+"/expired", "", first)), "items").([]any); len(found) != 1 {
			t.Errorf("expired = %v", found)
		}
		if n := member(t, s.do(call("GET", queues, "", first)), "counts", "overdue"); n != float64(0) {
			t.Errorf("overdue = %v", n)
		}
	})
}

// TestAnAppealThroughREST: a registrant appeals, somebody else answers.
func TestAnAppealThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		attester := s.as(t, registry.RoleAttester)
		me, id := s.registrant(t)
		path := people + "/" + id.String()
		s.reject(t, id, "full_name")
		rec := s.do(call("POST", path+"/attestations/full_name/appeals", `{"text":"It stands on the second page."}`, me))
		if rec.Code != http.StatusCreated {
			t.Fatal(rec.Body)
		}
		if rec := s.do(call("POST", path+"/attestations/full_name/appeals", `{"text":"again"}`, me)); rec.Code != http.StatusConflict {
			t.Errorf("a second appeal: %d %s", rec.Code, rec.Body)
		}
		var open struct{ Items []struct{ Text string } }
		decode(t, s.do(call("GET", appeals, "", attester)), &open)
		if len(open.Items) != 1 || open.Items[0].Text != "It stands on the second page." {
			t.Errorf("open appeals = %+v", open.Items)
		}
		if rec := s.do(call("POST", rec.Header().Get("Location")+"/decline", `{"comment":"It does not."}`, attester)); rec.Code != http.StatusOK {
			t.Fatal(rec.Body)
		}
		if f := s.stateAt(t, path, "full_name", me); f.State != "REJECTED" || f.Appeal == nil || f.Appeal.State != "DECLINED" || f.Appeal.Answer != "It does not." {
			t.Errorf("full_name = %+v", f)
		}
		if body := s.do(call("GET", path+"/history", "", me)).Body.String(); !strings.Contains(body, `"appeal"`) || !strings.Contains(body, "It does not.") {
			t.Errorf("the change log does not tell: %s", body)
		}
	})
}

// TestNothingSentSetsAState: members that look like states are refused, and change
// nothing.
func TestNothingSentSetsAState(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin := s.as(t, registry.RoleAdmin)
		path := s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno","sex":"male"}}`, admin)).Header().Get("Location")
		for _, body := range []string{
			`{"values":{"sex":"female"},"state":"ATTESTED"}`, `{"values":{"sex":"female"},"attestations":{"sex":"ATTESTED"}}`,
			`{"values":{"sex":"female","sex:attestation":"ATTESTED"}}`, `{"values":{"sex":{"value":"female","state":"ATTESTED"}}}`,
			`{"values":{"sex":"female","field_state":"ATTESTED"}}`, `{"status":"ATTESTED"}`,
		} {
			for _, req := range []*http.Request{
				call("PATCH", path, body, admin, "If-Match", `"1"`, "Content-Type", mergePatch), call("POST", people, body, admin),
			} {
				if rec := s.do(req); rec.Code != http.StatusBadRequest && rec.Code != http.StatusUnprocessableEntity {
					t.Errorf("%s %s: %d %s", req.Method, body, rec.Code, rec.Body)
				}
			}
		}
		if f := s.stateAt(t, path, "sex", admin); f.State != "NEW" || f.AttestedBy != "" {
			t.Errorf("sex = %+v", f)
		}
		var n int
		must(t, d.WithContext(t.Context()).Raw(`SELECT count(*) FROM registrant WHERE version_no > 1`).Scan(&n).Error)
		if n != 0 {
			t.Errorf("%d records were changed", n)
		}
	})
}
