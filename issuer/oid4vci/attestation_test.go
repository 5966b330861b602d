package oid4vci_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// attesting is a bench whose configuration asks for key attestations, with a
// provider that signs with provider. What Verify does of times and chains is
// tested where it is.
func attesting(t *testing.T) (b *bench, provider *bench) {
	t.Helper()
	b, provider = newBench(t), newBench(t)
	b.policy.BatchSize = 3
	b.policy.Attestation = &oid4vci.AttestationPolicy{Now: noon(), MostKeys: 3, KeyStorage: []string{"iso_18045_high", "iso_18045_moderate"},
		UserAuthentication: []string{"iso_18045_high"}, Verify: func(compact, typ string) (map[string]any, error) {
			head, err := jose.Header(compact)
			if err != nil || head["typ"] != typ {
				return nil, errors.New("not of this typ")
			}
			payload, err := jose.Verify(compact, &provider.p256.PublicKey, jose.ES256)
			if err != nil {
				return nil, err
			}
			return jose.DecodeObject(payload)
		}}
	return b, provider
}

// keyAttestation is a good one for keys, which pairs change.
func keyAttestation(provider *bench, keys []any, pairs ...any) string {
	body := map[string]any{"iat": noon().Unix(), "exp": noon().Unix() + 300, "attested_keys": keys,
		"key_storage": []string{"iso_18045_basic", "iso_18045_moderate"}, "user_authentication": []string{"iso_18045_high"}}
	return provider.sign(map[string]any{"typ": "key-attestation+jwt", "alg": "ES256"}, with(body, pairs...))
}

func (b *bench) freshJWK() any {
	b.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.jwk(&key.PublicKey)
}

func TestRow56KeyAttestation(t *testing.T) {
	t.Parallel()
	b, provider := attesting(t)
	own, other := any(b.jwk(&b.p256.PublicKey)), b.freshJWK()
	for name, tc := range map[string]struct {
		attestation any
		inProof     bool // whether a jwt proof may carry it
		alone       bool // whether it is a proof of type attestation
	}{
		"good":               {keyAttestation(provider, []any{own}, "nonce", "n-1"), true, true},
		"two keys":           {keyAttestation(provider, []any{other, own}, "nonce", "n-1"), true, true},
		"three keys":         {keyAttestation(provider, []any{other, own, b.freshJWK()}, "nonce", "n-1"), true, true},
		"four keys":          {keyAttestation(provider, []any{other, own, b.freshJWK(), b.freshJWK()}, "nonce", "n-1"), false, false},
		"no nonce":           {keyAttestation(provider, []any{own}), true, false},
		"another nonce":      {keyAttestation(provider, []any{own}, "nonce", "n-2"), false, true}, // is asked after
		"a nonce of no text": {keyAttestation(provider, []any{own}, "nonce", 7), false, false},
		"no exp":             {keyAttestation(provider, []any{own}, "nonce", "n-1", "exp", nil), false, true},
		"no iat":             {keyAttestation(provider, []any{own}, "nonce", "n-1", "iat", nil), false, false},
		"another key":        {keyAttestation(provider, []any{other}, "nonce", "n-1"), false, true},
		"no keys":            {keyAttestation(provider, []any{}, "nonce", "n-1"), false, false},
		"keys missing":       {keyAttestation(provider, nil, "nonce", "n-1", "attested_keys", nil), false, false},
		"a key twice":        {keyAttestation(provider, []any{own, own}, "nonce", "n-1"), false, false},
		"a private key":      {keyAttestation(provider, []any{with(own.(map[string]any), "d", "AAAA")}, "nonce", "n-1"), false, false},
		"a key of no point":  {keyAttestation(provider, []any{with(own.(map[string]any), "x", "AAAA")}, "nonce", "n-1"), false, false},
		"storage too low":    {keyAttestation(provider, []any{own}, "nonce", "n-1", "key_storage", []string{"iso_18045_basic"}), false, false},
		"storage missing":    {keyAttestation(provider, []any{own}, "nonce", "n-1", "key_storage", nil), false, false},
		"storage as text":    {keyAttestation(provider, []any{own}, "nonce", "n-1", "key_storage", "iso_18045_high"), false, false},
		"authentication low": {keyAttestation(provider, []any{own}, "nonce", "n-1", "user_authentication", []string{"iso_18045_basic"}), false, false},
		"another provider":   {keyAttestation(b, []any{own}, "nonce", "n-1"), false, false},
		"another typ":        {provider.sign(map[string]any{"typ": "JWT", "alg": "ES256"}, map[string]any{"attested_keys": []any{own}}), false, false},
		"alg none":           {b64([]byte(`{"typ":"key-attestation+jwt","alg":"none"}`)) + "." + b64([]byte(`{}`)) + ".", false, false},
		"too long":           {keyAttestation(provider, []any{own}, "nonce", "n-1", "x", string(make([]byte, 16<<10))), false, false},
		"missing":            {nil, false, false},
		"of another type":    {map[string]any{}, false, false},
	} {
		head := with(b.header(), "key_attestation", tc.attestation)
		wantProofs(t, name+" in a proof", tc.inProof, oid4vci.CredentialRequest{JWTs: []string{b.sign(head, claims())}}, b.policy)
		if compact, ok := tc.attestation.(string); ok {
			wantProofs(t, name+" alone", tc.alone, oid4vci.CredentialRequest{Attestation: compact}, b.policy)
		}
	}
}

