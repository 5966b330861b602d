package issuer

import (
	"context"
	"errors"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// DPoP says when tokens must be bound to a key of their client (RFC 9449). The
// zero value leaves it to the client, but for those registered with
// dpop_bound_access_tokens.
type DPoP struct {
	Required bool // no token without a key, for no client
	Nonce    bool // no proof without a nonce of ours (RFC 9449 §8)
}

const usedProof = "The DPoP proof was used before; make a new one for each request."

// sender gives the thumbprint of the DPoP key that a call to the token endpoint
// or to the PAR endpoint proves to hold (RFC 9449 §5, §10); "" if it sends no
// proof. The proof is used up. Errors are *oauth.Error: invalid_dpop_proof,
// use_dpop_nonce.
func (i *Issuer) sender(ctx context.Context, call oauth.Call) (jkt string, err error) {
	if len(call.DPoP) == 0 {
		return "", nil
	}
	proof, err := i.checkDPoP(call, "")
	if err != nil {
		return "", err
	}
	err = i.ledger.UseOnce(ctx, ledger.OnceDPoP, proof.ID, proof.Expires)
	if errors.Is(err, ledger.ErrUsed) {
		return "", oauth.InvalidDPoPProof(usedProof).Because(err)
	}
	return proof.JKT, err
}

// mustBind refuses a token without a key where one is required: by setting, or by
// the registration of the client (RFC 9449 §5.2).
func (i *Issuer) mustBind(client ledger.Client, jkt string) error {
	if jkt == "" && (i.dpop.Required || client.DPoPBound) {
		return oauth.InvalidDPoPProof("This server binds tokens to a key; send a DPoP proof.")
	}
	return nil
}

func (i *Issuer) checkDPoP(call oauth.Call, accessToken string) (oauth.DPoPProof, error) {
	return oauth.CheckDPoP(oauth.DPoPPolicy{Call: call, Now: i.now(), AccessToken: accessToken,
		FreshNonce: i.freshOf(kindDPoPNonce), NeedsNonce: i.dpop.Nonce})
}

// DPoPNonce makes the nonce that the answer to a wallet carries, for its next
// proof (RFC 9449 §8.2). Nothing is stored: it is sealed.
func (i *Issuer) DPoPNonce() (string, error) { return i.fresh(kindDPoPNonce) }

// AttestationChallenge makes a challenge for the proof of possession of a client
// attestation (Attestation-Based Client Authentication §8). Nothing is stored.
func (i *Issuer) AttestationChallenge() (string, error) { return i.fresh(kindChallenge) }

func (i *Issuer) fresh(kind string) (string, error) {
	return i.tokens.Seal(kind, nonceClaims{ID: secret.RandomID(8)}, i.now().Add(freshLife))
}

// freshOf says of a value whether fresh made it, for this use, not long ago.
func (i *Issuer) freshOf(kind string) func(string) bool {
	return func(value string) bool {
		var claims nonceClaims
		return i.tokens.Open(kind, value, i.now(), &claims) == nil
	}
}
