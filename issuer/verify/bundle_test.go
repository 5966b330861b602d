package verify_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"socialregistry/contexts"
	"socialregistry/issuer/verify"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func unb64(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

func TestParseBundleRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(b *verify.Bundle){
		"version 0":              func(b *verify.Bundle) { b.Version = 0 },
		"version 3":              func(b *verify.Bundle) { b.Version = 3 },
		"a delta":                func(b *verify.Bundle) { b.Seq, b.Base = 2, 1 },
		"no date":                func(b *verify.Bundle) { b.Created = day(1, 1, 0).AddDate(-2025, 0, 0) },
		"no issuer":              func(b *verify.Bundle) { b.Issuers = nil },
		"issuer without id":      func(b *verify.Bundle) { b.Issuers[0].ID = "" },
		"issuer twice":           func(b *verify.Bundle) { b.Issuers = append(b.Issuers, b.Issuers[0]) },
		"issuer of same URL":     func(b *verify.Bundle) { b.Issuers = append(b.Issuers, verify.BundleIssuer{ID: "did:ex:2", URL: url}) },
		"key without name":       func(b *verify.Bundle) { b.Issuers[0].Keys[0].KID = "" },
		"key without window":     func(b *verify.Bundle) { b.Issuers[0].Keys[0].NotAfter = b.Issuers[0].Keys[0].NotBefore },
		"private key":            func(b *verify.Bundle) { b.Issuers[0].Keys[0].JWK["d"] = "x" },
		"symmetric key":          func(b *verify.Bundle) { b.Issuers[0].Keys[0].JWK = map[string]any{"kty": "oct", "k": "AAAA"} },
		"alg of another key":     func(b *verify.Bundle) { b.Issuers[0].Keys[0].Alg = "EdDSA" },
		"alg none":               func(b *verify.Bundle) { b.Issuers[0].Keys[0].Alg = "none" },
		"method of another":      func(b *verify.Bundle) { b.Issuers[0].Keys[0].Method = "did:web:bank.example#k" },
		"method of a look-alike": func(b *verify.Bundle) { b.Issuers[0].Keys[0].Method = did + ".evil#k" },
		"context hash": func(b *verify.Bundle) {
			b.Contexts = map[string]verify.Context{"https://ex.org/c": {SHA256: strings.Repeat("0", 64), Document: `{"@context":{}}`}}
		},
		"context not JSON": func(b *verify.Bundle) {
			b.Contexts = map[string]verify.Context{"https://ex.org/c": verify.NewContext([]byte("x"))}
		},
		"context replaced": func(b *verify.Bundle) {
			b.Contexts = map[string]verify.Context{contexts.CredentialsV2: verify.NewContext([]byte(`{"@context":{}}`))}
		},
		"context of others": func(b *verify.Bundle) {
			b.Contexts = map[string]verify.Context{"https://ex.org/c": verify.NewContext([]byte(`{"@context":{"@import":"https://ex.org/d"}}`))}
		},
		"list twice":       func(b *verify.Bundle) { b.Status = []verify.BundleStatus{{URI: "u"}, {URI: "u"}} },
		"list without URI": func(b *verify.Bundle) { b.Status = []verify.BundleStatus{{}} },
	} {
		w := newWorld(t)
		change(&w.bundle)
		if _, err := verify.ParseBundle(w.json(w.bundle)); !errors.Is(err, verify.ErrBundle) {
			t.Errorf("%s: %v, want ErrBundle", name, err)
		}
	}
	w := newWorld(t)
	good := string(w.json(w.bundle))
	for name, in := range map[string]string{
		"empty": "", "not JSON": "x", "an array": "[]", "cut short": good[:len(good)-1], "trailing": good + "{}", "member twice": `{"v":1,` + good[1:], "unknown member": `{"root":1,` + good[1:],
		"unknown key member": strings.Replace(good, `"kid":`, `"purpose":"x","kid":`, 1), "a time without zone": strings.Replace(good, "2026-11-22T06:00:00Z", "2026-11-22", 1), "too large": good + strings.Repeat(" ", 32<<20),
	} {
		if _, err := verify.ParseBundle([]byte(in)); !errors.Is(err, verify.ErrBundle) {
			t.Errorf("%s: %v, want ErrBundle", name, err)
		}
	}
	if _, err := verify.ParseBundle([]byte(good)); err != nil {
		t.Errorf("the passing twin: %v", err)
	}
}

func TestBundleRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := day(11, 20, 0)
	w.bundle.Issuers[0].Keys[0].RevokedAt, w.bundle.Issuers[0].Keys[0].Reason = &at, "lost"
	w.bundle.Types = map[string]verify.BundleType{"person": {Display: map[string]string{"en": "Person"}, Claims: map[string]map[string]string{"sex": {"en": "Sex"}}, Order: []string{"sex"},
		Values: map[string]map[string]map[string]string{"sex": {"f": {"en": "Female"}}}}}
	first := w.json(w.bundle)
	b, err := verify.ParseBundle(first)
	if err != nil {
		t.Fatal(err)
	}
	if again := w.json(b); string(again) != string(first) {
		t.Errorf("got\n%s\nwant\n%s", again, first)
	}
}

// What one says stands, and of what it does not name the other's words.
func TestBundleTypeWith(t *testing.T) {
	t.Parallel()
	words := func(s string) map[string]string { return map[string]string{"en": s} }
	codes := func(s string) map[string]map[string]string { return map[string]map[string]string{"f": words(s)} }
	own := verify.BundleType{Display: words("ours"), Order: []string{"sex", "name"}, Claims: map[string]map[string]string{"sex": words("Sex"), "name": words("Name")}}
	other := verify.BundleType{Display: words("theirs"), NoStatus: true, Order: []string{"ward", "sex", "kind"},
		Claims: map[string]map[string]string{"ward": words("Ward"), "sex": words("Gender"), "kind": words("Kind")},
		Values: map[string]map[string]map[string]string{"sex": codes("Woman"), "kind": codes("First")}}
	want := verify.BundleType{Display: words("ours"), Order: []string{"sex", "name", "ward", "kind"},
		Claims: map[string]map[string]string{"sex": words("Sex"), "name": words("Name"), "ward": words("Ward"), "kind": words("Kind")},
		Values: map[string]map[string]map[string]string{"kind": codes("First")}}
	if got := own.With(other); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if len(own.Order) != 2 || len(other.Values) != 2 {
		t.Error("it changed what it was given")
	}
}

func FuzzParseBundle(f *testing.F) {
	w := newWorld(f)
	f.Add(w.json(w.bundle))
	f.Add([]byte(`{"v":1,"created":"2026-11-22T06:00:00Z","issuers":[{"id":"x","keys":[]}]}`))
	sd := w.credential(verify.FormatSDJWT)
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := verify.ParseBundle(in)
		if err != nil {
			if !errors.Is(err, verify.ErrBundle) {
				t.Errorf("%v is not ErrBundle", err)
			}
			return
		}
		b.Verify(sd, now())
		if _, err := json.Marshal(b); err != nil {
			t.Errorf("%s cannot be written again: %v", in, err)
		}
	})
}
