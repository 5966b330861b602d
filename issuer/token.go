package issuer

import (
	"context"
	"errors"
	"net/url"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// Token redeems a pre-authorized code for an access token (OID4VCI 1.0 §6), which
// is bound to the key of the DPoP proof if the call has one (RFC 9449 §5). Errors
// are *oauth.Error: those of client authentication and of DPoP; invalid_grant for a
// code that is not ours, over or used, and for a wrong transaction code;
// invalid_request for a transaction code that is missing or was not asked for.
func (i *Issuer) Token(ctx context.Context, call oauth.Call, form url.Values) (oauth.TokenResponse, error) {
	req, err := oauth.ParseTokenRequest(form)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	client, err := i.client(ctx, call, form)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	jkt, err := i.sender(ctx, call)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	if err := i.mustBind(client, jkt); err != nil {
		return oauth.TokenResponse{}, err
	}
	return i.redeem(ctx, req, client, jkt)
}

// redeem turns a pre-authorized code into an access token.
func (i *Issuer) redeem(ctx context.Context, req oauth.TokenRequest, client ledger.Client, jkt string) (oauth.TokenResponse, error) {
	var code codeClaims
	if err := i.tokens.Open(kindCode, req.PreAuthorizedCode, i.now(), &code); err != nil {
		return oauth.TokenResponse{}, oauth.InvalidGrant(badCode).Because(err)
	}
	grant, err := i.ledger.Redeem(ctx, ledger.Redemption{
		OfferID: code.Offer, GrantID: secret.RandomID(16), Life: tokenLife,
		ClientID: client.ID, JKT: jkt, HasTxCode: req.TxCode != "", TxCodeHash: i.txCodeHash(code.Offer, req.TxCode),
	})
	if err != nil {
		return oauth.TokenResponse{}, redeemError(err)
	}
	token, err := i.tokens.Seal(kindAccess, accessOf(grant), grant.ExpiresAt)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	return oauth.TokenResponse{AccessToken: token, TokenType: oauth.TokenTypeOf(jkt), ExpiresIn: int(tokenLife.Seconds())}, nil
}

// Nonce makes a fresh c_nonce (OID4VCI 1.0 §7). Nothing is stored: it is sealed,
// and marked as used by the reservation that it serves (§13.8).
func (i *Issuer) Nonce(context.Context) (oid4vci.NonceResponse, error) {
	nonce, err := i.tokens.Seal(kindNonce, nonceClaims{ID: secret.RandomID(16)}, i.now().Add(nonceLife))
	return oid4vci.NonceResponse{CNonce: nonce}, err
}

// One text for all codes that are no good, so that it tells nothing.
const badCode = "The pre-authorized code is not valid, or it is over."

func redeemError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrTxCodeMissing):
		return oauth.InvalidRequest("This offer needs a transaction code; send it as tx_code.").Because(err)
	case errors.Is(err, ledger.ErrTxCodeUnexpected):
		return oauth.InvalidRequest("This offer takes no transaction code.").Because(err)
	case errors.Is(err, ledger.ErrTxCodeWrong): // OID4VCI 1.0 §6.3
		return oauth.InvalidGrant("The transaction code is wrong.").Because(err)
	case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrUsed), errors.Is(err, ledger.ErrExpired):
		return oauth.InvalidGrant(badCode).Because(err)
	}
	return err
}
