package main_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"socialregistry/contexts"
	"socialregistry/did"
	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
	"socialregistry/issuer/jwtvc"
	"socialregistry/issuer/mdoc"
)

const (
	sdjwtID  = "Person_dc_sd_jwt"
	ldpID    = "Person_ldp_vc"
	jwtID    = "Person_jwt_vc_json"
	mdocID   = "Person_mso_mdoc"
	grantURN = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
)

// testIssuer is a small issuer, written against the specification and not
// against our issuer. Each answer can be changed by its path before it is sent.
type testIssuer struct {
	t           *testing.T
	url         string
	ec          *ecdsa.PrivateKey
	ed          ed25519.PrivateKey
	contexts    *contexts.Set
	ldpContexts []string

	mu       sync.Mutex
	asked    []string // paths, in order
	change   map[string]func(a *reply)
	sign     func(format string, claims map[string]any) // changes what is signed
	txCode   string
	offered  []string               // configurations
	signer   *vciclient.Provider    // of mobile documents: a key with certificates
	signJWT  func(c *jwtvc.Content) // as sign
	signMdoc func(document *mdoc.Issue)
	client   string           // whose refresh tokens are taken, "" for no refresh tokens
	refresh  string           // the one that is good
	proofs   []map[string]any // headers of the proofs that came
	requests []map[string]any // bodies of the credential requests
}

// reply is an answer on its way out.
type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    string // instead of body
}

func newTestIssuer(t *testing.T) *testIssuer {
	t.Helper()
	i := &testIssuer{t: t, change: map[string]func(*reply){}, offered: []string{sdjwtID, ldpID}, signJWT: func(*jwtvc.Content) {}, signMdoc: func(*mdoc.Issue) {}}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.url = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	var err error
	if i.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, i.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	i.signer = newDocumentSigner(t)
	iri, doc, _ := contexts.Registry(i.url)
	i.ldpContexts = []string{"https://www.w3.org/ns/credentials/v2", iri}
	if i.contexts, err = contexts.New(map[string][]byte{iri: doc}); err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *testIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked = append(i.asked, r.Method+" "+r.URL.Path)
	a := &reply{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}}
	answers := map[string]func(*http.Request) map[string]any{
		"/offer": i.offer,
		"/.well-known/openid-credential-issuer/tenant":   i.metadata,
		"/.well-known/oauth-authorization-server/tenant": i.server,
		"/.well-known/jwt-vc-issuer/tenant":              i.keys,
		"/.well-known/did.json":                          i.didDocument,
		"/contexts/v1":                                   i.context,
		"/token":                                         i.token,
		"/nonce":                                         func(*http.Request) map[string]any { return map[string]any{"c_nonce": "nonce-1"} },
		"/credential":                                    i.credential,
	}
	if answer := answers[r.URL.Path]; answer != nil {
		a.body = answer(r)
	}
	if a.body == nil {
		a.status, a.body = http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": "The test issuer refuses."}
	}
	if change := i.change[r.URL.Path]; change != nil {
		change(a)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if a.raw != "" {
		fmt.Fprint(w, a.raw)
		return
	}
	if err := json.NewEncoder(w).Encode(a.body); err != nil {
		i.t.Error(err)
	}
}

func (i *testIssuer) id() string { return i.url + "/tenant" }

func (i *testIssuer) grant() map[string]any {
	g := map[string]any{"pre-authorized_code": "code-1"}
	if i.txCode != "" {
		g["tx_code"] = map[string]any{"length": len(i.txCode), "input_mode": "numeric", "description": "on your letter"}
	}
	return g
}

func (i *testIssuer) offer(*http.Request) map[string]any {
	return map[string]any{"credential_issuer": i.id(), "credential_configuration_ids": i.offered, "grants": map[string]any{grantURN: i.grant()}}
}

