package verify_test

import (
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

func TestWithdrawn(t *testing.T) {
	t.Parallel()
	withdrawn := func(w *world) { w.value = status.Invalid }
	runOutcomes(t, map[string]outcomeCase{
		"fresh list": {withdrawn, time.Time{}, verify.Withdrawn, "status"},
		// What was withdrawn stays so, however old the list is.
		"stale list":   {withdrawn, day(11, 23, 9), verify.Withdrawn, "status"},
		"expired list": {withdrawn, day(11, 30, 9), verify.Withdrawn, "status"},
	}, formats()...)
	runOutcomes(t, map[string]outcomeCase{
		"suspended":               {func(w *world) { w.value = status.Suspended }, time.Time{}, verify.Suspended, "status"},
		"suspended, expired list": {func(w *world) { w.value = status.Suspended }, day(11, 30, 9), verify.GenuineStatusUnknown, "status"},
		"a value of their own":    {func(w *world) { w.value = 3 }, time.Time{}, verify.GenuineStatusUnknown, "status"},
	}, verify.FormatSDJWT)
	both := func(w *world) {
		w.doc["credentialStatus"] = []any{bitstringEntry(pauseURI, "suspension"), bitstringEntry(bitsURI, "revocation")}
	}
	runOutcomes(t, map[string]outcomeCase{
		"two entries, neither": {both, time.Time{}, verify.Genuine, ""},
		"two entries, one":     {func(w *world) { both(w); w.value = status.Suspended }, time.Time{}, verify.Suspended, "status"},
		"two entries, other":   {func(w *world) { both(w); w.value = status.Invalid }, time.Time{}, verify.Withdrawn, "status"},
		"two entries, one of a kind unknown": {func(w *world) {
			w.doc["credentialStatus"] = []any{bitstringEntry(bitsURI, "revocation"), map[string]any{"id": "urn:x", "type": "JsonSchema"}}
		}, time.Time{}, verify.GenuineStatusUnknown, "status"},
	}, verify.FormatLDP)
}

// Both failed: the dates come first, but both are told.
func TestExpiredAndWithdrawn(t *testing.T) {
	t.Parallel()
	for _, format := range formats() {
		w := newWorld(t)
		w.value = status.Invalid
		got := w.parsed().Verify(w.credential(format), day(12, 2, 0))
		if got.Outcome != verify.Expired || result(got, "dates") != verify.Failed || result(got, "status") != verify.Failed {
			t.Errorf("%s: %+v", format, got)
		}
	}
}

// The age of a list: within its ttl, then old but usable, then worth nothing.
func TestAgeOfTheList(t *testing.T) {
	t.Parallel()
	ends := day(11, 29, 6)
	runOutcomes(t, map[string]outcomeCase{
		"at its ttl":                 {nil, day(11, 22, 18), verify.Genuine, ""},
		"after its ttl":              {nil, day(11, 23, 12), verify.Genuine, ""},
		"a second before its end":    {nil, ends.Add(-time.Second), verify.Genuine, ""},
		"at its end":                 {nil, ends, verify.GenuineStatusUnknown, "status"},
		"no end, within ttl":         {func(w *world) { w.ends = time.Time{} }, day(11, 22, 18).Add(-time.Second), verify.Genuine, ""},
		"no end, ttl is over":        {func(w *world) { w.ends = time.Time{} }, day(11, 22, 18), verify.GenuineStatusUnknown, "status"},
		"bundle has ended":           {func(w *world) { w.bundle.NotAfter = now() }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"bundle ends a second later": {func(w *world) { w.bundle.NotAfter = now().Add(time.Second) }, time.Time{}, verify.Genuine, ""},
		"list is younger than now":   {func(w *world) { w.made = now().Add(time.Hour) }, time.Time{}, verify.Genuine, ""},
	}, formats()...)
	for _, format := range formats() {
		w := newWorld(t)
		b, c := w.parsed(), w.credential(format)
		for at, want := range map[time.Time]string{
			now(): "Not withdrawn, as of 22 Nov 2026 06:00 UTC.", day(11, 22, 18): "Not withdrawn, as of 22 Nov 2026 06:00 UTC.",
			day(11, 22, 19): "Not withdrawn, as of 22 Nov 2026 06:00 UTC (the list is 13 hours old).", day(11, 25, 7): "Not withdrawn, as of 22 Nov 2026 06:00 UTC (the list is 3 days old).",
		} {
			if got := b.Verify(c, at).Checks[5].Detail; got != want {
				t.Errorf("%s at %v: %q, want %q", format, at, got, want)
			}
		}
	}
}

// Whatever is wrong with the list, the credential is genuine and its status unknown.
func TestListThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	set := func(name string, v any) func(*world) {
		return func(w *world) { w.list = map[string]any{name: v} }
	}
	setDoc := func(name string, v any) func(*world) {
		return func(w *world) { w.listDoc = map[string]any{name: v} }
	}
	runOutcomes(t, map[string]outcomeCase{
		"not in the bundle": {func(w *world) { w.withoutList = true }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"list of another": {func(w *world) {
			w.list, w.listDoc = map[string]any{"sub": tokenURI + "0"}, map[string]any{"id": bitsURI + "0"}
		}, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"negative ttl":        {func(w *world) { w.ttl = -time.Second }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"ttl of 100 years":    {func(w *world) { w.ttl = 100 * 365 * 24 * time.Hour }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"made before the key": {func(w *world) { w.made = day(9, 1, 0) }, time.Time{}, verify.GenuineStatusUnknown, "status"},
	}, formats()...)
	runOutcomes(t, map[string]outcomeCase{
		"list is broken":  {set("status_list", map[string]any{"bits": 2, "lst": "AAAA"}), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"bits of 3":       {set("status_list", map[string]any{"bits": 3, "lst": "eNrbuRgAAhcBXQ"}), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"too few entries": {set("status_list", map[string]any{"bits": 1, "lst": "eNrbuRgAAhcBXQ"}), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"another token":   {func(w *world) { w.listType = "JWT" }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"no list":         {set("status_list", "x"), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"no iat":          {set("iat", nil), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"exp words":       {set("exp", "never"), time.Time{}, verify.GenuineStatusUnknown, "status"},
	}, verify.FormatSDJWT)
	runOutcomes(t, map[string]outcomeCase{
		"other purpose":  {func(w *world) { w.doc["credentialStatus"] = bitstringEntry(pauseURI, "revocation") }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"not a list":     {setDoc("type", []any{"VerifiableCredential"}), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"other issuer":   {func(w *world) { w.listIssuer = "did:web:bank.example" }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"forged":         {func(w *world) { w.listSigner = newWorld(w.t).ed }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"list is broken": {setDoc("credentialSubject", map[string]any{"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "uAAAA"}), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"no subject":     {setDoc("credentialSubject", map[string]any{"id": "urn:x", "type": "BitstringStatusList"}), time.Time{}, verify.GenuineStatusUnknown, "status"},
		"from words":     {setDoc("validFrom", "now"), time.Time{}, verify.GenuineStatusUnknown, "status"},
	}, verify.FormatLDP)
}

// Another issuer of the bundle cannot make a list for this one.
func TestListMustBeOfTheSameIssuer(t *testing.T) {
	t.Parallel()
	w, bank := newWorld(t), newWorld(t)
	bank.value, w.value = status.Valid, status.Invalid
	key := bank.key("bank-1", bank.es.Public(), "ES256")
	key.Method = "did:web:bank.example#bank-1"
	w.bundle.Issuers = append(w.bundle.Issuers, verify.BundleIssuer{ID: "did:web:bank.example", Keys: []verify.BundleKey{key}})
	payload, err := jose.Payload(bank.tokenList())
	if err != nil {
		t.Fatal(err)
	}
	forged, err := jose.Sign(bank.es, "ES256", map[string]any{"typ": "statuslist+jwt", "kid": "bank-1"}, payload)
	if err != nil {
		t.Fatal(err)
	}
	w.withoutList = true
	w.bundle.Status = []verify.BundleStatus{{URI: tokenURI, Token: forged}}
	if got := w.parsed().Verify(w.credential(verify.FormatSDJWT), now()); got.Outcome != verify.GenuineStatusUnknown {
		t.Errorf("%s, want genuine_status_unknown", got.Outcome)
	}
}

// A flipped bit in a list must never turn a withdrawn credential into a genuine one.
func TestEveryFlippedBitInAListShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.value = status.Invalid
	w.withoutList = true
	for _, format := range formats() {
		list, uri := w.tokenList(), tokenURI
		if format == verify.FormatLDP {
			list, uri = w.bitstring(bitsURI, "revocation", 1), bitsURI
		}
		c := w.credential(format)
		for i := 0; i < len(list)*8; i += 37 {
			bad := []byte(list)
			bad[i/8] ^= 1 << (i % 8)
			w.bundle.Status = []verify.BundleStatus{{URI: uri, Token: strings.ToValidUTF8(string(bad), "?")}}
			if got := w.parsed().Verify(c, now()); got.Outcome != verify.GenuineStatusUnknown && got.Outcome != verify.Withdrawn {
				t.Fatalf("%s: bit %d of the list flipped: %s", format, i, got.Outcome)
			}
		}
	}
}

func TestStatusEntries(t *testing.T) {
	t.Parallel()
	token := func(v any) func(*world) {
		return func(w *world) { w.issue.Plain["status"] = v }
	}
	entry := func(idx any, uri any) any {
		return map[string]any{"status_list": map[string]any{"idx": idx, "uri": uri}}
	}
	unknown := outcomeCase{nil, time.Time{}, verify.GenuineStatusUnknown, "status"}
	cases := map[string]outcomeCase{}
	for name, v := range map[string]any{
		"not an object": "x", "another kind": map[string]any{"other": 1}, "two kinds": map[string]any{"status_list": map[string]any{"idx": 1, "uri": tokenURI}, "other": 1},
		"index text": entry("4711", tokenURI), "index negative": entry(-1, tokenURI), "index broken": entry(1.5, tokenURI), "index huge": entry(1e18, tokenURI), "beyond the list": entry(status.MinBitstring, tokenURI), "no uri": entry(1, ""), "uri a number": entry(1, 7),
	} {
		c := unknown
		c.change = token(v)
		cases[name] = c
	}
	runOutcomes(t, cases, verify.FormatSDJWT)
	cases = map[string]outcomeCase{}
	for name, change := range map[string]func(map[string]any){
		"type": func(e map[string]any) { e["type"] = "JsonSchema" }, "index leading zero": func(e map[string]any) { e["statusListIndex"] = "04711" },
		"index words": func(e map[string]any) { e["statusListIndex"] = "many" }, "index huge": func(e map[string]any) { e["statusListIndex"] = "99999999999999999999" },
		"index beyond": func(e map[string]any) { e["statusListIndex"] = "131072" }, "purpose": func(e map[string]any) { e["statusPurpose"] = "message" }, "size": func(e map[string]any) { e["statusSize"] = 2 },
	} {
		c := unknown
		c.change = func(w *world) {
			e := bitstringEntry(bitsURI, "revocation")
			change(e)
			if name == "type" { // terms of the entry exist under its own type only
				e = map[string]any{"id": "urn:x", "type": e["type"]}
			}
			w.doc["credentialStatus"] = e
		}
		cases[name] = c
	}
	runOutcomes(t, cases, verify.FormatLDP)
	for _, format := range formats() {
		w := newWorld(t)
		delete(w.issue.Plain, "status")
		delete(w.doc, "credentialStatus")
		got := w.parsed().Verify(w.credential(format), now())
		if got.Outcome != verify.GenuineStatusUnknown || result(got, "status") != verify.Failed {
			t.Errorf("%s without status: %+v", format, got)
		}
		w.bundle.Types = map[string]verify.BundleType{url + "/credentials/types/person": {NoStatus: true}, "SocialRegistryPersonCredential": {NoStatus: true}, docType: {NoStatus: true}, verify.FormatClaim169: {NoStatus: true}}
		got = w.parsed().Verify(w.credential(format), now())
		if got.Outcome != verify.Genuine || result(got, "status") != verify.NotChecked {
			t.Errorf("%s of a type without status: %+v", format, got)
		}
	}
}
