package main_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	metadataPath = "/.well-known/openid-credential-issuer/tenant"
	serverPath   = "/.well-known/oauth-authorization-server/tenant"
	keysPath     = "/.well-known/jwt-vc-issuer/tenant"
	didPath      = "/.well-known/did.json"
)

// set gives a change of one member of an answer.
func set(member string, value any) func(*reply) { return func(a *reply) { a.body[member] = value } }

func raw(body string) func(*reply) { return func(a *reply) { a.raw = body } }

func header(name, value string) func(*reply) { return func(a *reply) { a.header.Set(name, value) } }

// configure changes one configuration in the metadata.
func configure(id, member string, value any) func(*reply) {
	return func(a *reply) {
		all := a.body["credential_configurations_supported"].(map[string]any)
		all[id].(map[string]any)[member] = value
	}
}

// Each answer is changed in one place; the twin without the change passes in
// TestAcceptTakesBothFormats.
func TestRefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		change func(*reply)
		want   string
	}{
		"offer: not found":            {"/offer", func(a *reply) { a.status = 404 }, "the offer is used already, or over (http"},
		"offer: gone":                 {"/offer", func(a *reply) { a.status = 410; a.header.Set("Content-Type", "text/html") }, "the offer is used already, or over (http"},
		"offer: server at fault":      {"/offer", func(a *reply) { a.status = 500 }, "the offer: http"},
		"offer: HTML":                 {"/offer", header("Content-Type", "text/html"), "with no JSON"},
		"offer: redirect":             {"/offer", func(a *reply) { a.status = 302; a.header.Set("Location", "/other") }, "answers 302"},
		"offer: too long":             {"/offer", raw(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`), "longer than"},
		"offer: a member twice":       {"/offer", raw(`{"credential_issuer":"https://a.example","credential_issuer":"https://b.example"}`), "the offer"},
		"offer: another issuer":       {"/offer", set("credential_issuer", "https://other.example"), "is for another issuer"},
		"offer: issuer by http":       {"/offer", set("credential_issuer", "http://other.example"), "not https"},
		"offer: issuer with query":    {"/offer", func(a *reply) { a.body["credential_issuer"] = a.body["credential_issuer"].(string) + "?x=1" }, "has a query"},
		"offer: issuer with fragment": {"/offer", func(a *reply) { a.body["credential_issuer"] = a.body["credential_issuer"].(string) + "#x" }, "fragment"},
		"offer: no configurations":    {"/offer", set("credential_configuration_ids", []string{}), "credential_configuration_ids"},
		"offer: one twice":            {"/offer", set("credential_configuration_ids", []string{ldpID, ldpID}), "none twice"},
		"offer: steers the terminal":  {"/offer", set("credential_configuration_ids", []string{"x\x1b[2J"}), "control character"},
		"offer: unknown one":          {"/offer", set("credential_configuration_ids", []string{"Other"}), `"Other" is not there`},
		"offer: no grant":             {"/offer", set("grants", map[string]any{"other": map[string]any{}}), "neither a pre-authorized code"},
		"offer: over the browser":     {"/offer", set("grants", map[string]any{"authorization_code": map[string]any{}}), "give --client-id"},
		"offer: wrong type":           {"/offer", set("credential_configuration_ids", "one"), "wrong type"},
		"offer: empty tx_code": {"/offer", func(a *reply) {
			a.body["grants"].(map[string]any)[grantURN].(map[string]any)["tx_code"] = map[string]any{}
		}, "needs a transaction code"},
		"offer: foreign server": {"/offer", func(a *reply) {
			a.body["grants"].(map[string]any)[grantURN].(map[string]any)["authorization_server"] = "https://as.example"
		}, "that the issuer does not"},

		"metadata: of another issuer":     {metadataPath, set("credential_issuer", "https://other.example"), "describes another issuer"},
		"metadata: a slash more":          {metadataPath, func(a *reply) { a.body["credential_issuer"] = a.body["credential_issuer"].(string) + "/" }, "describes another issuer"},
		"metadata: endpoint by http":      {metadataPath, set("credential_endpoint", "http://issuer.example/credential"), "credential_endpoint"},
		"metadata: no endpoint":           {metadataPath, set("credential_endpoint", ""), "credential_endpoint"},
		"metadata: nonce by http":         {metadataPath, set("nonce_endpoint", "http://issuer.example/nonce"), "nonce_endpoint"},
		"metadata: unknown format":        {metadataPath, configure(ldpID, "format", "vc+sd-jwt"), "does not know the format"},
		"metadata: no vct":                {metadataPath, configure(sdjwtID, "vct", ""), "vct is missing"},
		"metadata: no type":               {metadataPath, configure(ldpID, "credential_definition", nil), "no type"},
		"metadata: binding without proof": {metadataPath, configure(ldpID, "proof_types_supported", nil), "must come together"},
		"metadata: no proof of ours":      {metadataPath, configure(ldpID, "proof_types_supported", map[string]any{"di_vp": map[string]any{}}), "no proof that this wallet can make"},
		"metadata: no binding of ours":    {metadataPath, configure(ldpID, "cryptographic_binding_methods_supported", []string{"jwk"}), "can be bound neither"},
		"metadata: demands encryption":    {metadataPath, set("credential_response_encryption", map[string]any{"encryption_required": true}), "encrypted"},

		"server: of another issuer": {serverPath, set("issuer", "https://other.example"), "describes another server"},
		"server: token by http":     {serverPath, set("token_endpoint", "http://as.example/token"), "token_endpoint"},
		"server: other grants":      {serverPath, set("grant_types_supported", []string{"authorization_code"}), "does not take pre-authorized codes"},
		"server: not anonymous":     {serverPath, set("pre-authorized_grant_anonymous_access_supported", false), "that it knows only"},
		"server: says nothing":      {serverPath, func(a *reply) { delete(a.body, "pre-authorized_grant_anonymous_access_supported") }, "that it knows only"},

		"token: refused": {"/token", func(a *reply) {
			a.status, a.body = 400, map[string]any{"error": "invalid_grant", "error_description": "used\x1b[2J"}
		}, "refuses with 400 invalid_grant: used[2J"},
		"token: DPoP":        {"/token", set("token_type", "DPoP"), "no bearer token"},
		"token: none":        {"/token", set("access_token", ""), "no bearer token"},
		"token: may be kept": {"/token", header("Cache-Control", "private"), "no-store"},
		"nonce: none":        {"/nonce", set("c_nonce", ""), "no c_nonce"},
		"nonce: may be kept": {"/nonce", func(a *reply) { a.header.Del("Cache-Control") }, "no-store"},

		"credential: denied":      {"/credential", func(a *reply) { a.status, a.body = 400, map[string]any{"error": "credential_request_denied"} }, "credential_request_denied"},
		"credential: later":       {"/credential", func(a *reply) { a.status, a.body = 202, map[string]any{"transaction_id": "t", "interval": 5} }, "will issue later"},
		"credential: later, when": {"/credential", func(a *reply) { a.status, a.body = 202, map[string]any{"transaction_id": "t"} }, "no transaction_id or interval"},
		"credential: none":        {"/credential", set("credentials", []any{}), "0 credentials came"},
		"credential: two":         {"/credential", set("credentials", []any{map[string]any{"credential": "a"}, map[string]any{"credential": "b"}}), "2 credentials came"},
		"credential: an object":   {"/credential", set("credentials", []any{map[string]any{"credential": map[string]any{}}}), "must be a string"},
		"credential: may be kept": {"/credential", header("Cache-Control", "max-age=60"), "no-store"},

		"keys: of another issuer": {keysPath, set("issuer", "https://other.example"), "for another issuer"},
		"keys: both forms":        {keysPath, set("jwks_uri", "https://other.example"), "has not one of"},
		"keys: not that one":      {keysPath, set("jwks", map[string]any{"keys": []any{}}), "no such key"},
		"document: of another":    {didPath, set("id", "did:web:other.example"), "document of another DID"},
		"document: no keys":       {didPath, set("assertionMethod", []string{}), "not genuine: unknown_issuer"},
		"context: altered":        {"/contexts/v1", raw(`{"@context":{"givenName":"https://other.example/name"}}`), "not genuine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, dir := newTestIssuer(t), t.TempDir()
			i.change[c.path] = c.change
			code, _, words := wallet("accept", "--dir", dir, i.byReference())
			if code != 1 || !strings.Contains(words, c.want) || strings.ContainsRune(words, '\x1b') {
				t.Errorf("exit %d, want 1 and %q in:\n%s", code, c.want, words)
			}
			noDrafts(t, dir)
			if left, err := filepath.Glob(filepath.Join(dir, "unchecked-*")); err != nil || len(left) > 0 {
				t.Errorf("%v was left, %v", left, err)
			}
		})
	}
}

// noDrafts: a refusal leaves no key behind.
func noDrafts(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "draft-") {
			t.Errorf("%s was left", e.Name())
		}
	}
}

func TestRefusesWrongLinks(t *testing.T) {
	t.Parallel()
	i := newTestIssuer(t)
	reference, value := url.QueryEscape(i.url+"/offer"), url.QueryEscape(`{}`)
	for link, want := range map[string]string{
		"https://wallet.example/?credential_offer_uri=" + reference:                                         "does not begin with",
		"openid-credential-offer://":                                                                        "either credential_offer or credential_offer_uri",
		"openid-credential-offer://?credential_offer=" + value + "&credential_offer_uri=" + reference:       "either credential_offer or credential_offer_uri",
		"openid-credential-offer://?credential_offer=" + value + "&credential_offer=" + value:               "and once",
		"openid-credential-offer://?credential_offer_uri=" + reference + "&credential_offer_uri=x":          "and once",
		"openid-credential-offer://?credential_offer_uri=%zz":                                               "malformed",
		"openid-credential-offer://?credential_offer_uri=" + url.QueryEscape("http://issuer.example/o"):     "not https",
		"openid-credential-offer://?credential_offer_uri=" + url.QueryEscape("file:///etc/passwd"):          "not a web address",
		"openid-credential-offer://?credential_offer_uri=" + url.QueryEscape("https://u:p@issuer.example/"): "user name",
		"openid-credential-offer://?credential_offer=" + url.QueryEscape(`[]`):                              "not a JSON object",
		"openid-credential-offer://?credential_offer=" + url.QueryEscape(`{"credential_issuer":7}`):         "wrong type",
		"openid-credential-offer://?credential_offer=" + value:                                              "credential_issuer",
	} {
		if code, _, words := wallet("accept", "--dir", t.TempDir(), link); code != 1 || !strings.Contains(words, want) {
			t.Errorf("%s: exit %d, want 1 and %q in:\n%s", link, code, want, words)
		}
	}
	if len(i.asked) != 0 {
		t.Errorf("the issuer was asked: %v", i.asked)
	}
}

// What is signed by the right key may still not be what was offered.
func TestRefusesCredentialsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	const stranger = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	strangerJWK := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "Lm_M42cB3HkUiODQsXRcweM6TByfzEHGO9ND274JcOY"}
	past, future := now().Add(-3600e9), now().Add(3600e9)
	for name, c := range map[string]struct {
		format, member string
		value          any
		want           string
	}{
		"sd-jwt: another key":      {"dc+sd-jwt", "cnf", map[string]any{"jwk": strangerJWK}, "not bound to the key"},
		"sd-jwt: key as kid":       {"dc+sd-jwt", "cnf", map[string]any{"kid": stranger}, "not bound to the key"},
		"sd-jwt: no key":           {"dc+sd-jwt", "cnf", nil, "not bound to the key"},
		"sd-jwt: another type":     {"dc+sd-jwt", "vct", "https://other.example/type", "vct is not that"},
		"sd-jwt: another issuer":   {"dc+sd-jwt", "iss", "https://other.example", "another issuer"},
		"sd-jwt: over":             {"dc+sd-jwt", "exp", past.Unix(), "not valid now (exp)"},
		"sd-jwt: over this second": {"dc+sd-jwt", "exp", now().Unix(), "not valid now (exp)"},
		"sd-jwt: not yet":          {"dc+sd-jwt", "nbf", future.Unix(), "not valid now (nbf)"},
		"sd-jwt: exp as text":      {"dc+sd-jwt", "exp", "tomorrow", "exp is no number"},
		"ldp: another subject":     {"ldp_vc", "credentialSubject", map[string]any{"id": stranger}, "not bound to the key"},
		"ldp: no subject":          {"ldp_vc", "credentialSubject", map[string]any{"givenName": "Amina"}, "not bound to the key"},
		"ldp: another type":        {"ldp_vc", "type", []any{"VerifiableCredential"}, "not the types"},
		"ldp: another issuer":      {"ldp_vc", "issuer", "did:web:other.example", "another issuer"},
		"ldp: no did:web":          {"ldp_vc", "issuer", stranger, "no did:web"},
		"ldp: over":                {"ldp_vc", "validUntil", past.Format("2006-01-02T15:04:05Z"), "expired"},
		"ldp: not yet":             {"ldp_vc", "validFrom", future.Format("2006-01-02T15:04:05Z"), "not_yet_valid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newTestIssuer(t)
			i.sign = func(format string, claims map[string]any) {
				if format == c.format {
					claims[c.member] = c.value
				}
			}
			code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference())
			if code != 1 || !strings.Contains(words, "refused: ") || !strings.Contains(words, c.want) {
				t.Errorf("exit %d, want 1 and %q in:\n%s", code, c.want, words)
			}
		})
	}
}

// changeCredential gives a change of the credential itself, after signing.
func changeCredential(f func(credential any) any) func(*reply) {
	return func(a *reply) {
		first := a.body["credentials"].([]any)[0].(map[string]any)
		first["credential"] = f(first["credential"])
	}
}

func TestRefusesAlteredCredentials(t *testing.T) {
	t.Parallel()
	text := func(f func(parts []string) []string) func(any) any {
		return func(c any) any {
			s, ok := c.(string)
			if !ok {
				return c // the other format
			}
			return strings.Join(f(strings.Split(s, "~")), "~")
		}
	}
	jwsPart := func(n int) func([]string) []string {
		return func(p []string) []string {
			jws := strings.Split(p[0], ".")
			jws[n] = flip(jws[n])
			p[0] = strings.Join(jws, ".")
			return p
		}
	}
	for name, c := range map[string]struct {
		change func(any) any
		want   string
	}{
		"sd-jwt: payload":    {text(jwsPart(1)), "refused"},
		"sd-jwt: signature":  {text(jwsPart(2)), "signature is not the issuer's"},
		"sd-jwt: disclosure": {text(func(p []string) []string { p[1] = flip(p[1]); return p }), "refused"},
		"sd-jwt: one more": {text(func(p []string) []string {
			return append([]string{p[0], "WyJzYWx0IiwicmVnaW9uIiwiTm9ydGgiXQ"}, p[1:]...)
		}), "not one that the issuer signed"},
		"sd-jwt: one twice":        {text(func(p []string) []string { return append([]string{p[0], p[1]}, p[1:]...) }), "not one that the issuer signed"},
		"sd-jwt: with key binding": {text(func(p []string) []string { p[len(p)-1] = p[0]; return p }), "must end with ~"},
		"sd-jwt: a plain JWT":      {text(func(p []string) []string { return p[:1] }), "must end with ~"},
		"ldp: one name": {func(c any) any {
			if m, ok := c.(map[string]any); ok {
				m["credentialSubject"].(map[string]any)["givenName"] = "Amena"
			}
			return c
		}, "not genuine: altered"},
		"ldp: no proof": {func(c any) any {
			if m, ok := c.(map[string]any); ok {
				delete(m, "proof")
			}
			return c
		}, "not genuine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newTestIssuer(t)
			i.change["/credential"] = changeCredential(c.change)
			code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference())
			if code != 1 || !strings.Contains(words, c.want) {
				t.Errorf("exit %d, want 1 and %q in:\n%s", code, c.want, words)
			}
		})
	}
}

// A key list by address is as good as one in place, under the same rules.
func TestKeysByAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]int{"": 0, "http://keys.example/jwks": 1} {
		i := newTestIssuer(t)
		i.change[keysPath] = func(a *reply) {
			a.body["jwks_uri"] = i.url + "/jwks"
			if address != "" {
				a.body["jwks_uri"] = address
			}
			delete(a.body, "jwks")
		}
		i.change["/jwks"] = func(a *reply) { a.status, a.body = 200, i.keys(nil)["jwks"].(map[string]any) }
		if code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference()); code != want {
			t.Errorf("jwks_uri %q: exit %d, want %d\n%s", address, code, want, words)
		}
	}
}

func FuzzOfferLinkNeverPanics(f *testing.F) {
	for _, seed := range []string{"openid-credential-offer://?credential_offer={}", "openid-credential-offer://?credential_offer_uri=https%3A%2F%2F", "x", fmt.Sprintf("%c", 0)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, link string) {
		if strings.Contains(link, "credential_offer_uri") || strings.Contains(link, "http") {
			return // nothing is fetched in a fuzz test
		}
		if code, _, _ := wallet("accept", "--dir", t.TempDir(), "--", link); code == 0 {
			t.Errorf("%q was accepted", link)
		}
	})
}