func wantProofs(t *testing.T, name string, ok bool, req oid4vci.CredentialRequest, want oid4vci.ProofPolicy) []oid4vci.Proof {
	t.Helper()
	proofs, err := oid4vci.CheckProofs(context.Background(), req, want)
	if ok && (err != nil || len(proofs) == 0) || !ok && oauth.CodeOf(err) != "invalid_proof" {
		t.Errorf("%s: %d proofs, %v, want good: %t", name, len(proofs), err, ok)
	}
	return proofs
}

// A proof with a key attestation leads to a credential for each attested key
// (F.1), and each key counts once.
func TestEachAttestedKeyOnce(t *testing.T) {
	t.Parallel()
	b, provider := attesting(t)
	own, other := any(b.jwk(&b.p256.PublicKey)), b.freshJWK()
	head := with(b.header(), "key_attestation", keyAttestation(provider, []any{other, own}))
	proofs := wantProofs(t, "two", true, oid4vci.CredentialRequest{JWTs: []string{b.sign(head, claims())}}, b.policy)
	if len(proofs) != 2 || proofs[0].JWK["x"] != own.(map[string]any)["x"] || proofs[1].JWK["x"] != other.(map[string]any)["x"] || proofs[1].Nonce != "n-1" {
		t.Errorf("proofs %+v", proofs)
	}
	b.policy.BatchSize = 1
	wantProofs(t, "more than a batch", false, oid4vci.CredentialRequest{JWTs: []string{b.sign(head, claims())}}, b.policy)
	b.policy.Methods = []string{oid4vci.BindDIDKey} // the other key has no DID
	byDID := with(head, "jwk", nil, "kid", b.kid(&b.p256.PublicKey))
	if proofs := wantProofs(t, "by DID", true, oid4vci.CredentialRequest{JWTs: []string{b.sign(byDID, claims())}}, b.policy); len(proofs) != 1 || proofs[0].KID == "" {
		t.Errorf("proofs %+v", proofs)
	}
	wantProofs(t, "attestation for a DID", false, oid4vci.CredentialRequest{Attestation: keyAttestation(provider, []any{own}, "nonce", "n-1")}, b.policy)
	b.policy.Methods, b.policy.Attestation = []string{oid4vci.BindJWK}, nil
	wantProofs(t, "where none is asked for", false, oid4vci.CredentialRequest{Attestation: keyAttestation(provider, []any{own}, "nonce", "n-1")}, b.policy)
	wantProofs(t, "ignored in a proof", true, oid4vci.CredentialRequest{JWTs: []string{b.sign(with(b.header(), "key_attestation", 7), claims())}}, b.policy)
}

// Row 53 and row 55 within one request: one nonce, no key twice.
func TestProofsOfABatch(t *testing.T) {
	t.Parallel()
	b, c := newBench(t), newBench(t)
	b.policy.BatchSize = 10
	one, two := b.sign(b.header(), claims()), c.sign(c.header(), claims())
	if proofs := wantProofs(t, "two", true, oid4vci.CredentialRequest{JWTs: []string{one, two}}, b.policy); len(proofs) != 2 {
		t.Errorf("proofs %+v", proofs)
	}
	wantProofs(t, "the same", false, oid4vci.CredentialRequest{JWTs: []string{one, two, one}}, b.policy)
	again := b.sign(with(b.header(), "jwk", nil, "kid", b.kid(&b.p256.PublicKey)), claims())
	wantProofs(t, "the same key by DID", false, oid4vci.CredentialRequest{JWTs: []string{one, again}}, b.policy)
	wantProofs(t, "one bad", false, oid4vci.CredentialRequest{JWTs: []string{one, "a.b.c"}}, b.policy)
	other := c.sign(c.header(), with(claims(), "nonce", "n-2"))
	if _, err := oid4vci.CheckProofs(context.Background(), oid4vci.CredentialRequest{JWTs: []string{one, other}}, b.policy); oauth.CodeOf(err) != "invalid_nonce" {
		t.Errorf("two nonces: %v", err)
	}
}

func FuzzCheckKeyAttestation(f *testing.F) {
	f.Add([]byte(`{"iat":1,"exp":2,"attested_keys":[{"kty":"EC","crv":"P-256","x":"","y":""}],"key_storage":["a"],"nonce":"n"}`))
	f.Add([]byte(`{"iat":1,"attested_keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],"key_storage":["a"]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		got, err := oid4vci.CheckKeyAttestation("x", oid4vci.AttestationPolicy{MostKeys: 2, KeyStorage: []string{"a"},
			Verify: func(string, string) (map[string]any, error) { return jose.DecodeObject(payload) }})
		if err != nil && oauth.CodeOf(err) != "invalid_proof" {
			t.Fatalf("not invalid_proof: %v", err)
		}
		if err == nil && (len(got.Keys) == 0 || len(got.Keys) > 2) {
			t.Fatalf("accepted %+v", got)
		}
	})
}
