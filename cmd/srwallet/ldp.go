package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
	"socialregistry/issuer/verify"
)

// inspectLDP checks a W3C credential (VCDM 2.0 §4).
func (w *wallet) inspectLDP(ctx context.Context, i *vciclient.Issuer, c vciclient.Configuration, key *vciclient.Key, credential []byte) error {
	document, err := jose.DecodeObject(credential)
	if err != nil {
		return err
	}
	subject, _ := document["credentialSubject"].(map[string]any)
	switch {
	case !hasAll(texts(document["type"]), c.Definition.Type):
		return errors.New("it has not the types of the offered configuration")
	case subject == nil || subject["id"] != key.ID:
		return errNotBound
	}
	issuer, err := w.didIssuer(ctx, i, document["issuer"])
	if err != nil {
		return err
	}
	contexts, err := w.ownContexts(ctx, i, document)
	if err != nil {
		return err
	}
	return w.genuine(credential, issuer, contexts)
}

// genuine asks issuer/verify, which is to know this issuer and no other.
func (w *wallet) genuine(credential []byte, issuer verify.BundleIssuer, contexts map[string]verify.Context) error {
	raw, err := json.Marshal(verify.Bundle{Version: verify.BundleVersion, Seq: 1, Created: w.client.Now().UTC(), Contexts: contexts,
		Issuers: []verify.BundleIssuer{issuer}})
	if err != nil {
		return err
	}
	bundle, err := verify.ParseBundle(raw)
	if err != nil {
		return err
	}
	result := bundle.Verify(credential, w.client.Now())
	if result.Outcome != verify.Genuine && result.Outcome != verify.GenuineStatusUnknown {
		return fmt.Errorf("it is not genuine: %s (%s)", result.Outcome, result.Reason)
	}
	return nil
}

// didIssuer is what a DID of the offer's issuer publishes: that of its host, or of
// its path.
func (w *wallet) didIssuer(ctx context.Context, i *vciclient.Issuer, issuer any) (verify.BundleIssuer, error) {
	address, err := webDocument(issuer)
	if err != nil {
		return verify.BundleIssuer{}, err
	}
	own := strings.TrimSuffix(i.URL.EscapedPath(), "/") + "/did.json"
	if address.Host != i.URL.Host || address.EscapedPath() != own && address.EscapedPath() != "/.well-known/did.json" {
		return verify.BundleIssuer{}, errors.New("it is of another issuer than the offer")
	}
	keys, id, err := w.assertionKeys(ctx, address.String())
	return verify.BundleIssuer{ID: id, URL: i.ID, Keys: keys}, err
}

// webDocument is where the document of a did:web stands (did:web §3.2); like
// every address it is http on this machine only.
func webDocument(issuer any) (*url.URL, error) {
	id, _ := issuer.(string)
	if m, ok := issuer.(map[string]any); ok {
		id, _ = m["id"].(string)
	}
	parts := strings.Split(strings.TrimPrefix(id, "did:web:"), ":")
	host, err := url.PathUnescape(parts[0])
	if !strings.HasPrefix(id, "did:web:") || err != nil || host == "" {
		return nil, fmt.Errorf("its issuer %q is no did:web", safe(id))
	}
	path := "/.well-known"
	if len(parts) > 1 {
		path = "/" + strings.Join(parts[1:], "/")
	}
	address := "https://" + host + path + "/did.json"
	if name, _, _ := strings.Cut(host, ":"); vciclient.IsLoopback(name) {
		address = "http" + strings.TrimPrefix(address, "https")
	}
	return vciclient.CheckURL(address)
}

// assertionKeys reads the issuer's DID document (DID Core §5.3.2): the Multikeys
// that it signs credentials with.
func (w *wallet) assertionKeys(ctx context.Context, address string) ([]verify.BundleKey, string, error) {
	w.client.Say("Reading the issuer's DID document: %s", address)
	var d struct {
		ID        string   `json:"id"`
		Assertion []string `json:"assertionMethod"`
		Methods   []struct {
			ID         string `json:"id"`
			Type       string `json:"type"`
			Controller string `json:"controller"`
			Multibase  string `json:"publicKeyMultibase"`
		} `json:"verificationMethod"`
	}
	if err := w.client.Fetch(ctx, address, &d); err != nil {
		return nil, "", err
	}
	if back, err := webDocument(d.ID); err != nil || back.String() != address {
		return nil, "", fmt.Errorf("%s is the document of another DID", address)
	}
	var keys []verify.BundleKey
	for _, m := range d.Methods {
		if m.Type != "Multikey" || m.Controller != d.ID || !slices.Contains(d.Assertion, m.ID) {
			continue
		}
		k, err := w.multikey(ctx, m.ID, m.Multibase)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", address, err)
		}
		keys = append(keys, k)
	}
	return keys, d.ID, nil
}

// multikey decodes a key by the way of did:key, which has the same text.
func (w *wallet) multikey(ctx context.Context, method, multibase string) (verify.BundleKey, error) {
	public, err := did.NewResolver().Key(ctx, "did:key:"+multibase+"#"+multibase)
	if err != nil {
		return verify.BundleKey{}, err
	}
	alg, err := jose.AlgOf(public)
	if err != nil {
		return verify.BundleKey{}, err
	}
	jwk, err := jose.PublicJWK(public)
	if err != nil {
		return verify.BundleKey{}, err
	}
	_, kid, _ := strings.Cut(method, "#")
	return w.inUse(verify.BundleKey{KID: kid, Method: method, JWK: jwk, Alg: alg}), nil
}

// inUse says of a key that is published now that it signs now.
func (w *wallet) inUse(k verify.BundleKey) verify.BundleKey {
	const year = 365 * 24 * time.Hour
	k.NotBefore, k.NotAfter = w.client.Now().Add(-year).UTC(), w.client.Now().Add(year).UTC()
	return k
}

// ownContexts fetches the JSON-LD contexts that the issuer serves itself. All
// others must be among those that issuer/verify has with it.
func (w *wallet) ownContexts(ctx context.Context, i *vciclient.Issuer, document map[string]any) (map[string]verify.Context, error) {
	own := map[string]verify.Context{}
	for _, iri := range texts(document["@context"]) {
		u, err := url.Parse(iri)
		if err != nil || u.Host != i.URL.Host {
			continue
		}
		w.client.Say("Reading the meaning of its details: %s", iri)
		a, err := w.client.Get(ctx, iri, "application/ld+json, application/json")
		if err != nil {
			return nil, err
		}
		if err := a.Document(); err != nil {
			return nil, err
		}
		own[iri] = verify.NewContext(a.Body)
	}
	return own, nil
}
