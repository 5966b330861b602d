package verify_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/verify"
)

func TestGenuine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, format := range formats() {
		got := w.parsed().Verify(w.credential(format), now())
		claims := map[string]any{"given_name": "Amina", "family_name": "Diallo"}
		kind, issuer := url+"/credentials/types/person", url
		switch format {
		case verify.FormatMdoc:
			kind, issuer = docType, did
		case verify.FormatClaim169:
			kind, claims = verify.FormatClaim169, map[string]any{"first_name": "Amina", "last_name": "Diallo"}
		case verify.FormatLDP, verify.FormatJWTVC:
			claims = map[string]any{"givenName": "Amina", "familyName": "Diallo"}
			kind, issuer = "SocialRegistryPersonCredential", did
		}
		if got.Outcome != verify.Genuine || got.Format != format || got.Type != kind || got.Issuer != issuer || got.IssuerNames["en"] != "Ministry of Social Protection" {
			t.Errorf("%s: %+v", format, got)
		}
		if !reflect.DeepEqual(got.Claims, claims) || !got.ValidFrom.Equal(day(11, 1, 0)) || !got.ValidUntil.Equal(day(12, 1, 0)) || !got.StatusAsOf.Equal(day(11, 22, 6)) {
			t.Errorf("%s: %+v", format, got)
		}
		var names []string
		for _, c := range got.Checks {
			names = append(names, c.Name)
			want := verify.Passed
			if c.Name == "holder" {
				want = verify.NotChecked
			}
			if c.Result != want || c.Detail == "" {
				t.Errorf("%s: check %+v, want %s", format, c, want)
			}
		}
		if want := []string{"read", "issuer", "signature", "key", "dates", "status", "holder"}; !slices.Equal(names, want) {
			t.Errorf("%s: checks %v, want %v", format, names, want)
		}
	}
}

// outcomeCase is one change of the world and what becomes of the credential.
type outcomeCase struct {
	change func(w *world)
	at     time.Time // zero: now
	want   verify.Outcome
	failed string // the check that fails; empty: none
}

