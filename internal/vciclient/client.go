package vciclient

import (
	"context"
	"crypto"
	"crypto/x509"
	"net/http"
	"net/url"
	"sync"
	"time"

	"socialregistry/internal/jose"
)

// Config says what a wallet instance is. Only Now must be there.
type Config struct {
	HTTP *http.Client // nil: a careful one of its own
	Now  func() time.Time
	Say  func(format string, args ...any) // gets each step in plain words, never a secret

	ID          string         // client_id; "" for an anonymous wallet
	RedirectURI string         // where the authorization server sends the browser back to
	Auth        Authentication // how the client shows who it is; nil: not at all
	DPoP        crypto.Signer  // key that tokens are bound to (RFC 9449); nil: bearer tokens
	Anchors     *x509.CertPool // CAs that certify issuers; nil: whoever TLS says it is
	Encrypt     bool           // encrypt requests and answers, where the issuer can
	Unknown     string         // name of a parameter that every request has besides, "" for none: servers must ignore it
}

// Client takes the steps of the protocol. It is safe for concurrent use.
type Client struct {
	Config

	mu         sync.Mutex
	nonces     map[string]string // of DPoP, by origin (RFC 9449 §8)
	challenges map[string]string // of client attestation, by origin
}

// New makes a client. Redirects are never followed: what the specification
// fetches is not behind one, and one could carry a code or a token elsewhere.
func New(c Config) *Client {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: maxDuration}
	}
	careful := *c.HTTP
	careful.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &careful
	if c.Say == nil {
		c.Say = func(string, ...any) {}
	}
	return &Client{Config: c, nonces: map[string]string{}, challenges: map[string]string{}}
}

// Authentication adds to a request of an authorization server what shows who
// the client is: parameters of the form, or headers.
type Authentication interface {
	authenticate(ctx context.Context, c *Client, s *Server, form url.Values, header http.Header) error
}

// call sends what build makes. If the server demands a DPoP nonce (RFC 9449 §8,
// §9) or a fresh challenge (client attestation, §8), it is made and sent once more.
func (c *Client) call(ctx context.Context, build func() (Request, error)) (Answer, error) {
	for try := 1; ; try++ {
		r, err := build()
		if err != nil {
			return Answer{}, err
		}
		a, err := c.Send(ctx, r)
		if err != nil || try == 2 || !a.demandsMore() {
			return a, err
		}
	}
}

// demandsMore says that the same request is welcome with what the answer's
// header brought.
func (a Answer) demandsMore() bool {
	switch a.Code() {
	case "use_dpop_nonce":
		return a.Header.Get(headerNonce) != ""
	case "use_attestation_challenge":
		return a.Header.Get(headerChallenge) != ""
	}
	return false
}

// remember keeps what a server wants to see in the next request.
func (c *Client) remember(address string, h http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if nonce := h.Get(headerNonce); nonce != "" {
		c.nonces[origin(address)] = nonce
	}
	if challenge := h.Get(headerChallenge); challenge != "" {
		c.challenges[origin(address)] = challenge
	}
}

func (c *Client) lastNonce(address string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nonces[origin(address)]
}

// takeChallenge gives a challenge that came by a header, once.
func (c *Client) takeChallenge(address string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	challenge := c.challenges[origin(address)]
	delete(c.challenges, origin(address))
	return challenge
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// signJWT makes a JWT with the key, whose algorithm goes into the header.
func signJWT(key crypto.Signer, header map[string]any, claims map[string]any) (string, error) {
	alg, err := jose.AlgOf(key.Public())
	if err != nil {
		return "", err
	}
	payload, err := encode(claims)
	if err != nil {
		return "", err
	}
	return jose.Sign(key, alg, header, payload)
}
