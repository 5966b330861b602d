package jose_test

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"socialregistry/internal/jose"
)

const limit = 64 << 10

// pair is an encryption key with its public form.
func pair(t testing.TB) (jose.Recipient, map[string]*ecdh.PrivateKey) {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m, kid, err := jose.EncryptionJWK(key.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	if m["kid"] != kid || m["alg"] != "ECDH-ES" || m["use"] != "enc" || m["d"] != nil {
		t.Fatalf("public form %v", m)
	}
	return jose.Recipient{Key: key.PublicKey(), KID: kid, Enc: jose.A256GCM}, map[string]*ecdh.PrivateKey{kid: key}
}

func TestEncryptAndDecrypt(t *testing.T) {
	t.Parallel()
	for _, enc := range jose.Encs() {
		for _, zip := range []bool{false, true} {
			to, keys := pair(t)
			to.Enc, to.Zip = enc, zip
			want := bytes.Repeat([]byte("credential "), 500)
			compact, err := jose.Encrypt(to, want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := jose.Decrypt(compact, keys, limit)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, zip %t: %d bytes, %v", enc, zip, len(got), err)
			}
			if zip != (len(compact) < len(want)) {
				t.Errorf("zip %t: %d bytes of %d", zip, len(compact), len(want))
			}
		}
	}
}

// craft makes a JWE by the book (RFC 7516 §5.1, RFC 7518 §4.6.2) and without the
// library, with any header: what it makes of the unchanged header opens.
func craft(t testing.TB, to *ecdh.PublicKey, header map[string]any, payload []byte) string {
	t.Helper()
	ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	z, err := ephemeral.ECDH(to)
	if err != nil {
		t.Fatal(err)
	}
	point := ephemeral.PublicKey().Bytes()
	b64 := base64.RawURLEncoding.EncodeToString
	if _, given := header["epk"]; !given {
		header["epk"] = map[string]any{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	}
	raw, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	info := binary.BigEndian.AppendUint32(nil, 1)
	info = append(info, z...)
	enc, _ := header["enc"].(string)
	info = append(binary.BigEndian.AppendUint32(info, uint32(len(enc))), enc...)
	info = append(info, 0, 0, 0, 0, 0, 0, 0, 0)
	size := 16
	if enc == jose.A256GCM {
		size = 32
	}
	info = binary.BigEndian.AppendUint32(info, uint32(size*8))
	sum := sha256.Sum256(info)
	block, err := aes.NewCipher(sum[:size])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, 12)
	sealed := gcm.Seal(nil, iv, payload, []byte(b64(raw)))
	cut := len(sealed) - gcm.Overhead()
	return strings.Join([]string{b64(raw), "", b64(iv), b64(sealed[:cut]), b64(sealed[cut:])}, ".")
}

// deflated is what inflates to so many zeros. Beyond two megabytes, the second
// is repeated as it stands: after a flush, it is good again after itself.
func deflated(t testing.TB, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	write := func(n int) {
		_, err := w.Write(zeros[:n])
		if err := errors.Join(err, w.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; n < size>>20; n++ {
		before := out.Len()
		write(1 << 20)
		if n == 1 {
			out.Write(bytes.Repeat(bytes.Clone(out.Bytes()[before:]), size>>20-2))
			break
		}
	}
	write(size % (1 << 20))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestDecryptRefusals(t *testing.T) {
	t.Parallel()
	to, keys := pair(t)
	for name, tc := range map[string]struct {
		member string
		value  any
		want   error
	}{
		"as it should be":    {"typ", "JWT", nil},
		"RSA1_5":             {"alg", "RSA1_5", jose.ErrAlgorithm},
		"RSA-OAEP":           {"alg", "RSA-OAEP-256", jose.ErrAlgorithm},
		"dir":                {"alg", "dir", jose.ErrAlgorithm},
		"none":               {"alg", "none", jose.ErrAlgorithm},
		"password":           {"alg", "PBES2-HS256+A128KW", jose.ErrAlgorithm},
		"key wrapping":       {"alg", "ECDH-ES+A128KW", jose.ErrAlgorithm},
		"no alg":             {"alg", nil, jose.ErrAlgorithm},
		"A192GCM":            {"enc", "A192GCM", jose.ErrAlgorithm},
		"CBC":                {"enc", "A128CBC-HS256", jose.ErrAlgorithm},
		"unknown zip":        {"zip", "GZ", jose.ErrAlgorithm},
		"zip of nothing":     {"zip", jose.DEF, jose.ErrDecrypt},
		"unknown kid":        {"kid", "other", jose.ErrNoKey},
		"no kid":             {"kid", nil, jose.ErrNoKey},
		"crit":               {"crit", []string{"exp"}, jose.ErrMalformed},
		"no ephemeral key":   {"epk", nil, jose.ErrKey},
		"off the curve":      {"epk", point("AQ", "AQ"), jose.ErrKey},
		"the point zero":     {"epk", point("", ""), jose.ErrKey},
		"another curve":      {"epk", map[string]any{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}, jose.ErrKey},
		"private ephemeral":  {"epk", map[string]any{"kty": "EC", "crv": "P-256", "d": "AA"}, jose.ErrKey},
		"another ephemeral":  {"epk", publicOf(t), jose.ErrDecrypt},
		"a long member":      {"apu", strings.Repeat("A", 5000), jose.ErrMalformed},
		"another party info": {"apu", "QWxpY2U", jose.ErrDecrypt},
	} {
		header := map[string]any{"alg": jose.ECDHES, "enc": jose.A128GCM, "kid": to.KID}
		header[tc.member] = tc.value
		got, err := jose.Decrypt(craft(t, to.Key, header, []byte("{}")), keys, limit)
		if !errors.Is(err, tc.want) || (err == nil) != (string(got) == "{}") {
			t.Errorf("%s: %q, %v, want %v", name, got, err, tc.want)
		}
	}
	good, err := jose.Encrypt(to, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	for name, compact := range map[string]string{
		"empty": "", "a JWS": "e30.e30.AA", "with a key": parts[0] + ".AAAA." + strings.Join(parts[2:], "."), "JSON": `{"protected":"e30"}`,
		"padded": good + "=", "no tag": strings.Join(parts[:4], ".") + ".", "header no object": "W10." + strings.Join(parts[1:], "."),
	} {
		if _, err := jose.Decrypt(compact, keys, limit); !errors.Is(err, jose.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	tampered := strings.Join(parts[:3], ".") + "." + base64.RawURLEncoding.EncodeToString([]byte("xx")) + "." + parts[4]
	if _, err := jose.Decrypt(tampered, keys, limit); !errors.Is(err, jose.ErrDecrypt) {
		t.Errorf("tampered: %v", err)
	}
}

// point gives a JWK of P-256 whose coordinates end so.
func point(x, y string) map[string]any {
	pad := func(s string) string { return strings.Repeat("A", 43-len(s)) + s }
	if x == "" {
		return map[string]any{"kty": "EC", "crv": "P-256", "x": pad("A"), "y": pad("A")}
	}
	return map[string]any{"kty": "EC", "crv": "P-256", "x": pad(x[1:] + "A"), "y": pad(y[1:] + "A")}
}

func publicOf(t testing.TB) map[string]any {
	to, _ := pair(t)
	m, _, err := jose.EncryptionJWK(to.Key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"kty": "EC", "crv": "P-256", "x": m["x"], "y": m["y"]}
}

// A bomb costs no more than the limit.
func TestDecryptBoundsInflation(t *testing.T) { // not parallel: it measures
	to, keys := pair(t)
	header := func() map[string]any {
		return map[string]any{"alg": jose.ECDHES, "enc": jose.A256GCM, "kid": to.KID, "zip": jose.DEF}
	}
	for size, want := range map[int]error{limit - 1: nil, limit: nil, limit + 1: jose.ErrTooLarge, 3 << 20: jose.ErrTooLarge} {
		got, err := jose.Decrypt(craft(t, to.Key, header(), deflated(t, size)), keys, limit)
		if !errors.Is(err, want) || err == nil && len(got) != size {
			t.Errorf("%d bytes: %d, %v, want %v", size, len(got), err, want)
		}
	}
	for _, size := range []int{64 << 20, 1 << 30} { // the second is refused for its own length, 1 MB
		bomb := craft(t, to.Key, header(), deflated(t, size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := jose.Decrypt(bomb, keys, limit)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, jose.ErrTooLarge) || used > 2<<20 {
			t.Errorf("%d bytes that would be %d: %v, %d bytes of memory", len(bomb), size, err, used)
		}
	}
	plain := craft(t, to.Key, map[string]any{"alg": jose.ECDHES, "enc": jose.A256GCM, "kid": to.KID}, make([]byte, limit+1))
	if _, err := jose.Decrypt(plain, keys, limit); !errors.Is(err, jose.ErrTooLarge) {
		t.Errorf("too large without zip: %v", err)
	}
}

func TestParseEncryptionJWK(t *testing.T) {
	t.Parallel()
	to, _ := pair(t)
	for name, tc := range map[string]struct {
		change func(m map[string]any)
		want   error
	}{
		"good":          {func(map[string]any) {}, nil},
		"no use":        {func(m map[string]any) { delete(m, "use") }, nil},
		"no alg":        {func(m map[string]any) { delete(m, "alg") }, jose.ErrAlgorithm},
		"RSA1_5":        {func(m map[string]any) { m["alg"] = "RSA1_5" }, jose.ErrAlgorithm},
		"for signing":   {func(m map[string]any) { m["use"] = "sig" }, jose.ErrKey},
		"private":       {func(m map[string]any) { m["d"] = m["x"] }, jose.ErrKey},
		"off the curve": {func(m map[string]any) { m["y"] = m["x"] }, jose.ErrKey},
		"short":         {func(m map[string]any) { m["x"] = "AAAA" }, jose.ErrKey},
		"Ed25519":       {func(m map[string]any) { m["kty"], m["crv"] = "OKP", "Ed25519"; delete(m, "y") }, jose.ErrKey},
		"RSA":           {func(m map[string]any) { m["kty"] = "RSA" }, jose.ErrKey},
	} {
		m, _, err := jose.EncryptionJWK(to.Key)
		if err != nil {
			t.Fatal(err)
		}
		tc.change(m)
		if got, err := jose.ParseEncryptionJWK(m); !errors.Is(err, tc.want) || err == nil && !got.Equal(to.Key) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if _, err := jose.ParseEncryptionJWK(nil); !errors.Is(err, jose.ErrAlgorithm) {
		t.Errorf("nothing: %v", err)
	}
	for _, to := range []jose.Recipient{{Enc: jose.A128GCM}, {Key: to.Key, Enc: "A128CBC-HS256"}, {Key: to.Key}} {
		if _, err := jose.Encrypt(to, nil); !errors.Is(err, jose.ErrKey) && !errors.Is(err, jose.ErrAlgorithm) {
			t.Errorf("%+v: %v", to, err)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	to, keys := pair(f)
	good, err := jose.Encrypt(to, []byte(`{"a":1}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(craft(f, to.Key, map[string]any{"alg": jose.ECDHES, "enc": jose.A128GCM, "kid": to.KID, "zip": jose.DEF}, deflated(f, 100)))
	f.Add("e30....")
	f.Fuzz(func(t *testing.T, compact string) {
		out, err := jose.Decrypt(compact, keys, 1000)
		if err == nil && len(out) > 1000 {
			t.Fatalf("%d bytes beyond the limit", len(out))
		}
	})
}
