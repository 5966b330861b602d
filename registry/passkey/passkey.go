package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrRefused is inside every error about what a browser sent.
var ErrRefused = errors.New("passkey: refused")

// Server is the relying party: one host name for ever. A passkey that was made for
// another host does not work here.
type Server struct{ w *webauthn.WebAuthn }

// New makes the relying party for a public URL. It gives nil for a host that can have no
// passkeys: an address without a name, or anything but https on another machine.
func New(publicURL, name string) (*Server, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	host := u.Hostname()
	if host == "" || net.ParseIP(host) != nil || u.Scheme != "https" && host != "localhost" {
		return nil, nil
	}
	w, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: name, RPOrigins: []string{publicURL},
		AttestationPreference: protocol.PreferNoAttestation})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Server{w}, nil
}

// Owner is whose passkeys they are.
type Owner struct {
	Handle []byte   // says nothing about the person; at most 64 bytes
	Name   string   // shown by the device that keeps the passkey
	Keys   [][]byte // the credentials that the owner has, as New gave them
}

// Key is a passkey after a ceremony.
type Key struct {
	ID     []byte
	Stored []byte // the whole credential; keep it as it is
	Cloned bool   // its counter did not grow: there may be a copy of it
}

type user struct {
	owner Owner
	keys  []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return u.owner.Handle }
func (u *user) WebAuthnName() string                       { return u.owner.Name }
func (u *user) WebAuthnDisplayName() string                { return u.owner.Name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func (o Owner) user() (*user, error) {
	u := &user{owner: o, keys: make([]webauthn.Credential, len(o.Keys))}
	for i, stored := range o.Keys {
		if err := json.Unmarshal(stored, &u.keys[i]); err != nil {
			return nil, fmt.Errorf("read a passkey: %w", err)
		}
	}
	return u, nil
}

// BeginMaking gives the options for navigator.credentials.create, and the state that
// FinishMaking needs: keep it on the server, for one use and a few minutes.
func (s *Server) BeginMaking(o Owner) (options, state []byte, err error) {
	u, err := o.user()
	if err != nil {
		return nil, nil, err
	}
	creation, session, err := s.w.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired}))
	if err != nil {
		return nil, nil, fmt.Errorf("begin a passkey: %w", err)
	}
	return both(creation.Response, session)
}

// FinishMaking checks what the browser answered. Error: ErrRefused inside.
func (s *Server) FinishMaking(o Owner, state, answer []byte) (Key, error) {
	u, session, err := opened(o, state)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Key{}, refused(err)
	}
	made, err := s.w.CreateCredential(u, session, parsed)
	if err != nil {
		return Key{}, refused(err)
	}
	return keyOf(made)
}

// BeginProof gives the options for navigator.credentials.get. Anybody's passkey will
// do, for which of them is asked for is not known yet.
func (s *Server) BeginProof() (options, state []byte, err error) {
	assertion, session, err := s.w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return both(assertion.Response, session)
}

// KeyID reads which passkey an answer names. It is not proved yet. Error: ErrRefused
// inside.
func KeyID(answer []byte) ([]byte, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, refused(err)
	}
	return parsed.RawID, nil
}

// FinishProof checks an answer against the owner of the passkey that it names. The key
// that it gives takes the place of the one that was kept. Error: ErrRefused inside.
func (s *Server) FinishProof(o Owner, state, answer []byte) (Key, error) {
	u, session, err := opened(o, state)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Key{}, refused(err)
	}
	_, proved, err := s.w.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return u, nil }, session, parsed)
	if err != nil {
		return Key{}, refused(err)
	}
	return keyOf(proved)
}

func opened(o Owner, state []byte) (u *user, session webauthn.SessionData, err error) {
	if u, err = o.user(); err != nil {
		return nil, session, err
	}
	if err = json.Unmarshal(state, &session); err != nil {
		return nil, session, fmt.Errorf("read the state of a passkey: %w", err)
	}
	return u, session, nil
}

func keyOf(c *webauthn.Credential) (Key, error) {
	cloned := c.Authenticator.CloneWarning
	c.Authenticator.CloneWarning = false // told once, not for ever
	stored, err := json.Marshal(c)
	if err != nil {
		return Key{}, fmt.Errorf("keep a passkey: %w", err)
	}
	return Key{ID: c.ID, Stored: stored, Cloned: cloned}, nil
}

func both(options, session any) (o, s []byte, err error) {
	if o, err = json.Marshal(options); err == nil {
		s, err = json.Marshal(session)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("begin a ceremony: %w", err)
	}
	return o, s, nil
}

// refused keeps the library's words for the log, without its type: it knows nothing of
// whose key it was.
func refused(err error) error {
	var p *protocol.Error
	if errors.As(err, &p) {
		return fmt.Errorf("%w: %s", ErrRefused, strings.TrimSpace(p.Type+" "+p.Details))
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
