package conformance_test

import (
	"testing"

	"socialregistry/internal/dbtest"
)

// vciModules are those of the credential issuer (class prefix VCIIssuer).
func vciModules() []module {
	const prefix = "oid4vci-1_0-issuer-"
	return []module{
		{prefix + "metadata-test", testMetadata, nil},
		{prefix + "metadata-test-signed", testSignedMetadata, nil},
		{prefix + "happy-flow", testHappyFlow, nil},
		{prefix + "happy-flow-additional-requests", testAdditionalRequests, nil},
		{prefix + "happy-flow-multiple-clients", testMultipleClients, nil},
		{prefix + "happy-flow-skip-notification", testSkipNotification, nil},
		{prefix + "batch-issuance", testBatch, nil},
		{prefix + "fail-invalid-nonce", testInvalidNonce, nil},
		{prefix + "fail-invalid-jwt-proof-signature", testInvalidProofSignature, nil},
		{prefix + "fail-invalid-key-attestation-signature", testInvalidKeyAttestationSignature, nil},
		{prefix + "fail-invalid-client-attestation-signature", attestation(brokenAttestation), isAttested},
		{prefix + "fail-invalid-client-attestation-pop-signature", attestation(brokenPoP), isAttested},
		{prefix + "fail-client-attestation-exp-in-past", attestation(expiredAttestation), isAttested},
		{prefix + "fail-client-attestation-no-sub", attestation(namelessAttestation), isAttested},
		{prefix + "fail-client-attestation-pop-wrong-aud", attestation(misdirectedPoP), isAttested},
		{prefix + "fail-mismatched-client-attestation-pop-key", attestation(foreignPoP), isAttested},
		{prefix + "fail-missing-proof", testMissingProof, nil},
		{prefix + "fail-unsupported-encryption-algorithm", testUnsupportedEncryption, isEncrypted},
		{prefix + "fail-unknown-credential-configuration", testUnknownConfiguration, nil},
		{prefix + "fail-unknown-credential-identifier", testUnknownIdentifier, nil},
		{prefix + "fail-on-access-token-in-query", testTokenInQuery, nil},
	}
}

// Every module of the suite, on one server for each database, but for those that
// need its clock moved (TestFAPITime).
func TestModules(t *testing.T) {
	t.Parallel()
	program := build(t)
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		s := startProgram(t, program, databaseURL)
		testIssuer(t, s)
		testFAPI(t, s)
	})
}

// testIssuer runs the issuer modules in every variant.
func testIssuer(t *testing.T, s *suite) {
	for _, m := range vciModules() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range variants() {
				if !m.runs(v) {
					continue
				}
				t.Run(v.String(), func(t *testing.T) {
					t.Parallel()
					m.run(s.begin(t, v))
				})
			}
		})
	}
}
