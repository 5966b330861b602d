package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

const sdJWT = "SocialRegistryPerson_dc_sd_jwt"

// actorOf is a registrant as the issuer sees one.
func actorOf(id uuid.UUID) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: "self", Roles: []registry.Role{registry.RoleRegistrant}, RegistrantID: id, Channel: registry.ChannelSelf}
}

// take redeems an offer as a wallet does.
func (w *world) take(t *testing.T, offer issuer.Offer) {
	t.Helper()
	ctx, key := t.Context(), newKey(t)
	raw, err := w.issuer.OfferDocument(ctx, offer.ID)
	w.must(err)
	var document struct{ Grants map[string]map[string]any }
	w.must(json.Unmarshal(raw, &document))
	code, _ := document.Grants[oauth.GrantPreAuthorizedCode]["pre-authorized_code"].(string)
	token, err := w.issuer.Token(ctx, oauth.Call{Method: "POST", URL: w.URL + "/oid4vci/token"}, url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}})
	w.must(err)
	nonce, err := w.issuer.Nonce(ctx)
	w.must(err)
	jwk, err := jose.PublicJWK(key.Public())
	w.must(err)
	payload, err := json.Marshal(map[string]any{"aud": w.issuer.Identifier(), "iat": w.Now().Unix(), "nonce": nonce.CNonce})
	w.must(err)
	proof, err := jose.Sign(key, jose.ES256, map[string]any{"typ": "openid4vci-proof+jwt", "jwk": jwk}, payload)
	w.must(err)
	body, err := json.Marshal(map[string]any{"credential_configuration_id": offer.ConfigIDs[0], "proofs": map[string]any{"jwt": []string{proof}}})
	w.must(err)
	_, err = w.issuer.Credential(ctx, oauth.Call{Method: "POST", URL: w.URL + "/oid4vci/credential", Authorization: []string{"Bearer " + token.AccessToken}}, "application/json", body)
	w.must(err)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue gives a person a credential, and tells the page about it.
func (w *world) issue(t *testing.T, id uuid.UUID) (path string) {
	t.Helper()
	offer, err := w.issuer.CreateOffer(t.Context(), actorOf(id), id, []string{sdJWT}, false)
	w.must(err)
	w.take(t, offer)
	issued, err := w.issuer.Issued(t.Context(), actorOf(id), id)
	w.must(err)
	return "/me/credentials/" + issued[0].ID.String()
}

// offerOf is the offer that a page shows.
func (w *world) offerOf(t *testing.T, p page) issuer.Offer {
	t.Helper()
	at, err := url.Parse(p.path)
	w.must(err)
	offer, err := w.issuer.Offer(t.Context(), w.actor(registry.RoleAdmin), at.Path[strings.LastIndex(at.Path, "/")+1:])
	w.must(err)
	return offer
}

