package web_test

import (
	"encoding/json"
	"slices"
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/verify"
)

// Details stand in the order and under the names that the bundle gives them, codes in
// words, and what is in objects beside the rest. What the bundle does not name comes last.
func TestDetailsOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	root, by := newSigner(t), newSigner(t)
	at, list := w.Now(), []string{"cash", "food"}
	text := func(en, ar string) map[string]string { return map[string]string{"en": en, "ar": ar} }
	shown := verify.BundleType{NoStatus: true, Display: text("Person", "شخص"), Order: []string{"name", "sex", "aid", "address.locality"},
		Claims: map[string]map[string]string{"name": text("Name", "الاسم"), "sex": text("Sex", "الجنس"), "aid": text("Aid", "المساعدة"), "address.locality": text("Town", "المدينة")},
		Values: map[string]map[string]map[string]string{"sex": {"f": text("Female", "أنثى")}, "aid": {"cash": text("Cash", "نقد"), "food": text("Food", "طعام")}}}
	paper := verify.BundleType{NoStatus: true, Order: []string{claim169.OwnName("ward")}, Claims: map[string]map[string]string{claim169.OwnName("ward"): text("Ward", "الحي")},
		Values: map[string]map[string]map[string]string{claim169.OwnName("ward"): {"w7": text("Seventh", "السابع")}}}
	raw, err := json.Marshal(verify.Bundle{Version: 1, Created: at, NotAfter: at.AddDate(0, 0, 7), Types: map[string]verify.BundleType{"person": shown, verify.FormatClaim169: paper},
		Issuers: []verify.BundleIssuer{{ID: "did:web:a.example", URL: "https://a.example", Keys: []verify.BundleKey{{KID: by.kid, CoseKID: "azE", JWK: by.jwk, Alg: jose.ES256, NotBefore: at.AddDate(0, -1, 0), NotAfter: at.AddDate(1, 0, 0)}}}}})
	w.must(err)
	credential, err := sdjwt.Issue{Key: by, Alg: jose.ES256, KID: by.kid,
		Plain:    map[string]any{"iss": "https://a.example", "vct": "person", "iat": at.Unix()},
		Disclose: map[string]any{"aid": list, "constructor": "x", "name": "Amina", "sex": "f", "address": map[string]any{"locality": "Kibera", "floor": "2"}}}.Sign()
	w.must(err)
	code, err := claim169.Issue{Profile: claim169.Spec, Key: by, KID: []byte("k1"), Issuer: "https://a.example", Issued: at, Expires: at.AddDate(0, 0, 7),
		Attributes: map[int]any{claim169.FullName: "Amina", claim169.Gender: 2, claim169.BestFingers: []int{1, 7}, claim169.Language: "ar"}, Own: map[string]any{"ward": "w7"}}.Sign()
	w.must(err)
	bundle, _ := w.sealed(raw, 1, root, root)
	plan := []step{{"do": "at", "at": at.UnixMilli()}, {"do": "take", "text": bundle}, {"do": "check", "text": credential}, {"do": "check", "text": code}}
	for lang, want := range map[string][2][]string{
		"en": {{"Name: Amina", "Sex: Female", "Aid: CashFood", "Town: Kibera", "address.floor: 2", "constructor: x"}, {"Language: Arabic", "Full name: Amina", "Gender: Female", "Best fingers: Right thumbLeft index finger", "Ward: Seventh"}},
		"ar": {{"الاسم: Amina", "الجنس: أنثى", "المساعدة: نقدطعام", "المدينة: Kibera", "address.floor: 2", "constructor: x"}, {"اللغة: العربية", "الاسم الكامل: Amina", "الجنس: أنثى", "أفضل الأصابع: إبهام اليد اليمنىسبابة اليد اليسرى", "الحي: السابع"}},
	} {
		answers := w.driveIn(t, lang, root.kid, plan)
		for n := range want {
			var s seen
			w.must(json.Unmarshal(answers[2+n], &s))
			if s.Outcome != "genuine" || len(s.Details) < len(want[n]) || !slices.Equal(s.Details[:len(want[n])], want[n]) {
				t.Errorf("%s: %s %q, details %q, want %q", lang, s.Outcome, s.Problem, s.Details, want[n])
			}
		}
	}
}
