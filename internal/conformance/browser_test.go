package conformance_test

import (
	"context"
	"net/url"
	"slices"
	"testing"

	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// registrant is the person, signed in.
func (o *office) registrant() registry.Actor {
	return registry.Actor{AccountID: o.person.ID, RegistrantID: o.person.ID, Name: "registrant", Roles: []registry.Role{registry.RoleRegistrant}, Channel: registry.ChannelSelf}
}

// decide opens the address and decides about what the wallet asks for. The pages
// around it are not part of this: what they call is.
func (s *suite) decide(t *testing.T, address string, allow bool) *url.URL {
	t.Helper()
	location, err := s.office.issuer.Decide(t.Context(), s.office.registrant(), s.open(t, address), allow)
	must(t, err)
	back, err := url.Parse(location)
	must(t, err)
	return back
}

// consent agrees, and gives the address that the browser goes to.
func (s *suite) consent(t *testing.T, address string) *url.URL { return s.decide(t, address, true) }

// deny does not agree.
func (s *suite) deny(t *testing.T, address string) *url.URL { return s.decide(t, address, false) }

// open looks at the page and gives what its buttons decide about.
func (s *suite) open(t *testing.T, address string) (decision string) {
	t.Helper()
	begun, err := s.beginAt(t.Context(), t, address)
	must(t, err)
	shown, err := s.office.issuer.Authorization(t.Context(), s.office.registrant(), begun)
	must(t, err)
	return shown.Decision
}

// beginAt is what the authorization endpoint does first.
func (s *suite) beginAt(ctx context.Context, t *testing.T, address string) (string, error) {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return s.office.issuer.BeginAuthorization(ctx, u.Query())
}

// errorPage expects that the address leads to a page that refuses, not back to
// the wallet.
func (s *suite) errorPage(t *testing.T, address string, codes ...string) {
	t.Helper()
	_, err := s.beginAt(t.Context(), t, address)
	if !slices.Contains(codes, oauth.CodeOf(err)) {
		t.Errorf("%v, want one of %v", err, codes)
	}
}
