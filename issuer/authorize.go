package issuer

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// Authorization is what a person is asked to agree to: what goes to whom, until
// when.
type Authorization struct {
	Issuer      string // name of the one that would issue, "" = the one at the root
	Decision    string // the decision as this person alone may make it, for Decide
	ClientID    string
	ClientName  string
	RedirectURI string // where the browser goes afterwards
	Configs     []Configuration
	Until       time.Time
	Choices     []Represented // the records for which the person may agree; none: a yes is refused
	About       uuid.UUID     // the record that this decision is about
}

// BeginAuthorization takes a browser that a wallet sent (RFC 6749 §4.1.1, RFC
// 9126 §4) and gives the sealed name of the decision that a person has to make,
// for Authorization. Nothing is used up: the page may be opened again.
// Errors are *oauth.Error, for a page and never for a redirect: invalid_request,
// invalid_request_uri.
func (i *Issuer) BeginAuthorization(ctx context.Context, query url.Values) (decision string, err error) {
	clientID, id, err := oauth.ParseAuthorizeQuery(query)
	if err != nil {
		return "", err
	}
	_, pushed, err := i.pushedRequest(ctx, id)
	if err != nil {
		return "", err
	}
	if pushed.ClientID != clientID || !i.now().Before(pushed.ExpiresAt) {
		return "", oauth.InvalidRequestURI()
	}
	expires := i.now().Add(decisionLife)
	return i.tokens.Seal(kindDecision, decisionClaims{Request: id, Expires: expires}, expires)
}

// Authorization tells the signed-in person what a decision is about, and binds the
// decision to the account, and to the record that is shown: that of the offer, or the
// first for which the person may agree. Errors are those of Decide.
func (i *Issuer) Authorization(ctx context.Context, a registry.Actor, decision string) (Authorization, error) {
	return i.AuthorizationAbout(ctx, a, decision, uuid.Nil)
}

// AuthorizationAbout is Authorization for one of its choices. It also returns NotFound
// for a record that is none of them.
func (i *Issuer) AuthorizationAbout(ctx context.Context, a registry.Actor, decision string, about uuid.UUID) (Authorization, error) {
	if err := i.may(ctx, a, toConsent, a.RegistrantID); err != nil {
		return Authorization{}, err
	}
	o, err := i.openDecision(ctx, decision)
	if err != nil {
		return Authorization{}, err
	}
	out := Authorization{Issuer: i.name, ClientID: o.client.ID, ClientName: o.client.Name, RedirectURI: o.req.RedirectURI, Until: i.now().Add(i.policy.refreshLife())}
	for _, id := range o.asked.configIDs() {
		config, _ := i.configuration(id)
		out.Configs = append(out.Configs, config)
	}
	if out.Choices, err = i.choicesOf(ctx, a, o.req, out.Configs); err != nil {
		return Authorization{}, err
	}
	if out.About, err = chosen(a, out.Choices, about); err != nil {
		return Authorization{}, err
	}
	out.Decision, err = i.tokens.Seal(kindDecision, decisionClaims{Request: o.id, Account: a.AccountID, About: out.About, Expires: o.expires}, o.expires)
	return out, err
}

// Decide ends an authorization request by the word of the signed-in person, once,
// and gives where the browser goes: to the wallet, with a code or with the error
// access_denied (RFC 6749 §4.1.2). Who agrees gives the record that was shown, the own
// one or one that is represented, and may still hold its credentials: else, and for an
// offer that was made to somebody else, access is denied (OID4VCI 1.0 §5.1.3).
//
// Errors: those of the permission; *oauth.Error invalid_request_uri if the request
// is over, was decided, was not shown to this account (see Authorization), or its
// client is not registered any more.
func (i *Issuer) Decide(ctx context.Context, a registry.Actor, decision string, allow bool) (location string, err error) {
	if err := i.may(ctx, a, toConsent, a.RegistrantID); err != nil {
		return "", err
	}
	o, err := i.openDecision(ctx, decision)
	if err != nil {
		return "", err
	}
	if o.shownTo == uuid.Nil || o.shownTo != a.AccountID {
		return "", oauth.InvalidRequestURI()
	}
	if !allow {
		return i.deny(ctx, o, oauth.AccessDenied("The person did not agree."))
	}
	offerID, err := i.ownOffer(ctx, o, a)
	if oauth.CodeOf(err) == oauth.CodeAccessDenied {
		return i.deny(ctx, o, oauth.AccessDenied("The offer is not for this person, or it is over."))
	}
	if err != nil {
		return "", err
	}
	switch _, err := i.holderOf(ctx, a, o.about, o.asked.configIDs()); fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Gone:
		return i.deny(ctx, o, oauth.AccessDenied("The person may not hold this credential about anybody."))
	default:
		if err != nil {
			return "", err
		}
	}
	return i.allow(ctx, o, a, offerID)
}

