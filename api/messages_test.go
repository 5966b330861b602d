package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// exerciseMessages drives what people were told, and who read their records.
func (s *service) exerciseMessages(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, narrow := s.as(t, registry.RoleAdmin), s.narrow(t)
	me, id := s.registrant(t)
	person := people + "/" + id.String()
	run(exercise{"getPerson", 200, call("GET", person+"?purpose=a+visit", "", admin), false})
	run(exercise{"getPerson", 422, call("GET", person+"?purpose="+strings.Repeat("x", 201), "", admin), true})
	_, _, err := s.deps.Issuer.Follow(t.Context())
	must(t, err)
	must(t, ledger.New(s.db, s.deps.Now).WriteMessages(t.Context(), []ledger.Message{{RegistrantID: id, Kind: "credential_issued", Source: "test",
		At: s.deps.Now(), Issuer: "pensions", ConfigID: sdJWTConfig}}, ledger.Outgoing{}))
	told := run(exercise{"listMessages", 200, call("GET", person+"/messages", "", admin), false}).Body.String()
	if !strings.Contains(told, `"issuer":"pensions"`) {
		t.Errorf("the messages do not name the issuer: %s", told)
	}
	for operation, path := range map[string]string{"listMessages": "/messages", "listLooks": "/looks"} {
		get := func(as []string) *http.Request { return call("GET", person+path, "", as) }
		run(exercise{operation, 200, get(admin), false})
		run(exercise{operation, 200, get(me), false})
		run(exercise{operation, 404, call("GET", people+"/"+uuid.NewString()+path, "", admin), false})
		run(exercise{operation, 422, call("GET", person+path+"?after=x", "", admin), false})
		exerciseGates(run, operation, narrow, get)
	}
	read := func(as []string) *http.Request {
		return call("POST", person+"/messages/read", `{"until":"2030-01-01T00:00:00Z"}`, as)
	}
	run(exercise{"readMessages", 204, read(me), false})
	run(exercise{"readMessages", 404, call("POST", people+"/"+s.person.String()+"/messages/read", `{"until":"2030-01-01T00:00:00Z"}`, me), false})
	exerciseBodies(run, "readMessages", "POST", person+"/messages/read", me)
	exerciseGates(run, "readMessages", admin, read)
	count := func(as []string) *http.Request { return call("GET", "/api/v1/message-deliveries", "", as) }
	run(exercise{"countDeliveries", 200, count(admin), false})
	run(exercise{"countDeliveries", 422, call("GET", "/api/v1/message-deliveries?x=1", "", admin), true})
	exerciseGates(run, "countDeliveries", s.as(t, registry.RoleRegistrar), count)
}

// exerciseOffersOfPeople drives offers that programs make.
func (s *service) exerciseOffersOfPeople(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, auditor, narrow := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAuditor), s.narrow(t)
	path := people + "/" + s.person.String() + "/offers"
	one := `{"credential_configuration_ids":["` + sdJWTConfig + `"],"grant_types":["authorization_code","urn:ietf:params:oauth:grant-type:pre-authorized_code"],"tx_code":{"input_mode":"text"}}`
	make := func(as []string) *http.Request { return call("POST", path, one, as) }
	made := run(exercise{"makeOffer", 201, make(registrar), false})
	run(exercise{"makeOffer", 422, call("POST", path, `{"credential_configuration_ids":["nothing"]}`, registrar), false})
	s.exerciseOfferOf(t, run, path, registrar)
	run(exercise{"makeOffer", 404, call("POST", people+"/"+uuid.NewString()+"/offers", one, registrar), false})
	exerciseBodies(run, "makeOffer", "POST", path, registrar)
	exerciseGates(run, "makeOffer", auditor, make)
	handler := s.Handler
	s.Handler = s.withHook(t) // the person gave no way to be reached
	run(exercise{"makeOffer", 409, make(registrar), false})
	s.Handler = handler
	at := made.Header().Get("Location")
	get := func(as []string) *http.Request { return call("GET", at, "", as) }
	run(exercise{"getOfferState", 200, get(auditor), false})
	run(exercise{"getOfferState", 404, call("GET", "/api/v1/offers/nothing", "", auditor), false})
	run(exercise{"getOfferState", 422, call("GET", at+"?x=1", "", auditor), true})
	exerciseGates(run, "getOfferState", narrow, get)
	cancel := func(as []string) *http.Request { return call("POST", at+"/cancel", "", as) }
	exerciseGates(run, "cancelOffer", auditor, cancel)
	run(exercise{"cancelOffer", 200, cancel(registrar), false})
	run(exercise{"cancelOffer", 404, call("POST", "/api/v1/offers/nothing/cancel", "", registrar), false})
}

// withHook is the service with another issuer, whose transaction codes go by a hook.
func (s *service) withHook(t *testing.T) http.Handler {
	t.Helper()
	deps := s.deps
	var err error
	deps.Issuer, err = issuer.Open(t.Context(), issuer.Config{DB: s.db, Registry: s.deps.Registry, Master: s.master, PublicURL: publicURL,
		Now: s.deps.Now, Resolver: did.NewResolver(), Messages: issuer.MessagePolicy{Hook: true}})
	must(t, err)
	handler, err := api.New(deps)
	must(t, err)
	return handler
}

