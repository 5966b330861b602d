package issuer

import (
	"context"
	"errors"
	"net/url"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// RevokeToken ends an authorization at its client's word (RFC 7009 §2.1): an
// access token takes the refresh token with it, and the other way round. A token that is
// unknown, over, or another client's is no error, and is left as it is: the
// client is told nothing of it (§2.2). Errors are *oauth.Error: those of client
// authentication, invalid_request.
func (i *Issuer) RevokeToken(ctx context.Context, call oauth.Call, form url.Values) error {
	client, err := i.client(ctx, call, form)
	if err != nil {
		return err
	}
	token, err := oauth.ParseRevocation(form)
	if err != nil {
		return err
	}
	var access accessClaims
	if i.tokens.Open(kindAccess, token, i.now(), &access) == nil {
		if access.ClientID != client.ID {
			return nil
		}
		return i.ledger.Revoke(ctx, access.Family)
	}
	family, err := i.ledger.RefreshFamily(ctx, i.refreshHash(token))
	if errors.Is(err, ledger.ErrNotFound) || err == nil && family.ClientID != client.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return i.ledger.Revoke(ctx, family.Family)
}
