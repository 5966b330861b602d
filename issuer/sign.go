package issuer

import (
	"fmt"

	"socialregistry/issuer/keys"
	"socialregistry/issuer/oid4vci"
)

// sign is the one place where a credential is signed. It adds nothing to the
// statement but what its format asks for.
func (i *Issuer) sign(s statement) (any, error) {
	switch s.Format {
	case oid4vci.FormatLDP:
		return i.signLDP(s)
	case oid4vci.FormatJWTVC:
		return i.signJWTVC(s)
	case oid4vci.FormatSDJWT:
		return i.signSDJWT(s)
	case oid4vci.FormatMdoc:
		return i.signMdoc(s)
	}
	return nil, fmt.Errorf("format %q is not known", s.Format)
}

// method names a key in our DID document.
func (i *Issuer) method(k keys.Key) string { return i.did + "#" + k.KID }

// credentialID names a W3C credential.
func credentialID(s statement) string { return "urn:uuid:" + s.ID.String() }
