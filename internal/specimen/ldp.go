package specimen

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"socialregistry/contexts"
	"socialregistry/issuer/verify"
)

// ldp makes what only a credential with a Data Integrity proof can have.
func (g *generator) ldp() {
	for _, v := range variants() {
		if v.format == verify.FormatLDP {
			g.ldpAltered(v)
			g.ldpWritten(v)
			g.ldpRewritten(v)
			g.ldpHostile(v)
		}
	}
}

// ldpAltered changes values and the proof of a good one.
func (g *generator) ldpAltered(v variant) {
	text := g.credential(v, usual())
	for name, change := range inOrder(map[string][2]string{
		"another name": {"Amina", "Amine"}, "a detail less": {`"familyName":"Diallo",`, ``}, "another term": {`"familyName"`, `"maidenName"`}, "a detail more": {`"givenName"`, `"sex":"F","givenName"`},
		"a detail that no term is for": {`"givenName"`, `"povertyScore":"1","givenName"`}, "another end": {"2026-12-01", "2027-12-01"}, "another beginning": {"2026-11-01T00", "2026-10-01T00"},
		"another place in the list": {`"statusListIndex":"10"`, `"statusListIndex":"20"`}, "another list": {"/revocation/now", "/revocation/old"}, "another purpose": {`"revocation"`, `"refresh"`}, "another type": {`"` + ldpType + `"`, `"Person"`},
		"another id": {"urn:uuid:4", "urn:uuid:5"}, "another holder": {holderDID, "did:key:z6MkOther"}, "another purpose of the proof": {`"assertionMethod"`, `"authentication"`}, "another base of the proof": {`"proofValue":"z`, `"proofValue":"u`},
		"a null more": {`"givenName":"Amina"`, `"givenName":"Amina","sex":null`}, "a bit of the issuer": {`"issuer":"did:web:registry.example"`, `"issuer":"did:web:registry.exampl"`},
		"made at another time": {`"created":"2026-11-01`, `"created":"2026-11-02`}, "a proof with more members": {`"proofPurpose"`, `"nonce":"1","proofPurpose"`},
	}) {
		bad := strings.Replace(text, change[0], change[1], 1)
		if bad == text {
			g.fail(fmt.Errorf("%s: %s changes nothing", v, name))
		}
		g.add(v.String()+": "+name, v.format, verify.Altered, bad, check{})
	}
	at := strings.Index(text, `"proofValue":"z`) + len(`"proofValue":"z`) + 20
	digit := byte('2')
	if text[at] == digit {
		digit = '3'
	}
	g.add(v.String()+": a sign of the proof", v.format, verify.Altered, text[:at]+string(digit)+text[at+1:], check{})
	g.add(v.String()+": another key's name", v.format, verify.UnknownIssuer, strings.Replace(text, did+"#"+v.curve+"-1", did+"#es-2", 1), check{})
	g.add(v.String()+": a suite that is not checked", v.format, verify.UnsupportedFormat, strings.Replace(text, "-rdfc-20", "-jcs-20", 1), check{})
	g.add(v.String()+": a context that nobody has", v.format, verify.UnsupportedFormat, strings.Replace(text, url+"/contexts/v1", url+"/contexts/v2", 1), check{})
	g.add(v.String()+": a remote context more", v.format, verify.UnsupportedFormat, strings.Replace(text, `"`+g.iri+`"`, `"`+g.iri+`","https://evil.example/context"`, 1), check{})
	g.add(v.String()+": a context that the bundle has no more", v.format, verify.UnsupportedFormat, text, check{bundle: "no-contexts"})
	g.add(v.String()+": half of it", v.format, verify.IncompleteCode, text[:len(text)/2], check{})
	g.add(v.String()+": the last sign missing", v.format, verify.IncompleteCode, text[:len(text)-1], check{})
	g.add(v.String()+": with spaces around", v.format, verify.Genuine, " "+text+"\n", check{claims: person(v.format)})
	twice := strings.Replace(text, `"givenName"`, `"givenName":"Mallory","givenName"`, 1)
	g.add(v.String()+": a member twice", v.format, verify.Altered, twice, check{})
	g.add(v.String()+": a member twice, of nobody", v.format, verify.UnreadableCode, twice, check{bundle: "bank-only"})
	g.add(v.String()+": something behind it", v.format, verify.Altered, text+"{}", check{})
}

