package issuer

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/google/uuid"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// newRefresh makes a refresh token for a client that is registered for the grant,
// and gives it with what is stored of it; nothing for all others. It is stored as
// a keyed hash: the table alone refreshes nothing.
func (i *Issuer) newRefresh(who requester) (token string, stored ledger.Refresh) {
	if !slices.Contains(who.GrantTypes, oauth.GrantRefreshToken) {
		return "", ledger.Refresh{}
	}
	token = secret.RandomID(32)
	return token, ledger.Refresh{Hash: i.refreshHash(token), Life: i.policy.refreshLife()}
}

func (i *Issuer) refreshHash(token string) string {
	return base64.RawURLEncoding.EncodeToString(i.refreshes.MAC([]byte(token)))
}

// renew is the refresh token grant (RFC 6749 §6), for a further access token
// without the person: to fetch what was deferred (OID4VCI 1.0 §9), or the
// credential anew (§14.5). The token is bound to its client, to the DPoP key
// unless the client proves a key of its own (RFC 9449 §5), and to the attested key of
// the instance that got it (Attestation-Based Client Authentication §11). It stays the
// same, unless the policy says that each use replaces it.
func (i *Issuer) renew(ctx context.Context, who requester, req oauth.TokenRequest) (oauth.TokenResponse, error) {
	renewal := ledger.Renewal{Hash: i.refreshHash(req.RefreshToken), Life: who.life()}
	renewal.Grant = func(family ledger.Grant) (ledger.Grant, error) { return i.renewed(family, who, req) }
	refresh := ""
	if i.policy.RotateRefresh {
		refresh, renewal.Replace = i.newRefresh(who)
	}
	if err := i.checkRenewable(ctx, renewal.Hash); err != nil {
		return oauth.TokenResponse{}, err
	}
	grant, err := i.ledger.Renew(ctx, renewal)
	if err != nil {
		return oauth.TokenResponse{}, grantError(err, badRefresh)
	}
	return i.tokenResponse(grant, refresh)
}

// renewed draws up the further grant of an authorization.
func (i *Issuer) renewed(family ledger.Grant, who requester, req oauth.TokenRequest) (ledger.Grant, error) {
	switch {
	case family.ClientID != who.ID:
		return ledger.Grant{}, oauth.InvalidGrant(badRefresh)
	case family.JKT != "" && family.JKT != who.jkt && who.AuthMethod != oauth.AuthPrivateKeyJWT:
		return ledger.Grant{}, oauth.InvalidGrant("The refresh token is bound to another key than that of the DPoP proof.")
	case family.Instance != "" && family.Instance != who.instance:
		return ledger.Grant{}, oauth.InvalidGrant("The refresh token is bound to another key than that of the client attestation.")
	}
	what, err := i.narrow(grantedBy(family), req)
	if err != nil {
		return ledger.Grant{}, err
	}
	next := family
	next.ID, next.Kind, next.JKT, next.ConfigIDs = secret.RandomID(16), ledger.RefreshToken, who.jkt, what.configIDs()
	next.Identifiers = nil
	for identifier, id := range family.Identifiers {
		if slices.Contains(what.ByDetails, id) {
			if next.Identifiers == nil {
				next.Identifiers = map[string]string{}
			}
			next.Identifiers[identifier] = id
		}
	}
	return next, nil
}

// checkRenewable refuses to refresh for a registrant to whom nothing may be issued any
// more (see barred), and for a guardian or member of whom that is so, or who may not
// hold the credentials any more.
func (i *Issuer) checkRenewable(ctx context.Context, hash string) error {
	family, err := i.ledger.RefreshFamily(ctx, hash)
	if err != nil {
		return grantError(err, badRefresh)
	}
	for _, id := range []uuid.UUID{family.RegistrantID, family.RepresentativeID} {
		if id == uuid.Nil {
			continue
		}
		now, err := i.readSituation(ctx, id)
		if err != nil {
			return err
		}
		if now.closed != "" {
			return oauth.InvalidGrant(badRefresh)
		}
	}
	return i.checkHolder(ctx, family.RepresentativeID, family.RegistrantID, family.ConfigIDs, oauth.InvalidGrant(badRefresh))
}
