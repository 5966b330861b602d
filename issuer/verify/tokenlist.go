package verify

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/cwt"
	"socialregistry/issuer/status"
)

// tokenList reads a Status List Token (Token Status List §5, §8.3): a JWT, or a CWT in
// base64url.
func tokenList(v *verification, e statusEntry, k key) (snapshot, error) {
	bad := unknownStatus("The status list in the trust bundle is not what the issuer signed.")
	b, ok := v.trust.status[e.uri]
	if !ok {
		return snapshot{}, unknownStatus("The trust bundle has no status list for this.")
	}
	name, open, err := readToken(b.Token, e.uri)
	if err != nil {
		return snapshot{}, bad
	}
	for _, signer := range v.trust.listKeys(k, name) {
		s, signed, ok := open(signer)
		if !signed {
			continue
		}
		if !ok || signer.signs(s.made, v.at) != nil {
			return snapshot{}, bad
		}
		return s, nil
	}
	return snapshot{}, bad
}

// opener gives what a token of a list says, whether a key signed it, and whether it can
// be understood.
type opener func(key) (s snapshot, signed, ok bool)

// readToken gives the name of the key that a token says signed it.
func readToken(token, uri string) (kid string, open opener, err error) {
	if !strings.Contains(token, ".") {
		return readCWT(token, uri)
	}
	header, err := jose.Header(token)
	if err != nil || header["typ"] != "statuslist+jwt" {
		return "", nil, errListType
	}
	kid, _ = header["kid"].(string)
	return kid, func(k key) (snapshot, bool, bool) {
		payload, err := jose.Verify(token, k.public, k.Alg)
		if err != nil {
			return snapshot{}, false, false
		}
		s, ok := tokenSnapshot(payload, uri)
		return s, true, ok
	}, nil
}

var errListType = errors.New("verify: it is no status list token")

// readCWT reads the CBOR form (Token Status List §5.2).
func readCWT(text, uri string) (kid string, open opener, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", nil, errListType
	}
	token, err := cwt.Parse(raw)
	if err != nil {
		return "", nil, err
	}
	return token.KID, func(k key) (snapshot, bool, bool) {
		claims, err := token.Verify(k.public)
		if err != nil {
			return snapshot{}, false, false
		}
		s, ok := lifetime(claims.Issued, claims.Expires, claims.TTL.Seconds(), time.Second, claims.Subject == uri)
		if ok {
			s.list, err = status.ParsePacked(claims.List, claims.Bits)
		}
		return s, true, ok && err == nil
	}, nil
}

func tokenSnapshot(payload []byte, uri string) (snapshot, bool) {
	claims, err := jose.DecodeObject(payload)
	if err != nil || claims["sub"] != uri {
		return snapshot{}, false
	}
	made, ok1 := numericDate(claims, "iat")
	ends, ok2 := numericDate(claims, "exp")
	ttl, _ := claims["ttl"].(float64) // seconds
	s, ok := lifetime(made, ends, ttl, time.Second, ok1 && ok2)
	if !ok {
		return snapshot{}, false
	}
	list, _ := claims["status_list"].(map[string]any)
	lst, _ := list["lst"].(string)
	width, _ := list["bits"].(float64)
	s.list, err = status.ParseTokenList(lst, int(width))
	return s, err == nil
}
