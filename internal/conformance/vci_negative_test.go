package conformance_test

import (
	"strings"

	"socialregistry/internal/vciclient"
)

// testInvalidNonce: a nonce that the issuer never made (§8.3.1.2).
func testInvalidNonce(r *run) {
	r.authorize()
	proofs, err := r.client.Proofs(r.issuer, r.want(1), "made-up-nonce")
	must(r, err)
	req := r.request(func(body map[string]any) { body["proofs"] = proofs })
	refused(r.T, r.suite.send(r.T, req), badRequest(), "invalid_nonce")
}

// testInvalidProofSignature: one character of the signature is another.
func testInvalidProofSignature(r *run) {
	r.authorize()
	refused(r.T, r.withBrokenProof("jwt", asIs), badRequest(), "invalid_proof")
	r.take(1) // the refusal took nothing
}

// withBrokenProof sends a request whose proof has another signature: changed in the
// bytes that go out, or, where those are sealed, before they are.
func (r *run) withBrokenProof(kind string, edit func(body map[string]any)) vciclient.Answer {
	r.Helper()
	var jwt string
	req := r.request(func(body map[string]any) {
		edit(body)
		proofs := body["proofs"].(map[string][]string)
		jwt = proofs[kind][0]
		if r.variant.encryption == encrypted {
			proofs[kind][0] = broken(jwt)
		}
	})
	if r.variant.encryption == encrypted {
		return r.suite.send(r.T, req)
	}
	return r.suite.send(r.T, req, instead(jwt, broken(jwt)))
}

// broken gives a JWT another signature of the same length.
func broken(jwt string) string {
	at := strings.LastIndexByte(jwt, '.') + 10
	other := byte('A')
	if jwt[at] == other {
		other = 'B'
	}
	return jwt[:at] + string(other) + jwt[at+1:]
}

// testInvalidKeyAttestationSignature: a key attestation as the proof (appendix
// F.3) whose signature is another; its twin is taken. The configuration wants
// attested keys.
func testInvalidKeyAttestationSignature(r *run) {
	v := r.variant
	v.attested = true
	r = r.suite.begin(r.T, v).authorize()
	w := r.want(1)
	w.Provider, w.ByAttestation = r.suite.provider, true
	a := r.withBrokenProof("attestation", func(body map[string]any) {
		proofs, err := r.client.Proofs(r.issuer, w, r.nonce())
		must(r, err)
		body["proofs"] = proofs
	})
	refused(r.T, a, badRequest(), "invalid_proof")
	r.takeAs(w)
}

func testMissingProof(r *run) {
	r.authorize()
	req := r.request(func(body map[string]any) { delete(body, "proofs") })
	refused(r.T, r.suite.send(r.T, req), badRequest(), "invalid_proof")
}

// testUnsupportedEncryption: an answer in a way that the issuer does not list
// (§8.3.1.2: the refusal itself is not encrypted).
func testUnsupportedEncryption(r *run) {
	r.authorize()
	for member, value := range map[string]any{"enc": "XC20P", "alg": "RSA1_5"} {
		body := map[string]any{"credential_configuration_id": r.variant.configuration()}
		req := r.sealed(body, func(parameters map[string]any) {
			if member == "alg" {
				parameters["jwk"].(map[string]any)["alg"] = value
				return
			}
			parameters[member] = value
		})
		refused(r.T, r.suite.send(r.T, req), badRequest(), "invalid_encryption_parameters")
	}
}

// sealed is an encrypted request with one proof, whose parameters for the answer
// are changed before it is sealed.
func (r *run) sealed(body map[string]any, edit func(parameters map[string]any)) vciclient.Request {
	r.Helper()
	proofs, err := r.client.Proofs(r.issuer, r.want(1), r.nonce())
	must(r, err)
	body["proofs"] = proofs
	envelope, err := r.client.NewEnvelope(r.issuer)
	must(r, err)
	envelope.Edit = edit
	req, err := r.client.SealedRequest(r.issuer.CredentialEndpoint, r.token, body, envelope, false)
	must(r, err)
	return req
}

func testUnknownConfiguration(r *run) {
	r.authorize()
	req := r.request(func(body map[string]any) {
		delete(body, "credential_identifier")
		body["credential_configuration_id"] = "unknown-configuration"
	})
	refused(r.T, r.suite.send(r.T, req), badRequest(), "unknown_credential_configuration")
}

func testUnknownIdentifier(r *run) {
	r.authorize()
	req := r.request(func(body map[string]any) {
		delete(body, "credential_configuration_id")
		body["credential_identifier"] = "unknown-identifier"
	})
	refused(r.T, r.suite.send(r.T, req), badRequest(), "unknown_credential_identifier")
}

// testTokenInQuery: the token in the query alone (RFC 6750 §2.3 is not taken).
func testTokenInQuery(r *run) {
	r.authorize()
	req := r.request(asIs)
	a := r.suite.send(r.T, req, without("Authorization"), instead(" HTTP/1.1", "?access_token="+r.token.Access+" HTTP/1.1"))
	if a.Status < 400 || a.Status >= 500 {
		r.Errorf("%d %s", a.Status, a.Body)
	}
}
