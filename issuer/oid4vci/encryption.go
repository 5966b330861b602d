package oid4vci

import (
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"socialregistry/internal/jose"
)

// maxKeyID bounds the kid of a wallet's encryption key, in bytes.
const maxKeyID = 256

// ResponseEncryption says how a wallet wants its answer (OID4VCI 1.0 §8.2,
// credential_response_encryption): encrypted to its key.
type ResponseEncryption struct {
	to jose.Recipient
}

// responseEncryption reads credential_response_encryption and holds it to the
// policy. nil: the answer goes in the clear. Every failure has the code
// invalid_encryption_parameters (§8.3.1.2).
func responseEncryption(members map[string]any, policy RequestPolicy) (*ResponseEncryption, error) {
	v, given := members["credential_response_encryption"]
	switch {
	case !given && policy.RequireEncryption:
		return nil, InvalidEncryptionParameters("This issuer gives encrypted answers only; send credential_response_encryption.")
	case !given:
		return nil, nil
	case !policy.Encrypted: // §8.2: or somebody on the way could put in a key of its own
		return nil, InvalidEncryptionParameters("The member credential_response_encryption is taken in an encrypted request only.")
	}
	return ParseResponseEncryption(v)
}

// ParseResponseEncryption reads the member credential_response_encryption (§8.2):
// jwk with its alg, enc, and perhaps zip. Every failure is an *oauth.Error with
// the code invalid_encryption_parameters.
func ParseResponseEncryption(v any) (*ResponseEncryption, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return nil, InvalidEncryptionParameters("The member credential_response_encryption must be a JSON object.")
	}
	jwk, _ := members["jwk"].(map[string]any)
	key, err := jose.ParseEncryptionJWK(jwk)
	if err != nil {
		return nil, InvalidEncryptionParameters("The member jwk of credential_response_encryption must be a public key EC P-256 with alg ECDH-ES.").Because(err)
	}
	enc, _ := members["enc"].(string)
	if !slices.Contains(jose.Encs(), enc) {
		return nil, InvalidEncryptionParameters("The member enc of credential_response_encryption must be A128GCM or A256GCM.")
	}
	zip, zipped := members["zip"]
	if zipped && zip != jose.DEF {
		return nil, InvalidEncryptionParameters("The member zip of credential_response_encryption must be DEF, or absent.")
	}
	kid, isText := jwk["kid"].(string)
	if _, named := jwk["kid"]; named && (!isText || len(kid) > maxKeyID) {
		return nil, InvalidEncryptionParameters("The kid of the key in credential_response_encryption must be a short string.")
	}
	return &ResponseEncryption{to: jose.Recipient{Key: key, KID: kid, Enc: enc, Zip: zipped}}, nil
}

// Encrypt gives an answer as a compact JWE, which is sent as application/jwt
// (§10).
func (e ResponseEncryption) Encrypt(answer CredentialResponse) (string, error) {
	plain, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("encode the answer: %w", err)
	}
	return jose.Encrypt(e.to, plain)
}

// OpenRequest decrypts an encrypted request (§10) with one of the keys that the
// metadata publish, named by kid. What it inflates to is bounded. Errors are
// *oauth.Error: invalid_encryption_parameters, or invalid_credential_request if
// the content is too long.
func OpenRequest(jwe []byte, keys map[string]*ecdh.PrivateKey) ([]byte, error) {
	body, err := jose.Decrypt(string(jwe), keys, MaxCredentialRequest)
	switch {
	case err == nil:
		return body, nil
	case errors.Is(err, jose.ErrTooLarge):
		return nil, InvalidCredentialRequest("The body is too long.").Because(err)
	case errors.Is(err, jose.ErrNoKey):
		return nil, InvalidEncryptionParameters("The kid of the encrypted request names no key of credential_request_encryption; read the metadata again.").Because(err)
	case errors.Is(err, jose.ErrAlgorithm):
		return nil, InvalidEncryptionParameters("The request must be encrypted with ECDH-ES and A128GCM or A256GCM, with zip DEF or none.").Because(err)
	}
	return nil, InvalidEncryptionParameters("The request could not be decrypted.").Because(err)
}
