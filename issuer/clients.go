package issuer

import (
	"bytes"
	"context"
	"encoding/json"
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
	maxClientName   = 100 // characters
	maxRedirectURIs = 20
	maxClientKeys   = 10
)

// Clients gives the registered clients in the order of their ids, for admins and
// auditors. It returns Unauthenticated and Forbidden.
func (i *Issuer) Clients(ctx context.Context, a registry.Actor) ([]ledger.Client, error) {
	if err := mayKeep(a, toSeeClients); err != nil {
		return nil, err
	}
	return i.ledger.Clients(ctx)
}

// RegisteredClient gives a client, for admins and auditors. It returns
// Unauthenticated, Forbidden, NotFound "no_such_client".
func (i *Issuer) RegisteredClient(ctx context.Context, a registry.Actor, id string) (ledger.Client, error) {
	if err := mayKeep(a, toSeeClients); err != nil {
		return ledger.Client{}, err
	}
	c, err := i.ledger.Client(ctx, id)
	return c, clientFault(err)
}

// ClientLog tells who changed a client, when and why, the oldest change first. Its
// errors are those of RegisteredClient.
func (i *Issuer) ClientLog(ctx context.Context, a registry.Actor, id string) ([]ledger.Entry, error) {
	if _, err := i.RegisteredClient(ctx, a, id); err != nil {
		return nil, err
	}
	return i.ledger.ClientLog(ctx, id)
}

// RegisterClient registers a client, for admins, with the reason that its log
// tells. It returns Unauthenticated, Forbidden, Conflict "client_exists", and
// Invalid "bad_client" with a field of RFC 7591 §2 per mistake.
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
	c, err := i.ledger.Client(ctx, c.ID)
	return c, clientFault(err)
}

// ChangeClient replaces what is registered of a client, whose version must be
// c.VersionNo; a disabled one stays disabled. It returns what RegisterClient does,
// NotFound "no_such_client", Conflict "version_conflict".
func (i *Issuer) ChangeClient(ctx context.Context, a registry.Actor, c ledger.Client, reason string) (ledger.Client, error) {
	if err := mayKeep(a, toRegister); err != nil {
		return ledger.Client{}, err
	}
	if err := checkClient(c, reason); err != nil {
		return ledger.Client{}, err
	}
	after, err := i.ledger.ChangeClient(ctx, c.ID, ledger.Entry{Actor: a.Name, Reason: reason}, func(before ledger.Client) (ledger.Client, error) {
		if before.VersionNo != c.VersionNo {
			return before, fault.New(fault.Conflict, "version_conflict", "The client was changed meanwhile.")
		}
		after := c
		after.DisabledAt = before.DisabledAt
		return after, nil
	})
	return after, clientFault(err)
}

// DisableClient keeps a client from everything, for admins. It loses every token,
// and wins none back when it is enabled again. It returns Unauthenticated,
// Forbidden, NotFound "no_such_client", Invalid "reason_required".
func (i *Issuer) DisableClient(ctx context.Context, a registry.Actor, id, reason string) (ledger.Client, error) {
	return i.turnClient(ctx, a, id, reason, true)
}

// EnableClient lets a disabled client ask again, for admins. Its errors are those
// of DisableClient.
func (i *Issuer) EnableClient(ctx context.Context, a registry.Actor, id, reason string) (ledger.Client, error) {
	return i.turnClient(ctx, a, id, reason, false)
}

func (i *Issuer) turnClient(ctx context.Context, a registry.Actor, id, reason string, disabled bool) (ledger.Client, error) {
	if err := mayKeep(a, toRegister); err != nil {
		return ledger.Client{}, err
	}
	if !goodReason(reason) {
		return ledger.Client{}, reasonRequired()
	}
	c, err := i.ledger.ChangeClient(ctx, id, ledger.Entry{Actor: a.Name, Reason: reason}, func(c ledger.Client) (ledger.Client, error) {
		c.DisabledAt = i.since(c.DisabledAt, disabled)
		return c, nil
	})
	return c, clientFault(err)
}

func clientFault(err error) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return fault.Wrap(fault.NotFound, "no_such_client", "There is no such client.", err)
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
	if !ledger.IsClientID(c.ID) {
		bad("client_id", "The id has 1 to 200 printable ASCII characters, without spaces.")
	}
	if strings.TrimSpace(c.Name) == "" || !isLine(c.Name, maxClientName) {
		bad("client_name", "A line of 1 to 100 characters: people read it before they agree.")
	}
	if !goodReason(reason) {
		bad("reason", "Say why, in a line of up to 500 bytes.")
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
	if raw, err := json.Marshal(c.JWKS); err != nil || bytes.Contains(raw, []byte(`\u0000`)) { // which PostgreSQL keeps in no text
		bad("jwks", "No member may hold the character NUL.")
		return
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
