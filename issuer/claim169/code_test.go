package claim169_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"

	"socialregistry/issuer/claim169"
)

func day(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, time.UTC) }

// keys are one of each kind.
func keys(t testing.TB) (es, ed crypto.Signer) {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return p256, edwards
}

func standard() map[int]any {
	return map[int]any{claim169.ID: "2847-1029-4416", claim169.FullName: "Amina Diallo", claim169.BirthDate: "19900412", claim169.Gender: 2, claim169.Phone: "+254 712 345678", claim169.Address: "Kibera, Nairobi"}
}

func issue(key crypto.Signer, profile claim169.Profile) claim169.Issue {
	return claim169.Issue{Profile: profile, Key: key, KID: []byte("8 bytes."), Issuer: "https://registry.example", Issued: day(11, 1), NotBefore: day(11, 2), Expires: day(12, 1),
		Attributes: standard(), Status: &claim169.Status{Index: 4711, URI: "https://registry.example/status/token/1"}}
}

func text(t testing.TB, i claim169.Issue) string {
	t.Helper()
	s, err := i.Sign()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is written in either profile is read back, with either key.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	es, ed := keys(t)
	for name, i := range map[string]claim169.Issue{"spec, Ed25519": issue(ed, claim169.Spec), "spec, P-256": issue(es, claim169.Spec), "inji": issue(es, claim169.Inji)} {
		i.Certificate = []byte("a certificate")
		i.Subject = "sub"
		i.Attributes[claim169.BestFingers] = []int{1, 6}
		i.Attributes[claim169.MaritalStatus] = 3
		i.Attributes[claim169.Face] = []claim169.Biometric{{Data: []byte{1, 2, 3}, SubFormat: 4}}
		i.Attributes[30] = "own"
		code, err := claim169.Parse(text(t, i))
		if err != nil || !bytes.Equal(code.KID, i.KID) || code.Issuer != i.Issuer {
			t.Fatalf("%s: %+v, %v", name, code, err)
		}
		got, err := code.Verify(i.Key.Public())
		want := claim169.Content{Issuer: i.Issuer, Subject: "sub", Issued: i.Issued, NotBefore: i.NotBefore, Expires: i.Expires, HasStatus: true, Status: *i.Status,
			Attributes: map[string]any{"id": "2847-1029-4416", "full_name": "Amina Diallo", "birth_date": "1990-04-12", "gender": "female", "phone": "+254 712 345678", "address": "Kibera, Nairobi",
				"best_fingers": []any{"right_thumb", "left_thumb"}, "marital_status": "divorced", "face": "data:image/webp;base64,AQID", "attribute 30": "own"}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\nwant %+v", name, got, err, want)
		}
		for _, other := range []crypto.PublicKey{es.Public(), ed.Public(), nil, "key"} {
			if _, err := code.Verify(other); !reflect.DeepEqual(other, i.Key.Public()) && !errors.Is(err, claim169.ErrSignature) {
				t.Errorf("%s: another key: %v", name, err)
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	es, ed := keys(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(label int, v any) func(*claim169.Issue) {
		return func(i *claim169.Issue) { i.Attributes[label] = v }
	}
	for name, c := range map[string]struct {
		change func(*claim169.Issue)
		want   error
	}{
		"no profile": {func(i *claim169.Issue) { i.Profile = "" }, claim169.ErrClaim}, "inji with Ed25519": {func(i *claim169.Issue) { i.Profile, i.Key = claim169.Inji, ed }, claim169.ErrKey},
		"P-384": {func(i *claim169.Issue) { i.Key = p384 }, claim169.ErrKey}, "no key": {func(i *claim169.Issue) { i.Key = nil }, claim169.ErrKey}, "no kid": {func(i *claim169.Issue) { i.KID = nil }, claim169.ErrKey},
		"no end": {func(i *claim169.Issue) { i.Expires = time.Time{} }, claim169.ErrClaim}, "no beginning": {func(i *claim169.Issue) { i.Issued = time.Time{} }, claim169.ErrClaim},
		"nothing to say": {func(i *claim169.Issue) { i.Attributes = nil }, claim169.ErrClaim}, "attribute 0": {attribute(0, "x"), claim169.ErrClaim}, "attribute 100": {attribute(100, "x"), claim169.ErrClaim},
		"a date with hyphens": {attribute(claim169.BirthDate, "1990-04-12"), claim169.ErrClaim}, "no such day": {attribute(claim169.BirthDate, "19900231"), claim169.ErrClaim},
		"gender in words": {attribute(claim169.Gender, "female"), claim169.ErrClaim}, "gender 4": {attribute(claim169.Gender, 4), claim169.ErrClaim}, "gender 0": {attribute(claim169.Gender, 0), claim169.ErrClaim},
		"name a number": {attribute(claim169.FullName, 5), claim169.ErrClaim}, "an empty name": {attribute(claim169.FullName, ""), claim169.ErrClaim}, "finger 11": {attribute(claim169.BestFingers, []int{11}), claim169.ErrClaim},
		"fingers as a name": {attribute(claim169.FullName, []int{1}), claim169.ErrClaim}, "face as text": {attribute(claim169.Face, "x"), claim169.ErrClaim}, "name as a picture": {attribute(claim169.FullName, []claim169.Biometric{{}}), claim169.ErrClaim},
		"no face": {attribute(claim169.Face, []claim169.Biometric{}), claim169.ErrClaim}, "a float": {attribute(30, 1.5), claim169.ErrClaim},
		"too much": {attribute(claim169.Face, []claim169.Biometric{{Data: noise(8 << 10)}}), claim169.ErrTooLarge},
	} {
		i := issue(es, claim169.Spec)
		i.Attributes = maps.Clone(i.Attributes)
		c.change(&i)
		if s, err := i.Sign(); !errors.Is(err, c.want) || s != "" {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// sizes are what somebody may print, with the largest QR version that is good for it.
func sizes() []struct {
	name       string
	attributes map[int]any
	most       int
} {
	plain := map[int]any{claim169.ID: "2847-1029-4416", claim169.FullName: "Amina Diallo", claim169.BirthDate: "19900412", claim169.Gender: 2, claim169.Nationality: "KEN", claim169.Address: "Kibera, Nairobi"}
	arabic := maps.Clone(plain)
	arabic[claim169.FullName], arabic[claim169.Address] = "أمينة محمد ديالو", "أم درمان"
	many := maps.Clone(plain)
	maps.Copy(many, map[int]any{claim169.FirstName: "Amina", claim169.LastName: "Diallo", claim169.Email: "amina.diallo@example.org", claim169.Phone: "+254 712 345678", claim169.MaritalStatus: 2,
		claim169.Guardian: "2847-1029-4417", claim169.LegalStatus: "Citizen", claim169.CountryOfIssuance: "KEN"})
	face := maps.Clone(many)
	face[claim169.Face] = []claim169.Biometric{{Data: noise(484), SubFormat: 4}}
	return []struct {
		name       string
		attributes map[int]any
		most       int
	}{{"6 fields", plain, 12}, {"6 fields, Arabic names", arabic, 13}, {"14 fields", many, 14}, {"14 fields and a face of 484 bytes", face, 25}}
}

// The sizes that docs/design/paper.md gives: characters, and the version of the QR
// code at level M. The standard fields stay within version 12.
func TestSizes(t *testing.T) {
	t.Parallel()
	es, ed := keys(t)
	for _, c := range sizes() {
		for _, k := range []struct {
			name   string
			key    crypto.Signer
			change func(*claim169.Issue)
		}{
			{"spec", ed, func(i *claim169.Issue) { i.Issuer = "" }}, // the kid says who issued it
			{"spec, no status", ed, func(i *claim169.Issue) { i.Issuer, i.Status = "", nil }},
			{"spec, P-256", es, func(i *claim169.Issue) { i.Issuer = "" }},
			{"spec, issuer by name", ed, func(*claim169.Issue) {}},
			{"spec, x5t", ed, func(i *claim169.Issue) { i.Issuer, i.Certificate = "", []byte("certificate") }},
			{"inji", es, func(i *claim169.Issue) { i.Profile = claim169.Inji }},
		} {
			i := issue(k.key, claim169.Spec)
			i.NotBefore, i.Attributes, i.ID = time.Time{}, c.attributes, []byte{0x9c, 0x41, 0xd7, 0x20, 0xee, 0x5b}
			i.Status = &claim169.Status{Index: 131071, URI: "https://registry.example/status/token/x7Qm2RkV_0s"} // as issuer makes them
			k.change(&i)
			s := text(t, i)
			version := qrVersion(t, s)
			t.Logf("| %s | %s | %d | %d |", c.name, k.name, len(s), version)
			if k.name == "spec" && version > c.most {
				t.Errorf("%s: %d characters, version %d, want at most %d", c.name, len(s), version, c.most)
			}
		}
	}
}

// What cannot be compressed is written without stored blocks, which not every reader
// takes, and is read back.
func TestPackStoresNothing(t *testing.T) {
	t.Parallel()
	for n := range 600 {
		token := noise(n)
		s, err := claim169.Pack(token)
		if err != nil {
			t.Fatal(err)
		}
		got, err := claim169.Unpack(s)
		if plain, hexErr := hex.DecodeString(string(token)); hexErr == nil && n > 0 {
			token = plain
		}
		if err != nil || !bytes.Equal(got, token) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		packed, _, err := claim169.Decode45(s)
		if err != nil || packed[2]>>1&3 == 0 {
			t.Fatalf("%d bytes begin with a stored block, %v", n, err)
		}
	}
}

// The kid is the head of the thumbprint of RFC 7638, for which RFC 8037 §A.3 has a
// vector.
func TestKIDOf(t *testing.T) {
	t.Parallel()
	public, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := claim169.KIDOf(ed25519.PublicKey(public)); err != nil || base64.RawURLEncoding.EncodeToString(got) != "kPrK_qmxVWY" {
		t.Errorf("%s, %v", base64.RawURLEncoding.EncodeToString(got), err)
	}
	if got, err := claim169.KIDOf("key"); !errors.Is(err, claim169.ErrKey) || got != nil {
		t.Errorf("%x, %v", got, err)
	}
}

// qrVersion is the version of the smallest code at level M: 17 + 4n modules wide.
func qrVersion(t *testing.T, s string) int {
	t.Helper()
	code, err := qr.Encode(s, qr.M, qr.AlphaNumeric)
	if err != nil {
		t.Fatal(err)
	}
	return (code.Bounds().Dx() - 17) / 4
}

// RFC 9285 §4.3, §4.4 and what its decoder must refuse.
func TestBase45(t *testing.T) {
	t.Parallel()
	for plain, want := range map[string]string{"": "", "AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0", "\xff\xff": "FGW", "\xff": "U5"} {
		if got := claim169.Encode45([]byte(plain)); got != want {
			t.Errorf("%q: %q, want %q", plain, got, want)
		}
		if got, whole, err := claim169.Decode45(want); err != nil || !whole || string(got) != plain {
			t.Errorf("%q: %q, %v", want, got, err)
		}
	}
	for _, bad := range []string{"GGW", ":::", "abc", "AB\n", "é00", "BB8!!"} {
		if got, _, err := claim169.Decode45(bad); err == nil {
			t.Errorf("%q gives %q", bad, got)
		}
	}
	for _, cut := range []string{"BB8B", "BB8::", "BB8V5"} {
		if got, whole, err := claim169.Decode45(cut); err != nil || whole || string(got) != "AB" {
			t.Errorf("a part of a group: %q, %v, %v", got, whole, err)
		}
	}
	for n := range 300 {
		data := noise(n)
		if got, whole, err := claim169.Decode45(claim169.Encode45(data)); err != nil || !whole || !bytes.Equal(got, data) {
			t.Fatalf("%x: %x, %v", data, got, err)
		}
	}
}

func TestIs(t *testing.T) {
	t.Parallel()
	_, ed := keys(t)
	s := text(t, issue(ed, claim169.Spec))
	for in, want := range map[string]bool{s: true, s[:len(s)/2]: true, strings.Repeat(s, 1000): true, "": false, "HELLO": false, "NC": false, "NCF": true, "6BF": true, "ncf": false, s + "a": false, "{}": false, "A.B.C": false} {
		if got := claim169.Is(in); got != want {
			t.Errorf("%.40q: %v", in, got)
		}
	}
	for _, c := range []int{1, 2, 3, 4, 5, 30} { // an end that is cut is told from damage
		if _, err := claim169.Parse(s[:len(s)-c]); !errors.Is(err, claim169.ErrIncomplete) {
			t.Errorf("%d signs missing: %v", c, err)
		}
	}
	if _, err := claim169.Parse(fmt.Sprint(s, s)); !errors.Is(err, claim169.ErrMalformed) {
		t.Errorf("twice: %v", err)
	}
}
