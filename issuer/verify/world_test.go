package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/jwtvc"
	"socialregistry/issuer/mdoc"
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
	docType   = "org.example.person.1"
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
	ldpKey      crypto.Signer // signs the ldp_vc: one of these
	ca          *ecdsa.PrivateKey
	chain       [][]byte // of es, under ca
	edit        func(*mdoc.Issue)
	code        func(*claim169.Issue)
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
	w := &world{t: t, es: es, ed: ed, ldpKey: ed, set: set, signed: day(11, 1, 0), listIssuer: did, listType: "statuslist+jwt", listSigner: ed, made: day(11, 22, 6), ends: day(11, 29, 6), ttl: 12 * time.Hour}
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
	w.bundle.Issuers[0].Keys[0].CoseKID = base64.RawURLEncoding.EncodeToString([]byte("cose-1"))
	w.certify(day(11, 1, 0), day(12, 31, 0))
	return w
}

// certify gives the P-256 key a certificate for a time, under a new CA that the
// bundle trusts.
func (w *world) certify(from, until time.Time) {
	w.t.Helper()
	var err error
	if w.ca, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		w.t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA", Country: []string{"XX"}}, NotBefore: day(1, 1, 0), NotAfter: day(12, 31, 0), IsCA: true, BasicConstraintsValid: true}
	anchor, err := x509.CreateCertificate(rand.Reader, root, root, w.ca.Public(), w.ca)
	if err != nil {
		w.t.Fatal(err)
	}
	w.bundle.Issuers[0].Anchors = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: anchor}))
	w.chain = [][]byte{w.leaf(root, w.es.Public(), from, until)}
}

func (w *world) leaf(root *x509.Certificate, public crypto.PublicKey, from, until time.Time) []byte {
	w.t.Helper()
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "signer", Country: []string{"XX"}}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 0, 18013, 5, 1, 2}}} // a document signer
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, public, w.ca)
	if err != nil {
		w.t.Fatal(err)
	}
	return der
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
	switch format {
	case verify.FormatJWTVC:
		return w.jwtVC()
	case verify.FormatMdoc:
		return w.mobile()
	case verify.FormatClaim169:
		return w.paper()
	}
	method := did + "#ed-1"
	if w.ldpKey == crypto.Signer(w.es) {
		method = did + "#es-1"
	}
	doc, err := dataintegrity.Sign(w.set, w.doc, w.ldpKey, method, w.signed)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.json(doc)
}

// jwtVC says as a JWT what doc says.
func (w *world) jwtVC() []byte {
	w.t.Helper()
	from, err1 := time.Parse(time.RFC3339, w.doc["validFrom"].(string))
	until, err2 := time.Parse(time.RFC3339, w.doc["validUntil"].(string))
	claims := maps.Clone(w.doc["credentialSubject"].(map[string]any))
	delete(claims, "id")
	token, err := jwtvc.Content{ID: "urn:uuid:1", Issuer: w.doc["issuer"].(string), Holder: holderDID, Contexts: []string{url + "/contexts/v1"}, Types: []string{"SocialRegistryPersonCredential"},
		ValidFrom: from, ValidUntil: until, Claims: claims, Status: w.doc["credentialStatus"]}.Sign(w.ed, jose.EdDSA, did+"#ed-1")
	if err := errors.Join(err1, err2, err); err != nil {
		w.t.Fatal(err)
	}
	return []byte(token)
}

// mobile says as a mobile document what issue says.
func (w *world) mobile() []byte {
	w.t.Helper()
	holder, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	at := func(claim string) time.Time { n, _ := w.issue.Plain[claim].(int64); return time.Unix(n, 0) }
	i := mdoc.Issue{Key: w.es, Chain: w.chain, DocType: docType, DeviceKey: holder.Public(), Elements: map[string]map[string]any{docType: maps.Clone(w.issue.Disclose)},
		Signed: at("iat"), ValidFrom: at("nbf"), ValidUntil: at("exp")}
	if _, ok := w.issue.Plain["status"]; ok {
		i.Status = &mdoc.Status{Index: index, URI: tokenURI}
	}
	if w.edit != nil {
		w.edit(&i)
	}
	raw, err := i.Sign()
	if err != nil {
		w.t.Fatal(err)
	}
	return []byte(base64.RawURLEncoding.EncodeToString(raw))
}

// paper says as a code what issue says.
func (w *world) paper() []byte {
	w.t.Helper()
	at := func(claim string) time.Time { n, _ := w.issue.Plain[claim].(int64); return time.Unix(n, 0) }
	i := claim169.Issue{Profile: claim169.Spec, Key: w.es, KID: []byte("cose-1"), Issuer: url, Issued: at("iat"), NotBefore: at("nbf"), Expires: at("exp"),
		Attributes: map[int]any{claim169.FirstName: w.issue.Disclose["given_name"], claim169.LastName: w.issue.Disclose["family_name"]}}
	if _, ok := w.issue.Plain["status"]; ok {
		i.Status = &claim169.Status{Index: index, URI: tokenURI}
	}
	if w.code != nil {
		w.code(&i)
	}
	s, err := i.Sign()
	if err != nil {
		w.t.Fatal(err)
	}
	return []byte(s)
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

func formats() []string {
	return []string{verify.FormatSDJWT, verify.FormatLDP, verify.FormatJWTVC, verify.FormatMdoc, verify.FormatClaim169}
}

// result gives the check of that name.
func result(r verify.Result, name string) string {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Result
		}
	}
	return ""
}
