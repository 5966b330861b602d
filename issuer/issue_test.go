package issuer_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/jwtvc"
	"socialregistry/issuer/mdoc"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/sdjwt"
	"socialregistry/registry"

	"crypto/ed25519"
)

// holderFor gives a wallet that a format takes.
func holderFor(t testing.TB, config string) holder {
	if config == ldp || config == jwtVC || config == householdLDP {
		return newDIDHolder(t)
	}
	return newHolder(t)
}

func TestIssueEveryFormat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), append(mandatory(), "region")...) // sex is not attested
		token := w.token(t, id, ldp, sd, jwtVC, mobile)
		w3c := map[string]any{"givenName": "Amina", "familyName": "Diallo", "birthDate": "1990-04-05", "region": "North"}
		own := map[string]any{"given_name": "Amina", "family_name": "Diallo", "birth_date": "1990-04-05", "region": "North"}
		wants := map[string]map[string]any{ldp: w3c, sd: own, jwtVC: w3c, mobile: own}
		for config, want := range wants {
			h := holderFor(t, config)
			credential, err := w.ask(ctx, token, config, h)
			must(t, err)
			if got := claimsOf(t, credential); !maps.Equal(got, want) {
				t.Errorf("%s: claims %v, want %v", config, got, want)
			}
			w.verify(t, credential, h)
		}
		issued, err := w.Issued(ctx, registrant(id), id)
		if err != nil || len(issued) != 4 || issued[0].State != "issued" || len(issued[0].Fields) != 4 {
			t.Errorf("issued %+v, %v", issued, err)
		}
	})
}

// verify checks signature, binding and dates of a credential.
func (w *world) verify(t testing.TB, credential any, h holder) {
	t.Helper()
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	switch c := credential.(type) {
	case map[string]any:
		must(t, dataintegrity.Verify(w.Contexts(), c, w.public(t, jose.EdDSA).(ed25519.PublicKey)))
		if c["credentialSubject"].(map[string]any)["id"] != h.did() {
			t.Error("not bound to the holder's DID")
		}
		if c["validFrom"] != day.Format(time.RFC3339) || c["validUntil"] != day.AddDate(1, 0, 0).Format(time.RFC3339) {
			t.Errorf("valid from %v until %v, want whole days", c["validFrom"], c["validUntil"])
		}
	case string:
		if !strings.Contains(c, "~") {
			w.verifyCompact(t, c, h)
			return
		}
		parsed, err := sdjwt.Parse(c)
		must(t, err)
		chain, _ := parsed.Header["x5c"].([]any)
		checkChain(t, chain, w.public(t, jose.ES256))
		claims, err := parsed.Verify(w.public(t, jose.ES256))
		must(t, err)
		if claims["iss"] != publicURL || claims["vct"] != publicURL+"/credentials/types/person" {
			t.Errorf("iss %v, vct %v", claims["iss"], claims["vct"])
		}
		w.checkConfirmation(t, claims["cnf"].(map[string]any), h)
	}
}

// verifyCompact checks a jwt_vc_json or an mso_mdoc.
func (w *world) verifyCompact(t testing.TB, credential string, h holder) {
	t.Helper()
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if jwtvc.Is(credential) {
		got, err := jwtvc.Verify(credential, w.public(t, jose.EdDSA), jose.EdDSA)
		must(t, err)
		if got.Holder != h.did() || got.Issuer != "did:web:registry.example" || !got.ValidFrom.Equal(day) || !got.ValidUntil.Equal(day.AddDate(1, 0, 0)) {
			t.Errorf("jwt_vc_json %+v", got)
		}
		return
	}
	d := mobileDocument(t, credential)
	got, err := d.Verify(w.public(t, jose.ES256))
	must(t, err)
	key, _ := got.DeviceKey.(*ecdsa.PublicKey)
	if got.DocType != "org.socialregistry.person.1" || key == nil || !key.Equal(h.key.Public()) || got.Status == nil {
		t.Errorf("mso_mdoc %+v", got)
	}
	if leaf := d.Chain[0]; got.Signed.Before(leaf.NotBefore) || got.ValidUntil.After(leaf.NotAfter) || leaf.Subject.Country == nil || leaf.CheckSignatureFrom(leaf) == nil {
		t.Errorf("signed %s, until %s, by %s of %s to %s: not within it, no country, or signed by itself", got.Signed, got.ValidUntil, leaf.Subject, leaf.NotBefore, leaf.NotAfter)
	}
}

func mobileDocument(t testing.TB, credential string) *mdoc.Document {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(credential)
	must(t, err)
	d, err := mdoc.Parse(raw)
	must(t, err)
	return d
}

// checkChain: the first certificate is the signer's (RFC 7515 §4.1.6), and no
// anchor stands in it.
func checkChain(t testing.TB, chain []any, signer crypto.PublicKey) {
	t.Helper()
	if len(chain) == 0 {
		t.Fatal("no x5c")
	}
	for n, c := range chain {
		der, err := base64.StdEncoding.DecodeString(c.(string))
		must(t, err)
		certificate, err := x509.ParseCertificate(der)
		must(t, err)
		if n == 0 && !certificate.PublicKey.(*ecdsa.PublicKey).Equal(signer) {
			t.Error("x5c is about another key")
		}
		if certificate.CheckSignatureFrom(certificate) == nil {
			t.Errorf("certificate %d is an anchor", n)
		}
	}
}

func (w *world) checkConfirmation(t testing.TB, cnf map[string]any, h holder) {
	t.Helper()
	if h.kid != "" {
		if cnf["kid"] != h.kid || cnf["jwk"] != nil {
			t.Errorf("cnf = %v, want the DID URL of the proof", cnf)
		}
		return
	}
	want, err := jose.PublicJWK(h.key.Public())
	must(t, err)
	if jwk, _ := cnf["jwk"].(map[string]any); jwk == nil || jwk["x"] != want["x"] || jwk["d"] != nil {
		t.Errorf("cnf = %v, want the key of the proof", cnf)
	}
}

