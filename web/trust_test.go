package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"socialregistry/registry"
)

const publicKey = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}]}`

// goodClient is a client that can be registered.
func goodClient(over map[string]string) map[string]string {
	out := map[string]string{"client_id": "https://wallet.example/app", "client_name": "Example wallet", "auth_method": "private_key_jwt", "grant_types": "authorization_code",
		"redirect_uris": "https://wallet.example/cb", "jwks": publicKey, "dpop": "1", "reason": "the pilot"}
	for k, v := range over {
		out[k] = v
	}
	return out
}

func trustTour(admin *browser) []page {
	out := []page{admin.get("/admin/issuers"), admin.get("/admin/keys"), admin.get("/admin/trust")}
	for _, path := range []string{"/admin/clients", "/admin/wallet-providers"} {
		out = append(out, admin.get(path), admin.get(path+"/new"))
	}
	return out
}

func TestAClientIsRegisteredAndStopped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		const at = "/admin/clients/https:%2F%2Fwallet.example%2Fapp"
		b.get("/admin/clients").want(t, http.StatusOK, "Register the first")
		send := func(path string, values map[string]string) page {
			return b.post(path, b.get(path).hidden(values))
		}
		send("/admin/clients/new", goodClient(map[string]string{"redirect_uris": "ftp://x", "jwks": "not json"})).want(t, http.StatusUnprocessableEntity, "Public keys as a JWK Set", "not json", "ftp://x")
		send("/admin/clients/new", goodClient(map[string]string{"redirect_uris": "http://x.example/", "client_name": ""})).want(t, http.StatusUnprocessableEntity, `href="#redirect_uris"`, `href="#client_name"`)
		send("/admin/clients/new", goodClient(nil)).want(t, http.StatusOK, "Saved.", "Example wallet", "It was made", "the pilot")
		send("/admin/clients/new", goodClient(nil)).want(t, http.StatusUnprocessableEntity, "There is a client with this id.")
		stale := b.get(at)
		send(at, goodClient(map[string]string{"client_name": "Other wallet"})).want(t, http.StatusOK, "Other wallet")
		late := stale.hidden(goodClient(map[string]string{"client_name": "Third wallet"}))
		late.Set("form", b.get(at).hidden(nil).Get("form"))
		b.post(at, late).want(t, http.StatusConflict, "Other wallet", "Third wallet")
		b.post(at+"/stop", b.get(at).hidden(nil)).want(t, http.StatusUnprocessableEntity)
		b.post(at+"/stop", b.get(at).hidden(map[string]string{"why": "a leak"})).want(t, http.StatusOK, "Out of use", "a leak")
		b.post(at+"/start", b.get(at).hidden(map[string]string{"why": "mended"})).want(t, http.StatusOK, "In use", "mended")
		b.get("/admin/clients/nobody").want(t, http.StatusNotFound)
	})
}

func TestAWalletProviderIsAdded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		good := map[string]string{"key": "pilot", "provider_name": "Pilot wallets", "uses": "key_attestation", "active": "1", "jwks": publicKey, "reason": "the pilot"}
		b.get("/admin/wallet-providers").want(t, http.StatusOK, "Add a provider")
		bad := b.get("/admin/wallet-providers/new").hidden(good)
		bad.Set("key", "Not a key")
		bad.Set("jwks", "")
		b.post("/admin/wallet-providers/new", bad).want(t, http.StatusUnprocessableEntity, `href="#key"`, `href="#jwks"`)
		b.post("/admin/wallet-providers/new", b.get("/admin/wallet-providers/new").hidden(good)).want(t, http.StatusOK, "Saved.", "Pilot wallets", "It was made")
		good["provider_name"] = "Wallets of the pilot"
		b.post("/admin/wallet-providers/pilot", b.get("/admin/wallet-providers/pilot").hidden(good)).want(t, http.StatusOK, "Wallets of the pilot")
		b.get("/admin/wallet-providers").want(t, http.StatusOK, "Where keys are kept")
		w.staff("en", registry.RoleAuditor).get("/admin/wallet-providers/pilot").want(t, http.StatusOK, "Wallets of the pilot", "History")
	})
}

func TestKeysAreRotatedAndRevoked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		page := b.get("/admin/keys").want(t, http.StatusOK, "Signing key (ES256)", "In use", "Make the next key")
		b.post("/admin/keys", page.hidden(map[string]string{"key_kind": "ES256"})).want(t, http.StatusUnprocessableEntity, "Give a reason")
		b.post("/admin/keys", b.get("/admin/keys").hidden(map[string]string{"key_kind": "ES256", "begins": "2099-01-01", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "within a year")
		b.post("/admin/keys", b.get("/admin/keys").hidden(map[string]string{"key_kind": "ES256", "begins": "soon", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "year-month-day")
		b.post("/admin/keys", b.get("/admin/keys").hidden(map[string]string{"key_kind": "ES256", "begins": "2026-12-24", "reason": "the year ends"})).want(t, http.StatusOK, "The next key is published.", "To come", "24 December 2026")
		at := regexp.MustCompile(`/admin/keys/[A-Za-z0-9_-]+`).FindString(b.get("/admin/keys").body)
		key := b.get(at).want(t, http.StatusOK, "Revoke the key", "must be issued anew", "History")
		b.post(at+"/revoke", key.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Give a reason")
		b.post(at+"/revoke", b.get(at).hidden(map[string]string{"reason": "it leaked"})).want(t, http.StatusOK, "The key is revoked.", "it leaked")
		b.get("/admin/keys/nothing").want(t, http.StatusNotFound)
		auditor := w.staff("en", registry.RoleAuditor)
		auditor.get(at).want(t, http.StatusOK)
		auditor.post(at+"/revoke", url.Values{"reason": {"x"}}).want(t, http.StatusForbidden)
		auditor.post("/admin/keys", url.Values{"key_kind": {"ES256"}, "reason": {"x"}}).want(t, http.StatusForbidden)
		w.staff("en", registry.RoleRegistrar).get("/admin/keys").want(t, http.StatusForbidden)
	})
}

func TestAnIssuerIsAdded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		b.post("/admin/issuers", b.get("/admin/issuers").hidden(map[string]string{"issuer_name": "North", "reason": "x"})).want(t, http.StatusUnprocessableEntity, `value="North"`)
		b.post("/admin/issuers", b.get("/admin/issuers").hidden(map[string]string{"issuer_name": "north", "called_en": "North office", "country": "ke", "configs": "SocialRegistryPerson_ldp_vc", "reason": "the north"})).
			want(t, http.StatusOK, "after the next start")
		w.staff("en", registry.RoleAuditor).get("/admin/issuers").want(t, http.StatusOK, w.URL)
	})
}
