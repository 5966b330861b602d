package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// Bounds of a client.
const (
	maxClientID     = 200 // bytes
	maxClientName   = 100 // characters
	maxRedirectURIs = 20
	maxClientKeys   = 10
)

// Clients gives the registered clients in the order of their ids, for admins.
func (i *Issuer) Clients(ctx context.Context, a registry.Actor) ([]ledger.Client, error) {
	if err := mayKeep(a, toRegister); err != nil {
		return nil, err
	}
	return i.ledger.Clients(ctx)
}

// RegisteredClient gives a client, for admins; NotFound.
func (i *Issuer) RegisteredClient(ctx context.Context, a registry.Actor, id string) (ledger.Client, error) {
	if err := mayKeep(a, toRegister); err != nil {
		return ledger.Client{}, err
	}
	c, err := i.ledger.Client(ctx, id)
	return c, clientFault(err)
}

// RegisterClient registers a client, for admins, with the reason that its log
// tells. It returns Unauthenticated, Forbidden, Conflict "client_exists", and
// Invalid with a field of RFC 7591 §2 per mistake.
func (i *Issuer) RegisterClient(ctx context.Context, a registry.Actor, c ledger.Client, reason string) (ledger.Client, error) {
	if err := mayKeep(a, toRegister); err != nil {
		return ledger.Client{}, err
	}
	if err := checkClient(c, reason); err != nil {
		return ledger.Client{}, err
	}
	if err := i.ledger.CreateClient(ctx, c, ledger.Entry{Actor: a.Name, Reason: reason}); err != nil {
		return ledger.Client{}, clientFault(err)
	}
	return i.RegisteredClient(ctx, a, c.ID)
}

// ChangeClient stores what change makes of a client, for admins. A client that
// becomes disabled loses every token. It returns what RegisterClient does, and
// NotFound.
func (i *Issuer) ChangeClient(ctx context.Context, a registry.Actor, id, reason string, change func(*ledger.Client)) (ledger.Client, error) {
	if err := mayKeep(a, toRegister); err != nil {
		return ledger.Client{}, err
	}
	c, err := i.ledger.ChangeClient(ctx, id, ledger.Entry{Actor: a.Name, Reason: reason}, func(c ledger.Client) (ledger.Client, error) {
		change(&c)
		return c, checkClient(c, reason)
	})
	return c, clientFault(err)
}

// DisableClient keeps a client from everything, for admins: see ChangeClient.
func (i *Issuer) DisableClient(ctx context.Context, a registry.Actor, id, reason string) (ledger.Client, error) {
	return i.ChangeClient(ctx, a, id, reason, func(c *ledger.Client) {
		if c.DisabledAt.IsZero() {
			c.DisabledAt = i.now()
		}
	})
}

func clientFault(err error) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return fault.Wrap(fault.NotFound, "not_found", "There is no such client.", err)
	case errors.Is(err, ledger.ErrExists):
		return fault.Wrap(fault.Conflict, "client_exists", "There is a client with this id.", err)
	}
	return err
}

// checkClient holds a registration to RFC 7591 §2 and to what its grants need.
func checkClient(c ledger.Client, reason string) error {
	var wrong []fault.Field
	bad := func(name, detail string) {
		wrong = append(wrong, fault.Field{Name: name, Code: "invalid", Detail: detail})
	}
	if c.ID == "" || len(c.ID) > maxClientID || strings.ContainsFunc(c.ID, func(r rune) bool { return r <= 0x20 || r > 0x7e }) {
		bad("client_id", "The id has 1 to 200 printable ASCII characters, without spaces.")
	}
	if n := len([]rune(strings.TrimSpace(c.Name))); n == 0 || n > maxClientName {
		bad("client_name", "The name has 1 to 100 characters: people read it before they agree.")
	}
	if n := len([]rune(strings.TrimSpace(reason))); n == 0 || n > maxReason {
		bad("reason", "Say why, in up to 500 characters.")
	}
	checkClientGrants(c, bad)
	checkClientKeys(c, bad)
	if len(wrong) > 0 {
		return fault.InvalidFields("bad_client", "The client cannot be registered so.", wrong)
	}
	return nil
}

// checkClientGrants: a client that does not authenticate gets no authorization
// code (RFC 9126 §2: the push is authenticated).
func checkClientGrants(c ledger.Client, bad func(name, detail string)) {
	known := []string{oauth.GrantAuthorizationCode, oauth.GrantPreAuthorizedCode, oauth.GrantRefreshToken}
	code := slices.Contains(c.GrantTypes, oauth.GrantAuthorizationCode)
	switch {
	case len(c.GrantTypes) == 0 || slices.ContainsFunc(c.GrantTypes, func(g string) bool { return !slices.Contains(known, g) }) || repeats(c.GrantTypes):
		bad("grant_types", "Name one or more of "+strings.Join(known, ", ")+".")
	case c.AuthMethod == oauth.AuthNone && (code || slices.Contains(c.GrantTypes, oauth.GrantRefreshToken)):
		bad("grant_types", "A client that does not authenticate may use the pre-authorized code grant only.")
	}
	switch {
	case code != (len(c.RedirectURIs) > 0):
		bad("redirect_uris", "The authorization code grant needs redirect URIs, and they need it.")
	case len(c.RedirectURIs) > maxRedirectURIs || repeats(c.RedirectURIs):
		bad("redirect_uris", fmt.Sprintf("Name up to %d redirect URIs, each once.", maxRedirectURIs))
	}
	for _, uri := range c.RedirectURIs {
		if err := oauth.CheckRedirectURI(uri); err != nil {
			bad("redirect_uris", "A redirect URI is https, or of the app's own scheme, without fragment or user.")
			return
		}
	}
}

// checkClientKeys: keys for those that sign with them, and no private one.
func checkClientKeys(c ledger.Client, bad func(name, detail string)) {
	keys, _ := c.JWKS["keys"].([]any)
	switch c.AuthMethod {
	case oauth.AuthNone, oauth.AuthAttestation:
		if len(c.JWKS) > 0 {
			bad("jwks", "Only private_key_jwt needs keys.")
		}
	case oauth.AuthPrivateKeyJWT:
		if len(keys) == 0 || len(keys) > maxClientKeys {
			bad("jwks", fmt.Sprintf("Give a JWK Set of 1 to %d public keys.", maxClientKeys))
		}
	default:
		bad("token_endpoint_auth_method", "The method is none, private_key_jwt or attest_jwt_client_auth.")
	}
	for _, key := range keys {
		jwk, _ := key.(map[string]any)
		if _, err := jose.ParseJWK(jwk); err != nil {
			bad("jwks", "A key is malformed, private, or of a type that is not supported.")
			return
		}
	}
}

func repeats[S ~string](list []S) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(list)))) != len(list)
}