func TestSDJWTIsBoundToADIDAsTheProofNamesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	h := newDIDHolder(t)
	credential, err := w.ask(context.Background(), w.token(t, w.person(t, amina(), mandatory()...), sd), sd, h)
	must(t, err)
	w.verify(t, credential, h)
}

func TestUnattestedMandatoryFieldIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), "given_name", "family_name")
		ready, err := w.Readiness(ctx, registrant(id), id)
		if err != nil || len(ready) != 4 || len(ready[0].Missing) != 1 || ready[0].Missing[0] != "birth_date" || ready[0].Live != nil {
			t.Errorf("readiness %+v, %v, want birth_date missing", ready, err)
		}
		token := w.token(t, id, sd)
		_, err = w.ask(ctx, token, sd, newHolder(t))
		if oauth.CodeOf(err) != "credential_request_denied" || !strings.Contains(err.Error(), "birth_date") {
			t.Errorf("got %v, want a denial that names birth_date", err)
		}
		w.decide(t, id, registry.StateAttested, "birth_date")
		if _, err := w.ask(ctx, token, sd, newHolder(t)); err != nil {
			t.Errorf("once it is attested: %v", err)
		}
		if ready, err = w.Readiness(ctx, registrant(id), id); err != nil || len(ready[1].Missing) != 0 || ready[1].Live == nil {
			t.Errorf("readiness %+v, %v, want one live credential", ready, err)
		}
	})
}

func TestWhoMayWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id, other := w.person(t, amina(), mandatory()...), w.person(t, amina())
		offer, err := w.CreateOffer(ctx, w.admin, id, []string{sd}, false)
		must(t, err)
		_, err = w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		issued, err := w.Issued(ctx, w.admin, id)
		must(t, err)
		const ok, forbidden, notFound, unauthenticated = fault.Kind(-1), fault.Forbidden, fault.NotFound, fault.Unauthenticated
		for _, tc := range []struct {
			name             string
			actor            registry.Actor
			offer, see, stop fault.Kind
		}{
			{"nobody", registry.Actor{}, unauthenticated, unauthenticated, unauthenticated},
			{"the registrant", registrant(id), ok, ok, ok},
			{"another registrant", registrant(other), notFound, notFound, notFound},
			{"a registrant without record", registrant(uuid.Nil), notFound, notFound, notFound},
			{"attester", staff(registry.RoleAttester), forbidden, ok, forbidden},
			{"auditor", staff(registry.RoleAuditor), forbidden, ok, forbidden},
			{"registrar", staff(registry.RoleRegistrar), ok, ok, fault.Conflict},
			{"the service", registry.System(), forbidden, ok, forbidden},
		} {
			check := func(what string, err error, want fault.Kind) {
				if err == nil && want == ok || err != nil && fault.KindOf(err) == want {
					return
				}
				t.Errorf("%s, %s: %v, want kind %v", tc.name, what, err, want)
			}
			_, err := w.CreateOffer(ctx, tc.actor, id, []string{sd}, false)
			check("create offer", err, tc.offer)
			_, err = w.Offer(ctx, tc.actor, offer.ID)
			check("see offer", err, tc.see)
			_, err = w.Issued(ctx, tc.actor, id)
			check("see credentials", err, tc.see)
			_, err = w.Readiness(ctx, tc.actor, id)
			check("see readiness", err, tc.see)
			check("withdraw", w.Withdraw(ctx, tc.actor, issued[0].ID, "lost phone"), tc.stop)
		}
		check := func(err error, want fault.Kind, code string) {
			t.Helper()
			if fault.KindOf(err) != want || code != "" && fault.CodeOf(err) != code {
				t.Errorf("got %v, want %s", err, code)
			}
		}
		_, err = w.CreateOffer(ctx, w.admin, uuid.New(), []string{sd}, false)
		check(err, fault.NotFound, "")
		for _, ids := range [][]string{nil, {"nope"}, {sd, sd}, {sd, "nope"}} {
			_, err = w.CreateOffer(ctx, w.admin, id, ids, false)
			check(err, fault.Invalid, "unknown_configuration")
		}
		check(w.Withdraw(ctx, w.admin, uuid.New(), "x"), fault.NotFound, "")
		check(w.Withdraw(ctx, w.admin, issued[0].ID, ""), fault.Invalid, "reason_required")
		check(w.Withdraw(ctx, w.admin, issued[0].ID, "a\x00b"), fault.Invalid, "reason_required")
		check(w.Withdraw(ctx, w.admin, issued[0].ID, strings.Repeat("x", 501)), fault.Invalid, "reason_required")
	})
}

func TestTransactionCode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		offer, err := w.CreateOffer(ctx, w.admin, id, []string{sd}, true)
		must(t, err)
		if len(offer.TxCode) != 6 || strings.Contains(offer.URIByValue, offer.TxCode) {
			t.Errorf("transaction code %q in %s", offer.TxCode, offer.URIByValue)
		}
		if seen, _ := w.Offer(ctx, w.admin, offer.ID); seen.TxCode != "" {
			t.Error("the transaction code is told a second time")
		}
		code := w.code(t, offer.ID)
		_, err = w.Token(ctx, tokenCall(), tokenForm(code, offer.TxCode))
		must(t, err)
		if seen, _ := w.Offer(ctx, w.admin, offer.ID); seen.State != "redeemed" || seen.URIByValue != "" {
			t.Errorf("offer after it was redeemed: %+v", seen)
		}
	})
}