// One press gets a new credential in the place of one: beside a valid one it is the
// second choice, and the first as soon as a detail has changed. The page says what
// becomes of the old one.
func TestReissueInOnePress(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		path, me := w.issue(t, w.person.ID), w.registrant("en")
		list := me.get("/me/credentials").want(t, http.StatusOK, `href="`+path+`"`, `class="btn sec" type="submit">Get a new one`)
		one := me.get(path).want(t, http.StatusOK, "Valid", "As soon as the new one is in a wallet, the old one is withdrawn", "Issued", "the wallet", "Given name")
		offer := me.post(path+"/reissue", one.hidden(nil)).want(t, http.StatusOK, "Waiting for a wallet", "<svg viewBox", "What happens to the old one", "is withdrawn, with every copy")
		if again := me.post(path+"/reissue", one.hidden(nil)); again.path != offer.path {
			t.Errorf("the same form made two offers: %s and %s", offer.path, again.path)
		}
		w.take(t, w.offerOf(t, offer))
		me.get(path).want(t, http.StatusOK, "Withdrawn", "A newer one took its place.", "A newer one stands in its place")
		me.post(path+"/reissue", list.hidden(nil)).want(t, http.StatusConflict)

		current := regexp.MustCompile(`/me/credentials/[0-9a-f-]{36}/reissue`).FindString(me.get("/me/credentials").body)
		me.get(strings.TrimSuffix(current, "/reissue")).want(t, http.StatusOK, "Valid", "It stands in the place of an older one")
		w.attest(registry.StateRejected, "no", "given_name")
		w.follow(t)
		me.get("/me/credentials").want(t, http.StatusOK, "A detail changed. A new one can be had as soon as")
		w.attest(registry.StateAttested, "", "given_name")
		due := me.get("/me/credentials").want(t, http.StatusOK, "A detail changed. A new one is ready.", `class="btn" type="submit">Get a new one`, `action="`+current+`"`)
		ready := me.post(current, due.hidden(nil)).want(t, http.StatusOK, "The old one is not valid any more.")
		w.take(t, w.offerOf(t, ready))
		me.get("/me/credentials").want(t, http.StatusOK, "Issued")
		me.get("/me/credentials/"+uuid.NewString()).want(t, http.StatusNotFound)
		me.get("/me/credentials/nonsense").want(t, http.StatusNotFound)
	})
}

// follow lets the issuer come to the end of the change log.
func (w *world) follow(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		var hidden int64
		w.must(w.db.Raw("SELECT count(*) FROM change_log WHERE NOT (" + w.db.Dialect.Settled() + ")").Scan(&hidden).Error)
		done, _, err := w.issuer.Follow(t.Context())
		switch {
		case err != nil:
			t.Fatal(err)
		case done && hidden == 0:
			return
		case time.Now().After(end):
			t.Fatalf("after a minute, open transactions hide %d changes from the follower", hidden)
		}
	}
}

// A guardian sees what a ward may have, and no more than what is attested, and gets it;
// somebody else's ward is not there.
func TestCredentialsOfAWard(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward, stranger := w.ward(t, "Ibou", w.person.ID), w.ward(t, "Fatoumata", uuid.Nil)
		me := w.registrant("en")
		own := me.get("/me/credentials").want(t, http.StatusOK, "For others", "Ibou Okonjo", "in your care", "?for="+ward.String())
		if strings.Contains(own.body, "Fatoumata") {
			t.Error("somebody else's ward is shown")
		}
		about := "?for=" + ward.String()
		me.get("/me/credentials"+about).want(t, http.StatusOK, "Credentials of", "Ibou Okonjo", "Add to my wallet")
		start := me.get("/me/credentials/"+sdJWT+"/offer"+about).want(t, http.StatusOK, "Ibou", "2019")
		if strings.Contains(start.body, "KE99000001") {
			t.Error("a detail that is not attested is shown")
		}
		offer := me.post("/me/credentials/"+sdJWT+"/offer"+about, start.hidden(nil)).want(t, http.StatusOK, "Waiting for a wallet")
		w.take(t, w.offerOf(t, offer))
		list := me.get("/me/credentials"+about).want(t, http.StatusOK, "Get a new one")
		path := regexp.MustCompile(`/me/credentials/[0-9a-f-]{36}`).FindString(list.body)
		one := me.get(path+about).want(t, http.StatusOK, "Valid", "Given name")
		me.post(path+"/reissue", one.hidden(nil)).want(t, http.StatusOK, "What happens to the old one", "?for="+ward.String())
		for _, page := range []string{"/me/credentials", "/me/credentials/" + sdJWT + "/offer"} {
			me.get(page+"?for="+stranger.String()).want(t, http.StatusNotFound)
			me.get(page+"?for=x").want(t, http.StatusNotFound)
		}

		asked := me.get(w.asked(t, "wallet")).want(t, http.StatusOK, "About whom?", "Yourself", "Ibou Okonjo")
		choice := regexp.MustCompile(`/me/authorize/[^"?]+\?for=` + ward.String()).FindString(asked.body)
		chosen := me.get(choice).want(t, http.StatusOK, "Ibou", "2019")
		form := regexp.MustCompile(`action="(/me/authorize/[^"]+)"`).FindStringSubmatch(chosen.body)
		if strings.Contains(form[1], "for=") {
			t.Errorf("the form could be about another: %s", form[1])
		}
		me.get(strings.Replace(choice, ward.String(), stranger.String(), 1)).want(t, http.StatusNotFound)
	})
}

