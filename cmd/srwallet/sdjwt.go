package main

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// sdjwt is a parsed SD-JWT without key binding (RFC 9901 §4).
type sdjwt struct {
	jws         string
	header      map[string]any
	claims      map[string]any // as signed, digests and all
	disclosures []disclosure
}

// disclosure is one claim that the holder may show (RFC 9901 §4.2.1).
type disclosure struct {
	digest string
	name   string
	value  any
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
	if s.claims, err = jose.DecodeObject(payload); err != nil {
		return nil, err
	}
	for _, p := range parts[1 : len(parts)-1] {
		d, err := parseDisclosure(p)
		if err != nil {
			return nil, err
		}
		s.disclosures = append(s.disclosures, d)
	}
	return s, s.checkDigests()
}

// parseDisclosure reads [salt, name, value]. Claims in arrays are not used by
// the issuers that this wallet knows.
func parseDisclosure(text string) (disclosure, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return disclosure{}, errors.New("a disclosure is not base64url")
	}
	v, err := jose.DecodeValue(raw)
	if err != nil {
		return disclosure{}, errors.New("a disclosure is not JSON")
	}
	list, _ := v.([]any)
	if len(list) != 3 {
		return disclosure{}, errors.New("a disclosure has not three parts")
	}
	salt, isSalt := list[0].(string)
	name, isName := list[1].(string)
	if !isSalt || salt == "" || !isName || name == "_sd" || name == "..." { // RFC 9901 §7.1
		return disclosure{}, errors.New("a disclosure has no salt or no proper name")
	}
	sum := sha256.Sum256([]byte(text))
	return disclosure{base64.RawURLEncoding.EncodeToString(sum[:]), name, list[2]}, nil
}

// checkDigests holds RFC 9901 §7.1 at the top level, the only place where the
// credentials of this wallet hide claims: every digest once, every disclosure
// with a digest, and no name that is there already.
func (s *sdjwt) checkDigests() error {
	if alg, there := s.claims["_sd_alg"]; there && alg != "sha-256" {
		return errors.New("_sd_alg is not sha-256")
	}
	open := map[string]bool{}
	list, _ := s.claims["_sd"].([]any)
	for _, v := range list {
		digest, ok := v.(string)
		if !ok || open[digest] {
			return errors.New("_sd has a digest twice, or one that is no text")
		}
		open[digest] = true
	}
	names := map[string]bool{}
	for _, d := range s.disclosures {
		_, plain := s.claims[d.name]
		if !open[d.digest] || names[d.name] || plain {
			return errors.New("a disclosure is not one that the issuer signed")
		}
		delete(open, d.digest)
		names[d.name] = true
	}
	return nil
}

// details are the claims that the disclosures show.
func (s *sdjwt) details() map[string]any {
	all := map[string]any{}
	for _, d := range s.disclosures {
		all[d.name] = d.value
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
