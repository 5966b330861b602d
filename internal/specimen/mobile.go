package specimen

import "socialregistry/issuer/verify"

// mobile makes what only a mobile document can have.
func (g *generator) mobile() {
	v := variant{verify.FormatMdoc, "es"}
	text := g.credential(v, usual())
	g.add(v.String()+": half of it", v.format, verify.IncompleteCode, text[:len(text)/8*4], check{})
	g.add(v.String()+": the last four signs missing", v.format, verify.IncompleteCode, text[:len(text)/4*4-4], check{})
	g.add(v.String()+": with spaces around", v.format, verify.Genuine, " "+text+"\n", check{claims: person(v.format)})
	unknown := g.mdocIssue(v, usual())
	unknown.DocType = ""
	g.add(v.String()+": without a type", v.format, verify.UnsupportedFormat, g.encode(unknown), check{})
	g.mobileCertificates(v)
}

func (g *generator) mobileCertificates(v variant) {
	p := usual()
	short := g.mdocIssue(v, p)
	short.Chain = [][]byte{g.leaf("es-1", day(2026, 1, 2), day(2026, 10, 15))}
	g.add(v.String()+": certificate over when it was signed", v.format, verify.Altered, g.encode(short), check{})
	late := g.mdocIssue(v, p)
	late.Chain = [][]byte{g.leaf("es-1", day(2026, 11, 10), day(2029, 1, 1))}
	g.add(v.String()+": certificate not yet begun when it was signed", v.format, verify.Altered, g.encode(late), check{})
}
