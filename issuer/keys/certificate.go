package keys

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ErrNoCertificate says that a key has no certificate, or none that is good at
// that time.
var ErrNoCertificate = errors.New("keys: no certificate")

// ChainAt gives the key's certificates (DER, its own first, without the anchor)
// if its own is good at that time. It returns ErrNoCertificate.
func (k Key) ChainAt(now time.Time) ([][]byte, error) {
	if len(k.Chain) == 0 {
		return nil, fmt.Errorf("%w: key %s", ErrNoCertificate, k.KID)
	}
	leaf, err := x509.ParseCertificate(k.Chain[0])
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrNoCertificate, k.KID, err)
	}
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("%w: that of key %s is not good now", ErrNoCertificate, k.KID)
	}
	return k.Chain, nil
}
