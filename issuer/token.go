package issuer

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// Token answers a token request (RFC 6749 §4.1.3, §6, OID4VCI 1.0 §6). Errors are
// *oauth.Error: those of oauth.ParseTokenRequest, of client authentication and of
// DPoP; invalid_grant for a code or token that is not ours, over, used, or bound
// to another client, redirect URI, verifier or key, and for a wrong transaction
// code; invalid_request for a transaction code that is missing or was not asked
// for; unauthorized_client; invalid_scope and invalid_authorization_details for
// more than was granted.
func (i *Issuer) Token(ctx context.Context, call oauth.Call, form url.Values) (oauth.TokenResponse, error) {
	req, err := oauth.ParseTokenRequest(form, i.url)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	who, err := i.requester(ctx, call, form, req)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	switch req.GrantType {
	case oauth.GrantAuthorizationCode:
		return i.redeemCode(ctx, who, req)
	case oauth.GrantRefreshToken:
		return i.renew(ctx, who, req)
	default:
		return i.redeemOffer(ctx, who, req)
	}
}

// requester is who asks for a token.
type requester struct {
	caller
	jkt string // thumbprint of the DPoP key that it showed; "" = none
}

// requester authenticates the client, and holds it to what it registered.
func (i *Issuer) requester(ctx context.Context, call oauth.Call, form url.Values, req oauth.TokenRequest) (requester, error) {
	client, err := i.client(ctx, call, form)
	if err != nil {
		return requester{}, err
	}
	jkt, err := i.sender(ctx, call)
	switch {
	case err != nil:
		return requester{}, err
	case client.Name == "" && (i.policy.RequireClient || req.GrantType != oauth.GrantPreAuthorizedCode): // OID4VCI 1.0 §6.3
		return requester{}, oauth.InvalidClient("This server wants to know the client: register the wallet.")
	case client.Name != "" && !slices.Contains(client.GrantTypes, req.GrantType):
		return requester{}, oauth.UnauthorizedClient("This client is not registered for this grant type.")
	}
	return requester{client, jkt}, i.mustBind(client.Client, jkt)
}

// life of an access token: a longer one must be bound to its sender (OID4VCI 1.0
// §13.10).
func (r requester) life() time.Duration {
	if r.jkt != "" {
		return boundTokenLife
	}
	return tokenLife
}

// redeemOffer is the pre-authorized code grant (OID4VCI 1.0 §6.1). All of the
// offer is granted, or what of it authorization_details name (§6.2); scope is not
// for this grant, and is not looked at.
func (i *Issuer) redeemOffer(ctx context.Context, who requester, req oauth.TokenRequest) (oauth.TokenResponse, error) {
	var code codeClaims
	if err := i.tokens.Open(kindCode, req.PreAuthorizedCode, i.now(), &code); err != nil {
		return oauth.TokenResponse{}, oauth.InvalidGrant(badCode).Because(err)
	}
	refresh, stored := i.newRefresh(who)
	grant, err := i.ledger.Redeem(ctx, ledger.Redemption{
		OfferID: code.Offer, GrantID: secret.RandomID(16), Life: who.life(), ClientID: who.ID, JKT: who.jkt, Instance: who.instance, Refresh: stored, Narrow: ofOffer(req),
		HasTxCode: req.TxCode != "", TxCodeHash: i.txCodeHash(code.Offer, req.TxCode),
	})
	if err != nil {
		return oauth.TokenResponse{}, redeemError(err)
	}
	return i.tokenResponse(grant, refresh)
}

