package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"testing"
)

// addPasskey gives whoever is signed in a passkey of a device that is none, and gives its
// id: pages need one to be there. base is their page about signing in.
func (c *client) addPasskey(t *testing.T, base string) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	body, _, err := c.post(base+"/passkeys/begin", url.Values{})
	must(err)
	var begun struct {
		Ticket  string
		Options struct{ Challenge string }
	}
	must(json.Unmarshal([]byte(body), &begun))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	public, err := key.PublicKey.Bytes() // 4, x, y
	must(err)
	id := make([]byte, 16)
	_, err = rand.Read(id)
	must(err)

	// CBOR by hand (RFC 8949): the key as COSE, and the attestation that attests nothing.
	cose := slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, public[1:33], []byte{0x22, 0x58, 32}, public[33:])
	host := sha256.Sum256([]byte("localhost"))
	data := slices.Concat(host[:], []byte{0x45, 0, 0, 0, 0}, make([]byte, 16), []byte{0, 16}, id, cose)
	object := slices.Concat([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), []byte{byte(len(data))}, data)

	b64 := base64.RawURLEncoding.EncodeToString
	client, err := json.Marshal(map[string]any{"type": "webauthn.create", "challenge": begun.Options.Challenge, "origin": c.base, "crossOrigin": false})
	must(err)
	answer, err := json.Marshal(map[string]any{"id": b64(id), "rawId": b64(id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "attestationObject": b64(object)}})
	must(err)
	body, _, err = c.send(base+"/passkeys/new", base+"/passkeys", url.Values{"name": {"Phone at home"}, "ticket": {begun.Ticket}, "answer": {string(answer)}})
	must(err)
	return match(t, body, base+`/passkeys/([0-9a-f-]{36})`)
}
