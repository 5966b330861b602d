package issuer

import (
	"context"
	"errors"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// access reads the access token of a call to a protected endpoint and gives what
// it allows. A token that is bound to a key needs a DPoP proof of that key, of this
// token and of this call (RFC 9449 §7); the proof is used up. Errors are
// *oauth.Error, with the challenge of the scheme: those of oauth.AccessToken,
// invalid_token, invalid_dpop_proof, use_dpop_nonce.
func (i *Issuer) access(ctx context.Context, call oauth.Call) (accessClaims, error) {
	scheme, token, err := oauth.AccessToken(call.Authorization)
	if err != nil {
		return accessClaims{}, err
	}
	var claims accessClaims
	if err := i.tokens.Open(kindAccess, token, i.now(), &claims); err != nil {
		return accessClaims{}, invalidToken(scheme, badToken).Because(err)
	}
	proof, err := i.holder(call, scheme, token, claims.JKT)
	if err != nil {
		return accessClaims{}, err
	}
	switch err := i.ledger.Present(ctx, claims.Grant, proof.ID, proof.Expires); {
	case errors.Is(err, ledger.ErrRevoked), errors.Is(err, ledger.ErrExpired):
		return accessClaims{}, invalidToken(scheme, badToken).Because(err)
	case errors.Is(err, ledger.ErrUsed):
		return accessClaims{}, oauth.InvalidDPoPProof(usedProof).AtResource().Because(err)
	case err != nil:
		return accessClaims{}, err
	}
	return claims, nil
}

// holder checks that whoever sends a token may: anybody if it is bound to no key,
// else the holder of the key with the thumbprint jkt.
func (i *Issuer) holder(call oauth.Call, scheme, token, jkt string) (oauth.Proof, error) {
	switch {
	case jkt == "" && scheme == oauth.TokenTypeBearer: // a DPoP header means nothing here (RFC 9449 §7.2)
		return oauth.Proof{}, nil
	case jkt == "":
		return oauth.Proof{}, invalidToken(scheme, "The access token is bound to no key; send it by the scheme Bearer.")
	case scheme == oauth.TokenTypeBearer: // RFC 9449 §7.1: no downgrade
		return oauth.Proof{}, invalidToken(oauth.TokenTypeDPoP, "The access token is bound to a key; send it by the scheme DPoP, with a proof.")
	}
	proof, err := i.checkDPoP(call, token)
	var refusal *oauth.Error
	if errors.As(err, &refusal) {
		return oauth.Proof{}, refusal.AtResource()
	}
	if err == nil && proof.JKT != jkt { // RFC 9449 §4.3 check 12b
		err = invalidToken(scheme, "The access token is bound to another key than that of the DPoP proof.")
	}
	return proof.Proof, err
}

// invalidToken is the refusal of a token that came by scheme.
func invalidToken(scheme, description string) *oauth.Error {
	e := oauth.InvalidToken(description)
	if scheme == oauth.TokenTypeDPoP {
		return e.AtResource()
	}
	return e
}