// ldpWritten is signed by the issuer, as it may, or as it should not.
func (g *generator) ldpWritten(v variant) {
	signed := func(change func(d, s map[string]any)) string {
		d := g.doc(usual())
		s, _ := d["credentialSubject"].(map[string]any)
		change(d, s)
		return g.prove(v, usual(), d)
	}
	about := func(name string, value any) func(d, s map[string]any) {
		return func(_, s map[string]any) { set(name, value)(s) }
	}
	of := func(name string, value any) func(d, s map[string]any) {
		return func(d, _ map[string]any) { set(name, value)(d) }
	}
	for name, change := range inOrder(map[string]func(d, s map[string]any){
		"a nested detail": about("birthPlace", map[string]any{"id": "urn:place", "name": "Town"}), "a nested detail without an id": about("birthPlace", map[string]any{"name": "Town"}),
		"two values": about("aliasNames", []any{"Ami", "Mina"}), "no id of the subject": about("id", nil), "issuer that vouches for itself": about("id", did),
		"issuer with a name": of("issuer", map[string]any{"id": did, "name": "Ministry"}), "issuer as an object": of("issuer", map[string]any{"id": did}), "without an end": of("validUntil", nil), "without a beginning": of("validFrom", nil),
	}) {
		g.add(v.String()+": "+name, v.format, verify.Genuine, signed(change), check{})
	}
	for name, change := range inOrder(map[string]func(d, s map[string]any){
		"beginning without a time": of("validFrom", "2026-11-01"), "end in words": of("validUntil", "always"), "two subjects": of("credentialSubject", []any{map[string]any{"id": "did:ex:1", "givenName": "A"}, map[string]any{"id": "did:ex:2", "givenName": "B"}}),
		"a blank node by name": about("id", "_:b0"), "type by its address": about("type", "https://schema.org/Person"),
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnsupportedFormat, signed(change), check{})
	}
	g.add(v.String()+": issuer of another name", v.format, verify.UnknownIssuer, signed(of("issuer", "did:web:nobody.example")), check{})
	g.add(v.String()+": issuer is the bank", v.format, verify.UnknownIssuer, signed(of("issuer", bankDID)), check{})
	for name, change := range inOrder(map[string]func(m map[string]any){
		"status of another purpose": set("statusPurpose", "blessing"), "status index with a zero before": set("statusListIndex", "010"),
	}) {
		d := g.doc(usual())
		e := entry(usual(), "revocation")
		change(e)
		d["credentialStatus"] = e
		g.add(v.String()+": "+name, v.format, verify.GenuineStatusUnknown, g.prove(v, usual(), d), check{claims: person(v.format)})
	}
	for name, n := range inOrder(map[string]int{"sixteen": 16, "seventeen": 17}) {
		d := g.doc(usual())
		var entries []any
		for i := range n {
			e := entry(usual(), "revocation")
			e["id"] = fmt.Sprintf("%s#%d", bitsURI("now", "revocation"), i)
			entries = append(entries, e)
		}
		d["credentialStatus"] = entries
		outcome := verify.Genuine
		if n > 16 {
			outcome = verify.GenuineStatusUnknown
		}
		g.add(v.String()+": "+name+" entries of its status", v.format, outcome, g.prove(v, usual(), d), check{claims: person(v.format)})
	}
}

// ldpRewritten says what a withdrawn credential says, with every statement that
// was signed, in ways that would hide the status or a part of the person.
func (g *generator) ldpRewritten(v variant) {
	p := usual()
	p.index = withdrawn
	d := g.doc(p)
	d["@context"], d["credentialStatus"] = g.contextsOf(aliasIRI), entry(p, "revocation")
	text := g.prove(v, p, d)
	g.add(v.String()+": withdrawn, with a context of other names", v.format, verify.Withdrawn, text, check{bundle: "aliases", claims: person(v.format)})
	for name, rewrite := range inOrder(rewrites()) {
		var d map[string]any
		g.fail(json.Unmarshal([]byte(text), &d))
		s, _ := d["credentialSubject"].(map[string]any)
		e, _ := d["credentialStatus"].(map[string]any)
		rewrite(d, s, e)
		g.add(v.String()+": rewritten: "+name, v.format, verify.UnsupportedFormat, string(g.json(d)), check{bundle: "aliases"})
	}
}

func rename(m map[string]any, from, to string) {
	m[to] = m[from]
	delete(m, from)
}

// without gives some members of an object, and takes them out of it.
func without(m map[string]any, names ...string) map[string]any {
	out := map[string]any{"id": m["id"]}
	for _, name := range names {
		out[name] = m[name]
		delete(m, name)
	}
	return out
}

