package did

import (
	"crypto"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"socialregistry/did/ariesvdr"
	"socialregistry/internal/jose"
)

// ErrURL says that a URL can have no did:web.
var ErrURL = errors.New("did: URL cannot be written as did:web")

// KeyDID writes a public key as its did:key: z6Mk... for Ed25519, zDna... for
// P-256 (did:key method specification). Other keys are an error.
func KeyDID(key crypto.PublicKey) (string, error) {
	fingerprint, err := ariesvdr.Fingerprint(key)
	if err != nil {
		return "", fmt.Errorf("write did:key: %w", err)
	}
	return "did:key:" + fingerprint, nil
}

// KeyURL writes the DID URL of the one verification method of a did:key: what a
// proof names as its kid.
func KeyURL(key crypto.PublicKey) (string, error) {
	id, err := KeyDID(key)
	if err != nil {
		return "", err
	}
	return id + "#" + strings.TrimPrefix(id, "did:key:"), nil
}

// WebDID gives the did:web of a public URL: host, a port as %3A8080, path
// segments after colons. It returns ErrURL for anything but an http(s) URL of a
// host name. The method forbids IP addresses; 127.0.0.1 is let through, since
// nobody but this machine can resolve it anyway.
func WebDID(publicURL string) (string, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%w: %q", ErrURL, publicURL)
	}
	host := strings.ToLower(u.Hostname())
	if host == "" || isAddress(host) || !isText(host, ".-") {
		return "", fmt.Errorf("%w: %q has no host name", ErrURL, publicURL)
	}
	id := "did:web:" + host
	if u.Port() != "" {
		id += "%3A" + u.Port()
	}
	for part := range strings.SplitSeq(strings.Trim(u.EscapedPath(), "/"), "/") {
		if part != "" {
			id += ":" + part
		}
	}
	return id, nil
}

func isAddress(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && !(a.Is4() && a.IsLoopback())
}

// PublicKey is one key of a document: the fragment that names it, and the key.
type PublicKey struct {
	Fragment string
	Key      crypto.PublicKey
}

// Document writes the issuer's own DID document (DID Core §4, CID 1.0 §2.2).
// Every key stands under assertionMethod twice: as Multikey named #fragment,
// for Data Integrity proofs, and as JsonWebKey named #fragment-jwk, for JOSE.
func Document(id string, keys []PublicKey) (map[string]any, error) {
	methods, assertion := []any{}, []any{}
	for _, k := range keys {
		fingerprint, err := ariesvdr.Fingerprint(k.Key)
		if err != nil {
			return nil, fmt.Errorf("write key %s: %w", k.Fragment, err)
		}
		jwk, err := jose.PublicJWK(k.Key)
		if err != nil {
			return nil, fmt.Errorf("write key %s: %w", k.Fragment, err)
		}
		name := id + "#" + k.Fragment
		if _, err := ParseURL(name); err != nil {
			return nil, fmt.Errorf("write key %s: %w", k.Fragment, err)
		}
		methods = append(methods,
			map[string]any{"id": name, "type": "Multikey", "controller": id, "publicKeyMultibase": fingerprint},
			map[string]any{"id": name + "-jwk", "type": "JsonWebKey", "controller": id, "publicKeyJwk": jwk},
		)
		assertion = append(assertion, name, name+"-jwk")
	}
	return map[string]any{
		"@context": []any{
			"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1",
		},
		"id":                 id,
		"verificationMethod": methods,
		"assertionMethod":    assertion,
	}, nil
}
