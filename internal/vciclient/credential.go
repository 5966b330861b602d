package vciclient

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"socialregistry/internal/jose"
)

// Want is one credential request: copies of one credential, each for a key.
type Want struct {
	Configuration string
	Keys          []*Key
	Provider      *Provider // attests the keys; nil: they are not attested
	ByAttestation bool      // prove by one key attestation (appendix F.3), else by a JWT for each key
	Zip           bool      // compress what is encrypted
}

// Issued is what a credential request gave: credentials, or leave to ask later.
type Issued struct {
	Credentials   [][]byte // a JSON object for ldp_vc, the text of the string for others
	Notification  string   // notification_id, "" for none
	TransactionID string   // "" unless it is issued later
	Interval      time.Duration
}

// Nonce asks for a nonce, "" if the issuer has no nonce endpoint (§7).
func (c *Client) Nonce(ctx context.Context, i *Issuer) (string, error) {
	if i.NonceEndpoint == "" {
		return "", nil
	}
	c.Say("Asking for a nonce, so that my proof is fresh: %s", i.NonceEndpoint)
	a, err := c.Send(ctx, Request{Method: http.MethodPost, URL: i.NonceEndpoint})
	if err != nil {
		return "", err
	}
	var n struct {
		Nonce string `json:"c_nonce"`
	}
	if err := a.want(http.StatusOK, &n); err != nil {
		return "", err
	}
	if n.Nonce == "" {
		return "", fmt.Errorf("%s gives no c_nonce", i.NonceEndpoint)
	}
	return n.Nonce, nil
}

// Credential proves the keys and asks for the credential. If the nonce has gone
// stale meanwhile, it tries once more with a new one (OID4VCI 1.0 §8.3.1.2).
func (c *Client) Credential(ctx context.Context, i *Issuer, t *Token, w Want) (*Issued, error) {
	for try := 1; ; try++ {
		nonce, err := c.Nonce(ctx, i)
		if err != nil {
			return nil, err
		}
		envelope, err := c.NewEnvelope(i)
		if err != nil {
			return nil, err
		}
		c.Say("Asking for %s: %s", w.Configuration, i.CredentialEndpoint)
		a, err := c.call(ctx, func() (Request, error) { return c.CredentialRequest(i, t, w, nonce, envelope) })
		if err != nil {
			return nil, err
		}
		if try == 1 && a.Status == http.StatusBadRequest && a.Code() == "invalid_nonce" {
			continue
		}
		return c.issued(i, a, envelope, w)
	}
}

// CredentialRequest is the request of Credential (§8.2).
func (c *Client) CredentialRequest(i *Issuer, t *Token, w Want, nonce string, envelope *Envelope) (Request, error) {
	proofs, err := c.Proofs(i, w, nonce)
	if err != nil {
		return Request{}, err
	}
	member, value := t.Subject(w.Configuration)
	return c.SealedRequest(i.CredentialEndpoint, t, map[string]any{member: value, "proofs": proofs}, envelope, w.Zip)
}

// SealedRequest is a request with an access token and a JSON body, encrypted
// together with the parameters of the answer if there is an envelope.
func (c *Client) SealedRequest(address string, t *Token, body map[string]any, envelope *Envelope, zip bool) (Request, error) {
	kind := "application/json"
	if c.Unknown != "" {
		body[c.Unknown] = "ignored"
	}
	if envelope != nil {
		envelope.Zip = zip
		body["credential_response_encryption"] = envelope.Parameters()
	}
	raw, err := encode(body)
	if err != nil {
		return Request{}, err
	}
	if envelope != nil {
		if kind, raw, err = envelope.Seal(raw); err != nil {
			return Request{}, err
		}
	}
	r := Request{Method: http.MethodPost, URL: address, Header: http.Header{"Content-Type": {kind}, "Accept": {"application/json, application/jwt"}}, Body: raw}
	return r, c.present(t, &r)
}

