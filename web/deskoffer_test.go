package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

var pinShown = regexp.MustCompile(`<p class="pin"><bdi dir="ltr">([0-9A-Z]{6})</bdi>`)

// The office offers a credential to a person in front of it, sees how far it went, and
// ends it.
func TestTheOfficeOffersACredential(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, base := w.staff("en", registry.RoleRegistrar), "/admin/people/"+w.person.ID.String()
		if p := b.get(base+"/credentials").want(t, http.StatusOK, "Given name"); strings.Contains(p.body, "/offers/new") {
			t.Error("a credential is offered whose details nobody attested")
		}
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		b.get(base+"/credentials").want(t, http.StatusOK, "Offer a credential", "config="+sdJWT)
		at := base + "/offers/new?config=" + sdJWT
		form := b.get(at).want(t, http.StatusOK, "What will be in it", "Amina", "Who may take it", "With the same code")
		b.post(base+"/offers", form.hidden(map[string]string{"way": "sign_in", "pin": "numeric"})).want(t, http.StatusUnprocessableEntity, "A PIN goes only with an offer", `<option value="sign_in" selected>`)
		offer := b.post(base+"/offers", b.get(at).hidden(nil)).want(t, http.StatusOK, "Waiting for a wallet", "<svg viewBox", "openid-credential-offer://", `hx-get="`)
		if again := b.post(base+"/offers", form.hidden(nil)); again.status != http.StatusOK { // the form that was refused is free again
			t.Errorf("the refused form: %d", again.status)
		}
		attester := w.staff("en", registry.RoleAttester)
		if p := attester.get(offer.path).want(t, http.StatusOK, "Waiting for a wallet", "only to those who make offers"); strings.Contains(p.body, "openid-credential-offer") || strings.Contains(p.body, "/cancel") {
			t.Error("an attester is shown what redeems an offer")
		}
		attester.get(at).want(t, http.StatusForbidden, "Registrar")
		attester.post(base+"/offers", url.Values{"config": {sdJWT}}).want(t, http.StatusForbidden)
		w.take(t, w.offerOf(t, offer))
		b.get(offer.path).want(t, http.StatusOK, "The credential was issued, and is in the wallet.")
		b.get(base+"/credentials").want(t, http.StatusOK, "/admin/issued/", "Offer a new one in the place of")

		sent := b.post(base+"/offers", b.get(at).hidden(map[string]string{"pin": "text"})).want(t, http.StatusOK, "The PIN was sent to the person")
		if pinShown.MatchString(sent.body) {
			t.Error("the PIN that went to the person is shown to the office")
		}
		cancel := regexp.MustCompile(`action="([^"]+/cancel)"`).FindStringSubmatch(sent.body)[1]
		b.post(cancel, sent.hidden(nil)).want(t, http.StatusOK, "This code has ended")
		other, err := w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "first visit", Set: map[string]string{"given_name": "Otieno"}})
		w.must(err)
		b.get(strings.Replace(offer.path, w.person.ID.String(), other.ID.String(), 1)).want(t, http.StatusNotFound)
		for _, bad := range []string{base + "/offers/new?config=none", base + "/offers/nothing", "/admin/people/" + uuid.NewString() + "/offers/new?config=" + sdJWT, "/admin/people/x/offers/new"} {
			b.get(bad).want(t, http.StatusNotFound)
		}
		b.post("/admin/people/"+other.ID.String()+"/offers", b.get(at).hidden(map[string]string{"pin": "numeric"})).want(t, http.StatusUnprocessableEntity, "no PIN can be sent")
		b.post(base+"/offers", b.get(at).hidden(map[string]string{"config": "none"})).want(t, http.StatusNotFound)
		w.registrant("en").get(offer.path).want(t, http.StatusForbidden)
	})
}

// A household gets its credential at the office too, with what is counted of it.
func TestTheOfficeOffersToAHousehold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		g, err := w.registry.CreateGroup(t.Context(), w.actor(registry.RoleRegistrar), registry.HouseholdKind, registry.Change{Reason: "visit", Set: map[string]string{"group_name": "Lekuton", "group_address": "Street 5"}},
			[]registry.NewMember{{MemberID: w.person.ID, Role: registry.HeadRole}})
		w.must(err)
		base := "/admin/groups/" + g.ID.String()
		b.get(base+"/credentials").want(t, http.StatusOK, "Credentials so far", "No credential has been issued yet.", "Household")
		w.must(w.registry.Attest(t.Context(), w.actor(registry.RoleAttester), g.ID, g.VersionNo, []registry.Decision{{Field: "group_name", State: registry.StateAttested}, {Field: "group_address", State: registry.StateAttested}}))
		at := regexp.MustCompile(base + `/offers/new\?[^"]+`).FindString(b.get(base + "/credentials").body)
		form := b.get(unescape(at)).want(t, http.StatusOK, "Members of the household", "Lekuton")
		b.post(base+"/offers", form.hidden(nil)).want(t, http.StatusOK, "Waiting for a wallet", "<svg viewBox")
		b.get("/admin/people/"+g.ID.String()+"/credentials").want(t, http.StatusNotFound)
		b.get(base+"/requests").want(t, http.StatusOK, "Nobody has asked")
	})
}

// The office offers a new credential in the place of one: once, and of whom it is about.
func TestTheOfficeOffersANewOneInItsPlace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, base := w.staff("en", registry.RoleAdmin), "/admin/people/"+w.person.ID.String()
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		id := strings.TrimPrefix(w.issue(t, w.person.ID), "/me/credentials/")
		list, at := b.get(base+"/credentials").want(t, http.StatusOK, "Offer a new one in the place of"), base+"/credentials/"+id+"/reissue"
		w.staff("en", registry.RoleAttester).post(at, url.Values{}).want(t, http.StatusForbidden)
		offer := b.post(at, list.hidden(nil)).want(t, http.StatusOK, "Waiting for a wallet", "What happens to the old one")
		w.take(t, w.offerOf(t, offer))
		b.get(base+"/credentials").want(t, http.StatusOK, "A newer one took its place.")
		b.post(at, b.get(base+"/credentials").hidden(nil)).want(t, http.StatusUnprocessableEntity, "A newer credential stands in the place of this one already.")
		other, err := w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "first visit", Set: map[string]string{"given_name": "Otieno"}})
		w.must(err)
		b.post("/admin/people/"+other.ID.String()+"/credentials/"+id+"/reissue", b.get(base+"/credentials").hidden(nil)).want(t, http.StatusNotFound)
		b.post(base+"/credentials/nonsense/reissue", b.get(base+"/credentials").hidden(nil)).want(t, http.StatusNotFound)
	})
}