// redeemCode is the authorization code grant (RFC 6749 §4.1.3). Whether the code
// is bound to the asker is seen before it is used up, so that a stranger who came
// by a code cannot spend it, nor end what came of it.
func (i *Issuer) redeemCode(ctx context.Context, who requester, req oauth.TokenRequest) (oauth.TokenResponse, error) {
	var code authCodeClaims
	if err := i.tokens.Open(kindAuthCode, req.Code, i.now(), &code); err != nil {
		return oauth.TokenResponse{}, oauth.InvalidGrant(badAuthCode).Because(err)
	}
	if err := code.checkBinding(who, req); err != nil {
		return oauth.TokenResponse{}, err
	}
	what, err := i.narrow(code.granted, req)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	if err := i.checkHolder(ctx, code.HeldBy, code.Registrant, what.configIDs(), oauth.InvalidGrant(badAuthCode)); err != nil {
		return oauth.TokenResponse{}, err
	}
	refresh, stored := i.newRefresh(who)
	grant, err := i.ledger.Authorize(ctx, ledger.Authorization{
		Grant: ledger.Grant{ID: code.Grant, Family: code.Grant, Kind: ledger.AuthorizationCode, OfferID: code.Offer, RegistrantID: code.Registrant, RepresentativeID: code.HeldBy,
			ConfigIDs: what.configIDs(), ClientID: who.ID, JKT: who.jkt, Instance: who.instance, ConsentID: code.Consent, Identifiers: newIdentifiers(what.ByDetails)},
		CodeExpires: i.now().Add(codeLife), Life: who.life(), Refresh: stored,
	})
	if err != nil {
		return oauth.TokenResponse{}, grantError(err, badAuthCode)
	}
	return i.tokenResponse(grant, refresh)
}

// checkBinding holds a token request to what the code is bound to.
func (c authCodeClaims) checkBinding(who requester, req oauth.TokenRequest) error {
	switch {
	case c.ClientID != who.ID, c.RedirectURI != req.RedirectURI: // RFC 6749 §4.1.3
		return oauth.InvalidGrant(badAuthCode)
	case !oauth.VerifyS256(req.CodeVerifier, c.Challenge): // RFC 7636 §4.6
		return oauth.InvalidGrant("The code_verifier does not belong to the code.")
	case c.JKT != "" && who.jkt == "": // RFC 9449 §10
		return oauth.InvalidDPoPProof("The code is bound to a key: send a DPoP proof.")
	case c.JKT != "" && c.JKT != who.jkt:
		return oauth.InvalidGrant("The code is bound to another key than that of the DPoP proof.")
	}
	return nil
}

// Nonce makes a fresh c_nonce (OID4VCI 1.0 §7). Nothing is stored: it is sealed,
// and marked as used by the reservation that it serves (§13.8).
func (i *Issuer) Nonce(context.Context) (oid4vci.NonceResponse, error) {
	nonce, err := i.tokens.Seal(kindNonce, nonceClaims{ID: secret.RandomID(16)}, i.now().Add(nonceLife))
	return oid4vci.NonceResponse{CNonce: nonce}, err
}

// One text for all codes that are no good, so that it tells nothing.
const (
	badCode     = "The pre-authorized code is not valid, or it is over."
	badAuthCode = "The authorization code is not valid, or it is over."
	badRefresh  = "The refresh token is not valid, or it is over."
)

func redeemError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrTxCodeMissing):
		return oauth.InvalidRequest("This offer needs a transaction code; send it as tx_code.").Because(err)
	case errors.Is(err, ledger.ErrTxCodeUnexpected):
		return oauth.InvalidRequest("This offer takes no transaction code.").Because(err)
	case errors.Is(err, ledger.ErrTxCodeWrong): // OID4VCI 1.0 §6.3
		return oauth.InvalidGrant("The transaction code is wrong.").Because(err)
	}
	return grantError(err, badCode)
}

// grantError says invalid_grant, in the given words, for every way in which a
// code or a token can be no good.
func grantError(err error, words string) error {
	for _, refusal := range []error{ledger.ErrNotFound, ledger.ErrUsed, ledger.ErrExpired, ledger.ErrRevoked} {
		if errors.Is(err, refusal) {
			return oauth.InvalidGrant(words).Because(err)
		}
	}
	return err
}
