package verify_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/vectors"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/verify"
)

// How a code names its key, and what becomes of it.
func TestKeyOfACode(t *testing.T) {
	t.Parallel()
	runOutcomes(t, map[string]outcomeCase{
		"no issuer: the key's":      {func(w *world) { w.code = func(i *claim169.Issue) { i.Issuer = "" } }, time.Time{}, verify.Genuine, ""},
		"kid as elsewhere":          {func(w *world) { w.code = func(i *claim169.Issue) { i.KID = []byte("es-1") } }, time.Time{}, verify.Genuine, ""},
		"kid by its DID":            {func(w *world) { w.code = func(i *claim169.Issue) { i.KID = []byte(did + "#es-1") } }, time.Time{}, verify.Genuine, ""},
		"the profile of Inji":       {func(w *world) { w.code = func(i *claim169.Issue) { i.Profile = claim169.Inji } }, time.Time{}, verify.Genuine, ""},
		"kid of nobody":             {func(w *world) { w.code = func(i *claim169.Issue) { i.KID = []byte("other") } }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"kid of the other key":      {func(w *world) { w.code = func(i *claim169.Issue) { i.KID = []byte("ed-1") } }, time.Time{}, verify.Altered, "signature"},
		"issuer of another name":    {func(w *world) { w.code = func(i *claim169.Issue) { i.Issuer = "https://bank.example" } }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"key without that name":     {func(w *world) { w.bundle.Issuers[0].Keys[0].CoseKID = "" }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"signed by somebody else":   {func(w *world) { w.code = func(i *claim169.Issue) { i.Key = newWorld(w.t).es } }, time.Time{}, verify.Altered, "signature"},
		"without a status":          {func(w *world) { w.code = func(i *claim169.Issue) { i.Status = nil } }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"valid from the next month": {func(w *world) { w.code = func(i *claim169.Issue) { i.NotBefore = day(11, 30, 0) } }, time.Time{}, verify.NotYetValid, "dates"},
	}, verify.FormatClaim169)
}

func TestCutAndDamagedCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.parsed(), string(w.credential(verify.FormatClaim169))
	for in, want := range map[string]verify.Outcome{
		"\n" + s + " \r\n": verify.Genuine, s[:len(s)-1]: verify.IncompleteCode, s[:len(s)-30]: verify.IncompleteCode, s[:30]: verify.IncompleteCode, s + s: verify.UnreadableCode,
		s[:40] + strings.Repeat("0", 30) + s[70:]: verify.UnreadableCode, "6BF" + strings.Repeat("0", 9000): verify.UnreadableCode, "NCFKVPV0QSIP600GP5L0": verify.UnsupportedFormat, "HELLO WORLD": verify.UnreadableCode,
	} {
		if got := b.Verify([]byte(in), now()); got.Outcome != want || got.Claims != nil && want != verify.Genuine {
			t.Errorf("%.30q: %s (%s), want %s", in, got.Outcome, got.Reason, want)
		}
	}
}

// The published vectors, with the bundle of an issuer that has their keys: what is
// signed is genuine at its time, what nobody signed never is.
func TestPublishedCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, folder := range []string{"valid", "edge", "invalid"} {
		for _, f := range vectors.Folder(t, "data/claim169/test-vectors/"+folder, "*.json") {
			var v struct {
				Text string         `json:"qr_data"`
				Key  map[string]any `json:"signing_key"`
				Enc  map[string]any `json:"encryption_key"`
				Err  string         `json:"expected_error"`
			}
			if err := json.Unmarshal(f.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			want := verify.UnknownIssuer
			switch {
			case v.Enc != nil, v.Err == "CoseParse":
				want = verify.UnsupportedFormat
			case v.Err == "Base45Decode", v.Err == "Decompress":
				want = verify.UnreadableCode
			}
			if got := w.parsed().Verify([]byte(v.Text), now()); got.Outcome != want || got.Claims != nil {
				t.Errorf("%s: %s (%s), want %s", f.Name, got.Outcome, got.Reason, want)
			}
			known := newWorld(t)
			known.bundle.Issuers[0].URL = "https://mosip.example.org"
			if want == verify.UnknownIssuer && v.Key == nil { // its issuer is known, and did not sign it
				if got := known.parsed().Verify([]byte(v.Text), now()); got.Outcome != verify.Altered && got.Issuer == "https://mosip.example.org" || got.Claims != nil {
					t.Errorf("%s: %s (%s), want altered", f.Name, got.Outcome, got.Reason)
				}
			}
		}
	}
}

func TestCoseKIDIsChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, base64.RawURLEncoding.EncodeToString(make([]byte, 64)): true, base64.RawURLEncoding.EncodeToString(make([]byte, 65)): false, "a": false, "a=": false, "!!": false, "YQ\n": false} {
		w := newWorld(t)
		w.bundle.Issuers[0].Keys[0].CoseKID = text
		if _, err := verify.ParseBundle(w.json(w.bundle)); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
