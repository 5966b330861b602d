package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// groupsPrepared is what the pages of groups, requests and programmes need.
type groupsPrepared struct {
	household string // id of one whose head is the registrant
	request   string // id of a change request of somebody else
	programme string // code
	document  string // id of one of the household
	offer     string // id of an offer of a credential of the household
	paper     string // the page of one that is printed
	today     string
}

// householdConfig is a kind of credential of households.
const householdConfig = "SocialRegistryHousehold_ldp_vc"

// prepareGroups makes a household with the registrant and the ward.
func prepareGroups(t *testing.T, admin *client, person, ward string) groupsPrepared {
	t.Helper()
	var g groupsPrepared
	var err error
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var made struct{ ID string }
	must(admin.create("/api/v1/groups", map[string]any{"kind": "household", "reason": "trial", "values": map[string]string{"group_name": "Lekuton household at the northern well", "group_address": "The blue gate behind the well", "dwelling_type": "house"},
		"members": []any{map[string]string{"member": person, "role": "head", "start": "2024-01-01"}, map[string]string{"member": ward, "role": "child", "start": "2024-01-01"}}}, &made))
	g.household = made.ID
	must(admin.create("/api/v1/programmes", map[string]any{"code": "cash_transfer", "label": map[string]string{"en": "Cash transfer for households of the north"}, "kinds": []string{"person"}, "start": "2020-01-01", "reason": "trial"}, nil))
	g.programme = "cash_transfer"
	must(admin.create("/api/v1/people/"+ward+"/enrolments", map[string]any{"programme": g.programme, "status": "ENROLLED", "reason": "list of May"}, nil))
	must(admin.create("/api/v1/registrants/"+g.household+"/identifiers", map[string]any{"type": "group_programme_number", "value": "HH-2024-17", "reason": "trial"}, nil))
	g.document, err = admin.file("/api/v1/groups/"+g.household+"/documents?reason=trial", "certificate-of-residence.pdf", []byte("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"))
	must(err)
	must(admin.create("/api/v1/people/"+g.household+"/offers", map[string]any{"credential_configuration_ids": []string{householdConfig}}, &made))
	g.offer = made.ID
	group := "/admin/groups/" + g.household
	_, _, err = admin.send(group+"/attest", group+"/attest", url.Values{"field": {"group_address"}, "decision": {"attest"}})
	must(err)
	g.paper = preparePaper(t, admin, group+"/papers/new?config="+householdConfig, "group_address", "household_size")
	g.today = time.Now().UTC().Format(time.DateOnly)
	var asked struct{ Items []struct{ ID string } }
	registrar, err := world.server.client()
	must(err)
	must(registrar.signIn("registrar", staffPassword))
	must(registrar.create("/api/v1/people/"+ward+"/change-requests", map[string]any{"reason": "seen the certificate", "values": map[string]string{"birth_date": "2020-05-02"}}, &asked))
	g.request = asked.Items[0].ID
	return g
}

// groupRecordTour: what a group has as a record.
func (p prepared) groupRecordTour() []stop {
	group := "/admin/groups/" + p.groups.household
	return []stop{
		{"/admin/groups/:id/attest", group + "/attest", "attester"}, {"/admin/groups/:id/attestations/:field", group + "/attestations/group_name", "auditor"},
		{"/admin/groups/:id/versions", group + "/versions", "auditor"}, {"/admin/groups/:id/versions/:number", group + "/versions/1", "auditor"},
		{"/admin/groups/:id/compare", group + "/compare?from=1&to=1", "auditor"}, {"/admin/groups/:id/as-of", group + "/as-of?day=" + p.groups.today, "auditor"},
		{"/admin/groups/:id/log", group + "/log", "auditor"}, {"/admin/groups/:id/documents", group + "/documents", "registrar"}, {"/admin/groups/:id/documents/:document", group + "/documents/" + p.groups.document, "registrar"},
		{"/admin/groups/:id/identifiers", group + "/identifiers", "registrar"}, {"/admin/groups/:id/identifiers/:number", group + "/identifiers/1", "registrar"},
		{"/admin/groups/:id/programmes", group + "/programmes", "registrar"}, {"/admin/groups/:id/requests", group + "/requests", "auditor"},
		{"/admin/groups/:id/credentials", group + "/credentials", "registrar"}, {"/admin/groups/:id/papers/new", group + "/papers/new?config=" + householdConfig, "registrar"}, {"/admin/groups/:id/papers/:paper", p.groups.paper + "?layout=card", "registrar"},
		{"/admin/groups/:id/offers/new", group + "/offers/new?config=" + householdConfig, "registrar"},
		{"/admin/groups/:id/offers/:offer", group + "/offers/" + p.groups.offer, "registrar"},
	}
}

