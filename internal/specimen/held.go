package specimen

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	dids "socialregistry/did"
	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// asked is what the verifier of the vectors asks holders to sign.
func asked() *verify.Binding {
	return &verify.Binding{Nonce: "n-0S6_WzA2Mj", Audience: "https://clinic.example"}
}

// held makes SD-JWT VCs that are shown with a proof of who holds them.
func (g *generator) held() {
	for _, v := range variants() {
		if v.format == verify.FormatSDJWT {
			g.heldWell(v)
			g.heldBadly(v)
		}
	}
	for _, v := range variants() {
		if v.format != verify.FormatSDJWT {
			g.add(v.String()+": proof of the holder asked for", v.format, verify.Genuine, g.credential(v, usual()), check{claims: person(v.format), ask: asked(), holder: verify.NotChecked})
		}
	}
}

// boundTo makes a credential for a key of the holder, as cnf names it.
func (g *generator) boundTo(v variant, p plan, cnf map[string]any) string {
	i := g.sdIssue(v, p)
	set("cnf", cnf)(i.Plain)
	if cnf == nil {
		delete(i.Plain, "cnf")
	}
	return g.sign(i)
}

func (g *generator) jwk(name string) map[string]any {
	jwk, err := jose.PublicJWK(g.key(name).Public())
	g.fail(err)
	return jwk
}

// show puts the holder's proof behind a credential, changed.
func (g *generator) show(text, holder string, change func(header, claims map[string]any)) string {
	sum := sha256.Sum256([]byte(text))
	header := map[string]any{"typ": "kb+jwt"}
	claims := map[string]any{"iat": now().Unix(), "aud": asked().Audience, "nonce": asked().Nonce, "sd_hash": base64.RawURLEncoding.EncodeToString(sum[:])}
	if change != nil {
		change(header, claims)
	}
	key := g.key(holder)
	alg, err := jose.AlgOf(key.Public())
	g.fail(err)
	proof, err := jose.Sign(key, alg, header, g.json(claims))
	g.fail(err)
	return text + proof
}

func (g *generator) heldWell(v variant) {
	good := check{claims: person(v.format), ask: asked(), holder: verify.Passed}
	for _, holder := range []string{"es-holder", "ed-holder"} {
		jwk := g.jwk(holder)
		name := "did:jwk:" + base64.RawURLEncoding.EncodeToString(g.json(jwk))
		key, err := dids.KeyURL(g.key(holder).Public())
		g.fail(err)
		for how, cnf := range inOrder(map[string]map[string]any{"jwk": {"jwk": jwk}, "did:jwk": {"kid": name + "#0"}, "did:key": {"kid": key}, "did:key without a fragment": {"kid": key[:strings.Index(key, "#")]}}) {
			g.add(v.String()+": shown by "+holder+", "+how, v.format, verify.Genuine, g.show(g.boundTo(v, usual(), cnf), holder, nil), good)
		}
	}
	text := g.boundTo(v, usual(), map[string]any{"jwk": g.jwk("es-holder")})
	at := func(t time.Time) func(header, claims map[string]any) {
		return func(_, claims map[string]any) { claims["iat"] = t.Unix() }
	}
	g.add(v.String()+": shown four minutes ago", v.format, verify.Genuine, g.show(text, "es-holder", at(now().Add(-4*time.Minute))), good)
	g.add(v.String()+": shown by a clock that is half a minute ahead", v.format, verify.Genuine, g.show(text, "es-holder", at(now().Add(30*time.Second))), good)
	few := text[:len(text)-1]
	few = few[:strings.LastIndex(few, "~")+1]
	one := good
	one.claims = map[string]any{"family_name": "Diallo"}
	g.add(v.String()+": shown with one detail", v.format, verify.Genuine, g.show(few, "es-holder", nil), one)
	g.add(v.String()+": not shown, only handed over", v.format, verify.Genuine, text, check{claims: person(v.format), ask: asked(), holder: verify.NotChecked})
	g.add(v.String()+": shown, and nobody asked", v.format, verify.Genuine, g.show(text, "es-holder", nil), check{claims: person(v.format), holder: verify.NotChecked})
	p := usual()
	p.index = withdrawn
	gone := g.boundTo(v, p, map[string]any{"jwk": g.jwk("es-holder")})
	g.add(v.String()+": shown, and withdrawn", v.format, verify.Withdrawn, g.show(gone, "es-holder", nil), good)
}

