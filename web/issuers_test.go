package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// withIssuer serves a second issuer beside the one at the root, and gives it.
func (w *world) withIssuer(t *testing.T) *issuer.Issuer {
	t.Helper()
	_, err := issuer.Alone(w.issuer).AddIssuer(t.Context(), w.actor(registry.RoleAdmin), issuer.NewIssuer{Name: "pensions",
		Names: map[string]string{"en": "Ministry of Pensions", "ar": "وزارة المعاشات"}, ConfigIDs: []string{"SocialRegistryPerson_dc_sd_jwt"}, Reason: "test"})
	w.must(err)
	all, err := issuer.Open(t.Context(), w.config)
	w.must(err)
	w.serve(all)
	i, err := all.Of("pensions")
	w.must(err)
	return i
}

// A person gets credentials of each issuer, and every page says whose they are.
func TestPagesOfSeveralIssuers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.config.Name = "Ministry of the Interior"
		pensions := w.withIssuer(t)
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		for lang, title := range map[string]string{"en": "Ministry of Pensions", "ar": "وزارة المعاشات"} {
			me := w.registrant(lang)
			kinds := me.get("/me/credentials").want(t, http.StatusOK, title)
			const start = "/me/credentials/SocialRegistryPerson_dc_sd_jwt/offer?issuer=pensions"
			if !strings.Contains(kinds.body, `href="`+start+`"`) || strings.Count(kinds.body, `id="c-SocialRegistryPerson_dc_sd_jwt"`) != 1 {
				t.Errorf("%s: no way to a credential of the issuer, or two parts with one id", lang)
			}
			shown := me.post(start, me.get(start).hidden(nil)).want(t, http.StatusOK)
			link := regexp.MustCompile(`openid-credential-offer://[^"&<]+`).FindString(shown.body)
			if uri, _ := url.QueryUnescape(link); !strings.Contains(uri, pensions.Identifier()+"/oid4vci/offers/") {
				t.Errorf("%s: the offer is %s", lang, uri)
			}
			w.issuer = pensions
			page := me.get("/issuers/pensions"+w.asked(t, "wallet-"+lang)).want(t, http.StatusOK, title)
			action := regexp.MustCompile(`action="(/me/authorize/[^"]+)"`).FindStringSubmatch(page.body)[1]
			me.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			if answer := me.post(action, url.Values{"decision": {"allow"}}); answer.status != http.StatusSeeOther {
				t.Errorf("%s: the decision: %d", lang, answer.status)
			}
			me.get("/me/sharing").want(t, http.StatusOK, title)
		}
		consents, err := pensions.Consents(t.Context(), w.actor(registry.RoleAdmin), w.person.ID)
		if err != nil || len(consents) != 2 {
			t.Errorf("%d consents, %v, want 2 of this issuer", len(consents), err)
		}
		me := w.registrant("en")
		sharing := me.get("/me/sharing")
		action := regexp.MustCompile(`action="(/me/sharing/[^"]+/withdraw)"`).FindStringSubmatch(sharing.body)[1]
		me.post(action, sharing.hidden(nil)).want(t, http.StatusOK, "Stopped")

		w.issuer = pensions
		me.get(w.issue(t, w.person.ID)).want(t, http.StatusOK, "Ministry of Pensions")
		w.follow(t)
		me.get("/me/messages").want(t, http.StatusOK, "Issued to a wallet", "Issued by", "Ministry of Pensions")
		me.get("/me/credentials").want(t, http.StatusOK, "Ministry of the Interior") // the one at the root, as its metadata call it
		for path, reader := range map[string]*browser{"/me/credentials": me, "/admin/people/" + w.person.ID.String() + "/credentials": w.staff("en", registry.RoleAdmin)} {
			if _, table, found := strings.Cut(reader.get(path).body, "<table"); !found || !strings.Contains(table, "· Ministry of Pensions") {
				t.Errorf("%s: the list of credentials does not say whose each is", path)
			}
		}
	})
}
