package verify

import (
	"encoding/base64"
	"errors"

	"socialregistry/issuer/claim169"
)

// FormatClaim169 is the name here of codes on paper: identity data in a CWT (claim
// 169). It is also the type of the bundle that says how they are shown.
const FormatClaim169 = "claim169"

// readClaim169 reads the text of a code. Which key counts is said by kid; a code that
// names no issuer is of whoever's key signed it.
func (t *trust) readClaim169(text string) (credential, error) {
	c := credential{format: FormatClaim169}
	code, err := claim169.Parse(text)
	switch {
	case errors.Is(err, claim169.ErrIncomplete):
		return c, failure{IncompleteCode, "The end of this code is missing."}
	case errors.Is(err, claim169.ErrForeign):
		return c, failure{UnsupportedFormat, "This code holds something else than identity data that was signed."}
	case err != nil:
		return c, failure{UnreadableCode, "This code is damaged, or is larger than one may be."}
	}
	c.issuer, c.certified = code.Issuer, true
	c.keys, c.unnamed = t.coseKeys(code.Issuer, code.KID), code.Issuer == ""
	c.verify = func(k key) (signed, error) { return verifyClaim169(code, k) }
	return c, nil
}

// coseKeys gives the keys that a code may mean, as find does: those of its issuer
// with that kid, else those of anybody with it. Others name a key by the text that
// names it elsewhere.
func (t *trust) coseKeys(issuer string, kid []byte) []key {
	if len(kid) == 0 {
		return t.find(issuer, "")
	}
	name := base64.RawURLEncoding.EncodeToString(kid)
	var own, others []key
	for _, k := range t.keys {
		switch {
		case k.CoseKID != name && k.KID != string(kid) && k.Method != string(kid):
		case k.issuer.is(issuer):
			own = append(own, k)
		default:
			others = append(others, k)
		}
	}
	if len(own) > 0 {
		return own
	}
	return others
}

func verifyClaim169(code *claim169.Code, k key) (signed, error) {
	content, err := code.Verify(k.public)
	switch {
	case errors.Is(err, claim169.ErrForeign):
		return signed{}, failure{UnsupportedFormat, "What was signed is not identity data that can be shown."}
	case err != nil:
		return signed{}, failure{Altered, "The signature does not match."}
	}
	s := signed{kind: FormatClaim169, made: content.Issued, from: content.NotBefore, until: content.Expires, claims: content.Attributes}
	if s.made.IsZero() {
		s.made = content.NotBefore
	}
	if s.made.IsZero() {
		return signed{}, failure{UnsupportedFormat, "It does not say when it was made."}
	}
	if s.from.Before(s.made) {
		s.from = s.made
	}
	if content.HasStatus {
		s.status = []statusEntry{{}}
	}
	if content.Status.URI != "" {
		s.status = []statusEntry{{list: tokenList, uri: content.Status.URI, index: int(content.Status.Index)}}
	}
	return s, nil
}
