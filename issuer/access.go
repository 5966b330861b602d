package issuer

import (
	"context"

	"socialregistry/issuer/oauth"
)

// access reads the access token of a call to a protected endpoint and gives what
// it allows. Errors are *oauth.Error: those of oauth.BearerToken, invalid_token.
func (i *Issuer) access(_ context.Context, call oauth.Call) (accessClaims, error) {
	token, err := oauth.BearerToken(call.Authorization)
	if err != nil {
		return accessClaims{}, err
	}
	var claims accessClaims
	if err := i.tokens.Open(kindAccess, token, i.now(), &claims); err != nil {
		return accessClaims{}, oauth.InvalidToken(badToken).Because(err)
	}
	return claims, nil
}

// sender gives the thumbprint of the DPoP key that a call to the token endpoint
// or to the PAR endpoint proves to hold (RFC 9449 §5, §10); "" if it sends no
// proof. Errors are *oauth.Error: invalid_dpop_proof, use_dpop_nonce.
func (i *Issuer) sender(_ context.Context, call oauth.Call) (jkt string, err error) {
	if len(call.DPoP) > 0 {
		return "", oauth.NewError("invalid_dpop_proof", "DPoP is not supported yet.", 400)
	}
	return "", nil
}
