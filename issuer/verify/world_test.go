package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

const (
	url       = "https://registry.example"
	did       = "did:web:registry.example"
	tokenURI  = url + "/status/token/1"
	bitsURI   = url + "/status/bitstring/1"
	pauseURI  = url + "/status/bitstring/2"
	holderDID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	index     = 4711
)

// The times of every test: nothing depends on the clock.
func day(month time.Month, d, hour int) time.Time {
	return time.Date(2026, month, d, hour, 0, 0, 0, time.UTC)
}

func now() time.Time { return day(11, 22, 9) }

// world is an issuer, its status lists, and what a verifier was given of it. A
// test changes a field before it asks.
type world struct {
	t           testing.TB
	es          *ecdsa.PrivateKey
	ed          ed25519.PrivateKey
	set         *contexts.Set
	issue       sdjwt.Issue
	doc         map[string]any
	signed      time.Time      // proof.created
	value       byte           // status of the credential
	list        map[string]any // changed claims of the token list
	listDoc     map[string]any // changed members of the bitstring list
	listIssuer  string
	listType    string // typ of the token list
	listSigner  ed25519.PrivateKey
	made, ends  time.Time // of the lists
	ttl         time.Duration
	withoutList bool
	bundle      verify.Bundle
}

func newWorld(t testing.TB) *world {
	t.Helper()
	es, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	iri, doc, _ := contexts.Registry(url)
	set, err := contexts.New(map[string][]byte{iri: doc})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, es: es, ed: ed, set: set, signed: day(11, 1, 0), listIssuer: did, listType: "statuslist+jwt", listSigner: ed, made: day(11, 22, 6), ends: day(11, 29, 6), ttl: 12 * time.Hour}
	w.issue = sdjwt.Issue{Key: es, Alg: jose.ES256, KID: "es-1",
		Plain: map[string]any{"iss": url, "iat": day(11, 1, 0).Unix(), "nbf": day(11, 1, 0).Unix(), "exp": day(12, 1, 0).Unix(), "vct": url + "/credentials/types/person",
			"cnf":    map[string]any{"kid": holderDID},
			"status": map[string]any{"status_list": map[string]any{"idx": index, "uri": tokenURI}}},
		Disclose: map[string]any{"given_name": "Amina", "family_name": "Diallo"}}
	w.doc = map[string]any{
		"@context": []any{contexts.CredentialsV2, iri}, "id": "urn:uuid:4f7a2f0e-6c0e-4b8e-9b6e-0a6a3a3b0c11", "type": []any{"VerifiableCredential", "SocialRegistryPersonCredential"},
		"issuer": did, "validFrom": "2026-11-01T00:00:00Z", "validUntil": "2026-12-01T00:00:00Z",
		"credentialSubject": map[string]any{"id": holderDID, "givenName": "Amina", "familyName": "Diallo"},
		"credentialStatus":  bitstringEntry(bitsURI, "revocation")}
	w.bundle = verify.Bundle{Version: verify.BundleVersion, Seq: 7, Created: day(11, 22, 6), NotAfter: day(12, 22, 6),
		Issuers: []verify.BundleIssuer{{ID: did, URL: url, Names: map[string]string{"en": "Ministry of Social Protection"}, Keys: []verify.BundleKey{
			w.key("es-1", es.Public(), "ES256"), w.key("ed-1", ed.Public(), "EdDSA")}}},
		Contexts: map[string]verify.Context{iri: verify.NewContext(doc)}}
	return w
}

func bitstringEntry(uri, purpose string) map[string]any {
	return map[string]any{"id": uri + "#4711", "type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": "4711", "statusListCredential": uri}
}

func (w *world) key(kid string, public crypto.PublicKey, alg string) verify.BundleKey {
	jwk, err := jose.PublicJWK(public)
	if err != nil {
		w.t.Fatal(err)
	}
	return verify.BundleKey{KID: kid, Method: did + "#" + kid, JWK: jwk, Alg: alg, NotBefore: day(10, 1, 0), NotAfter: day(12, 31, 0)}
}

// credential makes the credential of a format as the world now stands.
func (w *world) credential(format string) []byte {
	w.t.Helper()
	if format == verify.FormatSDJWT {
		s, err := w.issue.Sign()
		if err != nil {
			w.t.Fatal(err)
		}
		return []byte(s)
	}
	doc, err := dataintegrity.Sign(w.set, w.doc, w.ed, did+"#ed-1", w.signed)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.json(doc)
}

// json writes JSON as wallets keep it: without the escapes of HTML.
func (w *world) json(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		w.t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// tokenList makes the status list token with two bits per entry.
func (w *world) tokenList() string {
	l := status.New(status.MinBitstring, 2)
	if err := l.Set(index, w.value); err != nil {
		w.t.Fatal(err)
	}
	claims := map[string]any{"sub": tokenURI, "iat": w.made.Unix(), "ttl": int(w.ttl.Seconds()), "status_list": map[string]any{"bits": 2, "lst": l.TokenList()}}
	if !w.ends.IsZero() {
		claims["exp"] = w.ends.Unix()
	}
	for k, v := range w.list {
		claims[k] = v
	}
	s, err := jose.Sign(w.es, "ES256", map[string]any{"typ": w.listType, "kid": "es-1"}, w.json(claims))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// bitstring makes a bitstring list of a purpose.
func (w *world) bitstring(uri, purpose string, value byte) string {
	l := status.New(status.MinBitstring, 1)
	if err := l.Set(index, value); err != nil {
		w.t.Fatal(err)
	}
	doc := map[string]any{"@context": []any{contexts.CredentialsV2}, "id": uri, "type": []any{"VerifiableCredential", "BitstringStatusListCredential"}, "issuer": w.listIssuer,
		"validFrom":         w.made.Format(time.RFC3339),
		"credentialSubject": map[string]any{"type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": l.Bitstring(), "ttl": w.ttl.Milliseconds()}}
	if !w.ends.IsZero() {
		doc["validUntil"] = w.ends.Format(time.RFC3339)
	}
	for k, v := range w.listDoc {
		doc[k] = v
	}
	signed, err := dataintegrity.Sign(w.set, doc, w.listSigner, did+"#ed-1", w.made)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(w.json(signed))
}

// parsed gives the bundle, with its lists, through JSON.
func (w *world) parsed() *verify.Bundle {
	w.t.Helper()
	b := w.bundle
	b.Status = slices.Clone(b.Status)
	if !w.withoutList {
		revoked, suspended := byte(0), byte(0)
		switch w.value {
		case status.Invalid:
			revoked = 1
		case status.Suspended:
			suspended = 1
		}
		b.Status = append(b.Status, verify.BundleStatus{URI: tokenURI, Token: w.tokenList(), Fetched: w.made},
			verify.BundleStatus{URI: bitsURI, Token: w.bitstring(bitsURI, "revocation", revoked)}, verify.BundleStatus{URI: pauseURI, Token: w.bitstring(pauseURI, "suspension", suspended)})
	}
	out, err := verify.ParseBundle(w.json(b))
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func formats() []string { return []string{verify.FormatSDJWT, verify.FormatLDP} }

// result gives the check of that name.
func result(r verify.Result, name string) string {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Result
		}
	}
	return ""
}
