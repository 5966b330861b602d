package oid4vci_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

const goodRequest = `{"credential_configuration_id":"Person","proofs":{"jwt":["a.b.c"]}}`

// wantCode demands a protocol error with this code and status 400.
func wantCode(t *testing.T, body, code string) {
	t.Helper()
	got, err := oid4vci.ParseCredentialRequest([]byte(body))
	var e *oauth.Error
	if !errors.As(err, &e) || e.Code != code || e.Status != 400 || got != (oid4vci.CredentialRequest{}) {
		t.Errorf("%.80q: %v, want %s", body, err, code)
	}
}

func TestParseCredentialRequest(t *testing.T) {
	t.Parallel()
	want := oid4vci.CredentialRequest{ConfigurationID: "Person", ProofJWT: "a.b.c"}
	for _, body := range []string{
		goodRequest,
		"\n" + goodRequest + " ",
		strings.Replace(goodRequest, "{", `{"x-unknown":{"a":[1,null]},"claims":{"name":"Mallory"},`, 1), // row 71
		strings.Replace(goodRequest, "{", `{"proof":{"proof_type":"jwt","jwt":"x"},`, 1),                 // proofs is there: proof is an unknown member
	} {
		if got, err := oid4vci.ParseCredentialRequest([]byte(body)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

func TestRow44IDBothNeitherType(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		`"credential_configuration_id":"Person","credential_identifier":"p1",`,
		`"credential_configuration_id":"Person","credential_identifier":null,`,
		``,
		`"Credential_Configuration_Id":"Person",`,
		`"credential_configuration_id":["Person"],`,
		`"credential_configuration_id":null,`,
		`"credential_configuration_id":7,`,
		`"credential_configuration_id":"",`,
		`"credential_identifier":["p1"],`,
		`"credential_identifier":"",`,
	} {
		wantCode(t, `{`+id+`"proofs":{"jwt":["a.b.c"]}}`, "invalid_credential_request")
	}
}

func TestRow45IDUnknown(t *testing.T) {
	t.Parallel()
	wantCode(t, `{"credential_identifier":"p1","proofs":{"jwt":["a.b.c"]}}`, "unknown_credential_identifier")
	wantCode(t, `{"credential_configuration_id":"`+strings.Repeat("p", 257)+`","proofs":{"jwt":["a.b.c"]}}`, "unknown_credential_configuration")
}

func TestRow46ProofMissing(t *testing.T) {
	t.Parallel()
	for proofs, code := range map[string]string{
		``:                     "invalid_proof",
		`,"proofs":{}`:         "invalid_proof",
		`,"proofs":{"jwt":[]}`: "invalid_proof",
		`,"proof":{"proof_type":"jwt","jwt":"a.b.c"}`:     "invalid_proof",
		`,"proofs":{"di_vp":[{}]}`:                        "invalid_proof",
		`,"proofs":{"attestation":["a.b.c"]}`:             "invalid_proof",
		`,"proofs":{"JWT":["a.b.c"]}`:                     "invalid_proof",
		`,"proofs":{"jwt":["a.b.c"],"di_vp":[{}]}`:        "invalid_credential_request",
		`,"proofs":{"jwt":["a.b.c"],"attestation":["a"]}`: "invalid_credential_request",
		`,"proofs":null`:                                  "invalid_credential_request",
		`,"proofs":[]`:                                    "invalid_credential_request",
		`,"proofs":"a.b.c"`:                               "invalid_credential_request",
		`,"proofs":{"jwt":"a.b.c"}`:                       "invalid_credential_request",
		`,"proofs":{"jwt":null}`:                          "invalid_credential_request",
		`,"proofs":{"jwt":[null]}`:                        "invalid_credential_request",
		`,"proofs":{"jwt":[{"jwt":"a.b.c"}]}`:             "invalid_credential_request",
	} {
		wantCode(t, `{"credential_configuration_id":"Person"`+proofs+`}`, code)
	}
}

// Row 55: without batch metadata the batch size is 1.
func TestRow55BatchLimits(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 10, 1000} {
		many := strings.TrimSuffix(strings.Repeat(`"a.b.c",`, n), ",")
		wantCode(t, `{"credential_configuration_id":"Person","proofs":{"jwt":[`+many+`]}}`, "invalid_credential_request")
	}
}

// Row 58, as far as there is no encryption: an encrypted answer is refused, not
// given in the clear.
func TestRow58EncryptedAnswerIsRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []string{`{"jwk":{},"enc":"A128GCM"}`, `null`, `{}`} {
		wantCode(t, strings.Replace(goodRequest, "{", `{"credential_response_encryption":`+v+`,`, 1), "invalid_encryption_parameters")
	}
}

func TestRow59Body(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", " ", "null", "[]", `"x"`, "{", goodRequest + goodRequest, goodRequest + "x", "credential_configuration_id=Person",
		strings.Replace(goodRequest, "{", `{"credential_configuration_id":"Other",`, 1),
		strings.Replace(goodRequest, "{", `{"x":{"a":1,"a":2},`, 1),
		strings.Replace(goodRequest, "{", `{"a":1,"\u0061":2,`, 1),
		strings.Replace(goodRequest, "Person", "Pers\xff", 1),
		strings.Replace(goodRequest, "{", `{"x":`+strings.Repeat("[", 10000)+strings.Repeat("]", 10000)+`,`, 1),
		strings.Replace(goodRequest, "{", `{"x":1e999,`, 1),
		"\ufeff" + goodRequest,
	} {
		wantCode(t, body, "invalid_credential_request")
	}
}

func TestCredentialRequestSize(t *testing.T) {
	t.Parallel()
	for size, ok := range map[int]bool{oid4vci.MaxCredentialRequest - 1: true, oid4vci.MaxCredentialRequest: true, oid4vci.MaxCredentialRequest + 1: false} {
		pad := fmt.Sprintf(`{"pad":"%s",`, strings.Repeat("p", size-len(goodRequest)-len(`"pad":"",`)))
		body := strings.Replace(goodRequest, "{", pad, 1)
		if _, err := oid4vci.ParseCredentialRequest([]byte(body)); len(body) != size || (err == nil) != ok {
			t.Errorf("%d bytes (want %d): %v", len(body), size, err)
		}
	}
}

func FuzzParseCredentialRequest(f *testing.F) {
	f.Add([]byte(goodRequest))
	f.Add([]byte(`{"proofs":{"jwt":[{}]},"proof":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := oid4vci.ParseCredentialRequest(body)
		var e *oauth.Error
		if err != nil && (!errors.As(err, &e) || e.Status != 400) {
			t.Fatalf("not a protocol error: %v", err)
		}
		if err == nil && (req.ConfigurationID == "" || len(req.ConfigurationID) > 256) {
			t.Fatalf("accepted %+v", req)
		}
	})
}
