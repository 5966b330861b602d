package specimen

import (
	"encoding/json"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// sdjwt makes what only an SD-JWT VC can have.
func (g *generator) sdjwt() {
	for _, v := range variants() {
		if v.format == verify.FormatSDJWT {
			g.sdAltered(v)
			g.sdWritten(v)
			g.sdCut(v)
		}
	}
}

// sdAltered changes every part of a good one.
func (g *generator) sdAltered(v variant) {
	own := strings.Split(g.credential(v, usual()), "~")
	foreign := strings.Split(g.credential(v, usual()), "~")
	token, first, second := own[0], own[1], own[2]
	_, payload, signature := compact(token)
	whole := func(token string, disclosures ...string) string {
		return strings.Join(append([]string{token}, disclosures...), "~") + "~"
	}
	bit := []byte(first)
	bit[len(bit)/2] ^= 1
	head := func(text string) string { return whole(encoded(text)+"."+payload+"."+signature, first, second) }
	other := "ed-1"
	if v.curve == "ed" {
		other = "es-1"
	}
	altered := map[string]string{
		"a bit of the claims":             whole(flip(token, 1), first, second),
		"a bit of the signature":          whole(flip(token, 2), first, second),
		"a bit of a disclosure":           whole(token, string(bit), second),
		"another claim":                   whole(g.recode(token, 1, set("exp", 2_000_000_000)), first, second),
		"a claim more":                    whole(g.recode(token, 1, set("given_name", "Mallory")), second),
		"another status":                  whole(g.recode(token, 1, set("status", map[string]any{"status_list": map[string]any{"idx": 1, "uri": tokenURI("now")}})), first, second),
		"no status any more":              whole(g.recode(token, 1, set("status", nil)), first, second),
		"another type of token":           whole(g.recode(token, 0, set("typ", "vc+sd-jwt")), first, second),
		"a header more":                   whole(g.recode(token, 0, set("x", "y")), first, second),
		"critical header":                 whole(g.recode(token, 0, set("crit", []any{"x"})), first, second),
		"alg none":                        head(`{"alg":"none","typ":"dc+sd-jwt","kid":"` + v.curve + `-1"}`),
		"alg HS256":                       head(`{"alg":"HS256","typ":"dc+sd-jwt","kid":"` + v.curve + `-1"}`),
		"alg and key of another":          head(`{"alg":"` + variant{"", other[:2], ""}.alg() + `","typ":"dc+sd-jwt","kid":"` + other + `"}`),
		"a foreign disclosure":            whole(token, foreign[1]),
		"a foreign disclosure beside":     whole(token, first, second, foreign[1]),
		"a forged disclosure":             whole(token, encoded(`["c2FsdHNhbHRzYWx0c2FsdA","given_name","Mallory"]`), second),
		"a disclosure of a reserved name": whole(token, first, encoded(`["c2FsdA","_sd",["x"]]`)),
		"a disclosure of exp":             whole(token, first, encoded(`["c2FsdA","exp",2000000000]`)),
		"a disclosure twice":              whole(token, first, first),
		"a disclosure cut":                whole(token, first[:len(first)-1], second),
		"a disclosure that is an element": whole(token, first, encoded(`["c2FsdA","Mallory"]`)),
		"a disclosure that is no JSON":    whole(token, first, encoded(`["c2FsdA","x",`)),
		"an empty disclosure":             whole(token, first, "", second),
		"the token of another":            whole(foreign[0], first, second),
		"2,000 disclosures":               whole(token, strings.Split(strings.Repeat(second+"~", 2000), "~")[:2000]...),
	}
	for name, data := range inOrder(altered) {
		g.add(v.String()+": "+name, v.format, verify.Altered, data, check{})
	}
	g.add(v.String()+": a disclosure that is no JSON, of nobody", v.format, verify.UnreadableCode, altered["a disclosure that is no JSON"], check{bundle: "bank-only"})
	g.add(v.String()+": another key's name", v.format, verify.UnknownIssuer, whole(g.recode(token, 0, set("kid", "es-2")), first, second), check{})
	g.add(v.String()+": nothing disclosed", v.format, verify.Genuine, whole(token), check{claims: map[string]any{}})
	g.add(v.String()+": one detail disclosed", v.format, verify.Genuine, whole(token, second), check{claims: map[string]any{"given_name": "Amina"}})
	g.add(v.String()+": disclosed in another order", v.format, verify.Genuine, whole(token, second, first), check{claims: person(v.format)})
}

// sdWritten is signed by the issuer, in ways that it should not, or may.
func (g *generator) sdWritten(v variant) {
	plain := func(name string, value any) string {
		i := g.sdIssue(v, usual())
		set(name, value)(i.Plain)
		return g.sign(i)
	}
	for name, data := range inOrder(map[string]string{
		"no vct": plain("vct", nil), "vct a number": plain("vct", 5), "no iat": plain("iat", nil), "iat in words": plain("iat", "2026"),
		"exp in words": plain("exp", "never"), "exp below zero": plain("exp", -1), "exp far away": plain("exp", 1e300), "nbf a list": plain("nbf", []any{1}),
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnsupportedFormat, data, check{})
	}
	for name, data := range inOrder(map[string]string{"iss of the bank": plain("iss", bankURL), "iss of nobody": plain("iss", "https://nobody.example"), "no iss": plain("iss", nil)}) {
		g.add(v.String()+": "+name, v.format, verify.UnknownIssuer, data, check{})
	}
	for name, status := range inOrder(map[string]any{
		"status in words": "valid", "status of another kind": map[string]any{"crl": "x"}, "status index in words": map[string]any{"status_list": map[string]any{"idx": "10", "uri": tokenURI("now")}},
		"status index below zero": map[string]any{"status_list": map[string]any{"idx": -1, "uri": tokenURI("now")}}, "status index not whole": map[string]any{"status_list": map[string]any{"idx": 1.5, "uri": tokenURI("now")}},
		"status index of 32 bits": map[string]any{"status_list": map[string]any{"idx": 1<<31 + 10, "uri": tokenURI("now")}},
	}) {
		g.add(v.String()+": "+name, v.format, verify.GenuineStatusUnknown, plain("status", status), check{claims: person(v.format)})
	}
	null := g.sdIssue(v, usual())
	null.Plain["status"] = nil
	g.add(v.String()+": status null", v.format, verify.GenuineStatusUnknown, g.sign(null), check{claims: person(v.format)})
	g.add(v.String()+": iss by its DID", v.format, verify.Genuine, plain("iss", did), check{claims: person(v.format)})
	g.add(v.String()+": without an end", v.format, verify.Genuine, plain("exp", nil), check{claims: person(v.format)})
	i := g.sdIssue(v, usual())
	i.KID = ""
	g.add(v.String()+": no kid", v.format, verify.Genuine, g.sign(i), check{claims: person(v.format)})
	i.KID = did + "#" + v.curve + "-1"
	g.add(v.String()+": kid by its DID", v.format, verify.Genuine, g.sign(i), check{claims: person(v.format)})
	i.Decoys = 3
	g.add(v.String()+": decoys", v.format, verify.Genuine, g.sign(i), check{claims: person(v.format)})
}

// sdCut lacks its end, or is something else.
func (g *generator) sdCut(v variant) {
	text := g.credential(v, usual())
	end := strings.Index(text, "~")
	for name, data := range inOrder(map[string]string{"the last sign missing": text[:len(text)-1], "ten signs missing": text[:len(text)-10], "only the token": text[:end]}) {
		g.add(v.String()+": "+name, v.format, verify.IncompleteCode, data, check{})
	}
	g.add(v.String()+": cut in the signature", v.format, verify.Altered, text[:end-20], check{})
	g.add(v.String()+": with spaces around", v.format, verify.Genuine, " \n"+text+"\n", check{claims: person(v.format)})
	payload, err := json.Marshal(map[string]any{"iss": url})
	g.fail(err)
	for _, typ := range []string{"JWT", "vc+sd-jwt"} {
		token, err := jose.Sign(g.key(v.curve+"-1"), v.alg(), map[string]any{"typ": typ, "kid": v.curve + "-1"}, payload)
		g.fail(err)
		g.add(v.String()+": our token of type "+typ, "", verify.UnsupportedFormat, token+"~", check{})
	}
}
