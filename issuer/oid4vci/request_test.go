package oid4vci_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

const goodRequest = `{"credential_configuration_id":"Person","proofs":{"jwt":["a.b.c"]}}`

func policy() oid4vci.RequestPolicy { return oid4vci.RequestPolicy{BatchSize: 10} }

// wantCode demands a protocol error with this code and status 400.
func wantCode(t *testing.T, body, code string) {
	t.Helper()
	wantCodeWith(t, policy(), body, code)
}

func wantCodeWith(t *testing.T, policy oid4vci.RequestPolicy, body, code string) {
	t.Helper()
	got, err := oid4vci.ParseCredentialRequest([]byte(body), policy)
	var e *oauth.Error
	if !errors.As(err, &e) || e.Code != code || e.Status != 400 || got.ConfigurationID+got.Identifier != "" || got.JWTs != nil {
		t.Errorf("%.80q: %v, want %s", body, err, code)
	}
}

func TestParseCredentialRequest(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]oid4vci.CredentialRequest{
		goodRequest:              {ConfigurationID: "Person", JWTs: []string{"a.b.c"}},
		"\n" + goodRequest + " ": {ConfigurationID: "Person", JWTs: []string{"a.b.c"}},
		strings.Replace(goodRequest, "{", `{"x-unknown":{"a":[1,null]},"claims":{"name":"Mallory"},`, 1):// row 71
		{ConfigurationID: "Person", JWTs: []string{"a.b.c"}},
		strings.Replace(goodRequest, "{", `{"proof":{"proof_type":"jwt","jwt":"x"},`, 1):// proofs is there: proof is an unknown member
		{ConfigurationID: "Person", JWTs: []string{"a.b.c"}},
		`{"credential_identifier":"p1","proofs":{"jwt":["a","b"]}}`:     {Identifier: "p1", JWTs: []string{"a", "b"}},
		`{"credential_identifier":"p1","proofs":{"attestation":["a"]}}`: {Identifier: "p1", Attestation: "a"},
	} {
		if got, err := oid4vci.ParseCredentialRequest([]byte(body), policy()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

// The single proof of earlier drafts is taken where that is allowed.
func TestDraftProof(t *testing.T) {
	t.Parallel()
	drafts := policy()
	drafts.Drafts = true
	const id = `{"credential_configuration_id":"Person",`
	got, err := oid4vci.ParseCredentialRequest([]byte(id+`"proof":{"proof_type":"jwt","jwt":"a.b.c"}}`), drafts)
	if err != nil || !reflect.DeepEqual(got.JWTs, []string{"a.b.c"}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, proof := range []string{`{}`, `[]`, `null`, `"a.b.c"`, `{"proof_type":"cwt","jwt":"a.b.c"}`, `{"proof_type":"jwt"}`, `{"proof_type":"jwt","jwt":["a"]}`, `{"jwt":"a.b.c"}`} {
		wantCodeWith(t, drafts, id+`"proof":`+proof+`}`, "invalid_proof")
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
	wantCode(t, `{"credential_identifier":"`+strings.Repeat("p", 257)+`","proofs":{"jwt":["a.b.c"]}}`, "unknown_credential_identifier")
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
		`,"proofs":{"attestation":[]}`:                    "invalid_proof",
		`,"proofs":{"attestation":["a","b"]}`:             "invalid_proof",
		`,"proofs":{"attestation":"a.b.c"}`:               "invalid_credential_request",
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

// Row 55: as many proofs as a batch may have, and no more.
func TestRow55BatchLimits(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 10} {
		for n, ok := range map[int]bool{size: true, size + 1: false, 1000: false} {
			many := strings.TrimSuffix(strings.Repeat(`"a.b.c",`, n), ",")
			body := `{"credential_configuration_id":"Person","proofs":{"jwt":[` + many + `]}}`
			if !ok {
				wantCodeWith(t, oid4vci.RequestPolicy{BatchSize: size}, body, "invalid_credential_request")
			} else if got, err := oid4vci.ParseCredentialRequest([]byte(body), oid4vci.RequestPolicy{BatchSize: size}); err != nil || len(got.JWTs) != n {
				t.Errorf("%d of %d: %v", n, size, err)
			}
		}
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
		if _, err := oid4vci.ParseCredentialRequest([]byte(body), policy()); len(body) != size || (err == nil) != ok {
			t.Errorf("%d bytes (want %d): %v", len(body), size, err)
		}
	}
}

func FuzzParseCredentialRequest(f *testing.F) {
	f.Add([]byte(goodRequest))
	f.Add([]byte(`{"proofs":{"jwt":[{}]},"proof":1}`))
	f.Add([]byte(`{"credential_identifier":"a","proof":{"proof_type":"jwt","jwt":"a"},"credential_response_encryption":{"jwk":{},"enc":"A128GCM"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := oid4vci.ParseCredentialRequest(body, oid4vci.RequestPolicy{BatchSize: 3, Drafts: true, Encrypted: true})
		var e *oauth.Error
		if err != nil && (!errors.As(err, &e) || e.Status != 400) {
			t.Fatalf("not a protocol error: %v", err)
		}
		one := (req.ConfigurationID == "") != (req.Identifier == "") && (len(req.JWTs) == 0) != (req.Attestation == "")
		if err == nil && (!one || len(req.ConfigurationID+req.Identifier) > 256 || len(req.JWTs) > 3) {
			t.Fatalf("accepted %+v", req)
		}
	})
}
