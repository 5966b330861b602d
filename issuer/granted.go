package issuer

import (
	"slices"
	"strings"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// granted is what a code or a token is for, by the way it was asked for.
type granted struct {
	ByDetails []string `json:"d,omitempty"` // configurations asked for by authorization_details
	ByScope   []string `json:"c,omitempty"` // configurations asked for by scope alone
}

func (g granted) configIDs() []string { return slices.Concat(g.ByDetails, g.ByScope) }

// narrow gives what is asked for of what was granted; all of it if nothing is
// named (RFC 6749 §6, RFC 9396 §6.1).
func (i *Issuer) narrow(of granted, req oauth.TokenRequest) (granted, error) {
	if len(req.Scopes) == 0 && len(req.Details) == 0 {
		return of, nil
	}
	var out granted
	for _, d := range req.Details {
		if !slices.Contains(of.ByDetails, d.ConfigurationID) {
			return out, oauth.InvalidAuthorizationDetails("The authorization details name what was not granted.")
		}
		out.ByDetails = append(out.ByDetails, d.ConfigurationID)
	}
	for _, id := range of.ByScope {
		if config, _ := i.configuration(id); slices.Contains(req.Scopes, config.Scope) {
			out.ByScope = append(out.ByScope, id)
		}
	}
	if len(req.Scopes) > 0 && len(out.ByScope) == 0 {
		return out, oauth.InvalidScope("The scope names what was not granted.")
	}
	return out, nil
}

// ofOffer narrows an offer to the configurations that the details of a token
// request name (OID4VCI 1.0 §6.2); without any, all of it is granted.
func ofOffer(req oauth.TokenRequest) func(offered []string) ([]string, map[string]string, error) {
	if len(req.Details) == 0 {
		return nil
	}
	return func(offered []string) ([]string, map[string]string, error) {
		var ids []string
		for _, d := range req.Details {
			if !slices.Contains(offered, d.ConfigurationID) {
				return nil, nil, oauth.InvalidAuthorizationDetails("The authorization details name what was not offered.")
			}
			ids = append(ids, d.ConfigurationID)
		}
		return ids, newIdentifiers(ids), nil
	}
}

// newIdentifiers gives each configuration that was asked for by details a
// credential_identifier (OID4VCI 1.0 §6.2).
func newIdentifiers(configIDs []string) map[string]string {
	if len(configIDs) == 0 {
		return nil
	}
	identifiers := map[string]string{}
	for _, id := range configIDs {
		identifiers[secret.RandomID(16)] = id
	}
	return identifiers
}

// tokenResponse seals the access token of a grant. It tells scopes and
// identifiers for what was asked by them (OID4VCI 1.0 §6.2).
func (i *Issuer) tokenResponse(grant ledger.Grant, refresh string) (oauth.TokenResponse, error) {
	token, err := i.tokens.Seal(kindAccess, accessOf(grant), grant.ExpiresAt)
	if err != nil {
		return oauth.TokenResponse{}, err
	}
	out := oauth.TokenResponse{AccessToken: token, TokenType: oauth.TokenTypeOf(grant.JKT), RefreshToken: refresh,
		ExpiresIn: int(grant.ExpiresAt.Sub(i.now()).Seconds())}
	if grant.Kind == ledger.PreAuthorizedCode && len(grant.Identifiers) == 0 {
		return out, nil
	}
	what := grantedBy(grant)
	for _, id := range what.ByDetails {
		out.Details = append(out.Details, oauth.GrantedDetail{Type: oauth.DetailType, ConfigurationID: id, Identifiers: identifiersOf(grant, id)})
	}
	out.Scope = strings.Join(i.scopes(what.ByScope), " ")
	return out, nil
}

// grantedBy tells apart again what a grant was asked for by.
func grantedBy(g ledger.Grant) granted {
	var out granted
	for _, id := range g.ConfigIDs {
		if len(identifiersOf(g, id)) > 0 {
			out.ByDetails = append(out.ByDetails, id)
		} else {
			out.ByScope = append(out.ByScope, id)
		}
	}
	return out
}

func identifiersOf(g ledger.Grant, configID string) []string {
	var out []string
	for identifier, id := range g.Identifiers {
		if id == configID {
			out = append(out, identifier)
		}
	}
	slices.Sort(out)
	return out
}

// scopes of configurations, each once.
func (i *Issuer) scopes(configIDs []string) []string {
	var out []string
	for _, id := range configIDs {
		if config, known := i.configuration(id); known && !slices.Contains(out, config.Scope) {
			out = append(out, config.Scope)
		}
	}
	return out
}
