package oid4vci

import (
	"context"
	"slices"

	"socialregistry/internal/jose"
)

// CheckProofs checks all proofs of a request (OID4VCI 1.0 §8.2, appendix F) and
// gives one Proof for each key that a credential is to be bound to: those of the
// proofs and, where key attestations are asked for, every attested key (F.1, F.3).
// No key comes twice, there are at most want.BatchSize of them, and all have one
// Nonce. Every failure is an *oauth.Error with the code invalid_proof, or
// invalid_nonce if the nonces of a batch differ. One bad proof spoils them all.
func CheckProofs(ctx context.Context, req CredentialRequest, want ProofPolicy) ([]Proof, error) {
	if req.Attestation != "" {
		return checkAttestationProof(req.Attestation, want)
	}
	var b batch
	for _, compact := range req.JWTs {
		proof, err := CheckProof(ctx, compact, want)
		if err != nil {
			return nil, err
		}
		if err := b.add(proof, true); err != nil {
			return nil, err
		}
	}
	if slices.Contains(want.Methods, BindJWK) { // an attested key has no DID to be bound to
		for _, proof := range slices.Clone(b.proofs) {
			for _, k := range proof.attested {
				if err := b.add(Proof{Key: k.Key, JWK: k.JWK, Nonce: proof.Nonce, IssuedAt: proof.IssuedAt}, false); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(b.proofs) > want.BatchSize {
		return nil, InvalidProof("The key attestations have more keys than this issuer takes at a time.")
	}
	return b.proofs, nil
}

// batch is the proofs of one request.
type batch struct {
	proofs      []Proof
	thumbprints []string
}

// add takes a proof. The same key twice would make two copies of a credential
// that everybody sees to be one holder's: as a proof of its own it is refused, as
// an attested key it is counted once.
func (b *batch) add(p Proof, own bool) error {
	thumbprint, err := jose.Thumbprint(p.Key)
	if err != nil {
		return err
	}
	switch known := slices.Contains(b.thumbprints, thumbprint); {
	case known && own:
		return InvalidProof("Two proofs are for the same key.")
	case known:
		return nil
	case len(b.proofs) > 0 && b.proofs[0].Nonce != p.Nonce:
		return InvalidNonce("The proofs of one request must have the same c_nonce.")
	}
	b.proofs, b.thumbprints = append(b.proofs, p), append(b.thumbprints, thumbprint)
	return nil
}

// checkAttestationProof checks a proof of type attestation (appendix F.3): the
// wallet provider's word alone, fresh by its nonce.
func checkAttestationProof(compact string, want ProofPolicy) ([]Proof, error) {
	if want.Attestation == nil || !slices.Contains(want.Methods, BindJWK) {
		return nil, InvalidProof("This credential takes the proof type jwt only.")
	}
	a, err := CheckKeyAttestation(compact, *want.Attestation)
	if err != nil {
		return nil, err
	}
	if a.Nonce == "" { // F.3, with a nonce endpoint
		return nil, InvalidProof("The claim nonce of the key attestation must be a c_nonce from the nonce endpoint.")
	}
	proofs := make([]Proof, len(a.Keys))
	for n, k := range a.Keys {
		proofs[n] = Proof{Key: k.Key, JWK: k.JWK, Nonce: a.Nonce}
	}
	return proofs, nil
}

// readAttestation checks the key attestation in the header of a jwt proof
// (appendix F.1) where the configuration asks for one: the proof's own key must be
// attested, and its nonce, if it names one, be the proof's.
func (p *Proof) readAttestation(head map[string]any, want ProofPolicy) error {
	if want.Attestation == nil {
		return nil // RFC 7515 §4: a member that is not understood is ignored
	}
	compact, _ := head["key_attestation"].(string)
	if compact == "" {
		return InvalidProof("The header of the proof must have a key_attestation.")
	}
	a, err := CheckKeyAttestation(compact, *want.Attestation)
	if err != nil {
		return err
	}
	own, err := attestedKey(p.Key)
	switch {
	case err != nil:
		return err
	case !a.exp: // appendix D.1
		return InvalidProof("The key attestation in a proof must have a claim exp.")
	case a.Nonce != "" && a.Nonce != p.Nonce:
		return InvalidProof("The claim nonce of the key attestation must be that of the proof.")
	case !slices.ContainsFunc(a.Keys, func(k AttestedKey) bool { return k.thumbprint == own.thumbprint }):
		return InvalidProof("The key of the proof is not among the attested_keys of its key attestation.")
	}
	p.attested = a.Keys
	return nil
}
