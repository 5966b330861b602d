package e2e_test

import (
	"net/url"
	"testing"
)

// preparedSettings are definitions that the tour shows.
type preparedSettings struct{ kid string }

// prepareSettings makes one of each kind that a new registry has none of.
func prepareSettings(t *testing.T, admin *client) (p preparedSettings) {
	t.Helper()
	for path, form := range map[string]url.Values{
		"/admin/attestation-statuses/new": {"key": {"no_letter"}, "label_en": {"No letter"}, "means": {"REJECTED"}, "reason": {"for the tour"}},
		"/admin/clients/new":              {"client_id": {"tour-wallet"}, "client_name": {"Wallet of the tour"}, "auth_method": {"attest_jwt_client_auth"}, "grant_types": {"authorization_code"}, "redirect_uris": {"https://wallet.example/tour"}, "reason": {"for the tour"}},
		"/admin/wallet-providers/new":     {"key": {"tour"}, "provider_name": {"Provider of the tour"}, "uses": {"key_attestation"}, "jwks": {tourKey}, "reason": {"for the tour"}},
	} {
		if _, at, err := admin.send(path, path, form); err != nil || at.Path == path {
			t.Fatalf("%s: at %v, %v", path, at, err)
		}
	}
	body, err := admin.get("/admin/keys")
	if err != nil {
		t.Fatal(err)
	}
	p.kid = match(t, body, `/admin/keys/([A-Za-z0-9_-]+)`)
	return p
}

const tourKey = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}]}`

// TestFieldWalk defines a field, looks at it before it is saved, and finds it in the
// form of a person.
func TestFieldWalk(t *testing.T) {
	p := prepare(t)
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.as("admin", staffPassword)
	x.open("/admin/fields/new")
	x.fill("#key", "shoe_width")
	x.fill("#label_en", "Shoe width")
	x.fill("#section", "other")
	x.fill("#pattern", "(")
	x.fill("#reason", "shoes are handed out")
	x.press("button[value=preview]")
	x.check("flow_field_refused") // this is no pattern
	if !x.has(".field.err #pattern") || x.has("#preview") {
		t.Fatal("a bad pattern is taken")
	}
	x.fill("#pattern", ".*")
	x.tick("#issuable")
	x.press("button[value=preview]")
	x.check("flow_field_preview")
	if x.text("#preview .claim") == "" || !x.has("#preview_f_shoe_width") {
		t.Fatalf("no preview: %s", x.text("main"))
	}
	x.press("button[value=save]")
	x.at("/admin/fields/shoe_width")
	x.check("flow_field_saved")
	x.open("/admin/people/" + p.person + "/edit")
	if !x.has("#f_shoe_width") {
		t.Fatal("the field is not in the form of a person")
	}
}

// settingsTour: what the registry is like.
func (p prepared) settingsTour() []stop {
	return []stop{
		{"/admin/settings", "/admin/settings", "admin"}, {"/admin/appearance", "/admin/appearance", "admin"}, {"", "/admin/settings", "attester"},
		{"/admin/fields", "/admin/fields", "admin"}, {"/admin/fields/new", "/admin/fields/new", "admin"},
		{"/admin/fields/:key", "/admin/fields/given_name", "admin"}, {"/admin/fields/:key/edit", "/admin/fields/sex/edit", "admin"},
		{"/admin/roles", "/admin/roles", "attester"}, {"/admin/staff", "/admin/staff", "admin"}, {"/admin/staff/new", "/admin/staff/new", "admin"},
		{"/admin/staff/:name", "/admin/staff/registrar", "admin"}, {"/admin/tokens", "/admin/tokens", "auditor"},
		{"/admin/group-kinds", "/admin/group-kinds", "admin"}, {"/admin/group-kinds/new", "/admin/group-kinds/new", "admin"}, {"/admin/group-kinds/:key", "/admin/group-kinds/household", "admin"},
		{"/admin/identifier-types", "/admin/identifier-types", "admin"}, {"/admin/identifier-types/new", "/admin/identifier-types/new", "admin"}, {"/admin/identifier-types/:key", "/admin/identifier-types/passport", "auditor"},
		{"/admin/attestation-statuses", "/admin/attestation-statuses", "admin"}, {"/admin/attestation-statuses/new", "/admin/attestation-statuses/new", "admin"},
		{"/admin/clients", "/admin/clients", "admin"}, {"/admin/clients/new", "/admin/clients/new", "admin"}, {"/admin/wallet-providers", "/admin/wallet-providers", "auditor"}, {"/admin/wallet-providers/new", "/admin/wallet-providers/new", "admin"},
		{"/admin/keys", "/admin/keys", "admin"}, {"/admin/issuers", "/admin/issuers", "admin"}, {"/admin/trust", "/admin/trust", "admin"},
		{"/admin/issued", "/admin/issued", "registrar"}, {"/admin/issued/:id", "/admin/issued/" + p.credential, "registrar"}, {"/admin/offers", "/admin/offers", "registrar"}, {"", "/admin/issued?standing=failed&person_number=SR-0", "attester"},
		{"/admin/credentials", "/admin/credentials", "admin"}, {"/admin/credentials/:config", "/admin/credentials/" + p.config, "admin"}, {"/admin/credentials/:config/edit", "/admin/credentials/" + p.config + "/edit", "admin"},
		{"/admin/attestation-statuses/:key", "/admin/attestation-statuses/no_letter", "admin"}, {"/admin/clients/:key", "/admin/clients/tour-wallet", "admin"},
		{"/admin/wallet-providers/:key", "/admin/wallet-providers/tour", "auditor"}, {"/admin/keys/:kid", "/admin/keys/" + p.settings.kid, "admin"},
		{"", "/admin/fields/no_such_field", "auditor"}, {"", "/admin/fields", "registrar"},
	}
}