// Each gets a new one in the place of the own, and of no other's that is good: a guardian
// is shown no such button for the ward's, and where a change ended the guardian's, the
// ward's card leads to an offer of the ward's own.
func TestReissueIsForWhoHoldsIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		me, ward := w.registrant("en"), w.ward(t, "Ibou", w.person.ID)
		theirs := w.issue(t, ward)
		for _, path := range []string{theirs, "/me/credentials"} {
			if page := me.get(path+"?for="+ward.String()).want(t, http.StatusOK, "Valid"); strings.Contains(page.body, "/reissue") {
				t.Errorf("%s has a button that ends what the ward holds", path)
			}
		}
		me.get("/me/credentials?for="+ward.String()).want(t, http.StatusOK, `href="/me/credentials/`+sdJWT+`/offer?for=`+ward.String())

		guardian, err := w.registry.Register(t.Context(), w.actor(registry.RoleAdmin), registry.Change{Reason: "first visit", Set: map[string]string{"given_name": "Awa", "family_name": "Okonjo", "birth_date": "1970-04-05"}})
		w.must(err)
		_, err = w.registry.AddGuardian(t.Context(), w.actor(registry.RoleAdmin), w.person.ID, registry.GuardianChange{Guardian: guardian.ID, From: "2026-11-01", Reason: "court order"})
		w.must(err)
		offer, err := w.issuer.CreateOffer(t.Context(), actorOf(guardian.ID), w.person.ID, []string{sdJWT}, false)
		w.must(err)
		w.take(t, offer)
		w.attest(registry.StateRejected, "no", "given_name")
		w.follow(t)
		w.attest(registry.StateAttested, "", "given_name")
		if page := me.get("/me/credentials").want(t, http.StatusOK, `href="/me/credentials/`+sdJWT+`/offer"`); strings.Contains(page.body, "/reissue") {
			t.Error("the card leads to what a guardian held")
		}
		ready, err := w.issuer.Readiness(t.Context(), actorOf(guardian.ID), w.person.ID)
		w.must(err)
		if n := slices.IndexFunc(ready, func(r issuer.Readiness) bool { return r.Config.ID == sdJWT }); ready[n].ReissueOf == uuid.Nil {
			t.Error("the guardian has nothing to replace")
		}
	})
}

// ward is somebody whose name and birth are attested, in the care of a guardian; zero:
// of nobody.
func (w *world) ward(t *testing.T, name string, guardian uuid.UUID) uuid.UUID {
	t.Helper()
	admin := w.actor(registry.RoleAdmin)
	values := map[string]string{"given_name": name, "family_name": "Okonjo", "birth_date": "2019-04-05"}
	if guardian != uuid.Nil {
		values["national_id"] = "KE99000001"
	}
	p, err := w.registry.Register(t.Context(), admin, registry.Change{Reason: "first visit", Set: values})
	w.must(err)
	var decisions []registry.Decision
	for _, f := range []string{"given_name", "family_name", "birth_date"} {
		decisions = append(decisions, registry.Decision{Field: f, State: registry.StateAttested})
	}
	w.must(w.registry.Attest(t.Context(), admin, p.ID, p.VersionNo, decisions))
	if guardian != uuid.Nil {
		_, err = w.registry.AddGuardian(t.Context(), admin, p.ID, registry.GuardianChange{Guardian: guardian, From: "2026-11-01", Reason: "court order"})
		w.must(err)
	}
	return p.ID
}
