package conformance_test

import (
	"crypto"
	"crypto/ecdsa"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
	"socialregistry/issuer/mdoc"
	"socialregistry/issuer/verify"
)

// check holds a credential to all that the suite looks at: who signed it, when,
// whether it was withdrawn, its type, and the key that it is bound to.
func (s *suite) check(r *run, credential []byte, key *vciclient.Key) {
	r.Helper()
	if strings.ContainsAny(string(credential), "= \n") && r.variant.format == isomdl {
		r.Error("an mdoc is unpadded base64url")
	}
	result := s.trust.Verify(credential, r.client.Now())
	if result.Outcome != verify.Genuine && result.Outcome != verify.GenuineStatusUnknown { // the lists of the bundle are from before the issue
		r.Fatalf("%s: %s", result.Outcome, result.Reason)
	}
	if r.variant.format == sdjwt {
		checkSDJWT(r, string(credential), key)
		return
	}
	checkMdoc(r, string(credential), key)
}

// checkMdoc: ISO/IEC 18013-5 §9.1.2.4: the type, the elements' digests, and the device
// key, which is the one that was proved.
func checkMdoc(r *run, credential string, key *vciclient.Key) {
	r.Helper()
	content := mdocOf(r, credential)
	if want := r.issuer.Configurations[r.variant.configuration()].Doctype; content.DocType != want {
		r.Errorf("docType %q, want %q", content.DocType, want)
	}
	if !key.Signer.Public().(*ecdsa.PublicKey).Equal(content.DeviceKey) {
		r.Errorf("deviceKey %v is not the key that was proved", content.DeviceKey)
	}
}

// mdocOf reads IssuerSigned, in base64url.
func mdocOf(r *run, credential string) mdoc.Content {
	r.Helper()
	raw, err := decode64(credential)
	must(r, err)
	document, err := mdoc.Parse(raw)
	must(r, err)
	content, err := document.Verify(r.certified(document.Chain))
	must(r, err)
	return content
}

// checkSDJWT: SD-JWT VC §3: a signature by x5c (HAIP §6.1.1), typ, vct, cnf, salts that
// are used once.
func checkSDJWT(r *run, credential string, key *vciclient.Key) {
	r.Helper()
	parts := strings.Split(credential, "~")
	header, err := jose.Header(parts[0])
	must(r, err)
	_, err = jose.Verify(parts[0], leafKey(r, header), jose.ES256)
	must(r, err)
	claims := payloadOf(r, parts[0])
	if header["typ"] != vciclient.FormatSDJWT || claims["vct"] != r.issuer.Configurations[r.variant.configuration()].VCT {
		r.Errorf("typ %v, vct %v", header["typ"], claims["vct"])
	}
	cnf, _ := claims["cnf"].(map[string]any)
	jwk, _ := cnf["jwk"].(map[string]any)
	bound, err := jose.ParseJWK(jwk)
	if err != nil || !key.Signer.Public().(*ecdsa.PublicKey).Equal(bound) {
		r.Errorf("cnf %v is not the key that was proved (%v)", cnf, err)
	}
	if claims["exp"] == nil && claims["status"] == nil { // HAIP §6.1
		r.Error("neither exp nor status")
	}
	salts := map[any]bool{}
	for _, d := range parts[1 : len(parts)-1] {
		raw, err := decode64(d)
		must(r, err)
		list, err := jose.DecodeValue(raw)
		must(r, err)
		salt := list.([]any)[0]
		if salts[salt] {
			r.Error("a salt is used twice")
		}
		salts[salt] = true
	}
}

func payloadOf(r *run, jwt string) map[string]any {
	r.Helper()
	payload, err := jose.Payload(jwt)
	must(r, err)
	claims, err := jose.DecodeObject(payload)
	must(r, err)
	return claims
}

func publicJWK(r *run, key crypto.PublicKey) map[string]any {
	r.Helper()
	jwk, err := jose.PublicJWK(key)
	must(r, err)
	return jwk
}

func ecdsaKey(r *run, key crypto.Signer) *ecdsa.PrivateKey {
	r.Helper()
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		r.Fatalf("the key is a %T", key)
	}
	return k
}