// TestMessagesAndOffersThroughREST: a program of the person reads, pages and marks the
// own messages, sees who looked without a name, and makes and ends the own offers;
// somebody else's are not there.
func TestMessagesAndOffersThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		me, id := s.registrant(t)
		other, _ := s.registrant(t)
		admin := s.as(t, registry.RoleAdmin)
		person := people + "/" + id.String()
		for range 2 { // a look of the same day is one look
			if rec := s.do(call("GET", person+"?purpose=the+yearly+visit", "", admin)); rec.Code != http.StatusOK {
				t.Fatalf("read: %d %s", rec.Code, rec.Body)
			}
		}
		s.do(call("GET", person, "", s.as(t, registry.RoleAttester)))
		_, _, err := s.deps.Issuer.Follow(t.Context())
		must(t, err)
		var page struct {
			Items []struct {
				ID, Kind, By, Purpose, Reason string
				Roles                         []string
				ReadAt                        string `json:"read_at"`
			}
		}
		list := func(path string, as []string) (next string) {
			t.Helper()
			rec := s.do(call("GET", path, "", as))
			page.Items = nil
			if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || rec.Code != http.StatusOK {
				t.Fatalf("GET %s: %d %s", path, rec.Code, rec.Body)
			}
			_, next, _ = strings.Cut(rec.Header().Get("Link"), "after=")
			next, _, _ = strings.Cut(next, "&")
			next, _, _ = strings.Cut(next, ">")
			return next
		}
		next := list(person+"/messages?limit=1", me)
		if len(page.Items) != 1 || page.Items[0].Kind != "record_read" || page.Items[0].ReadAt != "" || next == "" {
			t.Errorf("the first page: %+v, next %q", page, next)
		}
		first := page.Items[0].ID
		if again := list(person+"/messages?limit=1&after="+next, me); len(page.Items) != 1 || page.Items[0].ID == first || again != "" {
			t.Errorf("the second page: %+v, next %q", page, again)
		}
		if rec := s.do(call("POST", person+"/messages/read", `{"until":"2030-01-01T00:00:00Z"}`, me)); rec.Code != http.StatusNoContent {
			t.Errorf("mark: %d %s", rec.Code, rec.Body)
		}
		if list(person+"/messages", me); len(page.Items) != 2 || page.Items[0].ReadAt == "" || page.Items[1].ReadAt == "" {
			t.Errorf("after they were read: %+v", page)
		}
		if list(person+"/looks", me); len(page.Items) != 2 || page.Items[0].By != "" || page.Items[0].Roles[0] != "attester" || page.Items[1].Purpose != "the yearly visit" {
			t.Errorf("who looked, for the person: %+v", page)
		}
		if list(person+"/looks", admin); len(page.Items) != 2 || page.Items[1].By == "" {
			t.Errorf("who looked, for staff: %+v", page)
		}
		for _, path := range []string{person + "/messages", person + "/looks"} {
			if rec := s.do(call("GET", path, "", other)); rec.Code != http.StatusNotFound {
				t.Errorf("GET %s by somebody else: %d %s", path, rec.Code, rec.Body)
			}
		}
		s.offersThroughREST(t, id, me, other)
	})
}

func (s *service) offersThroughREST(t *testing.T, id uuid.UUID, me, other []string) {
	t.Helper()
	path := people + "/" + id.String() + "/offers"
	var o struct {
		ID     string
		TxCode string `json:"tx_code"`
		State  string
	}
	do := func(method, path, body string, as []string, want int) {
		t.Helper()
		rec := s.do(call(method, path, body, as))
		o.TxCode, o.State = "", ""
		if rec.Code == want && want < 300 {
			must(t, json.Unmarshal(rec.Body.Bytes(), &o))
		} else if rec.Code != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, rec.Code, rec.Body, want)
		}
	}
	ids := `{"credential_configuration_ids":["` + sdJWTConfig + `"]`
	if do("POST", path, ids+`,"tx_code":{}}`, me, 201); len(o.TxCode) != 6 || strings.Trim(o.TxCode, "0123456789") != "" {
		t.Errorf("a code of digits: %q", o.TxCode)
	}
	do("POST", path, ids+`,"tx_code":{"input_mode":"words"}}`, me, 422)
	do("POST", path, ids+`,"grant_types":["password"]}`, me, 422)
	do("POST", path, ids+`,"grant_types":[]}`, me, 422)
	do("POST", path, ids+`,"grant_types":["authorization_code"],"tx_code":{}}`, me, 422)
	do("POST", path, `{}`, me, 422)
	do("POST", path, ids+`}`, other, 404)
	at := "/api/v1/offers/" + o.ID
	do("GET", at, "", other, 404)
	do("POST", at+"/cancel", "", other, 404)
	if do("GET", at, "", me, 200); o.State != "waiting" || o.TxCode != "" {
		t.Errorf("the offer stands at %q, code %q", o.State, o.TxCode)
	}
	if do("POST", at+"/cancel", "", me, 200); o.State != "cancelled" {
		t.Errorf("the offer stands at %q after its end", o.State)
	}
	do("POST", at+"/cancel", "", me, 200)
}