// rewrites each change how a credential is written: d is the document, s its
// subject, e its status.
func rewrites() map[string]func(d, s, e map[string]any) {
	const vc = "https://www.w3.org/2018/credentials#"
	return map[string]func(d, s, e map[string]any){
		"status by address":      func(d, _, _ map[string]any) { rename(d, "credentialStatus", vc+"credentialStatus") },
		"status by compact name": func(d, _, _ map[string]any) { rename(d, "credentialStatus", "cred:credentialStatus") },
		"status by another term": func(d, _, _ map[string]any) { rename(d, "credentialStatus", "standing") },
		"status nested": func(d, _, _ map[string]any) {
			inner := without(d, "credentialStatus")
			delete(inner, "id")
			d["inside"] = inner
		},
		"status in a list in a list": func(d, _, e map[string]any) { d["credentialStatus"] = []any{[]any{e}} },
		"status twice":               func(d, _, e map[string]any) { d["credentialStatus"] = []any{e, maps.Clone(e)} },
		"subject by address":         func(d, _, _ map[string]any) { rename(d, "credentialSubject", vc+"credentialSubject") },
		"half of the subject":        func(d, s, _ map[string]any) { d[vc+"credentialSubject"] = without(s, "familyName") },
		"half by another term":       func(d, s, _ map[string]any) { d["about"] = without(s, "familyName") },
		"half in a list":             func(d, s, _ map[string]any) { d["credentialSubject"] = []any{without(s, "familyName"), s} },
		"a detail by address":        func(_, s, _ map[string]any) { rename(s, "familyName", "https://schema.org/familyName") },
		"a detail twice":             func(_, s, _ map[string]any) { s["givenName"] = []any{"Amina", "Amina"} },
		"a detail as a value":        func(_, s, _ map[string]any) { s["givenName"] = map[string]any{"@value": "Amina"} },
		"end by another term":        func(d, _, _ map[string]any) { rename(d, "validUntil", "ends") },
		"issuer by another term":     func(d, _, _ map[string]any) { d["madeBy"] = did },
		"type by keyword":            func(d, _, _ map[string]any) { rename(d, "type", "@type") },
		"type by another term":       func(d, _, _ map[string]any) { d["kind"] = ldpType },
		"id by keyword":              func(_, s, _ map[string]any) { rename(s, "id", "@id") },
		"id of the status so":        func(_, _, e map[string]any) { rename(e, "id", "@id") },
	}
}

// ldpHostile costs much, or gives terms another meaning.
func (g *generator) ldpHostile(v variant) {
	text := g.credential(v, usual())
	swap := `{"givenName":"https://schema.org/familyName","familyName":"https://schema.org/givenName","` + ldpType + `":"` + url + `/vocab#` + ldpType + `"}`
	addresses := strings.Repeat(`"`+contexts.CredentialsV2+`",`, 20_000)
	values := strings.Repeat(`"x",`, 200_000)
	inner := func(text string) string { return strings.Replace(g.credential(v, usual()), `"Amina"`, text, 1) }
	for name, data := range inOrder(map[string]string{
		"terms that change places": strings.Replace(strings.NewReplacer("Amina", "Diallo", "Diallo", "Amina").Replace(text), `"`+g.iri+`"`, swap, 1),
		"a context in the subject": strings.Replace(text, `"givenName"`, `"@context":{"x":"https://ex.org/x"},"givenName"`, 1),
		"a term redefined":         strings.Replace(text, `"`+g.iri+`"`, `"`+g.iri+`",{"givenName":"https://ex.org/x"}`, 1),
		"many contexts":            strings.Replace(text, `"@context":[`, `"@context":[`+addresses, 1),
		"nested contexts":          strings.Replace(text, `"givenName"`, `"@context":[`+addresses+`"`+contexts.CredentialsV2+`"],"givenName"`, 1),
		"a graph":                  strings.Replace(text, `"givenName"`, `"@graph":[],"givenName"`, 1),
		"a reverse":                strings.Replace(text, `"givenName"`, `"@reverse":{},"givenName"`, 1),
		"many values":              inner(`[` + values + `"Amina"]`),
		"blank nodes by name":      inner(clique(12)),
		"nodes that look alike":    inner(`[` + strings.Repeat(`{"birthPlace":{"name":"x"}},`, 300) + `"Amina"]`),
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnsupportedFormat, data, check{})
	}
	g.add(v.String()+": many nodes with a type of many terms", v.format, verify.Altered, inner(`[`+strings.Repeat(`{"type":["VerifiableCredential","VerifiablePresentation","BitstringStatusListEntry"]},`, 300)+`"Amina"]`), check{})
	g.add(v.String()+": a text of 900 kB", v.format, verify.Altered, inner(`"`+strings.Repeat("x", 900_000)+`"`), check{})
	g.add(v.String()+": broken into many texts", v.format, verify.Altered, strings.Replace(text, `{`, `{"`+strings.Repeat(`""`, 300_000), 1), check{})
	g.add(v.String()+": deep", v.format, verify.Altered, inner(strings.Repeat(`[`, 100_000)+strings.Repeat(`]`, 100_000)), check{})
}

// clique is a graph of n nodes without names, each of which knows each: telling
// them apart costs the factorial of n (RDFC-1.0 §7.1).
func clique(n int) string {
	var nodes []string
	for i := range n {
		var knows []string
		for j := range n {
			if j != i {
				knows = append(knows, fmt.Sprintf(`{"id":"_:n%d"}`, j))
			}
		}
		nodes = append(nodes, fmt.Sprintf(`{"id":"_:n%d","birthPlace":[%s]}`, i, strings.Join(knows, ",")))
	}
	return "[" + strings.Join(nodes, ",") + "]"
}
