package issuer

import (
	"crypto/ecdh"
	"time"

	"socialregistry/issuer/oid4vci"
)

// encryptionKey gives the public JWK that wallets encrypt their requests for
// (OID4VCI 1.0 §10, §12.2.4).
func (i *Issuer) encryptionKey(now time.Time) (map[string]any, error) {
	key, err := i.ring.Encryption(now)
	if err != nil {
		return nil, err
	}
	return key.JWK()
}

// decryptionKeys gives the keys that requests are opened with, by kid: also those
// that were rotated a while ago, for wallets that keep the metadata.
func (i *Issuer) decryptionKeys(now time.Time) (map[string]*ecdh.PrivateKey, error) {
	out := map[string]*ecdh.PrivateKey{}
	for _, k := range i.ring.now().Decrypting(now) {
		private, err := k.Private()
		if err != nil {
			return nil, err
		}
		if out[k.KID], err = private.ECDH(); err != nil {
			return nil, err
		}
	}
	return out, nil
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
	keys, err := i.decryptionKeys(i.now())
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