func runOutcomes(t *testing.T, cases map[string]outcomeCase, formats ...string) {
	t.Helper()
	for name, c := range cases {
		for _, format := range formats {
			t.Run(name+"/"+format, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				if c.change != nil {
					c.change(w)
				}
				at := c.at
				if at.IsZero() {
					at = now()
				}
				got := w.parsed().Verify(w.credential(format), at)
				if got.Outcome != c.want || got.Reason == "" || len(got.Checks) != 7 {
					t.Errorf("got %s (%s), want %s", got.Outcome, got.Reason, c.want)
				}
				for _, check := range got.Checks {
					if (check.Result == verify.Failed) != (check.Name == c.failed) {
						t.Errorf("check %+v; want %q alone to fail", check, c.failed)
					}
				}
			})
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	until, from := day(12, 1, 0), day(11, 1, 0)
	early := func(w *world) { w.bundle.Created, w.made = day(10, 1, 0), day(10, 1, 0) }
	late := func(w *world) { w.ends = day(12, 20, 0) }
	runOutcomes(t, map[string]outcomeCase{
		"second before its end":          {late, until.Add(-time.Second), verify.Genuine, ""},
		"at its end":                     {late, until, verify.Expired, "dates"},
		"second after its end":           {late, until.Add(time.Second), verify.Expired, "dates"},
		"at its beginning":               {early, from, verify.Genuine, ""},
		"a minute before: clocks differ": {early, from.Add(-time.Minute), verify.Genuine, ""},
		"a minute and a second before":   {early, from.Add(-61 * time.Second), verify.NotYetValid, "dates"},
	}, formats()...)
	runOutcomes(t, map[string]outcomeCase{
		"no end": {func(w *world) { delete(w.issue.Plain, "exp"); delete(w.doc, "validUntil"); w.ends = day(12, 20, 0) }, day(12, 19, 0), verify.Genuine, ""},
	}, verify.FormatSDJWT, verify.FormatLDP)
}

func TestKeyWindow(t *testing.T) {
	t.Parallel()
	window := func(from, until time.Time) func(*world) {
		return func(w *world) {
			for i := range w.bundle.Issuers[0].Keys {
				w.bundle.Issuers[0].Keys[i].NotBefore, w.bundle.Issuers[0].Keys[i].NotAfter = from, until
			}
			w.made = from // the lists must be in the window too
		}
	}
	revoked := func(at time.Time) func(*world) {
		return func(w *world) {
			for i := range w.bundle.Issuers[0].Keys {
				w.bundle.Issuers[0].Keys[i].RevokedAt = &at
			}
			w.withoutList = false
			w.ends = day(12, 20, 0)
		}
	}
	issued := day(11, 1, 0)
	runOutcomes(t, map[string]outcomeCase{
		"window ends with the issue":        {window(day(10, 31, 0), issued), time.Time{}, verify.Genuine, ""},
		"window begins with the issue":      {window(issued, day(12, 31, 0)), time.Time{}, verify.Genuine, ""},
		"window ended a second before":      {window(day(10, 31, 0), issued.Add(-time.Second)), time.Time{}, verify.KeyRetired, "key"},
		"window begins a second after":      {window(issued.Add(time.Second), day(12, 31, 0)), time.Time{}, verify.KeyRetired, "key"},
		"revoked later than the time asked": {revoked(now().Add(time.Second)), time.Time{}, verify.Genuine, ""},
	}, formats()...)
	for _, format := range formats() {
		w := newWorld(t)
		revoked(now())(w)
		if got := w.parsed().Verify(w.credential(format), now()); got.Outcome != verify.KeyRetired {
			t.Errorf("%s, revoked: %s, want key_retired", format, got.Outcome)
		}
	}
}

func TestIssuer(t *testing.T) {
	t.Parallel()
	other := func(w *world) {
		w.bundle.Issuers[0].ID, w.bundle.Issuers[0].URL = "did:web:other.example", "https://other.example"
		for i := range w.bundle.Issuers[0].Keys {
			w.bundle.Issuers[0].Keys[i].Method = "did:web:other.example#" + w.bundle.Issuers[0].Keys[i].KID
		}
	}
	runOutcomes(t, map[string]outcomeCase{
		"key not in the bundle": {func(w *world) { w.bundle.Issuers[0].Keys = nil; w.withoutList = true }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"other key names": {func(w *world) {
			w.bundle.Issuers[0].Keys[0].KID, w.bundle.Issuers[0].Keys[1].KID = "x", "y"
			w.bundle.Issuers[0].Keys[0].Method, w.bundle.Issuers[0].Keys[1].Method = did+"#x", did+"#y"
		}, time.Time{}, verify.UnknownIssuer, "issuer"},
		"another key under the same name": {func(w *world) {
			stranger := newWorld(w.t)
			w.bundle.Issuers[0].Keys = stranger.bundle.Issuers[0].Keys
		}, time.Time{}, verify.Altered, "signature"},
	}, verify.FormatSDJWT, verify.FormatLDP, verify.FormatJWTVC)
	// The key is known, but it belongs to another issuer than the credential names.
	runOutcomes(t, map[string]outcomeCase{"key of another issuer": {other, time.Time{}, verify.UnknownIssuer, "issuer"}}, verify.FormatSDJWT)
	runOutcomes(t, map[string]outcomeCase{
		"issuer of another name": {func(w *world) { w.doc["issuer"] = "did:web:bank.example" }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"issuer as an object":    {func(w *world) { w.doc["issuer"] = map[string]any{"id": did} }, time.Time{}, verify.Genuine, ""},
	}, verify.FormatLDP)
	runOutcomes(t, map[string]outcomeCase{
		"issuer of another name": {func(w *world) { w.issue.Plain["iss"] = "https://bank.example" }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"no issuer":              {func(w *world) { delete(w.issue.Plain, "iss") }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"issuer by its DID":      {func(w *world) { w.issue.Plain["iss"] = did }, time.Time{}, verify.Genuine, ""},
		"no kid":                 {func(w *world) { w.issue.KID = "" }, time.Time{}, verify.Genuine, ""},
		"kid by its DID":         {func(w *world) { w.issue.KID = did + "#es-1" }, time.Time{}, verify.Genuine, ""},
	}, verify.FormatSDJWT)
}

// A second issuer in the bundle cannot sign in the name of the first.
func TestIssuerMustControlTheKey(t *testing.T) {
	t.Parallel()
	w, bank := newWorld(t), newWorld(t)
	keys := bank.bundle.Issuers[0].Keys
	for i := range keys {
		keys[i].KID, keys[i].Method = "bank-"+keys[i].KID, "did:web:bank.example#bank-"+keys[i].KID
	}
	w.bundle.Issuers = append(w.bundle.Issuers, verify.BundleIssuer{ID: "did:web:bank.example", URL: "https://bank.example", Keys: keys})
	w.issue.Key, w.issue.KID = bank.es, "bank-es-1"
	if got := w.parsed().Verify(w.credential(verify.FormatSDJWT), now()); got.Outcome != verify.UnknownIssuer || got.Claims != nil {
		t.Errorf("sd-jwt: %+v", got)
	}
	doc, err := dataintegrity.Sign(w.set, w.doc, bank.ed, "did:web:bank.example#bank-ed-1", w.signed)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.parsed().Verify(w.json(doc), now()); got.Outcome != verify.UnknownIssuer || got.Claims != nil {
		t.Errorf("ldp: %+v", got)
	}
}

// In each of these the issuer itself signed something that is not in order.
func TestSignedButUnusable(t *testing.T) {
	t.Parallel()
	plain := func(name string, v any) func(*world) {
		return func(w *world) {
			w.issue.Plain[name] = v
			if v == nil {
				delete(w.issue.Plain, name)
			}
		}
	}
	for name, change := range map[string]func(*world){
		"no vct": plain("vct", nil), "vct a number": plain("vct", 5), "no iat": plain("iat", nil), "iat text": plain("iat", "2026"), "exp text": plain("exp", "never"),
		"exp negative": plain("exp", -1), "exp far away": plain("exp", 1e300), "nbf a list": plain("nbf", []any{1}),
	} {
		w := newWorld(t)
		change(w)
		if got := w.parsed().Verify(w.credential(verify.FormatSDJWT), now()); got.Outcome != verify.UnsupportedFormat || got.Claims != nil {
			t.Errorf("sd-jwt, %s: %s", name, got.Outcome)
		}
	}
	for name, change := range map[string]func(map[string]any){
		"validFrom a date": func(d map[string]any) { d["validFrom"] = "2026-11-01" }, "validUntil words": func(d map[string]any) { d["validUntil"] = "always" },
		"two subjects": func(d map[string]any) {
			d["credentialSubject"] = []any{d["credentialSubject"], map[string]any{"id": "did:ex:2"}}
		},
	} {
		w := newWorld(t)
		change(w.doc)
		if got := w.parsed().Verify(w.credential(verify.FormatLDP), now()); got.Outcome != verify.UnsupportedFormat || got.Claims != nil {
			t.Errorf("ldp, %s: %s", name, got.Outcome)
		}
	}
}

func TestOtherFormats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.parsed()
	sd, ldp := string(w.credential(verify.FormatSDJWT)), string(w.credential(verify.FormatLDP))
	jwt := func(typ string) string {
		s, err := jose.Sign(w.es, "ES256", map[string]any{"typ": typ, "kid": "es-1"}, []byte(`{"iss":"`+url+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for in, want := range map[string]verify.Outcome{
		"": verify.UnreadableCode, "  \n": verify.UnreadableCode, "hello": verify.UnreadableCode, "\xff\xfe": verify.UnreadableCode, "{": verify.IncompleteCode, "{}": verify.UnsupportedFormat, "[]": verify.UnreadableCode,
		"a.b.c~": verify.UnreadableCode, "~~~": verify.UnreadableCode, `{"a":1,"a":2}`: verify.UnreadableCode, strings.Repeat("x", 1<<20+1): verify.UnreadableCode,
		jwt("JWT"): verify.UnsupportedFormat, jwt("vc+sd-jwt") + "~": verify.UnsupportedFormat, jwt(sdjwt.Type): verify.IncompleteCode,
		sd[:len(sd)-1]: verify.IncompleteCode, sd[:len(sd)-10]: verify.IncompleteCode, sd[:strings.Index(sd, "~")]: verify.IncompleteCode, sd[:strings.Index(sd, "~")-20]: verify.Altered,
		ldp[:len(ldp)-1]: verify.IncompleteCode, ldp[:len(ldp)/2]: verify.IncompleteCode,
		`{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential"],"issuer":"` + did + `"}`: verify.UnsupportedFormat,
		`{"@context":["` + contexts.CredentialsV2 + `"],"type":["VerifiablePresentation"]}`:                              verify.UnsupportedFormat,
		`{"@context":["` + contexts.CredentialsV2 + `"],"type":["VerifiableCredential"],"issuer":"did:ex:1"}`:            verify.UnreadableCode,
		strings.Replace(ldp, "eddsa-rdfc-2022", "eddsa-jcs-2022", 1):                                                     verify.UnsupportedFormat,
		strings.Replace(ldp, url+"/contexts/v1", url+"/contexts/v2", 1):                                                  verify.UnsupportedFormat,
		w.bitstring(bitsURI, "revocation", 0):                                                                            verify.UnsupportedFormat, w.tokenList(): verify.UnsupportedFormat, w.tokenList() + "~": verify.UnsupportedFormat,
		" " + ldp + "\n": verify.Genuine, "\n" + sd + "\n": verify.Genuine,
	} {
		if got := b.Verify([]byte(in), now()); got.Outcome != want || len(got.Checks) != 7 || got.Reason == "" {
			t.Errorf("%.60q: %s (%s), want %s", in, got.Outcome, got.Reason, want)
		}
	}
}

func TestInlineContextCannotRenameClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var doc map[string]any
	if err := json.Unmarshal(w.credential(verify.FormatLDP), &doc); err != nil {
		t.Fatal(err)
	}
	// Proof of concept: the terms change places, and the RDF is what was signed.
	renamed := maps.Clone(doc)
	renamed["@context"] = []any{contexts.CredentialsV2, map[string]any{"givenName": "https://schema.org/familyName", "familyName": "https://schema.org/givenName", "SocialRegistryPersonCredential": url + "/vocab#SocialRegistryPersonCredential"}}
	renamed["credentialSubject"] = map[string]any{"id": holderDID, "givenName": "Diallo", "familyName": "Amina"}
	b := w.parsed()
	if got := b.Verify(w.json(renamed), now()); got.Outcome == verify.Genuine || got.Claims != nil {
		t.Errorf("renamed claims: %+v", got)
	}
	for name, change := range map[string]func(d, s map[string]any){
		"nested context": func(_, s map[string]any) { s["@context"] = map[string]any{"x": "https://ex.org/x"} },
		"value object":   func(_, s map[string]any) { s["givenName"] = map[string]any{"@value": "Amina"} },
		"@id":            func(_, s map[string]any) { delete(s, "id"); s["@id"] = holderDID },
		"@graph":         func(d, _ map[string]any) { d["@graph"] = []any{} },
	} {
		changed := maps.Clone(doc)
		s := maps.Clone(doc["credentialSubject"].(map[string]any))
		changed["credentialSubject"] = s
		change(changed, s)
		if got := b.Verify(w.json(changed), now()); got.Outcome == verify.Genuine {
			t.Errorf("%s: genuine", name)
		}
	}
}

// Documents that name our key, so that they are looked at, and are made to cost
// much. Each must end, and soon.
func TestHostileDocumentsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, ldp := w.parsed(), string(w.credential(verify.FormatLDP))
	values := strings.Repeat(`"x",`, 200_000)
	addresses := strings.Repeat(`"`+contexts.CredentialsV2+`",`, 20_000)
	for name, in := range map[string]string{
		"many values":     strings.Replace(ldp, `"Amina"`, `[`+values+`"Amina"]`, 1),
		"many contexts":   strings.Replace(ldp, `"@context":[`, `"@context":[`+addresses, 1),
		"nested contexts": strings.Replace(ldp, `"givenName"`, `"@context":[`+addresses+`"`+contexts.CredentialsV2+`"],"givenName"`, 1),
		"other type":      strings.Replace(strings.Replace(ldp, `"VerifiableCredential",`, ``, 1), `"Amina"`, `[`+values+`"Amina"]`, 1),
		"deep":            strings.Replace(ldp, `"Amina"`, strings.Repeat(`[`, 100_000)+strings.Repeat(`]`, 100_000), 1),
	} {
		if got := b.Verify([]byte(in), now()); in == ldp || got.Outcome == verify.Genuine || got.Claims != nil {
			t.Errorf("%s: %s", name, got.Outcome)
		}
	}
}

func TestBadBundleIsNoYes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, format := range formats() {
		for _, b := range []*verify.Bundle{{}, {Version: 1}} {
			if got := b.Verify(w.credential(format), now()); got.Outcome != verify.UnknownIssuer || len(got.Checks) != 7 {
				t.Errorf("%s: %+v", format, got)
			}
		}
		if got := w.bundle.Verify(w.credential(format), now()); got.Outcome != verify.GenuineStatusUnknown {
			t.Errorf("%s, a bundle that was not parsed: %s", format, got.Outcome)
		}
	}
}

func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	b := w.parsed()
	sd, ldp := w.credential(verify.FormatSDJWT), w.credential(verify.FormatLDP)
	for _, format := range formats() {
		f.Add(w.credential(format))
	}
	for _, seed := range [][]byte{sd, ldp, []byte("{"), []byte("a.b.c~d~"), []byte(w.tokenList()), []byte(w.bitstring(bitsURI, "revocation", 1))} {
		f.Add(seed)
	}
	ask := verify.Binding{Nonce: "n", Audience: "https://shop.example"}
	held := w.held(ask)
	f.Add(held)
	f.Fuzz(func(t *testing.T, in []byte) {
		got := b.VerifyHeld(in, now(), ask)
		if result(got, verify.CheckHolder) == verify.Passed && !bytes.Equal(bytes.TrimSpace(in), held) {
			t.Errorf("%q: a holder that did not sign it", in)
		}
		if !slices.Contains(verify.Outcomes(), got.Outcome) || len(got.Checks) != 7 {
			t.Errorf("%q: %+v", in, got)
		}
		if got.Claims == nil {
			return
		}
		if g, _ := got.Claims["given_name"].(string); g == "" && got.Claims["givenName"] != "Amina" && got.Format == verify.FormatLDP {
			t.Errorf("claims that nobody signed: %q", in)
		}
	})
}
