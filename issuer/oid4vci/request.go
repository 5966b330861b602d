package oid4vci

import (
	"fmt"

	"socialregistry/internal/jose"
)

// Limits of a credential request.
const (
	MaxCredentialRequest = 64 << 10 // bytes of the body
	maxIdentifier        = 256      // bytes of a configuration id or identifier
)

// CredentialRequest is a parsed request for one credential (OID4VCI 1.0 §8.2).
// ProofJWT is not checked yet: see CheckProof.
type CredentialRequest struct {
	ConfigurationID string
	ProofJWT        string
}

// ParseCredentialRequest reads the body of a credential request. Members that
// §8.2 does not know are ignored. Errors are *oauth.Error with the codes of
// §8.3.1.2:
//   - invalid_credential_request: not strict JSON, both or neither id, two
//     proof types, more than one proof;
//   - unknown_credential_identifier: this issuer hands out no identifiers;
//   - invalid_proof: proofs are missing or empty, or of a type that is not
//     supported, or the single proof of earlier drafts;
//   - invalid_encryption_parameters: an encrypted answer is not supported.
func ParseCredentialRequest(body []byte) (CredentialRequest, error) {
	if len(body) > MaxCredentialRequest {
		return CredentialRequest{}, InvalidCredentialRequest("The body is too long.")
	}
	members, err := jose.DecodeObject(body)
	if err != nil {
		return CredentialRequest{}, InvalidCredentialRequest("The body must be one JSON object in UTF-8, without doubled member names.").Because(err)
	}
	id, err := configurationID(members)
	if err != nil {
		return CredentialRequest{}, err
	}
	if _, asked := members["credential_response_encryption"]; asked {
		return CredentialRequest{}, InvalidEncryptionParameters("This issuer does not encrypt its answers.")
	}
	jwt, err := proofJWT(members)
	if err != nil {
		return CredentialRequest{}, err
	}
	return CredentialRequest{ConfigurationID: id, ProofJWT: jwt}, nil
}

// configurationID: exactly one of the two ids (§8.2). The identifier form is
// for tokens that came with credential_identifiers; ours never do.
func configurationID(members map[string]any) (string, error) {
	identifier, hasIdentifier := members["credential_identifier"]
	configuration, hasConfiguration := members["credential_configuration_id"]
	if hasIdentifier == hasConfiguration {
		return "", InvalidCredentialRequest("Send credential_configuration_id, and no credential_identifier beside it.")
	}
	if hasIdentifier {
		if s, _ := identifier.(string); s == "" {
			return "", InvalidCredentialRequest("The member credential_identifier must be a string.")
		}
		return "", UnknownCredentialIdentifier("This issuer hands out no credential identifiers; send credential_configuration_id.")
	}
	id, _ := configuration.(string)
	if id == "" {
		return "", InvalidCredentialRequest("The member credential_configuration_id must be a string.")
	}
	if len(id) > maxIdentifier {
		return "", UnknownCredentialConfiguration("There is no such credential configuration.")
	}
	return id, nil
}

// proofJWT: proofs has exactly one member, named by the proof type (§8.2). No
// batch_credential_issuance is published, so it holds exactly one proof
// (§12.2.4).
func proofJWT(members map[string]any) (string, error) {
	proofs, given := members["proofs"]
	_, draft := members["proof"]
	switch {
	case !given && draft:
		return "", InvalidProof("The member proof is of an earlier draft; send proofs with the member jwt.")
	case !given:
		return "", InvalidProof("The member proofs is missing.")
	}
	types, ok := proofs.(map[string]any)
	switch {
	case !ok:
		return "", InvalidCredentialRequest("The member proofs must be a JSON object.")
	case len(types) == 0:
		return "", InvalidProof("The member proofs is empty.")
	case len(types) > 1:
		return "", InvalidCredentialRequest("The member proofs must name exactly one proof type.")
	}
	jwt, ok := types["jwt"]
	if !ok {
		return "", InvalidProof("This issuer supports the proof type jwt only.")
	}
	return onlyString(jwt)
}

func onlyString(v any) (string, error) {
	items, ok := v.([]any)
	switch {
	case !ok:
		return "", InvalidCredentialRequest("The member jwt of proofs must be an array of strings.")
	case len(items) == 0:
		return "", InvalidProof("The member jwt of proofs is empty.")
	case len(items) > 1:
		return "", InvalidCredentialRequest(fmt.Sprintf("The request has %d proofs; this issuer takes one at a time.", len(items)))
	}
	s, ok := items[0].(string)
	if !ok {
		return "", InvalidCredentialRequest("The member jwt of proofs must be an array of strings.")
	}
	return s, nil
}
