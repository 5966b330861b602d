package specimen

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// window is when a key is in use.
type window struct{ from, until, revoked time.Time }

// windows gives the keys of the registry by the end of their names.
func windows() map[string]window {
	return map[string]window{
		"1":     {from: day(2026, 10, 1), until: day(2026, 12, 31)},
		"old":   {from: day(2026, 1, 5), until: day(2026, 6, 30)},
		"next":  {from: day(2026, 12, 1), until: day(2027, 12, 1)},
		"gone":  {from: day(2026, 10, 1), until: day(2026, 12, 31), revoked: now()},
		"later": {from: day(2026, 10, 1), until: day(2026, 12, 31), revoked: now().Add(time.Second)},
	}
}

// bundleKey tells of one key. Its bytes are those of from, which a swap gives
// another's.
func (g *generator) bundleKey(controller, kid, from string, w window) verify.BundleKey {
	public := g.key(from).Public()
	jwk, err := jose.PublicJWK(public)
	g.fail(err)
	alg, err := jose.AlgOf(public)
	g.fail(err)
	k := verify.BundleKey{KID: kid, Method: controller + "#" + kid, JWK: jwk, Alg: alg, NotBefore: w.from, NotAfter: w.until,
		CoseKID: base64.RawURLEncoding.EncodeToString(g.coseKID(kid))}
	if !w.revoked.IsZero() {
		k.RevokedAt, k.Reason = &w.revoked, "key compromise"
	}
	return k
}

// registry is the issuer of all credentials that are in order. swap is put after
// the names of the keys whose bytes it has.
func (g *generator) registry(swap string) verify.BundleIssuer {
	i := verify.BundleIssuer{ID: did, URL: url, Names: map[string]string{"en": "Ministry of Social Protection", "ar": "وزارة الحماية الاجتماعية"},
		Anchors: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.anchor.Raw}))}
	if swap != "" {
		i.Anchors = ""
	}
	for _, curve := range []string{"es-", "ed-"} {
		for _, name := range []string{"1", "old", "next", "gone", "later"} {
			i.Keys = append(i.Keys, g.bundleKey(did, curve+name, curve+name+swap, windows()[name]))
		}
	}
	return i
}

// bank is another issuer of the bundle.
func (g *generator) bank() verify.BundleIssuer {
	w := window{from: day(2026, 1, 1), until: day(2027, 12, 31)}
	return verify.BundleIssuer{ID: bankDID, URL: bankURL, Names: map[string]string{"en": "Bank"},
		Keys: []verify.BundleKey{g.bundleKey(bankDID, "es-bank", "es-bank", w), g.bundleKey(bankDID, "ed-bank", "ed-bank", w)}}
}

// labels names what the credentials say.
func labels() map[string]map[string]string {
	given, family := map[string]string{"en": "Given name", "ar": "الاسم"}, map[string]string{"en": "Family name", "ar": "اسم العائلة"}
	return map[string]map[string]string{"given_name": given, "family_name": family, "givenName": given, "familyName": family,
		"id": {"en": "Number", "ar": "الرقم"}, "full_name": {"en": "Name", "ar": "الاسم الكامل"}, "birth_date": {"en": "Date of birth", "ar": "تاريخ الميلاد"}, "gender": {"en": "Sex", "ar": "الجنس"}}
}

func (g *generator) types(noStatus bool) map[string]verify.BundleType {
	out := map[string]verify.BundleType{}
	for _, name := range []string{vct, ldpType, docType, verify.FormatClaim169} {
		out[name] = verify.BundleType{Display: map[string]string{"en": "Person", "ar": "شخص"}, Claims: labels(), NoStatus: noStatus,
			Order: []string{"family_name", "given_name", "familyName", "givenName"}, Values: map[string]map[string]map[string]string{"gender": {"female": {"en": "Woman", "ar": "امرأة"}}}}
	}
	return out
}

// bundles makes what the vectors are checked against.
func (g *generator) bundles() (map[string]json.RawMessage, error) {
	usual := verify.Bundle{Version: verify.BundleVersion, Seq: 7, Created: now().Add(-time.Hour), RefreshAfter: now().Add(23 * time.Hour), NotAfter: day(2027, 1, 31),
		Issuers: []verify.BundleIssuer{g.registry(""), g.bank()}, Types: g.types(false), Status: g.published(),
		Contexts: map[string]verify.Context{g.iri: verify.NewContext(g.context)}}
	out := map[string]json.RawMessage{}
	with := func(name string, change func(*verify.Bundle)) {
		b := usual
		change(&b)
		out[name] = g.json(b)
	}
	with("usual", func(*verify.Bundle) {})
	with("stale", func(b *verify.Bundle) { b.NotAfter = now() })
	with("almost-stale", func(b *verify.Bundle) { b.NotAfter = now().Add(time.Second) })
	with("no-status", func(b *verify.Bundle) { b.Types = g.types(true) })
	with("without-lists", func(b *verify.Bundle) { b.Status = nil })
	with("one-ca", func(b *verify.Bundle) {
		b.Issuers = slices.Clone(b.Issuers)
		b.Issuers[1].Anchors = b.Issuers[0].Anchors
	})
	with("named", func(b *verify.Bundle) {
		b.Issuers = []verify.BundleIssuer{g.registry(""), g.bank()}
		for n, k := range b.Issuers[0].Keys {
			for _, der := range g.outside() {
				if k.KID == "es-1" {
					b.Issuers[0].Keys[n].Certificates = append(b.Issuers[0].Keys[n].Certificates, base64.StdEncoding.EncodeToString(der))
				}
			}
		}
	})
	kids := func(b *verify.Bundle) { // the bank calls its keys as we do
		b.Issuers = []verify.BundleIssuer{g.registry(""), g.bank()}
		for n, k := range b.Issuers[1].Keys {
			b.Issuers[1].Keys[n].CoseKID = b.Issuers[0].Keys[slices.IndexFunc(b.Issuers[0].Keys, func(own verify.BundleKey) bool { return own.KID == k.KID[:3]+"1" })].CoseKID
		}
	}
	with("merged-first", func(b *verify.Bundle) { // a merged bank stands first and has our CA, and our key for its own
		bank := g.bank()
		bank.Source, bank.Anchors = bankURL, g.registry("").Anchors
		for _, name := range []string{"es-1", "ed-1"} {
			bank.Keys = append(bank.Keys, g.bundleKey(bankDID, name, name, windows()["1"]))
		}
		b.Issuers = []verify.BundleIssuer{bank, g.registry("")}
	})
	with("same-kids", kids)
	with("same-kids, the bank first", func(b *verify.Bundle) { kids(b); slices.Reverse(b.Issuers) })
	with("bank-only", func(b *verify.Bundle) { b.Issuers = b.Issuers[1:] })
	with("no-keys", func(b *verify.Bundle) { b.Issuers = []verify.BundleIssuer{{ID: did, URL: url}} })
	with("other-keys", func(b *verify.Bundle) { b.Issuers = []verify.BundleIssuer{g.registry("-impostor"), g.bank()} })
	with("no-contexts", func(b *verify.Bundle) { b.Contexts = nil })
	with("aliases", func(b *verify.Bundle) {
		b.Contexts = map[string]verify.Context{g.iri: verify.NewContext(g.context), aliasIRI: verify.NewContext(aliasContext())}
	})
	with("merged", g.merged)
	with("huge", func(b *verify.Bundle) { b.Status = slices.Concat(b.Status[:5:5], g.hugeLists()) })
	return out, g.err
}
