package e2e_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// preparedPortal is what the registrant asked for and may appeal against.
type preparedPortal struct {
	draft, sent, told string // change requests; the last is a note
}

// preparePortal asks for changes as the registrant, and rejects a detail.
func preparePortal(t *testing.T, me, admin *client, person string) (p preparedPortal) {
	t.Helper()
	ask := func(field, value string) string {
		_, at, err := me.send("/me/edit/contact", "/me/edit/contact", url.Values{field: {value}, "step": {"draft"}})
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(at.Path, "/me/requests/")
	}
	if _, _, err := me.send("/me/edit/contact", "/me/edit/contact", url.Values{"f_locality": {"Kisima"}, "step": {"save"}}); err != nil {
		t.Fatal(err)
	}
	p.draft = ask("f_locality", "A village with a rather long name beyond the river")
	p.sent = ask("f_email", "somebody@example.org")
	if _, _, err := me.send("/me/requests/"+p.sent, "/me/requests/"+p.sent, url.Values{"f_email": {"somebody@example.org"}, "reason": {"I have a new address."}, "step": {"send"}}); err != nil {
		t.Fatal(err)
	}
	attest := "/admin/people/" + person + "/attest"
	if _, _, err := admin.send(attest, attest, url.Values{"field": {"locality"}, "decision": {"reject"}, "comment": {"The letter from the chief is not readable."}}); err != nil {
		t.Fatal(err)
	}
	told, _, err := me.send("/me/edit/household", "/me/edit/household", url.Values{"f_household_change": {"A child was born in May.\nHer name is Nasieku."}, "step": {"save"}})
	found := regexp.MustCompile(`/me/requests/([0-9a-f-]{36})`).FindStringSubmatch(told)
	if err != nil || found == nil {
		t.Fatalf("no note was sent: %v", err)
	}
	p.told = found[1]
	return p
}

// portalTour: what a registrant asked for, has and was told.
func (p prepared) portalTour() []stop {
	return []stop{
		{"/me/requests", "/me/requests", "registrant"}, {"/me/requests/:id", "/me/requests/" + p.portal.sent, "registrant"}, {"", "/me/requests/" + p.portal.draft, "registrant"},
		{"/me/appeals", "/me/appeals", "registrant"}, {"/me/appeals/:field", "/me/appeals/locality", "registrant"},
		{"/me/details/:field", "/me/details/locality", "registrant"}, {"/me/versions", "/me/versions", "registrant"}, {"/me/versions/:number", "/me/versions/1", "registrant"},
		{"/me/household", "/me/household", "registrant"}, {"", "/me/edit/household", "registrant"}, {"", "/me/requests/" + p.portal.told, "registrant"}, {"", "/admin/requests/" + p.portal.told, "registrar"}, {"/me/programmes", "/me/programmes", "registrant"}, {"/me/documents", "/me/documents", "registrant"},
		{"/me/data", "/me/data", "registrant"}, {"", "/me/requests/nonsense", "registrant"},
	}
}

// TestAppealWalk goes through an appeal: a detail is rejected, the person appeals, and
// somebody else decides anew.
func TestAppealWalk(t *testing.T) {
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			f := &flow{tab: newTab(t, v), name: "Lemaiyan " + strings.ToUpper(v.lang)}
			f.register()
			f.activate()
			f.as("attester", staffPassword)
			f.open(f.person + "/attest")
			f.tick("#p-locality")
			f.fill("#comment", "The letter names another village.")
			f.press("button[value=reject]")

			f.as(f.number, ownPassphrase)
			f.open("/me")
			f.wants("main", "The letter names another village.")
			f.open("/me/appeals")
			f.check("walk_appeal_open")
			f.press("main a[href='/me/appeals/locality']")
			f.press("main form button[type=submit]") // without words
			f.check("walk_appeal_refused")
			f.fill("#text", "It stands on the second page: Kisima.")
			f.press("main form button[type=submit]")
			f.at("/me/appeals")
			f.wants("main", "It stands on the second page: Kisima.")
			f.check("walk_appeal_sent")

			f.as("admin", staffPassword)
			f.open(f.person + "/attest")
			f.tick("#p-locality")
			f.press("button[value=attest]")

			f.as(f.number, ownPassphrase)
			f.open("/me/appeals")
			if !f.has("main .badge.ok") {
				t.Errorf("%s: the answer is not told: %s", v, f.text("main"))
			}
			f.check("walk_appeal_answered")
		})
	}
}
