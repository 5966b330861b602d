package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// peoplePrepared is what the console's pages about people need.
type peoplePrepared struct {
	document string // id of one that is evidence
	offer    string // id of one that the office made
}

// preparePeople adds a document, an identifier and a named version to a person.
func preparePeople(t *testing.T, admin *client, person, config string) peoplePrepared {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var p peoplePrepared
	at := "/admin/people/" + person
	req, err := http.NewRequest(http.MethodPost, admin.base+"/api/v1/people/"+person+"/documents?reason=proof", strings.NewReader("%PDF-1.7 a certificate"))
	must(err)
	req.Header.Set("Content-Type", "application/pdf")
	req.Header.Set("Content-Disposition", `attachment; filename="certificate of birth.pdf"`)
	res, err := admin.http.Do(req)
	must(err)
	defer res.Body.Close()
	var made struct{ ID string }
	must(json.NewDecoder(res.Body).Decode(&made))
	p.document = made.ID
	_, _, err = admin.send(at+"/identifiers", at+"/identifiers", url.Values{"type": {"passport"}, "value": {"KE7654321"}, "valid_to": {"2031-05-31"}, "reason": {"shown"}})
	must(err)
	_, _, err = admin.send(at+"/versions/new", at+"/versions", url.Values{"label": {"Survey 2026"}, "f_locality": {"Lodwar"}, "reason": {"asked at home"}})
	must(err)
	_, offered, err := admin.send(at+"/offers/new?config="+config, at+"/offers", url.Values{"config": {config}})
	must(err)
	p.offer = offered.Path[strings.LastIndex(offered.Path, "/")+1:]
	return p
}

// recordTour: the console's pages about people.
func (p prepared) recordTour() []stop {
	person := "/admin/people/" + p.person
	return append(p.evidenceTour(), []stop{
		{"/admin", "/admin", "attester"}, {"/admin/people", "/admin/people", "admin"}, {"/admin/people/new", "/admin/people/new", "registrar"},
		{"/admin/queues/:queue", "/admin/queues/undecided", "attester"}, {"", "/admin/queues/expired", "auditor"},
		{"/admin/people/:id", person, "admin"}, {"/admin/people/:id/edit", person + "/edit", "registrar"},
		{"/admin/people/:id/attest", person + "/attest", "attester"}, {"", person + "/attest?queue=undecided", "attester"}, {"", person + "/attest?done=decided", "auditor"},
		{"/admin/people/:id/attestations/:field", person + "/attestations/given_name", "attester"}, {"", person + "/attestations/alias_names", "auditor"},
		{"/admin/people/:id/code", person + "/code", "registrar"},
		{"/admin/people/:id/log", person + "/log", "auditor"}, {"/admin/people/:id/looks", person + "/looks", "auditor"},
		{"/admin/people/:id/credentials", person + "/credentials", "registrar"}, {"/admin/people/:id/consents", person + "/consents", "registrar"},
		{"/admin/people/:id/messages", person + "/messages", "auditor"}, {"/admin/people/:id/requests", person + "/requests", "registrar"}, {"", person + "/requests?state=DRAFT", "auditor"},
		{"/admin/people/:id/papers/new", person + "/papers/new?config=" + p.config, "registrar"}, {"/admin/people/:id/papers/:paper", person + "/papers/" + p.paper[strings.LastIndex(p.paper, "/")+1:], "registrar"},
		{"/admin/people/:id/offers/new", person + "/offers/new?config=" + p.config, "registrar"}, {"/admin/people/:id/offers/:offer", person + "/offers/" + p.people.offer, "registrar"}, {"", person + "/offers/" + p.people.offer, "attester"},
		{"", "/admin/people?q=nobody+has+this+name", "attester"}, {"", "/admin/people?q=a&cols=.&cols=.area&cols=sex&cols=birth_date", "registrar"}, {"", "/admin/people?area=KE%3F&field=sex", "registrar"},
		{"/admin/people/default", "/admin/people/default?q=a&label=Survey+2026", "registrar"}, {"", "/admin/people/default", "registrar"},
		{"/admin/people/identifier", "/admin/people/identifier", "registrar"},
	}...)
}

// evidenceTour: versions, documents and identifiers of one person.
func (p prepared) evidenceTour() []stop {
	person := "/admin/people/" + p.person
	return []stop{
		{"/admin/people/:id/versions", person + "/versions", "auditor"}, {"/admin/people/:id/versions/new", person + "/versions/new", "registrar"},
		{"/admin/people/:id/versions/:number", person + "/versions/2", "registrar"}, {"", person + "/versions/1", "auditor"},
		{"/admin/people/:id/compare", person + "/compare?from=default&to=Survey+2026", "auditor"}, {"", person + "/compare?from=default&to=2&all=1", "auditor"}, {"", person + "/compare?from=99", "auditor"},
		{"/admin/people/:id/as-of", person + "/as-of", "auditor"}, {"", person + "/as-of?day=2099-01-01", "registrar"}, {"", person + "/as-of?day=1999-01-01", "registrar"},
		{"/admin/people/:id/documents", person + "/documents", "registrar"}, {"", person + "/documents", "auditor"},
		{"/admin/people/:id/documents/:document", person + "/documents/" + p.people.document, "registrar"},
		{"/admin/people/:id/identifiers", person + "/identifiers", "registrar"}, {"", person + "/identifiers", "auditor"},
		{"/admin/people/:id/identifiers/:number", person + "/identifiers/1", "registrar"},
	}
}

// TestDocumentsAreFiles: a document comes as a file to keep.
func TestDocumentsAreFiles(t *testing.T) {
	p := prepare(t)
	c, err := world.server.client()
	if err == nil {
		err = c.signIn("attester", staffPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.http.Get(world.server.url + "/admin/people/" + p.person + "/documents/" + p.people.document + "/file")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: %v", res.Status, res.Header)
	}
}