// opened is a pushed request on which somebody decides.
type opened struct {
	id      string
	req     oauth.PushedRequest
	client  ledger.Client
	asked   granted
	shownTo uuid.UUID // account; zero: nobody
	about   uuid.UUID // the record that was shown
	expires time.Time
}

func (i *Issuer) openDecision(ctx context.Context, decision string) (opened, error) {
	var claims decisionClaims
	if err := i.tokens.Open(kindDecision, decision, i.now(), &claims); err != nil {
		return opened{}, oauth.InvalidRequestURI().Because(err)
	}
	req, pushed, err := i.pushedRequest(ctx, claims.Request)
	if err != nil {
		return opened{}, err
	}
	asked, err := i.requested(req.Scopes, req.Details)
	return opened{id: claims.Request, req: req, client: pushed.Client, asked: asked, shownTo: claims.Account, about: claims.About, expires: claims.Expires}, err
}

// pushedRequest gives a request that waits, read and as it is stored, with its
// client as it is registered now: a redirect URI that was struck off since is not
// followed.
func (i *Issuer) pushedRequest(ctx context.Context, id string) (oauth.PushedRequest, ledger.PushedRequest, error) {
	pushed, err := i.ledger.Pushed(ctx, id)
	if err != nil {
		return oauth.PushedRequest{}, pushed, orNotFound(err, oauth.InvalidRequestURI())
	}
	req, err := fromDocument(pushed.Document)
	if err != nil {
		return req, pushed, err
	}
	if !pushed.Client.DisabledAt.IsZero() || checkPush(pushed.Client, req) != nil {
		return req, pushed, oauth.InvalidRequestURI()
	}
	return req, pushed, nil
}

func (i *Issuer) deny(ctx context.Context, o opened, refusal *oauth.Error) (string, error) {
	if err := i.ledger.Decide(ctx, o.id, nil, 0); err != nil {
		return "", orUsed(err, oauth.InvalidRequestURI())
	}
	return oauth.AuthorizationResponse{Issuer: i.url, State: o.req.State, Err: refusal}.Location(o.req.RedirectURI), nil
}

// allow writes down the consent and hands out the code that it leads to.
func (i *Issuer) allow(ctx context.Context, o opened, a registry.Actor, offerID string) (string, error) {
	holder := holderFor(a, o.about)
	consent := ledger.Consent{ID: secret.RandomID(16), RegistrantID: o.about, RepresentativeID: holder, AccountID: a.AccountID, ClientID: o.client.ID,
		ClientName: o.client.Name, OfferID: offerID, Details: map[string][]string{}}
	for _, id := range o.asked.configIDs() {
		config, _ := i.configuration(id)
		consent.Details[id] = config.fieldKeys()
	}
	code, err := i.tokens.Seal(kindAuthCode, authCodeClaims{Grant: secret.RandomID(16), Consent: consent.ID, Offer: offerID,
		Registrant: o.about, HeldBy: holder, ClientID: o.client.ID, RedirectURI: o.req.RedirectURI, Challenge: o.req.CodeChallenge, JKT: o.req.DPoPKey,
		granted: o.asked}, i.now().Add(codeLife))
	if err != nil {
		return "", err
	}
	if err := i.ledger.Decide(ctx, o.id, &consent, i.policy.refreshLife()); err != nil {
		return "", orUsed(err, oauth.InvalidRequestURI())
	}
	return oauth.AuthorizationResponse{Issuer: i.url, State: o.req.State, Code: code}.Location(o.req.RedirectURI), nil
}

// fieldKeys are the fields that a credential of the configuration may hold.
func (c Configuration) fieldKeys() []string {
	keys := make([]string, len(c.Fields))
	for n, f := range c.Fields {
		keys[n] = f.Field
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// orNotFound says refusal in the place of ledger.ErrNotFound.
func orNotFound(err error, refusal *oauth.Error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return refusal.Because(err)
	}
	return err
}

// orUsed says refusal in the place of ledger.ErrUsed.
func orUsed(err error, refusal *oauth.Error) error {
	if errors.Is(err, ledger.ErrUsed) {
		return refusal.Because(err)
	}
	return err
}
