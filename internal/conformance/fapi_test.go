package conformance_test

import "testing"

// fapiModules are those of FAPI 2.0 Security Profile in the HAIP plan, and
// discovery. Three of them need a clock that the test moves: see TestFAPITime.
func fapiModules() []module {
	const prefix = "fapi2-security-profile-final-"
	return []module{
		{prefix + "discovery-end-point-verification", testMetadata, nil},
		{prefix + "happy-flow", testSkipNotification, nil},
		{prefix + "user-rejects-authentication", testDenied, nil},
		{prefix + "ensure-authorization-request-without-state-success", testWithoutState, nil},
		{prefix + "access-token-type-header-case-sensitivity", testSchemeCase, nil},
		{prefix + "check-dpop-proof-nbf-exp", testProofWithMore, nil},
		{prefix + "ensure-dpopproof-with-iat-10seconds-before-succeeds", testProofAt(-10), nil},
		{prefix + "ensure-dpopproof-with-iat-10seconds-after-succeeds", testProofAt(10), nil},
		{prefix + "ensure-mismatched-dpop-jkt-fails", testMismatchedJKT, nil},
		{prefix + "ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt", testOtherKeyThanProof, nil},
		{prefix + "ensure-token-endpoint-fails-with-mismatched-dpop-jkt", testOtherKeyThanJKT, nil},
		{prefix + "ensure-dpopproof-at-par-endpoint-binding-success", testSkipNotification, nil},
		{prefix + "ensure-dpop-auth-code-binding-success", testBoundByJKT, nil},
		{prefix + "ensure-different-state-inside-and-outside-request-object", testOtherStateOutside, nil},
		{prefix + "ensure-authorization-request-with-long-state", testLongState, nil},
		{prefix + "state-only-outside-request-object-not-used", testStateOutsideOnly, nil},
		{prefix + "ensure-request-object-without-redirect-uri-fails", parRefused(form("redirect_uri")), nil},
		{prefix + "plain-fapi-tolerate-unregistered-redirect-uri", parRefused(form("redirect_uri", "https://wallet.example/unregistered")), nil},
		{prefix + "ensure-unsigned-authorization-request-without-using-par-fails", testWithoutPAR, nil},
		{prefix + "ensure-redirect-uri-in-authorization-request", testRedirectOutsideOnly, nil},
		{prefix + "ensure-response-type-code-idtoken-fails", parRefused(form("response_type", "code id_token")), nil},
		{prefix + "ensure-response-type-token-fails", parRefused(form("response_type", "token")), nil},
		{prefix + "ensure-client-id-in-token-endpoint", testOtherClientID, nil},
		{prefix + "ensure-holder-of-key-required", tokenRefused(without("DPoP"), "invalid_dpop_proof"), nil},
		{prefix + "ensure-authorization-code-is-bound-to-client", testOtherClient, nil},
		{prefix + "dpop-negative-tests", testDPoPNegative, nil},
		{prefix + "refresh-token", testRefresh, nil},
		{prefix + "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", testPageTwice, nil},
		{prefix + "par-attempt-reuse-request_uri", testRequestURITwice, nil},
		{prefix + "par-attempt-to-use-request_uri-for-different-client", testForeignRequestURI, nil},
		{prefix + "par-authorization-request-containing-request_uri-form-param", parRefused(form("request_uri", "urn:ietf:params:oauth:request_uri:other")), nil},
		{prefix + "par-attempt-invalid-http-method", testPARByGet, nil},
		{prefix + "par-ensure-pkce-required", parRefused(form("code_challenge")), nil},
		{prefix + "ensure-pkce-code-verifier-required", tokenRefused(form("code_verifier"), "invalid_grant"), nil},
		{prefix + "incorrect-pkce-code-verifier-rejected", tokenRefused(form("code_verifier", "incorrect-incorrect-incorrect-incorrect-incorrect"), "invalid_grant"), nil},
		{prefix + "par-plain-pkce-rejected", parRefused(form("code_challenge_method", "plain")), nil},
		{prefix + "par-without-duplicate-parameters", testSkipNotification, nil},
	}
}

// testFAPI runs the FAPI modules for each way in which a client shows itself.
func testFAPI(t *testing.T, s *suite) {
	for _, m := range fapiModules() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for _, auth := range []string{privateKeyJWT, clientAttestation} {
				t.Run(auth, func(t *testing.T) {
					t.Parallel()
					m.run(s.begin(t, variant{format: sdjwt, flow: walletInitiated, auth: auth, encryption: plain, request: byScope}))
				})
			}
		})
	}
}
