package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"maps"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// sdjwt is a parsed SD-JWT without key binding (RFC 9901 §4).
type sdjwt struct {
	jws    string
	header map[string]any
	claims map[string]any // as the disclosures show them
}

// parseSDJWT reads the compact form: JWS~disclosure~...~
func parseSDJWT(compact string) (*sdjwt, error) {
	parts := strings.Split(compact, "~")
	if len(parts) < 2 || parts[len(parts)-1] != "" {
		return nil, errors.New("an SD-JWT must end with ~")
	}
	s := &sdjwt{jws: parts[0]}
	var err error
	if s.header, err = jose.Header(s.jws); err != nil {
		return nil, err
	}
	payload, err := jose.Payload(s.jws)
	if err != nil {
		return nil, err
	}
	signed, err := jose.DecodeObject(payload)
	if err != nil {
		return nil, err
	}
	if s.claims, err = disclose(signed, parts[1:len(parts)-1]); err != nil {
		return nil, err
	}
	for _, name := range registered() {
		if _, inTheClear := signed[name]; s.claims[name] != nil && !inTheClear {
			return nil, fmt.Errorf("%s must not be disclosed selectively", name)
		}
	}
	return s, nil
}

// registered are the claims of the credential itself (SD-JWT VC §3.2.2.2).
func registered() []string {
	return []string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"}
}

// details are the claims about the holder.
func (s *sdjwt) details() map[string]any {
	all := maps.Clone(s.claims)
	for _, name := range append(registered(), "iat") {
		delete(all, name)
	}
	return all
}

// inspectSDJWT: SD-JWT VC §2.2, §3.
func (w *wallet) inspectSDJWT(ctx context.Context, i *vciclient.Issuer, c vciclient.Configuration, key *vciclient.Key, compact string) error {
	s, err := parseSDJWT(compact)
	if err != nil {
		return err
	}
	switch {
	case s.header["typ"] != vciclient.FormatSDJWT:
		return fmt.Errorf("typ is %q, not %s", s.header["typ"], vciclient.FormatSDJWT)
	case s.claims["vct"] != c.VCT:
		return errors.New("its vct is not that of the offered configuration")
	case s.claims["iss"] != i.ID:
		return errors.New("it is of another issuer than the offer")
	}
	if err := window(s.claims, w.client.Now().Unix()); err != nil {
		return err
	}
	if err := confirmedBy(key, s.claims["cnf"]); err != nil {
		return err
	}
	public, err := w.issuerKey(ctx, i, s.header["kid"])
	if err != nil {
		return err
	}
	if _, err := jose.Verify(s.jws, public, jose.ES256, jose.EdDSA); err != nil {
		return fmt.Errorf("its signature is not the issuer's: %w", err)
	}
	return nil
}

// confirmedBy compares cnf with the key as it was proved (RFC 7800 §3).
func confirmedBy(k *vciclient.Key, cnf any) error {
	members, _ := cnf.(map[string]any)
	if k.DID {
		if members["kid"] != k.URL {
			return errNotBound
		}
		return nil
	}
	named, _ := members["jwk"].(map[string]any)
	public, err := jose.ParseJWK(named)
	if err != nil {
		return errNotBound
	}
	theirs, err := jose.Thumbprint(public)
	if err != nil {
		return errNotBound
	}
	ours, err := jose.Thumbprint(k.Signer.Public())
	if err != nil || ours != theirs {
		return errNotBound
	}
	return nil
}

// issuerKey finds the key by kid in the issuer's own list.
func (w *wallet) issuerKey(ctx context.Context, i *vciclient.Issuer, kid any) (crypto.PublicKey, error) {
	list, err := w.issuerKeys(ctx, i)
	if err != nil {
		return nil, err
	}
	for _, k := range list {
		if id, ok := k["kid"].(string); ok && id == kid {
			return jose.ParseJWK(k)
		}
	}
	return nil, errors.New("the issuer has no such key")
}

// issuerKeys reads the issuer's own list of keys (SD-JWT VC §5).
func (w *wallet) issuerKeys(ctx context.Context, i *vciclient.Issuer) ([]map[string]any, error) {
	address := vciclient.WellKnown(i.URL, "jwt-vc-issuer")
	w.client.Say("Reading the issuer's keys: %s", address)
	var m struct {
		Issuer string `json:"issuer"`
		URI    string `json:"jwks_uri"`
		Keys   *jwks  `json:"jwks"`
	}
	if err := w.client.Fetch(ctx, address, &m); err != nil {
		return nil, err
	}
	if m.Issuer != i.ID || (m.Keys == nil) == (m.URI == "") {
		return nil, fmt.Errorf("%s is for another issuer, or has not one of jwks and jwks_uri", address)
	}
	if m.Keys == nil {
		m.Keys = &jwks{}
		if err := w.client.Fetch(ctx, m.URI, m.Keys); err != nil {
			return nil, err
		}
	}
	return m.Keys.Keys, nil
}

type jwks struct {
	Keys []map[string]any `json:"keys"`
}