// programmesTour: programmes, and who stands where in them.
func (p prepared) programmesTour() []stop {
	at := "/admin/programmes/" + p.groups.programme
	return []stop{
		{"/admin/programmes", "/admin/programmes", "registrar"}, {"/admin/programmes/new", "/admin/programmes/new", "admin"}, {"/admin/programmes/:code", at, "registrar"},
		{"", at + "?status=EXITED", "auditor"}, {"/admin/programmes/:code/edit", at + "/edit", "admin"}, {"/admin/programmes/:code/enrol", at + "/enrol?q=lekuton&for=" + p.ward, "registrar"},
		{"/admin/programmes/:code/list", at + "/list", "registrar"}, {"/admin/people/enrol", "/admin/people/enrol?q=a&into=" + p.groups.programme + "&as=ENROLLED", "registrar"}, {"", "/admin/people?programme=" + p.groups.programme + "&enrolment=ENROLLED", "registrar"}, {"", "/admin/people?programme=" + p.groups.programme + "&enrolment=GONE", "registrar"},
		{"/admin/people/:id/programmes", "/admin/people/" + p.ward + "/programmes", "registrar"},
	}
}

// requestsTour: what somebody asks for, and what they say against a decision.
func (p prepared) requestsTour() []stop {
	return []stop{
		{"/admin/requests", "/admin/requests", "admin"}, {"/admin/requests/:id", "/admin/requests/" + p.groups.request, "admin"}, {"", "/admin/requests?state=WITHDRAWN", "auditor"},
		{"/admin/requests/new", "/admin/requests/new?for=" + p.ward + "&field=birth_date", "registrar"}, {"/admin/appeals", "/admin/appeals", "attester"},
	}
}

// file sends a file as the body, and gives the id of the document that it became.
func (c *client) file(path, name string, content []byte) (string, error) {
	req, err := http.NewRequest(http.MethodPost, c.base+path, bytes.NewReader(content))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	res, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var made struct{ ID string }
	if res.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("POST %s: %s", path, res.Status)
	}
	err = json.NewDecoder(res.Body).Decode(&made)
	return made.ID, err
}

// groupsTour: groups, and who belongs to them.
func (p prepared) groupsTour() []stop {
	group := "/admin/groups/" + p.groups.household
	return []stop{
		{"/admin/groups", "/admin/groups", "registrar"}, {"/admin/groups/new", "/admin/groups/new", "registrar"},
		{"", "/admin/groups/new?kind=household&member=" + p.person, "registrar"}, {"", "/admin/groups?q=no+such+group", "auditor"},
		{"/admin/groups/:id", group, "attester"}, {"/admin/groups/:id/edit", group + "/edit", "registrar"}, {"/admin/groups/:id/end", group + "/end", "registrar"},
		{"/admin/groups/:id/members", group + "/members", "registrar"}, {"", group + "/members?q=lekuton", "registrar"},
		{"/admin/groups/:id/members/:member/:seq", group + "/members/" + p.person + "/1", "registrar"},
		{"/admin/people/:id/household", "/admin/people/" + p.person + "/household", "registrar"}, {"", "/admin/people/" + p.person + "/household?tie=spouse&q=wanjiru", "registrar"},
		{"", "/admin/people/" + p.ward + "/household?tie=parents&q=lekuton", "registrar"}, {"", "/admin/people/" + p.ward + "/household", "auditor"},
	}
}
