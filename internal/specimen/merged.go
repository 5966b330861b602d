package specimen

import (
	"encoding/json"
	"slices"
	"strings"

	"socialregistry/contexts"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

// bankIRI names the context of the bank, which has names of its own for our terms.
const bankIRI, cardType = bankURL + "/contexts/v1", "DisabilityCardCredential"

func bankContext() []byte {
	return []byte(`{"@context":{"@protected":true,"` + cardType + `":"` + url + `/vocab#` + ldpType + `","employer":"https://schema.org/givenName","familyName":"https://schema.org/familyName"}}`)
}

// merged is the usual bundle, if the bank were an issuer of another registry.
func (g *generator) merged(b *verify.Bundle) {
	bank := g.bank()
	bank.Source = bankURL
	b.Issuers = []verify.BundleIssuer{g.registry(""), bank}
	theirs := verify.NewContext(bankContext())
	theirs.Source = bankURL
	b.Contexts = map[string]verify.Context{g.iri: verify.NewContext(g.context), bankIRI: theirs}
	b.Status = slices.DeleteFunc(slices.Clone(b.Status), func(s verify.BundleStatus) bool {
		return !strings.HasSuffix(s.URI, "/now") && !strings.HasSuffix(s.URI, "/bank")
	})
	for name, iri := range inOrder(map[string]string{"bank-ours": g.iri, "bank-theirs": bankIRI}) {
		b.Status = append(b.Status, verify.BundleStatus{URI: bitsURI(name, status.Revocation), Token: g.bankList(name, iri), Fetched: now()})
	}
}

// bankSigned is a document of the bank with its proof.
func (g *generator) bankSigned(doc map[string]any) string {
	signed, err := dataintegrity.Sign(g.set, doc, g.key("ed-bank"), bankDID+"#ed-bank", usual().made)
	g.fail(err)
	return string(g.json(signed))
}

// bankList is a list of the bank that names a context, which a list needs not.
func (g *generator) bankList(name, iri string) string {
	l := lists()[0]
	l.name, l.key, l.issuer = name, "bank", bankDID
	var doc map[string]any
	g.fail(json.Unmarshal([]byte(g.bitstring(l, status.Revocation)), &doc))
	delete(doc, "proof")
	doc["@context"] = []any{contexts.CredentialsV2, iri}
	return g.bankSigned(doc)
}

// sources makes credentials in the terms of another registry than that of their issuer.
func (g *generator) sources() {
	in := check{bundle: "merged"}
	renamed := strings.NewReplacer(`"`+g.iri+`"`, `"`+bankIRI+`"`, ldpType, cardType, "givenName", "employer").Replace
	for _, v := range variants() {
		if v.format == verify.FormatLDP {
			text, shown := g.credential(v, usual()), in
			shown.claims = person(v.format)
			g.add(v.String()+": beside a merged registry", v.format, verify.Genuine, text, shown)
			g.add(v.String()+": in the words of a merged registry", v.format, verify.UnsupportedFormat, renamed(text), in)
			g.add(v.String()+": with the context of a merged registry more", v.format, verify.UnsupportedFormat, strings.Replace(text, `"`+g.iri+`"`, `"`+g.iri+`","`+bankIRI+`"`, 1), in)
		}
	}
	for name, c := range inOrder(map[string]struct {
		list, iri string
		outcome   verify.Outcome
	}{
		"in its own words":               {"bank", bankIRI, verify.Genuine},
		"in our words":                   {"bank", g.iri, verify.UnsupportedFormat},
		"with a list in its own words":   {"bank-theirs", bankIRI, verify.Genuine},
		"with a list in our words":       {"bank-ours", bankIRI, verify.GenuineStatusUnknown},
		"with a list of our registry":    {"now", bankIRI, verify.GenuineStatusUnknown},
		"in the words of both":           {"bank", "", verify.UnsupportedFormat},
		"without a context of its own":   {"bank", contexts.CredentialsV2, verify.Genuine},
		"with a list that nobody merged": {"absent", bankIRI, verify.GenuineStatusUnknown},
	}) {
		p := usual()
		p.list = c.list
		d := g.doc(p)
		d["issuer"], d["credentialStatus"] = bankDID, entry(p, status.Revocation)
		switch c.iri {
		case g.iri:
		case bankIRI:
			d["@context"], d["type"] = []any{contexts.CredentialsV2, bankIRI}, []any{"VerifiableCredential", cardType}
			d["credentialSubject"] = map[string]any{"id": holderDID, "employer": "Amina", "familyName": "Diallo"}
		case contexts.CredentialsV2:
			d["@context"], d["type"] = []any{contexts.CredentialsV2}, []any{"VerifiableCredential"}
			d["credentialSubject"] = map[string]any{"id": holderDID, "name": "Amina"}
		default:
			d["@context"] = g.contextsOf(bankIRI)
		}
		g.add(verify.FormatLDP+" of a merged registry: "+name, verify.FormatLDP, c.outcome, g.bankSigned(d), in)
	}
}
