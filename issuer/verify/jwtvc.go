package verify

import (
	"errors"

	"socialregistry/issuer/jwtvc"
)

// FormatJWTVC is the name of W3C credentials as JWTs in OID4VCI.
const FormatJWTVC = "jwt_vc_json"

// readJWTVC reads a JWT that has a vc claim.
func readJWTVC(token string) credential {
	c := credential{format: FormatJWTVC}
	c.key, c.issuer = jwtvc.Issuer(token)
	c.verify = func(k key) (signed, error) { return verifyJWTVC(token, k) }
	return c
}

func verifyJWTVC(token string, k key) (signed, error) {
	content, err := jwtvc.Verify(token, k.public, k.Alg)
	switch {
	case errors.Is(err, jwtvc.ErrMalformed):
		return signed{}, failure{UnsupportedFormat, "It is not written as a credential of data model 1.1 is."}
	case err != nil:
		return signed{}, failure{Altered, "The signature does not match."}
	}
	s := signed{kind: "VerifiableCredential", made: content.ValidFrom, from: content.ValidFrom, until: content.ValidUntil,
		status: bitstringEntries(content.Status), claims: content.Claims}
	if len(content.Types) > 0 {
		s.kind = content.Types[0]
	}
	return s, nil
}
