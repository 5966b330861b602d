package issuer

import (
	"crypto/ecdh"
	"strconv"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/oid4vci"
)

// encryptionLife is how long a key for encrypted requests is published. It opens
// for as long again, for wallets that keep the metadata.
const encryptionLife = 30 * 24 * time.Hour

// encryptionKeys are the keys that wallets encrypt their requests to (OID4VCI 1.0
// §10). Each is made of the master key and the number of its month, so that all
// processes have the same and none is stored. They protect what a request says
// on its way: proofs, and which key the answer is for.
type encryptionKeys struct{ root secret.Key }

// at gives the key that is published at a moment, or that was periods before.
func (k encryptionKeys) at(now time.Time, before int64) (*ecdh.PrivateKey, error) {
	period := strconv.FormatInt(now.Unix()/int64(encryptionLife/time.Second)-before, 10)
	seed := k.root.Derive(period)
	return ecdh.P256().NewPrivateKey(seed[:]) // all but one of 2^32 seeds are good
}

// published gives the public JWK of the current key.
func (k encryptionKeys) published(now time.Time) (map[string]any, error) {
	key, err := k.at(now, 0)
	if err != nil {
		return nil, err
	}
	jwk, _, err := jose.EncryptionJWK(key.PublicKey())
	return jwk, err
}

// open gives the keys that requests are decrypted with, by kid.
func (k encryptionKeys) open(now time.Time) (map[string]*ecdh.PrivateKey, error) {
	keys := map[string]*ecdh.PrivateKey{}
	for before := range int64(2) {
		key, err := k.at(now, before)
		if err != nil {
			return nil, err
		}
		_, kid, err := jose.EncryptionJWK(key.PublicKey())
		if err != nil {
			return nil, err
		}
		keys[kid] = key
	}
	return keys, nil
}

// open gives the body of a request in the clear, and what it must agree with.
func (i *Issuer) open(contentType string, body []byte) ([]byte, oid4vci.RequestPolicy, error) {
	policy := oid4vci.RequestPolicy{BatchSize: i.batchSize, Drafts: i.drafts, RequireEncryption: i.encrypted}
	if contentType != oid4vci.MediaJWT {
		if i.encrypted { // §12.2.4, credential_request_encryption.encryption_required
			return nil, policy, oid4vci.InvalidCredentialRequest("This issuer takes encrypted requests only; see credential_request_encryption in its metadata.")
		}
		return body, policy, nil
	}
	keys, err := i.encryption.open(i.now())
	if err != nil {
		return nil, policy, err
	}
	policy.Encrypted = true
	body, err = oid4vci.OpenRequest(body, keys)
	return body, policy, err
}

// answer gives a response as its wallet wants it.
func answer(response oid4vci.CredentialResponse, encryption *oid4vci.ResponseEncryption) (Answer, error) {
	if encryption == nil {
		return Answer{CredentialResponse: response}, nil
	}
	jwe, err := encryption.Encrypt(response)
	return Answer{CredentialResponse: response, JWE: jwe}, err
}
