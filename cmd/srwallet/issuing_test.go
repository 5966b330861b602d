package main_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/jwtvc"
	"socialregistry/issuer/mdoc"
	"socialregistry/issuer/sdjwt"
)

// credential checks the proof (OID4VCI 1.0 appendix F.1) and issues.
func (i *testIssuer) credential(r *http.Request) map[string]any {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Authorization") != "Bearer token-1" {
		return nil
	}
	i.requests = append(i.requests, body)
	configuration, _ := body["credential_configuration_id"].(string)
	if configuration == "" {
		configuration, _, _ = strings.Cut(body["credential_identifier"].(string), "#")
	}
	var all []any
	for _, proof := range body["proofs"].(map[string]any)["jwt"].([]any) {
		header, key := i.checkProof(proof.(string))
		i.proofs = append(i.proofs, header)
		all = append(all, map[string]any{"credential": i.issue(configuration, header, key)})
	}
	return map[string]any{"credentials": all}
}

// issue makes a credential for a key that was proved by a proof with that header.
func (i *testIssuer) issue(configuration string, proof map[string]any, key crypto.PublicKey) any {
	switch configuration {
	case sdjwtID:
		return i.issueSDJWT(proof)
	case jwtID:
		return i.issueJWT(key)
	case mdocID:
		return i.issueMdoc(key)
	}
	return i.issueLDP(key)
}

func (i *testIssuer) checkProof(proof string) (header map[string]any, key crypto.PublicKey) {
	header, err := jose.Header(proof)
	if err != nil {
		i.t.Error(err)
	}
	if jwk, ok := header["jwk"].(map[string]any); ok {
		key, err = jose.ParseJWK(jwk)
	} else {
		key, err = did.NewResolver().Key(i.t.Context(), header["kid"].(string))
	}
	if err != nil {
		i.t.Error(err)
	}
	payload, err := jose.Verify(proof, key, jose.ES256, jose.EdDSA)
	if err != nil {
		i.t.Error(err)
	}
	var claims struct {
		Aud   string
		Nonce string
		Iat   int64
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Aud != i.id() || claims.Nonce != "nonce-1" || claims.Iat != now().Unix() ||
		header["typ"] != "openid4vci-proof+jwt" || strings.Contains(string(payload), `"iss"`) != (i.client != "") {
		i.t.Errorf("proof: header %v, claims %s, %v", header, payload, err)
	}
	return header, key
}

func (i *testIssuer) issueSDJWT(proof map[string]any) string {
	cnf := map[string]any{"jwk": proof["jwk"]}
	if proof["jwk"] == nil {
		cnf = map[string]any{"kid": proof["kid"]}
	}
	plain := map[string]any{"iss": i.id(), "vct": i.url + "/person", "iat": now().Unix(), "exp": now().Add(time.Hour).Unix(), "cnf": cnf}
	if i.sign != nil {
		i.sign("dc+sd-jwt", plain)
	}
	s, err := sdjwt.Issue{Key: i.ec, Alg: jose.ES256, KID: "ec-1", Plain: plain, Disclose: map[string]any{"given_name": "Amina", "birth_date": "1990-01-31"}}.Sign()
	if err != nil {
		i.t.Error(err)
	}
	return s
}

func (i *testIssuer) issueLDP(key crypto.PublicKey) map[string]any {
	holder, err := did.KeyDID(key)
	if err != nil {
		i.t.Error(err)
	}
	doc := map[string]any{
		"@context": []any{i.ldpContexts[0], i.ldpContexts[1]}, "type": []any{"VerifiableCredential", "SocialRegistryPersonCredential"}, "issuer": i.did(),
		"validFrom": now().Format(time.RFC3339), "validUntil": now().Add(time.Hour).Format(time.RFC3339),
		"credentialSubject": map[string]any{"id": holder, "givenName": "Amina"},
	}
	if i.sign != nil {
		i.sign("ldp_vc", doc)
	}
	signed, err := dataintegrity.Sign(i.contexts, doc, i.ed, i.did()+"#ed-1", now())
	if err != nil {
		i.t.Error(err)
	}
	return signed
}

func now() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// flip changes one character of a base64url text.
func flip(s string) string {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) == 0 {
		return s + "A"
	}
	b[len(b)/2] ^= 1
	return base64.RawURLEncoding.EncodeToString(b)
}

const doctype = "org.example.person.1"

func (i *testIssuer) issueJWT(key crypto.PublicKey) string {
	holder, err := did.KeyDID(key)
	if err != nil {
		i.t.Error(err)
	}
	c := jwtvc.Content{ID: "urn:uuid:1", Issuer: i.did(), Holder: holder, Types: []string{"SocialRegistryPersonCredential"},
		ValidFrom: now(), ValidUntil: now().Add(time.Hour), Claims: map[string]any{"givenName": "Amina"}}
	i.signJWT(&c)
	token, err := c.Sign(i.ed, jose.EdDSA, i.did()+"#ed-1")
	if err != nil {
		i.t.Error(err)
	}
	return token
}

func (i *testIssuer) issueMdoc(key crypto.PublicKey) string {
	d := mdoc.Issue{Key: i.signer.Key, Chain: i.signer.Chain, DocType: doctype, DeviceKey: key, Elements: map[string]map[string]any{doctype: {"given_name": "Amina"}},
		Signed: now(), ValidFrom: now(), ValidUntil: now().Add(time.Hour)}
	i.signMdoc(&d)
	raw, err := d.Sign()
	if err != nil {
		i.t.Error(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