// Proofs is the member proofs (§8.2, appendix F).
func (c *Client) Proofs(i *Issuer, w Want, nonce string) (map[string][]string, error) {
	attestation := ""
	if w.Provider != nil {
		var public []crypto.PublicKey
		for _, k := range w.Keys {
			public = append(public, k.Signer.Public())
		}
		var err error
		if attestation, err = w.Provider.KeyAttestation(public, nonce, c.Now()); err != nil {
			return nil, err
		}
	}
	if w.ByAttestation {
		return map[string][]string{"attestation": {attestation}}, nil
	}
	var all []string
	for _, k := range w.Keys {
		proof, err := k.Proof(c.ID, i.ID, nonce, attestation, c.Now())
		if err != nil {
			return nil, err
		}
		all = append(all, proof)
	}
	return map[string][]string{"jwt": all}, nil
}

// as gives the answer another body: JSON that was inside.
func (a Answer) as(body []byte) Answer {
	a.Body = body
	a.Members, a.wrong = jose.DecodeObject(body)
	return a
}

// issued reads the answer (§8.3).
func (c *Client) issued(i *Issuer, sealed Answer, envelope *Envelope, w Want) (*Issued, error) {
	a, err := sealed.open(envelope)
	if err != nil {
		return nil, err
	}
	if a.Status == http.StatusAccepted {
		return a.later()
	}
	var r struct {
		Credentials []struct {
			Credential json.RawMessage `json:"credential"`
		} `json:"credentials"`
		Notification string `json:"notification_id"`
	}
	if err := a.want(http.StatusOK, &r); err != nil {
		return nil, err
	}
	if n := len(r.Credentials); n == 0 || n > len(w.Keys) {
		return nil, fmt.Errorf("%s: %d credentials came for %d keys", a.address, n, len(w.Keys))
	}
	out := &Issued{Notification: r.Notification}
	for _, one := range r.Credentials {
		credential, err := plain(i.Configurations[w.Configuration].Format, one.Credential)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.address, err)
		}
		out.Credentials = append(out.Credentials, credential)
	}
	return out, nil
}

// plain takes a credential out of its JSON (appendix A).
func plain(format string, raw json.RawMessage) ([]byte, error) {
	if format == FormatLDP {
		if len(raw) == 0 || raw[0] != '{' {
			return nil, errors.New("an ldp_vc must be a JSON object")
		}
		return raw, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || text == "" {
		return nil, fmt.Errorf("a %s must be a string", format)
	}
	return []byte(text), nil
}

// later reads leave to ask later (§8.3): 202, a transaction_id and a positive
// number of seconds.
func (a Answer) later() (*Issued, error) {
	var r struct {
		ID       string `json:"transaction_id"`
		Interval int    `json:"interval"`
	}
	if err := a.decode(&r); err != nil {
		return nil, err
	}
	if r.ID == "" || r.Interval <= 0 {
		return nil, fmt.Errorf("%s will issue later, but gives no transaction_id or interval", a.address)
	}
	return &Issued{TransactionID: r.ID, Interval: time.Duration(r.Interval) * time.Second}, nil
}

// Deferred asks again for what is issued later (§9). The credentials, if they
// are there now, are for the keys of the first request.
func (c *Client) Deferred(ctx context.Context, i *Issuer, t *Token, w Want, transactionID string) (*Issued, error) {
	if i.DeferredEndpoint == "" {
		return nil, errors.New("the issuer has no deferred_credential_endpoint")
	}
	envelope, err := c.NewEnvelope(i)
	if err != nil {
		return nil, err
	}
	c.Say("Asking whether it is ready: %s", i.DeferredEndpoint)
	a, err := c.call(ctx, func() (Request, error) {
		return c.SealedRequest(i.DeferredEndpoint, t, map[string]any{"transaction_id": transactionID}, envelope, w.Zip)
	})
	if err != nil {
		return nil, err
	}
	return c.issued(i, a, envelope, w)
}

// Events of a notification (§11.1).
const (
	EventAccepted = "credential_accepted"
	EventFailure  = "credential_failure"
	EventDeleted  = "credential_deleted"
)

// Notify tells the issuer what became of its credentials (§11).
func (c *Client) Notify(ctx context.Context, i *Issuer, t *Token, id, event string) error {
	c.Say("Telling the issuer: %s", event)
	a, err := c.call(ctx, func() (Request, error) {
		return c.SealedRequest(i.NotificationEndpoint, t, map[string]any{"notification_id": id, "event": event}, nil, false)
	})
	if err != nil {
		return err
	}
	if !slices.Contains([]int{http.StatusOK, http.StatusNoContent}, a.Status) { // §11.2: any 2xx
		return a.Refusal()
	}
	return nil
}
