package specimen

import (
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// jwtVC makes what only a JWT VC can have.
func (g *generator) jwtVC() {
	for _, v := range variants() {
		if v.format == verify.FormatJWTVC {
			g.jwtAltered(v)
			g.jwtWritten(v)
		}
	}
}

func (g *generator) jwtAltered(v variant) {
	token := g.credential(v, usual())
	_, payload, signature := compact(token)
	head := func(alg string) string {
		return encoded(`{"alg":"`+alg+`","typ":"JWT","kid":"`+did+`#`+v.curve+`-1"}`) + "." + payload + "." + signature
	}
	subject := func(name string, value any) func(map[string]any) {
		return func(m map[string]any) {
			vc, _ := m["vc"].(map[string]any)
			person, _ := vc["credentialSubject"].(map[string]any)
			set(name, value)(person)
		}
	}
	status := func(m map[string]any) {
		vc, _ := m["vc"].(map[string]any)
		delete(vc, "credentialStatus")
	}
	for name, data := range inOrder(map[string]string{
		"a bit of the signature": flip(token, 2), "another name": g.recode(token, 1, subject("givenName", "Mallory")), "a detail more": g.recode(token, 1, subject("povertyScore", "1")),
		"a detail less": g.recode(token, 1, subject("familyName", nil)), "another end": g.recode(token, 1, set("exp", 2_000_000_000)), "another holder": g.recode(token, 1, set("sub", "did:key:z6MkOther")),
		"no status any more": g.recode(token, 1, status), "a header more": g.recode(token, 0, set("x", "y")), "alg none": head("none"), "alg HS256": head("HS256"),
		"without its signature": token[:strings.LastIndex(token, ".")+1], "cut in the signature": token[:len(token)-20],
	}) {
		g.add(v.String()+": "+name, v.format, verify.Altered, data, check{})
	}
	cut := token[:strings.Index(token, ".")+40]
	g.add(v.String()+": cut in the claims", v.format, verify.Altered, cut, check{})
	g.add(v.String()+": cut in the claims, of nobody", v.format, verify.UnreadableCode, cut, check{bundle: "bank-only"})
	g.add(v.String()+": another key's name", v.format, verify.UnknownIssuer, g.recode(token, 0, set("kid", did+"#es-2")), check{})
}

// jwtWritten is signed by the issuer, as it should not.
func (g *generator) jwtWritten(v variant) {
	text := g.credential(v, usual())
	signed := func(change func(map[string]any)) string {
		parts := strings.Split(g.recode(text, 1, change), ".")
		raw, err := jose.Payload(parts[0] + "." + parts[1] + "." + parts[2])
		g.fail(err)
		token, err := jose.Sign(g.key(v.curve+"-1"), v.alg(), map[string]any{"typ": "JWT", "kid": did + "#" + v.curve + "-1"}, raw)
		g.fail(err)
		return token
	}
	vc := func(name string, value any) func(map[string]any) {
		return func(m map[string]any) {
			inner, _ := m["vc"].(map[string]any)
			set(name, value)(inner)
		}
	}
	for name, change := range inOrder(map[string]func(map[string]any){
		"a claim that is not known": set("x", 1), "a member of vc that is not known": vc("evidence", "x"), "no exp": set("exp", nil), "exp in words": set("exp", "never"), "nbf below zero": set("nbf", -1),
		"no jti": set("jti", nil), "of data model 2.0": vc("@context", []any{"https://www.w3.org/ns/credentials/v2"}), "no type": vc("type", []any{}), "two subjects": vc("credentialSubject", []any{map[string]any{}, map[string]any{}}),
		"the subject's id twice": vc("credentialSubject", map[string]any{"id": holderDID, "givenName": "Amina"}),
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnsupportedFormat, signed(change), check{})
	}
	g.add(v.String()+": issuer of another name", v.format, verify.UnknownIssuer, signed(set("iss", "did:web:nobody.example")), check{})
	g.add(v.String()+": issuer is the bank", v.format, verify.UnknownIssuer, signed(set("iss", bankDID)), check{})
	for name, status := range inOrder(map[string]any{
		"status of another kind": map[string]any{"type": "RevocationList2020Status", "id": "x"}, "status without a purpose": map[string]any{"type": "BitstringStatusListEntry", "statusListIndex": "1", "statusListCredential": bitsURI("now", "revocation")},
		"status index a number": map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": 10, "statusListCredential": bitsURI("now", "revocation")},
	}) {
		g.add(v.String()+": "+name, v.format, verify.GenuineStatusUnknown, signed(vc("credentialStatus", status)), check{claims: person(v.format)})
	}
}
