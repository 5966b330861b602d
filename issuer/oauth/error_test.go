package oauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
)

func TestStatusAndCodeOfEachError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err    *oauth.Error
		code   string
		status int
	}{
		{oauth.InvalidRequest("x"), "invalid_request", 400},
		{oauth.InvalidClient("x"), "invalid_client", 401},
		{oauth.InvalidGrant("x"), "invalid_grant", 400},
		{oauth.UnauthorizedClient("x"), "unauthorized_client", 400},
		{oauth.UnsupportedGrantType("x"), "unsupported_grant_type", 400},
		{oauth.InvalidScope("x"), "invalid_scope", 400},
		{oauth.InvalidToken("x"), "invalid_token", 401},
		{oauth.NoToken(), "invalid_token", 401},
		{oauth.InsufficientScope("x"), "insufficient_scope", 403},
		{oauth.InvalidDPoPProof("x"), "invalid_dpop_proof", 400},
		{oauth.InvalidDPoPProof("x").AtResource(), "invalid_dpop_proof", 401},
		{oauth.UseDPoPNonce("x"), "use_dpop_nonce", 400},
		{oauth.InvalidClientAttestation("x"), "invalid_client_attestation", 401},
		{oauth.UseAttestationChallenge("x"), "use_attestation_challenge", 400},
	} {
		if tc.err.Code != tc.code || tc.err.Status != tc.status {
			t.Errorf("got %s %d, want %s %d", tc.err.Code, tc.err.Status, tc.code, tc.status)
		}
	}
}

func TestErrorIsAndAsSeeThroughWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("nonce 7 used")
	err := fmt.Errorf("issue: %w", oauth.InvalidGrant("Used.").Because(cause))
	if !errors.Is(err, oauth.InvalidGrant("other words")) || errors.Is(err, oauth.InvalidRequest("")) {
		t.Error("Is does not go by the code")
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got := oauth.CodeOf(err); got != "invalid_grant" {
		t.Errorf("CodeOf = %q", got)
	}
	if got := oauth.CodeOf(cause); got != "" {
		t.Errorf("CodeOf(foreign) = %q, want none", got)
	}
}

func TestBecauseLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	first := oauth.InvalidGrant("x")
	if first.Because(errors.New("boom")); first.Err != nil {
		t.Error("Because changed its receiver")
	}
}

// Row 79 of the negative tests: an error body holds error and error_description
// only, in the characters of RFC 6749 §5.2, and never the cause.
func TestRow79ErrorBody(t *testing.T) {
	t.Parallel()
	err := &oauth.Error{Code: "invalid_request", Description: "a \"b\" \\ c\n\x00é\u202e" + strings.Repeat("x", 400), Status: 400, Err: errors.New("secret row")}
	for _, e := range []*oauth.Error{err, oauth.InvalidRequest(err.Description).Because(err.Err)} {
		raw, mErr := json.Marshal(e)
		if mErr != nil {
			t.Fatal(mErr)
		}
		var body map[string]string
		if err := json.Unmarshal(raw, &body); err != nil {
			t.Fatal(err)
		}
		if len(body) != 2 || body["error"] != "invalid_request" || strings.Contains(string(raw), "secret") {
			t.Errorf("body = %s", raw)
		}
		if d := body["error_description"]; !allowed(d) || len(d) != 300 || !strings.HasPrefix(d, "a 'b' / c????x") {
			t.Errorf("description = %q (%d)", d, len(d))
		}
	}
}

func allowed(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r > 0x7e || r == '"' || r == '\\'
	})
}

// Row 41: no token gives a bare challenge, a bad one names its error (RFC 6750 §3.1).
func TestRow41Challenge(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  *oauth.Error
		want string
	}{
		{oauth.NoToken(), `Bearer realm="credential issuer" / DPoP algs="ES256 EdDSA"`},
		{oauth.InvalidToken(`It is "over".`), `Bearer realm="credential issuer", error="invalid_token", error_description="It is 'over'."`},
		{oauth.InsufficientScope("No."), `Bearer realm="credential issuer", error="insufficient_scope", error_description="No."`},
		{oauth.InvalidToken("No.").AtResource(), `DPoP error="invalid_token", error_description="No.", algs="ES256 EdDSA"`},
		{oauth.InvalidDPoPProof("No.").AtResource(), `DPoP error="invalid_dpop_proof", error_description="No.", algs="ES256 EdDSA"`},
		{oauth.InvalidDPoPProof("No."), ""},
		{oauth.InvalidRequest("No."), ""},
	} {
		if got := strings.Join(tc.err.Challenges(), " / "); got != tc.want {
			t.Errorf("%s: challenge %q, want %q", tc.err.Code, got, tc.want)
		}
	}
}
