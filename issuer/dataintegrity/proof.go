package dataintegrity

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// What can be wrong with a proof. A document that cannot be canonicalised gives
// the errors of package contexts.
var (
	ErrProof     = errors.New("dataintegrity: no proof of the form that is supported")
	ErrSignature = errors.New("dataintegrity: signature does not match")
	ErrKey       = errors.New("dataintegrity: not a key of the suite")
)

// Proof is what a proof says of itself; nothing of it is verified.
type Proof struct {
	Suite   string    // SuiteEdDSA or SuiteECDSA
	Method  string    // DID URL of the key
	Created time.Time // when it says it was made
	value   []byte    // signature, 64 bytes
}

// ProofOf reads the proof of a document strictly: exactly one, with exactly the
// members that Sign writes. It returns ErrProof.
func ProofOf(doc map[string]any) (Proof, error) {
	m, ok := doc["proof"].(map[string]any)
	if !ok {
		return Proof{}, fmt.Errorf("%w: not exactly one proof", ErrProof)
	}
	suite, _ := m["cryptosuite"].(string)
	if !slices.Contains(Suites(), suite) {
		return Proof{}, fmt.Errorf("%w: cryptosuite is not known", ErrProof)
	}
	for name, want := range map[string]string{"type": "DataIntegrityProof", "proofPurpose": "assertionMethod"} {
		if m[name] != want {
			return Proof{}, fmt.Errorf("%w: %s is not %s", ErrProof, name, want)
		}
	}
	method, _ := m["verificationMethod"].(string)
	created, _ := m["created"].(string)
	value, _ := m["proofValue"].(string)
	if len(m) != 6 || method == "" {
		return Proof{}, fmt.Errorf("%w: unknown or missing members", ErrProof)
	}
	at, err := parseCreated(created)
	if err != nil {
		return Proof{}, err
	}
	signature, err := parseValue(value)
	if err != nil {
		return Proof{}, err
	}
	return Proof{Suite: suite, Method: method, Created: at, value: signature}, nil
}

// Method gives the DID URL of the key that a document's proof names. It returns
// ErrProof.
func Method(doc map[string]any) (string, error) {
	p, err := ProofOf(doc)
	return p.Method, err
}

var dateTimeStamp = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$`)

// parseCreated reads an XML Schema dateTimeStamp (VC Data Integrity 1.0 §2.1).
func parseCreated(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || !dateTimeStamp.MatchString(s) {
		return time.Time{}, fmt.Errorf("%w: created is not a time with zone", ErrProof)
	}
	return at.UTC(), nil
}

// parseValue reads a signature in multibase (VC DI EdDSA 1.0 §3.2.2, VC DI ECDSA
// 1.0 §3.2.2): z and base58-btc. A P-384 signature has 96 bytes and is refused.
func parseValue(s string) ([]byte, error) {
	const longest = 1 + 88 // 64 bytes in base58 have at most 88 digits
	if len(s) < 2 || len(s) > longest || s[0] != 'z' {
		return nil, fmt.Errorf("%w: proofValue is not base58 multibase", ErrProof)
	}
	b, ok := decodeBase58(s[1:])
	if !ok || len(b) != signatureSize {
		return nil, fmt.Errorf("%w: proofValue is not a signature of 64 bytes", ErrProof)
	}
	return b, nil
}