// byReference and byValue are the two forms of the link.
func (i *testIssuer) byReference() string {
	return "openid-credential-offer://?credential_offer_uri=" + url.QueryEscape(i.url+"/offer")
}

func (i *testIssuer) byValue() string {
	b, err := json.Marshal(i.offer(nil))
	if err != nil {
		i.t.Fatal(err)
	}
	return "openid-credential-offer://?credential_offer=" + url.QueryEscape(string(b))
}

func (i *testIssuer) metadata(*http.Request) map[string]any {
	jwt := map[string]any{"jwt": map[string]any{"proof_signing_alg_values_supported": []string{"ES256", "EdDSA"}}}
	return map[string]any{
		"credential_issuer": i.id(), "credential_endpoint": i.url + "/credential", "nonce_endpoint": i.url + "/nonce",
		"credential_configurations_supported": map[string]any{
			sdjwtID: map[string]any{"format": "dc+sd-jwt", "vct": i.url + "/person", "cryptographic_binding_methods_supported": []string{"jwk", "did:key"}, "proof_types_supported": jwt},
			ldpID: map[string]any{"format": "ldp_vc", "cryptographic_binding_methods_supported": []string{"did:key"}, "proof_types_supported": jwt,
				"credential_definition": map[string]any{"@context": i.ldpContexts, "type": []string{"VerifiableCredential", "SocialRegistryPersonCredential"}}},
			jwtID: map[string]any{"format": "jwt_vc_json", "cryptographic_binding_methods_supported": []string{"did:key"}, "proof_types_supported": jwt,
				"credential_definition": map[string]any{"type": []string{"VerifiableCredential", "SocialRegistryPersonCredential"}}},
			mdocID: map[string]any{"format": "mso_mdoc", "doctype": doctype, "cryptographic_binding_methods_supported": []string{"cose_key"}, "proof_types_supported": jwt},
		},
	}
}

func (i *testIssuer) server(*http.Request) map[string]any {
	return map[string]any{"issuer": i.id(), "token_endpoint": i.url + "/token", "grant_types_supported": []string{grantURN},
		"pre-authorized_grant_anonymous_access_supported": true}
}

func (i *testIssuer) keys(*http.Request) map[string]any {
	var list []any
	for kid, key := range map[string]crypto.Signer{"ec-1": i.ec, "mdoc-1": i.signer.Key} {
		jwk, err := jose.PublicJWK(key.Public())
		if err != nil {
			i.t.Error(err)
		}
		jwk["kid"] = kid
		list = append(list, jwk)
	}
	return map[string]any{"issuer": i.id(), "jwks": map[string]any{"keys": list}}
}

func (i *testIssuer) did() string {
	return "did:web:" + strings.Replace(strings.TrimPrefix(i.url, "http://"), ":", "%3A", 1)
}

func (i *testIssuer) didDocument(*http.Request) map[string]any {
	d, err := did.Document(i.did(), []did.PublicKey{{Fragment: "ed-1", Key: i.ed.Public()}})
	if err != nil {
		i.t.Error(err)
	}
	return d
}

func (i *testIssuer) context(*http.Request) map[string]any {
	doc, _ := i.contexts.Document(i.ldpContexts[1])
	m, err := jose.DecodeObject(doc)
	if err != nil {
		i.t.Error(err)
	}
	return m
}

func (i *testIssuer) token(r *http.Request) map[string]any {
	t := map[string]any{"access_token": "token-1", "token_type": "Bearer", "expires_in": 300}
	if i.client != "" {
		t["refresh_token"] = i.refresh
	}
	switch grant := r.PostFormValue("grant_type"); {
	case grant == grantURN && r.PostFormValue("pre-authorized_code") == "code-1" && r.PostFormValue("tx_code") == i.txCode:
		return t
	case grant == "refresh_token" && i.client != "" && r.PostFormValue("client_id") == i.client && r.PostFormValue("refresh_token") == i.refresh:
		return t
	}
	return nil
}
