package dataintegrity

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"maps"
	"time"

	"socialregistry/contexts"
)

// Sign gives a copy of doc with a proof by key, which method names (a DID URL
// with a fragment) and which says that it was made at created, in whole seconds.
// The suite is the key's. doc must name its contexts and have no proof yet. It
// returns ErrProof, ErrKey, the errors of contexts.Set.Canonicalize, or the
// signer's own.
func Sign(s *contexts.Set, doc map[string]any, key crypto.Signer, method string, created time.Time) (map[string]any, error) {
	suite, err := SuiteOf(key.Public())
	if err != nil {
		return nil, err
	}
	if _, ok := doc["proof"]; ok || method == "" {
		return nil, fmt.Errorf("%w: the document has one already, or the method is empty", ErrProof)
	}
	proof := map[string]any{
		"type": "DataIntegrityProof", "cryptosuite": suite, "proofPurpose": "assertionMethod",
		"verificationMethod": method, "created": created.UTC().Format("2006-01-02T15:04:05Z"),
	}
	data, err := hashData(s, doc, proof)
	if err != nil {
		return nil, err
	}
	signature, err := sign(key, data)
	if err != nil {
		return nil, fmt.Errorf("sign proof: %w", err)
	}
	if !verify(key.Public(), data, signature) { // a broken module must not hand out credentials
		return nil, ErrSignature
	}
	proof["proofValue"] = "z" + encodeBase58(signature)
	out := maps.Clone(doc)
	out["proof"] = proof
	return out, nil
}

// Verify checks the one proof of a document against a key. It returns ErrProof
// for a proof of another form, ErrSignature, ErrKey for a key that is not of the
// proof's suite, or the errors of contexts.Set.Canonicalize.
func Verify(s *contexts.Set, doc map[string]any, key crypto.PublicKey) error {
	suite, err := SuiteOf(key)
	if err != nil {
		return err
	}
	proof, err := ProofOf(doc)
	if err != nil {
		return err
	}
	if proof.Suite != suite {
		return ErrKey
	}
	unsigned := maps.Clone(doc)
	delete(unsigned, "proof")
	options := maps.Clone(doc["proof"].(map[string]any))
	delete(options, "proofValue")
	data, err := hashData(s, unsigned, options)
	if err != nil {
		return err
	}
	if !verify(key, data, proof.value) {
		return ErrSignature
	}
	return nil
}

// hashData gives what is signed: the hash of the canonical proof options, then
// that of the canonical document (VC DI EdDSA 1.0 §3.2.3 to 3.2.5, VC DI ECDSA
// 1.0 §3.2.3 to 3.2.5).
func hashData(s *contexts.Set, doc, proof map[string]any) ([]byte, error) {
	options := maps.Clone(proof)
	options["@context"] = doc["@context"]
	canonicalOptions, err := s.Canonicalize(options)
	if err != nil {
		return nil, fmt.Errorf("canonicalize proof: %w", err)
	}
	canonicalDoc, err := s.Canonicalize(doc)
	if err != nil {
		return nil, fmt.Errorf("canonicalize document: %w", err)
	}
	a, b := sha256.Sum256(canonicalOptions), sha256.Sum256(canonicalDoc)
	return append(a[:], b[:]...), nil
}
