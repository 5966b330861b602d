package specimen

import (
	"strings"

	"socialregistry/contexts"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

// mark is what some editors put before a text (U+FEFF, byte order mark).
const mark = "\ufeff"

// marked makes good credentials as they come out of such an editor.
func (g *generator) marked() {
	for _, v := range variants() {
		text, good := g.credential(v, usual()), check{claims: person(v.format)}
		twice := verify.Altered
		if v.format == verify.FormatMdoc || v.format == verify.FormatClaim169 {
			twice = verify.UnreadableCode
		}
		behind := twice
		if v.format == verify.FormatSDJWT {
			behind = verify.IncompleteCode
		}
		g.add(v.String()+": with a mark before it", v.format, verify.Genuine, mark+text, good)
		g.add(v.String()+": with a mark, then spaces, before it", v.format, verify.Genuine, mark+" \n"+text+"\r\n", good)
		g.add(v.String()+": with two marks before it", "", twice, mark+mark+text, check{})
		g.add(v.String()+": with a mark behind it", "", behind, text+mark, check{})
	}
	g.add("nothing of ours: a mark", "", verify.UnreadableCode, mark, check{})
}

// foreign makes what is no credential of any format.
func (g *generator) foreign() {
	for name, data := range inOrder(map[string]string{
		"nothing": "", "spaces": "  \n", "a word": "hello", "no UTF-8": "\u00ff\u00fe", "an array": "[]", "dots": "a.b.c~", "tildes": "~~~", "a member twice": `{"a":1,"a":2}`,
		"a megabyte of signs": strings.Repeat("x", 1<<20+1), "an address": "https://registry.example/offer", "a megabyte of dots": strings.Repeat(".", 1<<20-1),
		"a megabyte of tildes": strings.Repeat("~", 1<<20-1), "brackets": strings.Repeat("[", 100_000),
	}) {
		g.add("nothing of ours: "+name, "", verify.UnreadableCode, data, check{})
	}
	g.add("nothing of ours: an open brace", "", verify.IncompleteCode, "{", check{})
	g.add("nothing of ours: many open braces", "", verify.IncompleteCode, strings.Repeat(`{"a":`, 100_000), check{})
	for name, data := range inOrder(map[string]string{
		"an empty object":           "{}",
		"a credential of 1.1":       `{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential"],"issuer":"` + did + `"}`,
		"a presentation":            `{"@context":["` + contexts.CredentialsV2 + `"],"type":["VerifiablePresentation"]}`,
		"a bitstring status list":   g.bitstring(lists()[0], status.Revocation),
		"a status list token":       g.token(lists()[0]),
		"a status list token and ~": g.token(lists()[0]) + "~",
	}) {
		g.add("nothing of ours: "+name, "", verify.UnsupportedFormat, data, check{})
	}
}
