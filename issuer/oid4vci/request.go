package oid4vci

import (
	"fmt"

	"socialregistry/internal/jose"
)

// Limits of a credential request.
const (
	MaxCredentialRequest = 64 << 10 // bytes of the body, in the clear or once decrypted
	maxIdentifier        = 256      // bytes of a configuration id or identifier
)

// MediaJWT is the media type of an encrypted request or answer (§10).
const MediaJWT = "application/jwt"

// RequestPolicy is what a request to the credential endpoint or to the deferred
// credential endpoint must agree with.
type RequestPolicy struct {
	BatchSize int  // most proofs in one request, as batch_credential_issuance says (§12.2.4)
	Drafts    bool // also take the single proof of earlier drafts
	Encrypted bool // the request came encrypted (§10)
	// RequireEncryption says that answers are given encrypted only (§12.2.4,
	// credential_response_encryption.encryption_required).
	RequireEncryption bool
}

// CredentialRequest is a parsed request for credentials of one configuration
// (OID4VCI 1.0 §8.2): exactly one of ConfigurationID and Identifier, and exactly
// one kind of proofs. The proofs are not checked yet: see CheckProof and
// CheckAttestationProof.
type CredentialRequest struct {
	ConfigurationID string
	Identifier      string
	JWTs            []string            // proofs of type jwt (appendix F.1)
	Attestation     string              // proof of type attestation (appendix F.3)
	Encryption      *ResponseEncryption // nil: the answer goes in the clear
}

// ParseCredentialRequest reads the body of a credential request. Members that
// §8.2 does not know are ignored. Errors are *oauth.Error with the codes of
// §8.3.1.2:
//   - invalid_credential_request: not strict JSON, both or neither id, two
//     proof types, more proofs than a batch may have;
//   - unknown_credential_configuration, unknown_credential_identifier: an id
//     longer than any;
//   - invalid_proof: proofs are missing or empty, or of a type that is not
//     supported, or the single proof of earlier drafts unless that is allowed;
//   - invalid_encryption_parameters: see ParseResponseEncryption.
func ParseCredentialRequest(body []byte, policy RequestPolicy) (CredentialRequest, error) {
	members, err := decodeRequest(body)
	if err != nil {
		return CredentialRequest{}, err
	}
	var req CredentialRequest
	if err := req.readID(members); err != nil {
		return CredentialRequest{}, err
	}
	if req.Encryption, err = responseEncryption(members, policy); err != nil {
		return CredentialRequest{}, err
	}
	if err := req.readProofs(members, policy); err != nil {
		return CredentialRequest{}, err
	}
	return req, nil
}

func decodeRequest(body []byte) (map[string]any, error) {
	if len(body) > MaxCredentialRequest {
		return nil, InvalidCredentialRequest("The body is too long.")
	}
	members, err := jose.DecodeObject(body)
	if err != nil {
		return nil, InvalidCredentialRequest("The body must be one JSON object in UTF-8, without doubled member names.").Because(err)
	}
	return members, nil
}

// readID: exactly one of the two ids (§8.2). Which of them the access token asks
// for is not known here.
func (r *CredentialRequest) readID(members map[string]any) error {
	identifier, hasIdentifier := members["credential_identifier"]
	configuration, hasConfiguration := members["credential_configuration_id"]
	if hasIdentifier == hasConfiguration {
		return InvalidCredentialRequest("Send exactly one of credential_identifier (if the token response named some) and credential_configuration_id.")
	}
	if hasIdentifier {
		r.Identifier, _ = identifier.(string)
		switch {
		case r.Identifier == "":
			return InvalidCredentialRequest("The member credential_identifier must be a string.")
		case len(r.Identifier) > maxIdentifier:
			return UnknownCredentialIdentifier("There is no such credential identifier.")
		}
		return nil
	}
	r.ConfigurationID, _ = configuration.(string)
	switch {
	case r.ConfigurationID == "":
		return InvalidCredentialRequest("The member credential_configuration_id must be a string.")
	case len(r.ConfigurationID) > maxIdentifier:
		return UnknownCredentialConfiguration("There is no such credential configuration.")
	}
	return nil
}

// readProofs: proofs has exactly one member, named by the proof type (§8.2).
func (r *CredentialRequest) readProofs(members map[string]any, policy RequestPolicy) error {
	proofs, given := members["proofs"]
	draft, single := members["proof"]
	switch {
	case !given && single && policy.Drafts:
		return r.readDraftProof(draft)
	case !given && single:
		return InvalidProof("The member proof is of an earlier draft; send proofs with the member jwt.")
	case !given:
		return InvalidProof("The member proofs is missing.")
	}
	types, ok := proofs.(map[string]any)
	switch {
	case !ok:
		return InvalidCredentialRequest("The member proofs must be a JSON object.")
	case len(types) == 0:
		return InvalidProof("The member proofs is empty.")
	case len(types) > 1:
		return InvalidCredentialRequest("The member proofs must name exactly one proof type.")
	}
	if jwts, ok := types["jwt"]; ok {
		return r.readJWTs(jwts, policy.BatchSize)
	}
	if attestations, ok := types["attestation"]; ok {
		return r.readAttestation(attestations)
	}
	return InvalidProof("This issuer supports the proof types jwt and attestation only.")
}

// readDraftProof reads the single proof of drafts up to 15, which wallets in the
// field still send.
func (r *CredentialRequest) readDraftProof(v any) error {
	proof, _ := v.(map[string]any)
	jwt, _ := proof["jwt"].(string)
	if proof["proof_type"] != "jwt" || jwt == "" {
		return InvalidProof("The member proof must hold proof_type jwt and the member jwt; better send proofs.")
	}
	r.JWTs = []string{jwt}
	return nil
}

func (r *CredentialRequest) readJWTs(v any, most int) error {
	items, err := stringsOf("jwt", v)
	if err != nil {
		return err
	}
	if len(items) > most {
		return InvalidCredentialRequest(fmt.Sprintf("The request has %d proofs; this issuer takes %d at a time.", len(items), most))
	}
	r.JWTs = items
	return nil
}

// readAttestation: exactly one (§8.2); its attested_keys count as the batch.
func (r *CredentialRequest) readAttestation(v any) error {
	items, err := stringsOf("attestation", v)
	if err != nil {
		return err
	}
	if len(items) > 1 {
		return InvalidProof("The member attestation of proofs must hold exactly one key attestation.")
	}
	r.Attestation = items[0]
	return nil
}

// stringsOf reads a member of proofs: one string or more.
func stringsOf(name string, v any) ([]string, error) {
	items, ok := v.([]any)
	switch {
	case !ok:
		return nil, InvalidCredentialRequest("The member " + name + " of proofs must be an array of strings.")
	case len(items) == 0:
		return nil, InvalidProof("The member " + name + " of proofs is empty.")
	}
	out := make([]string, len(items))
	for n, item := range items {
		if out[n], ok = item.(string); !ok {
			return nil, InvalidCredentialRequest("The member " + name + " of proofs must be an array of strings.")
		}
	}
	return out, nil
}
