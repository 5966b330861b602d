package main

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
	"socialregistry/issuer/mdoc"
	"socialregistry/issuer/verify"
)

// inspectMdoc checks a mobile document (ISO/IEC 18013-5 §9.3.1): its certificates lead
// to an anchor that was named, or without one, its signer's key is among those that
// the issuer itself publishes.
func (w *wallet) inspectMdoc(ctx context.Context, i *vciclient.Issuer, c vciclient.Configuration, key *vciclient.Key, text string) error {
	content, err := readMdoc(text)
	if err != nil {
		return err
	}
	device, ok := content.DeviceKey.(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case content.DocType != c.Doctype:
		return errors.New("its docType is not that of the offered configuration")
	case !ok || !device.Equal(key.Signer.Public()):
		return errNotBound
	}
	issuer := verify.BundleIssuer{ID: i.ID, Anchors: w.ways.anchors}
	if issuer.Anchors == "" {
		if issuer.Keys, err = w.listedKeys(ctx, i); err != nil {
			return err
		}
	}
	return w.genuine([]byte(text), issuer, nil)
}

// listedKeys are the ES256 keys of the issuer's own list: mobile documents have no
// other key here.
func (w *wallet) listedKeys(ctx context.Context, i *vciclient.Issuer) ([]verify.BundleKey, error) {
	list, err := w.issuerKeys(ctx, i)
	if err != nil {
		return nil, err
	}
	var keys []verify.BundleKey
	for _, jwk := range list {
		kid, _ := jwk["kid"].(string)
		public, err := jose.ParseJWK(jwk)
		if err != nil {
			return nil, err
		}
		if alg, err := jose.AlgOf(public); err == nil && alg == jose.ES256 && kid != "" {
			keys = append(keys, w.inUse(verify.BundleKey{KID: kid, JWK: jwk, Alg: alg}))
		}
	}
	return keys, nil
}

// readMdoc reads IssuerSigned (OID4VCI 1.0 appendix A.2.4) as its own certificate
// signed it. Whose that is, is not asked.
func readMdoc(text string) (mdoc.Content, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return mdoc.Content{}, errors.New("it is not base64url without padding")
	}
	document, err := mdoc.Parse(raw)
	if err != nil {
		return mdoc.Content{}, err
	}
	return document.Verify(document.Chain[0].PublicKey)
}

// mdocDetails are the elements of all namespaces.
func mdocDetails(text string) (map[string]any, error) {
	content, err := readMdoc(text)
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	for namespace, elements := range content.Elements {
		for name, value := range elements {
			if _, twice := all[name]; twice {
				name = namespace + " " + name
			}
			all[name] = value
		}
	}
	return all, nil
}
