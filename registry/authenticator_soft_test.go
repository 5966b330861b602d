package registry_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"socialregistry/registry"
)

// softKey is a device with one passkey, for tests.
type softKey struct {
	key      *ecdsa.PrivateKey
	id       []byte
	handle   []byte
	count    uint32
	origin   string
	verified bool // the device has asked who holds it
}

func newSoftKey(t *testing.T) *softKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &softKey{key: key, id: make([]byte, 16), origin: passkeyOrigin, verified: true}
	rand.Read(k.id)
	return k
}

const passkeyOrigin = "https://registry.example.org"

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func toJSON(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (k *softKey) client(t *testing.T, kind string, options []byte) (clientData []byte, handle string) {
	t.Helper()
	var o struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
		AuthenticatorSelection struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		UserVerification string `json:"userVerification"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	if kind == "webauthn.create" && (o.AuthenticatorSelection.ResidentKey != "required" || o.AuthenticatorSelection.UserVerification != "required") ||
		kind == "webauthn.get" && o.UserVerification != "required" {
		t.Fatalf("options = %s", options)
	}
	return []byte(toJSON(t, map[string]any{"type": kind, "challenge": o.Challenge, "origin": k.origin, "crossOrigin": false})), o.User.ID
}

func (k *softKey) authData(attested []byte) []byte {
	host := sha256.Sum256([]byte("registry.example.org"))
	flags := byte(0x01)
	if k.verified {
		flags |= 0x04
	}
	if attested != nil {
		flags |= 0x40
	}
	out := append(host[:], flags)
	out = binary.BigEndian.AppendUint32(out, k.count)
	return append(out, attested...)
}

// make answers navigator.credentials.create.
func (k *softKey) make(t *testing.T, c registry.Ceremony) string {
	t.Helper()
	client, handle := k.client(t, "webauthn.create", c.Options)
	var err error
	if k.handle, err = base64.RawURLEncoding.DecodeString(handle); err != nil {
		t.Fatal(err)
	}
	public, err := k.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		t.Fatal(err)
	}
	attested := append(make([]byte, 16), byte(len(k.id)>>8), byte(len(k.id)))
	attested = append(append(attested, k.id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.authData(attested)})
	if err != nil {
		t.Fatal(err)
	}
	return toJSON(t, map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "attestationObject": b64(object)}})
}

// use answers navigator.credentials.get.
func (k *softKey) use(t *testing.T, c registry.Ceremony) string {
	t.Helper()
	k.count++
	client, _ := k.client(t, "webauthn.get", c.Options)
	data := k.authData(nil)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.key, signed[:])
	if err != nil {
		t.Fatal(err)
	}
	return toJSON(t, map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig), "userHandle": b64(k.handle)}})
}
