package issuer

import (
	"encoding/base64"
	"encoding/pem"
	"time"

	"socialregistry/issuer/keys"
)

// chain gives the certificates of a signing key for the x5c member of a JOSE
// header (RFC 7515 §4.1.6): DER in standard base64, the key's own first, without
// the anchor (HAIP 1.0 §6.1.1). Only ES256 keys have certificates. It returns
// keys.ErrNoCertificate if the key has none, or none that is good now.
func (i *Issuer) chain(k keys.Key, now time.Time) ([]string, error) {
	der, err := i.chainDER(k, now)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(der))
	for n, c := range der {
		out[n] = base64.StdEncoding.EncodeToString(c)
	}
	return out, nil
}

// chainDER is chain for COSE: the x5chain of an MSO (RFC 9360 §2; ISO 18013-5
// §9.1.2.4), DER as it is.
func (i *Issuer) chainDER(k keys.Key, now time.Time) ([][]byte, error) {
	return k.ChainAt(now)
}

// Authorities gives the certificates of our own issuer CAs (PEM), the newest
// first: what verifiers of x5c and x5chain trust.
func (i *Issuer) Authorities() []byte {
	var out []byte
	for _, ca := range i.ring.now().Authorities() {
		for _, der := range ca.Chain {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
	}
	return out
}