// heldBadly is shown with a proof that is another's, another's to check, or old.
func (g *generator) heldBadly(v variant) {
	text := g.boundTo(v, usual(), map[string]any{"jwk": g.jwk("es-holder")})
	other := g.boundTo(v, usual(), map[string]any{"jwk": g.jwk("es-holder")})
	claim := func(name string, value any) string {
		return g.show(text, "es-holder", func(_, claims map[string]any) { set(name, value)(claims) })
	}
	bad := check{ask: asked(), holder: verify.Failed}
	proof := g.show(other, "es-holder", nil)[len(other):]
	shown := g.show(text, "es-holder", nil)
	for name, data := range inOrder(map[string]string{
		"shown with another key": g.show(text, "es-stranger", nil), "shown for another check": claim("nonce", "another"), "shown without a nonce": claim("nonce", nil), "shown to somebody else": claim("aud", "https://shop.example"),
		"shown to nobody": claim("aud", nil), "shown six minutes ago": claim("iat", now().Add(-6*time.Minute).Unix()), "shown in the future": claim("iat", now().Add(2*time.Minute).Unix()), "shown without a time": claim("iat", nil), "shown at a time in words": claim("iat", "now"),
		"the proof of other details": text + proof, "shown without the hash": claim("sd_hash", nil), "a bit of the proof": text + flip(shown[len(text):], 2), "the claims of the proof": text + g.recode(shown[len(text):], 1, set("nonce", "x")),
		"shown with a nonce that is a number": claim("nonce", 5), "bound to nobody": g.show(g.boundTo(v, usual(), nil), "es-holder", nil), "bound to a DID that must be fetched": g.show(g.boundTo(v, usual(), map[string]any{"kid": "did:web:holder.example#1"}), "es-holder", nil),
		"bound to a did:key that is none": g.show(g.boundTo(v, usual(), map[string]any{"kid": "did:key:z6Mk"}), "es-holder", nil), "bound to a did:jwk that is none": g.show(g.boundTo(v, usual(), map[string]any{"kid": "did:jwk:e30"}), "es-holder", nil),
	}) {
		g.add(v.String()+": "+name, v.format, verify.Altered, data, bad)
	}
	for name, cnf := range inOrder(map[string]map[string]any{
		"a key whose kind is an object": {"jwk": map[string]any{"kty": map[string]any{}}}, "a key whose curve is a list": {"jwk": map[string]any{"kty": "EC", "crv": []any{"P-256"}}},
		"a did:jwk whose kind is a list": {"kid": "did:jwk:" + encoded(`{"kty":[{}]}`)}, "a key that is null": {"jwk": nil}, "a number": {"kid": 5},
	}) {
		g.add(v.String()+": bound to "+name, v.format, verify.Altered, g.show(g.boundTo(v, usual(), cnf), "es-holder", nil), bad)
	}
	p := usual()
	p.list = "absent"
	g.add(v.String()+": status unknown, and shown with another key", v.format, verify.Altered, g.show(g.boundTo(v, p, map[string]any{"jwk": g.jwk("es-holder")}), "es-stranger", nil), bad)
	held := g.credential(v, usual())
	g.add(v.String()+": a proof of another type", v.format, verify.Altered, g.show(held, "es-holder", func(header, _ map[string]any) { header["typ"] = "JWT" }), check{ask: asked(), holder: verify.NotChecked})
	first := text[:len(text)-1]
	first = first[:strings.LastIndex(first, "~")+1]
	g.add(v.String()+": a detail taken out under the proof", v.format, verify.Altered, first+shown[len(text):], bad)
}
