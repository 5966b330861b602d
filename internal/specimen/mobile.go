package specimen

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"socialregistry/issuer/verify"
)

// document is IssuerSigned with its parts in sight (ISO/IEC 18013-5 §8.3.2.1.2.2).
type document struct {
	Spaces map[string][]cbor.RawMessage `cbor:"nameSpaces"`
	Auth   []cbor.RawMessage            `cbor:"issuerAuth"` // protected, unprotected, payload, signature
}

// mobile makes what only a mobile document can have.
func (g *generator) mobile() {
	v := variant{verify.FormatMdoc, "es", ""}
	text := g.credential(v, usual())
	g.add(v.String()+": half of it", v.format, verify.IncompleteCode, text[:len(text)/8*4], check{})
	g.add(v.String()+": the last four signs missing", v.format, verify.IncompleteCode, text[:len(text)/4*4-4], check{})
	g.add(v.String()+": with spaces around", v.format, verify.Genuine, " "+text+"\n", check{claims: person(v.format)})
	unknown := g.mdocIssue(v, usual())
	unknown.DocType = ""
	g.add(v.String()+": without a type", v.format, verify.UnsupportedFormat, g.encode(unknown), check{})
	twice := g.mdocIssue(v, usual())
	twice.Elements["org.example.other"] = map[string]any{"given_name": "Mina"}
	g.add(v.String()+": one name in two namespaces", v.format, verify.Genuine, g.encode(twice),
		check{claims: map[string]any{docType + " given_name": "Amina", "org.example.other given_name": "Mina", "family_name": "Diallo"}})
	g.mobileCertificates(v)
	g.chained(v)
	g.strangers(v)
	g.longCertificates(v)
	g.mobileAltered(v)
	g.mobileForm(v, text)
}

// changed gives a good document with a change of its parts.
func (g *generator) changed(v variant, change func(*document)) string {
	raw, err := base64.RawURLEncoding.DecodeString(g.credential(v, usual()))
	g.fail(err)
	var d document
	g.fail(cbor.Unmarshal(raw, &d))
	change(&d)
	return base64.RawURLEncoding.EncodeToString(g.cbor(d))
}

// spoil gives bytes with one bit changed, counted from the end.
func spoil(raw []byte, fromEnd int) []byte {
	out := bytes.Clone(raw)
	out[len(out)-fromEnd] ^= 1
	return out
}

// mobileAltered changes elements, the security object and the signature.
func (g *generator) mobileAltered(v variant) {
	var foreign document
	raw, err := base64.RawURLEncoding.DecodeString(g.credential(v, usual()))
	g.fail(err)
	g.fail(cbor.Unmarshal(raw, &foreign))
	item := func(name, value string) cbor.RawMessage {
		inner := g.cbor(map[string]any{"digestID": 1, "random": make([]byte, 32), "elementIdentifier": name, "elementValue": value})
		return g.cbor(cbor.Tag{Number: 24, Content: inner})
	}
	for name, change := range inOrder(map[string]func(*document){
		"a bit of an element": func(d *document) { d.Spaces[docType][0] = spoil(d.Spaces[docType][0], 1) },
		"a bit of a salt": func(d *document) {
			d.Spaces[docType][0] = bytes.Replace(d.Spaces[docType][0], []byte("random"), []byte("randon"), 1)
		},
		"an element twice":                 func(d *document) { d.Spaces[docType] = append(d.Spaces[docType], d.Spaces[docType][0]) },
		"an element of another document":   func(d *document) { d.Spaces[docType] = append(d.Spaces[docType], foreign.Spaces[docType][0]) },
		"the elements of another document": func(d *document) { d.Spaces = foreign.Spaces },
		"a forged element":                 func(d *document) { d.Spaces[docType] = append(d.Spaces[docType], item("age_over_18", "true")) },
		"an element without its tag":       func(d *document) { d.Spaces[docType][0] = d.Spaces[docType][0][2:] },
		"another namespace":                func(d *document) { d.Spaces = map[string][]cbor.RawMessage{"org.example.other": d.Spaces[docType]} },
		"a namespace more":                 func(d *document) { d.Spaces["org.example.other"] = []cbor.RawMessage{item("x", "y")} },
		"a bit of the security object":     func(d *document) { d.Auth[2] = spoil(d.Auth[2], 40) },
		"the end of its validity": func(d *document) {
			d.Auth[2] = bytes.Replace(d.Auth[2], []byte("2026-12-01T"), []byte("2027-12-01T"), 1)
		},
		"its status":                     func(d *document) { d.Auth[2] = bytes.Replace(d.Auth[2], []byte("/token/now"), []byte("/token/old"), 1) },
		"the security object of another": func(d *document) { d.Auth[2] = foreign.Auth[2] },
		"a bit of the signature":         func(d *document) { d.Auth[3] = spoil(d.Auth[3], 1) },
		"the signature of another":       func(d *document) { d.Auth[3] = foreign.Auth[3] },
		"a bit of the certificate":       func(d *document) { d.Auth[1] = spoil(d.Auth[1], 1) },
		"the certificate of another of ours": func(d *document) {
			d.Auth[1] = g.cbor(map[int]any{33: g.leaf("es-old", day(2026, 1, 2), day(2029, 1, 1))})
		},
	}) {
		g.add(v.String()+": "+name, v.format, verify.Altered, g.changed(v, change), check{})
	}
	g.add(v.String()+": an element held back", v.format, verify.Genuine, g.changed(v, func(d *document) { d.Spaces[docType] = d.Spaces[docType][1:] }), check{claims: map[string]any{"given_name": "Amina"}})
	g.add(v.String()+": the certificate of a stranger", v.format, verify.UnknownIssuer, g.changed(v, func(d *document) { d.Auth[1] = g.cbor(map[int]any{33: g.selfSigned("es-stranger")}) }), check{})
}

