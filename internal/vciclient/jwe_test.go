package vciclient_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwe"
	"github.com/lestrrat-go/jwx/v2/jwk"

	"socialregistry/internal/vciclient"
)

func newKey(t testing.TB) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Another implementation opens what we seal, and we open what it seals.
func TestJWEWithAnotherImplementation(t *testing.T) {
	t.Parallel()
	plain := []byte(strings.Repeat(`{"credentials":[]}`, 40))
	for _, enc := range []string{"A128GCM", "A192GCM", "A256GCM"} {
		for _, zip := range []string{"", "DEF"} {
			theirKey := signer(t)
			key, err := theirKey.ECDH()
			if err != nil {
				t.Fatal(err)
			}
			header := map[string]any{"kid": "k"}
			if zip != "" {
				header["zip"] = zip
			}
			ours, err := vciclient.Encrypt(key.PublicKey(), enc, header, plain)
			if err != nil {
				t.Fatal(err)
			}
			their, err := jwk.FromRaw(theirKey)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := jwe.Decrypt([]byte(ours), jwe.WithKey(jwa.ECDH_ES, their)); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s %q: theirs opens ours: %v", enc, zip, err)
			}
			compression := jwa.NoCompress
			if zip != "" {
				compression = jwa.Deflate
			}
			public, err := their.PublicKey()
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := jwe.Encrypt(plain, jwe.WithKey(jwa.ECDH_ES, public), jwe.WithContentEncryption(jwa.ContentEncryptionAlgorithm(enc)), jwe.WithCompress(compression))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := vciclient.Decrypt(key, enc, string(theirs)); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s %q: ours opens theirs: %v", enc, zip, err)
			}
		}
	}
}

// What was altered, or is not what was asked for, is refused; so is a bomb.
func TestJWERefusals(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	sealed := func(enc string, header map[string]any, plain []byte) string {
		s, err := vciclient.Encrypt(key.PublicKey(), enc, header, plain)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := sealed("A256GCM", map[string]any{}, []byte(`{}`))
	parts := strings.Split(good, ".")
	with := func(n int, part string) string {
		p := append([]string{}, parts...)
		p[n] = part
		return strings.Join(p, ".")
	}
	for name, compact := range map[string]string{
		"other content encryption": sealed("A128GCM", map[string]any{}, []byte(`{}`)),
		"altered text":             with(3, "AAA"),
		"altered tag":              with(4, strings.Repeat("A", 22)),
		"a wrapped key":            with(1, "AAAA"),
		"four parts":               strings.Join(parts[:4], "."),
		"no base64url":             with(2, "*"),
		"another alg":              with(0, "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0"),
		"a bomb":                   sealed("A256GCM", map[string]any{"zip": "DEF"}, make([]byte, 8<<20)),
	} {
		if _, err := vciclient.Decrypt(key, "A256GCM", compact); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if got, err := vciclient.Decrypt(key, "A256GCM", good); err != nil || string(got) != "{}" {
		t.Errorf("the twin without a change: %q, %v", got, err)
	}
	if _, err := vciclient.Decrypt(newKey(t), "A256GCM", good); err == nil {
		t.Error("another key opened it")
	}
}

func FuzzDecryptNeverPanics(f *testing.F) {
	key := newKey(f)
	good, err := vciclient.Encrypt(key.PublicKey(), "A128GCM", map[string]any{"zip": "DEF"}, []byte(`{}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("....")
	f.Fuzz(func(t *testing.T, compact string) {
		if plain, err := vciclient.Decrypt(key, "A128GCM", compact); err == nil && string(plain) != "{}" {
			t.Errorf("%q opened", compact)
		}
	})
}
