package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// Push takes an authorization request from a client (RFC 9126 §2, OID4VCI 1.0
// §5.1.4): all of it is checked here, before a person sees anything. Errors are
// *oauth.Error: those of client authentication, of oauth.ParsePushedRequest and
// of DPoP; invalid_request for a redirect URI that is not the client's and for an
// issuer_state that is not good; invalid_scope; invalid_authorization_details.
func (i *Issuer) Push(ctx context.Context, call oauth.Call, form url.Values) (oauth.PushedResponse, error) {
	client, err := i.client(ctx, call, form)
	if err != nil {
		return oauth.PushedResponse{}, err
	}
	req, err := oauth.ParsePushedRequest(form, i.url)
	if err != nil {
		return oauth.PushedResponse{}, err
	}
	if err := checkPush(client.Client, req); err != nil {
		return oauth.PushedResponse{}, err
	}
	if req.DPoPKey, err = i.pushedKey(ctx, call, req.DPoPKey); err != nil {
		return oauth.PushedResponse{}, err
	}
	if err := i.checkAsked(ctx, req); err != nil {
		return oauth.PushedResponse{}, err
	}
	return i.storePush(ctx, req)
}

func (i *Issuer) storePush(ctx context.Context, req oauth.PushedRequest) (oauth.PushedResponse, error) {
	document, err := toDocument(req)
	if err != nil {
		return oauth.PushedResponse{}, err
	}
	id := secret.RandomID(32)
	if err := i.ledger.Push(ctx, ledger.PushedRequest{ID: id, ClientID: req.ClientID, Document: document}, pushedLife); err != nil {
		return oauth.PushedResponse{}, err
	}
	return oauth.PushedResponse{RequestURI: oauth.RequestURI(id), ExpiresIn: int(pushedLife.Seconds())}, nil
}

// checkPush holds a request to what its client registered.
func checkPush(client ledger.Client, req oauth.PushedRequest) error {
	switch {
	case client.Name == "" || client.ID != req.ClientID:
		return oauth.InvalidClient("Only a registered client may push a request, in its own name.")
	case !slices.Contains(client.GrantTypes, oauth.GrantAuthorizationCode):
		return oauth.UnauthorizedClient("This client is not registered for the authorization code grant.")
	case !slices.Contains(client.RedirectURIs, req.RedirectURI): // RFC 9700 §2.1: exact
		return oauth.InvalidRequest("The redirect_uri is not one that this client registered.")
	}
	return nil
}

// pushedKey is the DPoP key that the code will be bound to: named by dpop_jkt, or
// shown by a proof, or both alike (RFC 9449 §10, §10.1).
func (i *Issuer) pushedKey(ctx context.Context, call oauth.Call, named string) (string, error) {
	shown, err := i.sender(ctx, call)
	if err != nil || shown == "" {
		return named, err
	}
	if named != "" && named != shown {
		return "", oauth.InvalidDPoPProof("The DPoP proof is by another key than dpop_jkt names.")
	}
	return shown, nil
}

// checkAsked refuses what nobody could agree to.
func (i *Issuer) checkAsked(ctx context.Context, req oauth.PushedRequest) error {
	asked, err := i.requested(req.Scopes, req.Details)
	if err != nil {
		return err
	}
	if req.IssuerState == "" {
		return nil
	}
	offer, err := i.stateOffer(ctx, req.IssuerState)
	if err != nil {
		return err
	}
	for _, id := range asked.configIDs() {
		if !slices.Contains(offer.ConfigIDs, id) {
			return oauth.InvalidRequest("The request asks for more than the offer behind its issuer_state.")
		}
	}
	return nil
}

// requested finds the configurations that scopes and details stand for (OID4VCI 1.0
// §5.1.1, §5.1.2). Unknown scopes are ignored; what is asked by both ways counts
// as asked by details.
func (i *Issuer) requested(scopes []string, details []oauth.AuthorizationDetail) (granted, error) {
	var g granted
	for _, d := range details {
		if _, known := i.configuration(d.ConfigurationID); !known {
			return g, oauth.InvalidAuthorizationDetails("The authorization details name a credential configuration that there is not.")
		}
		g.ByDetails = append(g.ByDetails, d.ConfigurationID)
	}
	for _, c := range i.configs {
		if slices.Contains(scopes, c.Scope) && !slices.Contains(g.ByDetails, c.ID) {
			g.ByScope = append(g.ByScope, c.ID)
		}
	}
	if len(g.ByDetails)+len(g.ByScope) == 0 {
		return g, oauth.InvalidScope("The request asks for no credential: name one by scope or by authorization_details.")
	}
	return g, nil
}

// stateOffer is the offer behind an issuer_state, which anybody may have put into
// the request (OID4VCI 1.0 §5.1.3): whose it is, is asked when somebody decides.
func (i *Issuer) stateOffer(ctx context.Context, state string) (ledger.Offer, error) {
	bad := oauth.InvalidRequest("The issuer_state is not valid, or its offer is over.")
	var claims stateClaims
	if err := i.tokens.Open(kindIssuerState, state, i.now(), &claims); err != nil {
		return ledger.Offer{}, bad.Because(err)
	}
	offer, err := i.ledger.WaitingOffer(ctx, claims.Offer)
	if err != nil {
		return offer, orNotFound(err, bad)
	}
	return offer, nil
}

// toDocument and fromDocument carry a request through its row.
func toDocument(req oauth.PushedRequest) (map[string]any, error) {
	raw, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("store pushed request: %w", err)
	}
	var document map[string]any
	return document, json.Unmarshal(raw, &document)
}

func fromDocument(document map[string]any) (oauth.PushedRequest, error) {
	var req oauth.PushedRequest
	raw, err := json.Marshal(document)
	if err != nil {
		return req, fmt.Errorf("read pushed request: %w", err)
	}
	return req, json.Unmarshal(raw, &req)
}