// mobileForm is not written as it must be.
func (g *generator) mobileForm(v variant, text string) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	g.fail(err)
	b64 := base64.RawURLEncoding.EncodeToString
	for name, data := range inOrder(map[string]string{
		"a byte behind it": b64(append(bytes.Clone(raw), 0)),
		"no namespaces":    b64(g.cbor(map[string]any{"issuerAuth": []any{}})),
		"a member more":    b64(append(append([]byte{raw[0] + 1}, raw[1:]...), g.raw("6178 00")...)),
		"a member twice":   b64(append(append([]byte{raw[0] + 1}, raw[1:]...), g.raw("6a 6e616d65537061636573 a0")...)),
		"a header more": g.changed(v, func(d *document) {
			d.Auth[1] = g.cbor(map[int]any{33: g.leaf("es-1", day(2026, 1, 2), day(2029, 1, 1)), 4: []byte("kid")})
		}),
		"no certificate":         g.changed(v, func(d *document) { d.Auth[1] = g.cbor(map[int]any{}) }),
		"no signature":           g.changed(v, func(d *document) { d.Auth[3] = g.cbor([]byte{}) }),
		"a certificate of words": g.changed(v, func(d *document) { d.Auth[1] = g.cbor(map[int]any{33: []byte("certificate")}) }),
		"a certificate of 300 kB": g.changed(v, func(d *document) {
			d.Auth[1] = g.cbor(map[int]any{33: append(g.leaf("es-1", day(2026, 1, 2), day(2029, 1, 1)), make([]byte, 300_000)...)})
		}),
		"six certificates": g.changed(v, func(d *document) {
			c := g.leaf("es-1", day(2026, 1, 2), day(2029, 1, 1))
			d.Auth[1] = g.cbor(map[int]any{33: []any{c, c, c, c, c, c}})
		}),
		"no length":             b64(append(append([]byte{0xbf}, raw[1:]...), 0xff)),
		"deep":                  b64(append(g.raw("a1 6a 6e616d65537061636573"), append(bytes.Repeat([]byte{0x81}, 60_000), 0)...)),
		"a length that lies":    b64(g.raw("bb ffffffffffffffff")),
		"many members":          b64(append(g.raw("b9ffff"), bytes.Repeat([]byte{0x00}, 131_070)...)),
		"padding":               text + "=",
		"base64, not base64url": strings.NewReplacer("-", "+", "_", "/").Replace(text),
		"a megabyte":            b64(append([]byte{0xa1}, make([]byte, 700_000)...)),
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnreadableCode, data, check{})
	}
}

func (g *generator) mobileCertificates(v variant) {
	p := usual()
	short := g.mdocIssue(v, p)
	short.Chain = [][]byte{g.leaf("es-1", day(2026, 1, 2), day(2026, 10, 15))}
	g.add(v.String()+": certificate over when it was signed", v.format, verify.Altered, g.encode(short), check{})
	late := g.mdocIssue(v, p)
	late.Chain = [][]byte{g.leaf("es-1", day(2026, 11, 10), day(2029, 1, 1))}
	g.add(v.String()+": certificate not yet begun when it was signed", v.format, verify.Altered, g.encode(late), check{})
	for n, outcome := range []verify.Outcome{verify.Genuine, verify.Altered, verify.Altered} {
		outside := g.mdocIssue(v, p)
		outside.Chain = [][]byte{g.outside()[n]}
		c := check{bundle: "named"}
		if outcome == verify.Genuine {
			c.claims = person(v.format)
		}
		g.add(v.String()+": certificate of a CA outside, which the bundle names"+[]string{"", ", over when it was signed", ", not yet begun when it was signed"}[n], v.format, outcome, g.encode(outside), c)
	}
	g.add(v.String()+": by a key that a merged registry says is its own", v.format, verify.Genuine, g.encode(g.mdocIssue(v, p)), check{bundle: "merged-first", claims: person(v.format)})
	own := g.mdocIssue(v, p)
	own.Chain = [][]byte{g.selfSigned("es-1")}
	g.add(v.String()+": certificate that the key made for itself", v.format, verify.Altered, g.encode(own), check{})
	chain := g.mdocIssue(v, p)
	chain.Chain = append(chain.Chain, g.anchor.Raw)
	g.add(v.String()+": the CA's certificate goes with it", v.format, verify.Genuine, g.encode(chain), check{claims: person(v.format)})
}
