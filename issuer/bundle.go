package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"socialregistry/issuer/claim169"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// bundleFresh is when a verifier should fetch the next bundle.
const bundleFresh = 24 * time.Hour

// Bundle is all that a verifier without network needs to trust this issuer: its
// keys with their windows, the context and the types of its credentials, and
// every status list as it is now. Revoked keys are in it, marked as such.
func (i *Issuer) Bundle(ctx context.Context) (*verify.Bundle, error) {
	now := i.now().UTC().Truncate(time.Second)
	b := &verify.Bundle{Version: verify.BundleVersion, Seq: now.Unix(), Created: now, RefreshAfter: now.Add(bundleFresh),
		NotAfter: now.Add(statusLife),
		Issuers:  []verify.BundleIssuer{{ID: i.did, URL: i.url, Names: maps.Clone(i.names), Anchors: string(i.Authorities())}},
		Contexts: map[string]verify.Context{i.contextIRI: verify.NewContext(i.context)},
		Types:    map[string]verify.BundleType{}}
	document, err := i.didText()
	if err != nil {
		return nil, fmt.Errorf("make trust bundle: %w", err)
	}
	b.Issuers[0].Document = document
	for _, k := range i.ring.now().All() {
		key, err := i.bundleKey(k)
		if err != nil {
			return nil, fmt.Errorf("make trust bundle: %w", err)
		}
		b.Issuers[0].Keys = append(b.Issuers[0].Keys, key)
	}
	for _, c := range i.configs {
		name, shown := i.bundleType(c)
		shown = shown.With(b.Types[name]) // two formats may go by one name
		b.Types[name] = shown
		if c.Format == oid4vci.FormatSDJWT {
			for _, former := range i.types[c.Type].former {
				b.Types[former] = shown
			}
		}
	}
	b.Types[verify.FormatClaim169] = i.paperType()
	return b, i.addStatus(ctx, b, now)
}

// didText is the DID document as a verifier without network keeps it.
func (i *Issuer) didText() (string, error) {
	doc, err := i.DIDDocument()
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(doc)
	return string(raw), err
}

// bundleKey tells of one key. Of one that a CA outside certified its own certificate
// goes with it (RFC 7517 §4.7), and those that it had before, which older mobile
// documents name. That CA is no anchor: it certifies others too, and what it signs must
// not pass for ours.
func (i *Issuer) bundleKey(k keys.Key) (verify.BundleKey, error) {
	jwk, err := k.JWK()
	if err != nil {
		return verify.BundleKey{}, err
	}
	if leaf, outside := i.ring.now().Outside(k); outside {
		jwk["x5c"] = []any{base64.StdEncoding.EncodeToString(leaf.Raw)}
	}
	var former []string
	for _, der := range k.Former {
		had := keys.Key{KID: k.KID, Chain: [][]byte{der}}
		if leaf, outside := i.ring.now().Outside(had); outside {
			former = append(former, base64.StdEncoding.EncodeToString(leaf.Raw))
		}
	}
	kid, err := claim169.KIDOf(k.Public())
	if err != nil {
		return verify.BundleKey{}, err
	}
	out := verify.BundleKey{KID: k.KID, CoseKID: base64.RawURLEncoding.EncodeToString(kid), Certificates: former, Method: i.method(k), JWK: jwk, Alg: k.Alg, NotBefore: startOfDay(k.NotBefore), NotAfter: k.NotAfter}
	if !k.RevokedAt.IsZero() {
		out.RevokedAt = &k.RevokedAt
	}
	return out, nil
}

// bundleType says by which name a credential calls its type, and how to show it.
func (i *Issuer) bundleType(c Configuration) (string, verify.BundleType) {
	out := newBundleType()
	for _, d := range c.Display {
		out.Display[d.Locale] = d.Name
	}
	for _, f := range c.Fields {
		addClaim(&out, f.Claim, i.fields[f.Field])
	}
	if c.Format == oid4vci.FormatSDJWT {
		return i.vct(c), out
	}
	return c.Type, out
}

func newBundleType() verify.BundleType {
	return verify.BundleType{Display: map[string]string{}, Claims: map[string]map[string]string{}, Values: map[string]map[string]map[string]string{}}
}

// addClaim says how a field is shown: its label, its place behind those before, the words
// of its codes.
func addClaim(t *verify.BundleType, claim string, f registry.Field) {
	if t.Claims[claim] == nil {
		t.Order = append(t.Order, claim)
	}
	t.Claims[claim] = f.Label
	if len(f.Choices) == 0 {
		return
	}
	t.Values[claim] = map[string]map[string]string{}
	for _, c := range f.Choices {
		t.Values[claim][c.Value] = c.Label
	}
}

func (i *Issuer) addStatus(ctx context.Context, b *verify.Bundle, now time.Time) error {
	lists, err := i.ledger.StatusLists(ctx, now.Add(-statusKeep))
	if err != nil {
		return err
	}
	for _, l := range lists {
		if l.Kind == TokenList {
			err = i.addList(ctx, b, l, "", now)
		} else {
			err = i.addBitstrings(ctx, b, l, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addBitstrings adds the lists of all purposes that credentials name.
func (i *Issuer) addBitstrings(ctx context.Context, b *verify.Bundle, l ledger.StatusList, now time.Time) error {
	named := usualPurposes()
	for _, c := range i.configs {
		named = append(named, c.StatusPurposes...)
	}
	slices.Sort(named)
	for _, purpose := range slices.Compact(named) {
		if err := i.addList(ctx, b, l, purpose, now); err != nil {
			return err
		}
	}
	return nil
}

func (i *Issuer) addList(ctx context.Context, b *verify.Bundle, l ledger.StatusList, purpose string, now time.Time) error {
	doc, err := i.statusList(ctx, l.Kind, l.ID, rendition{purpose: purpose})
	if err != nil {
		return err
	}
	uri := i.listURL(l.Kind, l.ID)
	if l.Kind == BitstringList {
		uri = i.bitstringURL(l.ID, purpose)
	}
	sum := sha256.Sum256(doc.Body)
	b.Status = append(b.Status, verify.BundleStatus{URI: uri, SHA256: hex.EncodeToString(sum[:]), Bytes: len(doc.Body), Token: string(doc.Body), Fetched: now})
	return nil
}
