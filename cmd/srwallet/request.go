package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// request proves the key and asks for the credential. If the nonce has gone
// stale meanwhile, it tries once more with a new one (OID4VCI 1.0 §8.3.1.2).
func (w *wallet) request(ctx context.Context, i *issuer, t *token, id string, key *holderKey) ([]byte, error) {
	for try := 1; ; try++ {
		nonce, err := w.freshNonce(ctx, i)
		if err != nil {
			return nil, err
		}
		proof, err := key.proof(i.ID, nonce, w.now())
		if err != nil {
			return nil, err
		}
		w.say("Asking for %s: %s", id, i.CredentialEndpoint)
		credential, err := w.ask(ctx, i, t, id, proof)
		var r *refused
		if errors.As(err, &r) && r.code == "invalid_nonce" && try == 1 {
			continue
		}
		return credential, err
	}
}

// ask sends one credential request (§8.2) and gives the credential as it came:
// a JSON object for ldp_vc, the text of the string for others.
func (w *wallet) ask(ctx context.Context, i *issuer, t *token, id, proof string) ([]byte, error) {
	member, value := t.identifier(id)
	body, err := json.Marshal(map[string]any{member: value, "proofs": map[string][]string{"jwt": {proof}}})
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + t.Access}}
	a, err := w.web.do(ctx, http.MethodPost, i.CredentialEndpoint, header, bytes.NewReader(body))
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusAccepted:
		return nil, fmt.Errorf("%s will issue later, and this wallet does not wait", i.CredentialEndpoint)
	case a.status != http.StatusOK:
		return nil, a.refusal(i.CredentialEndpoint)
	}
	if err := a.notStored(); err != nil {
		return nil, fmt.Errorf("%s: %w", i.CredentialEndpoint, err)
	}
	credential, err := a.credential(i.Configurations[id].Format)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.CredentialEndpoint, err)
	}
	return credential, nil
}

// credential takes the one credential out of the answer (§8.3).
func (a answer) credential(format string) ([]byte, error) {
	var r struct {
		Credentials []struct {
			Credential json.RawMessage `json:"credential"`
		} `json:"credentials"`
	}
	if err := json.Unmarshal(a.body, &r); err != nil {
		return nil, errors.New("the answer is no credential response")
	}
	if len(r.Credentials) != 1 {
		return nil, fmt.Errorf("%d credentials came for one proof", len(r.Credentials))
	}
	raw := r.Credentials[0].Credential
	if format == formatLDP {
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
