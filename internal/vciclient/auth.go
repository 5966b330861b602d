package vciclient

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"socialregistry/internal/jose"
)

// Headers of client attestation and of DPoP.
const (
	headerAttestation    = "OAuth-Client-Attestation"
	headerAttestationPoP = "OAuth-Client-Attestation-PoP"
	headerChallenge      = "OAuth-Client-Attestation-Challenge"
	headerDPoP           = "DPoP"
	headerNonce          = "DPoP-Nonce"
)

// assertionLife is how long what shows a client is good.
const assertionLife = time.Minute

// post is a form for an endpoint of the authorization server, with what shows
// the client and its DPoP key.
func (c *Client) post(ctx context.Context, s *Server, address string, form url.Values) (Request, error) {
	header := http.Header{}
	if c.Unknown != "" {
		form.Set(c.Unknown, "ignored")
	}
	if c.ID != "" {
		form.Set("client_id", c.ID)
	}
	if c.Auth != nil {
		if err := c.Auth.authenticate(ctx, c, s, form, header); err != nil {
			return Request{}, err
		}
	}
	if c.DPoP != nil {
		proof, err := c.Proof(http.MethodPost, address, "")
		if err != nil {
			return Request{}, err
		}
		header.Set(headerDPoP, proof)
	}
	return postForm(address, header, form), nil
}

// PrivateKeyJWT shows a client by a signed assertion (RFC 7523 §2.2, §3).
type PrivateKeyJWT struct {
	Key crypto.Signer
	KID string // of the key in the client's registered set
}

func (p PrivateKeyJWT) authenticate(_ context.Context, c *Client, s *Server, form url.Values, _ http.Header) error {
	now := c.Now()
	jwt, err := signJWT(p.Key, map[string]any{"typ": "JWT", "kid": p.KID}, map[string]any{"iss": c.ID, "sub": c.ID, "aud": s.ID,
		"jti": random(16), "iat": now.Unix(), "exp": now.Add(assertionLife).Unix()})
	if err != nil {
		return fmt.Errorf("show the client: %w", err)
	}
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", jwt)
	return nil
}

// Attested shows a client by the attestation of its wallet provider
// (attest_jwt_client_auth, OAuth attestation-based client authentication -07).
type Attested struct {
	Instance crypto.Signer // key of this wallet instance
	Provider *Provider     // who vouches for it
}

func (a Attested) authenticate(ctx context.Context, c *Client, s *Server, _ url.Values, header http.Header) error {
	attestation, err := a.Provider.ClientAttestation(c.ID, a.Instance.Public(), c.Now())
	if err != nil {
		return err
	}
	challenge, err := c.challenge(ctx, s)
	if err != nil {
		return err
	}
	claims := map[string]any{"iss": c.ID, "aud": s.ID, "jti": random(16), "iat": c.Now().Unix()}
	if challenge != "" {
		claims["challenge"] = challenge
	}
	pop, err := signJWT(a.Instance, map[string]any{"typ": "oauth-client-attestation-pop+jwt"}, claims)
	if err != nil {
		return fmt.Errorf("show the wallet instance: %w", err)
	}
	header.Set(headerAttestation, attestation)
	header.Set(headerAttestationPoP, pop)
	return nil
}

// challenge gives what the proof of possession must repeat: what came by a
// header, else from the challenge endpoint, if there is one (§8).
func (c *Client) challenge(ctx context.Context, s *Server) (string, error) {
	if known := c.takeChallenge(s.TokenEndpoint); known != "" || s.ChallengeEndpoint == "" {
		return known, nil
	}
	a, err := c.Send(ctx, Request{Method: http.MethodPost, URL: s.ChallengeEndpoint})
	if err != nil {
		return "", err
	}
	var m struct {
		Challenge string `json:"attestation_challenge"`
	}
	if err := a.want(http.StatusOK, &m); err != nil {
		return "", err
	}
	c.takeChallenge(s.TokenEndpoint) // the endpoint may have sent the same in a header
	if m.Challenge == "" {
		return "", errors.New(s.ChallengeEndpoint + " gives no attestation_challenge")
	}
	return m.Challenge, nil
}

// Proof shows the DPoP key to one endpoint (RFC 9449 §4.2), with the nonce that
// the server wants; token is "" but at a protected resource.
func (c *Client) Proof(method, address, token string) (string, error) {
	jwk, err := jose.PublicJWK(c.DPoP.Public())
	if err != nil {
		return "", err
	}
	claims := map[string]any{"jti": random(16), "htm": method, "htu": address, "iat": c.Now().Unix()}
	if token != "" {
		claims["ath"] = hash(token)
	}
	if nonce := c.lastNonce(address); nonce != "" {
		claims["nonce"] = nonce
	}
	proof, err := signJWT(c.DPoP, map[string]any{"typ": "dpop+jwt", "jwk": jwk}, claims)
	if err != nil {
		return "", fmt.Errorf("make a DPoP proof: %w", err)
	}
	return proof, nil
}
