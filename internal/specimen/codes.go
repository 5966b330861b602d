package specimen

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"socialregistry/issuer/claim169"
	"socialregistry/issuer/verify"
)

// codes makes what only a code on paper can have.
func (g *generator) codes() {
	for _, v := range variants() {
		if v.format == verify.FormatClaim169 {
			g.codeCut(v)
			g.codeAltered(v)
			g.codeTolerated(v)
			g.codeWritten(v)
			g.codeOfSameKid(v)
		}
	}
	g.codeBombs()
}

// codeOfSameKid are codes that name no issuer, and a key as two issuers call theirs: they
// are of the one whose key signed them, whichever stands first in the bundle.
func (g *generator) codeOfSameKid(v variant) {
	own := g.codeIssue(v, usual())
	own.Issuer = ""
	g.add(v.String()+": without an issuer, by a key that a merged registry says is its own", v.format, verify.Genuine, g.code(own), check{bundle: "merged-first", claims: person(v.format)})
	for _, bundle := range []string{"same-kids", "same-kids, the bank first"} {
		ours := g.codeIssue(v, usual())
		ours.Issuer = ""
		theirs, forged := ours, ours
		theirs.Key, forged.Key = g.key(v.curve+"-bank"), g.key(v.curve+"-stranger")
		g.add(v.String()+": without an issuer, "+bundle, v.format, verify.Genuine, g.code(ours), check{bundle: bundle, claims: person(v.format)})
		g.add(v.String()+": without an issuer, of the bank, "+bundle, v.format, verify.GenuineStatusUnknown, g.code(theirs), check{bundle: bundle, claims: person(v.format)})
		g.add(v.String()+": without an issuer, of nobody, "+bundle, v.format, verify.Altered, g.code(forged), check{bundle: bundle})
	}
}

// envelope is what a code is put together of, so that one part may be another.
type envelope struct {
	tags        []uint64 // outermost first
	protected   map[any]any
	unprotected any
	payload     any // encoded unless it is bytes
	signature   any // nil: that of the key
	hexadecimal bool
}

func (g *generator) envelope(v variant) envelope {
	alg := -7
	if v.curve == "ed" {
		alg = -8
	}
	return envelope{tags: []uint64{61, 18}, protected: map[any]any{1: alg, 4: g.coseKID(v.curve + "-1")}, unprotected: map[any]any{}, payload: g.claims(nil), hexadecimal: v.profile == claim169.Inji}
}

// claims are those of a credential that is in order, with one changed.
func (g *generator) claims(change func(map[any]any)) map[any]any {
	p := usual()
	out := map[any]any{1: url, 4: p.until.Unix(), 6: p.made.Unix(), 169: map[any]any{1: "2847-1029-4416", 4: "Amina Diallo", 8: "19900412", 9: 2},
		65535: map[any]any{"status_list": map[any]any{"idx": p.index, "uri": tokenURI(p.list)}}}
	if change != nil {
		change(out)
	}
	return out
}

func (g *generator) cbor(v any) []byte {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	g.fail(err)
	out, err := mode.Marshal(v)
	g.fail(err)
	return out
}

// raw is CBOR by hand, in hexadecimal: what no encoder writes.
func (g *generator) raw(text string) []byte {
	out, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	g.fail(err)
	return out
}

// token gives the bytes of an envelope, signed by the key of a variant.
func (g *generator) tokenOf(v variant, e envelope) []byte {
	payload, ok := e.payload.([]byte)
	if !ok {
		payload = g.cbor(e.payload)
	}
	protected := g.cbor(e.protected)
	if e.signature == nil {
		e.signature = g.rawSign(v.curve+"-1", g.cbor([]any{"Signature1", protected, []byte{}, payload}))
	}
	var out any = []any{protected, e.unprotected, payload, e.signature}
	for n := len(e.tags) - 1; n >= 0; n-- {
		out = cbor.Tag{Number: e.tags[n], Content: out}
	}
	return g.cbor(out)
}

// pack writes a token as a code.
func (g *generator) pack(token []byte, hexadecimal bool) string {
	if hexadecimal {
		token = []byte(hex.EncodeToString(token))
	}
	s, err := claim169.Pack(token)
	g.fail(err)
	return s
}

func (g *generator) sealed(v variant, change func(*envelope)) string {
	e := g.envelope(v)
	change(&e)
	return g.pack(g.tokenOf(v, e), e.hexadecimal)
}

// rawSign signs as COSE does (RFC 9053 §2.1, §2.2).
func (g *generator) rawSign(name string, data []byte) []byte {
	if key, ok := g.key(name).(steady); ok {
		sum := sha256.Sum256(data)
		der, err := key.Sign(nil, sum[:], crypto.SHA256)
		g.fail(err)
		var rs struct{ R, S *big.Int }
		_, err = asn1.Unmarshal(der, &rs)
		g.fail(err)
		return append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
	}
	out, err := g.key(name).Sign(nil, data, crypto.Hash(0))
	g.fail(err)
	return out
}

// codeCut lacks its end, or has two.
func (g *generator) codeCut(v variant) {
	text := g.credential(v, usual())
	for name, n := range inOrder(map[string]int{"one sign missing": 1, "two signs missing": 2, "three signs missing": 3, "thirty signs missing": 30, "half of it": len(text) / 2, "all but ten signs missing": len(text) - 10}) {
		g.add(v.String()+": "+name, v.format, verify.IncompleteCode, text[:len(text)-n], check{})
	}
	middle := len(text) / 2
	for name, data := range inOrder(map[string]string{"twice": text + text, "another behind it": text + g.credential(v, usual()), "a sign more": text + "0", "three signs more": text + "000",
		"signs in it changed": text[:middle] + strings.Repeat("0", 30) + text[middle+30:], "halves changed": text[:6] + text[middle/3*3:] + text[6:middle/3*3]}) {
		g.add(v.String()+": "+name, v.format, verify.UnreadableCode, data, check{})
	}
	g.add(v.String()+": in small letters", v.format, verify.UnreadableCode, strings.ToLower(text), check{})
	g.add(v.String()+": with spaces around", v.format, verify.Genuine, " \n"+text+" \r\n", check{claims: person(v.format)})
}

// codeAltered changes parts of a good one.
func (g *generator) codeAltered(v variant) {
	token, err := claim169.Unpack(g.credential(v, usual()))
	g.fail(err)
	at := func(what []byte, offset int) string {
		bad := bytes.Clone(token)
		i := bytes.Index(bad, what)
		if i < 0 {
			g.add(v.String()+": cannot be altered", v.format, "", "", check{})
			return ""
		}
		bad[i+offset] ^= 1
		return g.pack(bad, v.profile == claim169.Inji)
	}
	last := bytes.Clone(token)
	last[len(last)-1] ^= 1
	for name, data := range inOrder(map[string]string{
		"a bit of the name": at([]byte("Amina"), 0), "a bit of the number": at([]byte("2847"), 3), "a bit of the date": at([]byte("19900412"), 7), "a bit of the status": at([]byte("status/token"), 0),
		"a bit of the issuer": at([]byte("registry.example"), 2), "a bit of the signature": g.pack(last, v.profile == claim169.Inji), "a bit of the algorithm": at(g.coseKID(v.curve+"-1"), -3),
		"an empty signature": g.sealed(v, func(e *envelope) { e.signature = []byte{} }), "a signature of one byte": g.sealed(v, func(e *envelope) { e.signature = []byte{1} }),
		"kid moved out": g.sealed(v, func(e *envelope) {
			e.signature = g.rawSign(v.curve+"-1", []byte("another"))
			e.unprotected = map[any]any{4: e.protected[4]}
			delete(e.protected, 4)
		}),
		"algorithm of no list": g.sealed(v, func(e *envelope) { e.protected[1] = -257 }), "algorithm unprotected": g.sealed(v, func(e *envelope) { e.unprotected = map[any]any{1: e.protected[1]}; delete(e.protected, 1) }),
		"an attribute more": g.sealed(v, func(e *envelope) {
			e.signature = token[len(token)-64:]
			e.payload = g.claims(func(m map[any]any) { m[169].(map[any]any)[22] = "Citizen" })
		}),
	}) {
		g.add(v.String()+": "+name, v.format, verify.Altered, data, check{})
	}
	g.add(v.String()+": a bit of the kid", v.format, verify.UnknownIssuer, at(g.coseKID(v.curve+"-1"), 0), check{})
	g.add(v.String()+": issuer is the bank", v.format, verify.UnknownIssuer, g.sealed(v, func(e *envelope) { e.payload = g.claims(func(m map[any]any) { m[1] = bankURL }) }), check{})
	g.add(v.String()+": issuer is nobody", v.format, verify.UnknownIssuer, g.sealed(v, func(e *envelope) { e.payload = g.claims(func(m map[any]any) { m[1] = "www.nobody.example" }) }), check{})
	for name, change := range inOrder(map[string]func(*envelope){
		"encrypted": func(e *envelope) { e.tags = []uint64{61, 16} }, "COSE_Sign": func(e *envelope) { e.tags = []uint64{61, 98} }, "a tag of nobody's": func(e *envelope) { e.tags = []uint64{4711, 61, 18} },
		"x5u": func(e *envelope) { e.protected[35] = "https://evil.example/cert" }, "x5u unprotected": func(e *envelope) { e.unprotected = map[any]any{35: "https://evil.example/cert"} }, "a critical header": func(e *envelope) { e.protected[2] = []any{4} },
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnsupportedFormat, g.sealed(v, change), check{})
	}
	for name, change := range inOrder(map[string]func(*envelope){
		"kid twice": func(e *envelope) { e.unprotected = map[any]any{4: []byte("other")} }, "kid as text": func(e *envelope) { e.protected[4] = "kid" }, "a header twice": func(e *envelope) { e.unprotected = cbor.RawMessage(g.raw("a2 1820 00 1820 00")) },
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnreadableCode, g.sealed(v, change), check{})
	}
	g.add(v.String()+": a byte behind the token", v.format, verify.UnreadableCode, g.pack(append(bytes.Clone(token), 0), v.profile == claim169.Inji), check{})
	g.add(v.String()+": a byte of the token missing", v.format, verify.UnreadableCode, g.pack(token[:len(token)-1], v.profile == claim169.Inji), check{})
}

// codeTolerated is written in the other ways of the field, and signed.
func (g *generator) codeTolerated(v variant) {
	identity := func(value any) func(*envelope) {
		return func(e *envelope) { e.payload = g.claims(func(m map[any]any) { m[169] = value }) }
	}
	tag := func(tags ...uint64) func(*envelope) { return func(e *envelope) { e.tags = tags } }
	whole := map[any]any{1: "2847-1029-4416", 4: "Amina Diallo", 8: "19900412", 9: 2}
	as := person(v.format)
	for name, c := range inOrder(map[string]struct {
		change func(*envelope)
		claims map[string]any
	}{
		"tag 18 alone": {tag(18), as}, "no tag": {tag(), as}, "tag 61 alone": {tag(61), as}, "the map in bytes": {identity(g.cbor(whole)), as}, "hexadecimal, or not": {func(e *envelope) { e.hexadecimal = !e.hexadecimal }, as},
		"kid unprotected":      {func(e *envelope) { e.unprotected = map[any]any{4: e.protected[4]}; delete(e.protected, 4) }, as},
		"kid by another name":  {func(e *envelope) { e.protected[4] = []byte(did + "#" + v.curve + "-1") }, as},
		"no kid":               {func(e *envelope) { delete(e.protected, 4) }, as},
		"no issuer":            {func(e *envelope) { e.payload = g.claims(func(m map[any]any) { delete(m, 1) }) }, as},
		"no end":               {func(e *envelope) { e.payload = g.claims(func(m map[any]any) { delete(m, 4) }) }, as},
		"labels in text":       {identity(map[any]any{"1": "2847-1029-4416", "4": "Amina Diallo", "8": "1990-04-12", "9": "2"}), as},
		"a date as a number":   {identity(map[any]any{8: 19900412}), map[string]any{"birth_date": "1990-04-12"}},
		"dates of other forms": {identity(map[any]any{8: "04-18-1984"}), map[string]any{"birth_date": "04-18-1984"}},
		"no such day":          {identity(map[any]any{8: "19900231"}), map[string]any{"birth_date": "19900231"}},
		"sex in words":         {identity(map[any]any{9: "Female"}), map[string]any{"gender": "Female"}},
		"sex of no table":      {identity(map[any]any{9: 7}), map[string]any{"gender": 7.0}},
		"fingers":              {identity(map[any]any{18: []any{1, "6", 99}}), map[string]any{"best_fingers": []any{"right_thumb", "left_thumb", 99.0}}},
		"a face":               {identity(map[any]any{62: []any{map[any]any{0: []byte{1, 2, 3}, 1: 0, 2: 4}}}), map[string]any{"face": "data:image/webp;base64,AQID"}},
		"a face, not in array": {identity(map[any]any{62: map[any]any{0: "5249", 1: 0, 2: 0}}), map[string]any{"face": "data:image/png;base64,Ukk="}},
		"two faces":            {identity(map[any]any{62: []any{map[any]any{0: []byte{1}, 1: 0, 2: 1}, map[any]any{0: []byte{2}, 1: 1}}}), map[string]any{"face": []any{"data:image/jpeg;base64,AQ==", "data:application/octet-stream;base64,Ag=="}}},
		"a photo":              {identity(map[any]any{16: []byte{1}, 17: 3}), map[string]any{"photo": "data:image/avif;base64,AQ==", "photo_format": "avif"}},
		"what nobody knows":    {identity(map[any]any{75: "x", "hello": "world", -5: true, 76: uint64(1 << 60), 77: []any{map[any]any{1: "a", "b": 1.5}}}), map[string]any{"attribute 75": "x", "attribute hello": "world", "attribute -5": true, "attribute 76": "1152921504606846976", "attribute 77": []any{map[string]any{"1": "a", "b": 1.5}}}},
		"indefinite lengths": {func(e *envelope) {
			e.payload = append(append(g.raw("bf 06"), g.cbor(usual().made.Unix())...), append(append(g.raw("19ffff"), g.cbor(g.claims(nil)[65535])...), g.raw("18a9 bf 04 7f 614e 63616d65 ff ff ff")...)...)
		}, map[string]any{"full_name": "Name"}},
		"a claim more": {func(e *envelope) {
			e.payload = g.claims(func(m map[any]any) { m[7], m[8] = []byte{1}, map[any]any{3: []byte{2}} })
		}, as},
	}) {
		g.add(v.String()+": "+name, v.format, verify.Genuine, g.sealed(v, c.change), check{claims: c.claims})
	}
}

// codeWritten is signed by the issuer, as it should not.
func (g *generator) codeWritten(v variant) {
	made := hex.EncodeToString(g.cbor(usual().made.Unix()))
	payload := func(text string) func(*envelope) { return func(e *envelope) { e.payload = g.raw(text) } }
	claims := func(label, value any) func(*envelope) {
		return func(e *envelope) { e.payload = g.claims(func(m map[any]any) { m[label] = value }) }
	}
	with := "06" + made + " 18a9 " // after a map of two
	for name, change := range inOrder(map[string]func(*envelope){
		"no claim 169": claims(169, nil), "claim 169 in text": claims(169, "x"), "exp in words": claims(4, "never"), "exp below zero": claims(4, -1), "exp after the year 9999": claims(4, uint64(1<<50)), "nbf a list": claims(5, []any{1}),
		"no time of its making": func(e *envelope) { e.payload = g.claims(func(m map[any]any) { delete(m, 6) }) },
		"a claim twice":         payload("a3 06" + made + with + "a1 04 6141"), "an attribute twice": payload("a2" + with + "a2 04 6141 04 6142"), "an attribute twice, as text too": payload("a2" + with + "a2 04 6141 6134 6142"),
		"twice in a detail": payload("a2" + with + "a1 1850 a2 01 00 01 01"), "twice in the bytes": payload("a2" + with + "47 a2 04 6141 04 6142"), "a byte behind the claims": payload("a2" + with + "a1 04 6141 00"), "a byte behind the bytes": payload("a2" + with + "45 a1 04 6141 00"),
		"tags in the claims": payload("a2" + with + "a1 04 c1 6141"), "a list for claims": payload("81 00"), "no claims": func(e *envelope) { e.payload = []byte{} }, "bytes as a label": payload("a2" + with + "a1 41 04 6141"), "no number": payload("a2" + with + "a1 1850 f97e00"),
		"deep": payload("a2" + with + "a1 1850" + strings.Repeat("81", 30) + "00"), "wide": payload("a2" + with + "a1 1850 9901f5" + strings.Repeat("00", 501)), "wide, of no length": payload("a2" + with + "a1 1850 9f" + strings.Repeat("00", 501) + "ff"),
		"a length that lies": payload("a2" + with + "bb 00ffffffffffffff 00"), "no UTF-8": payload("a2" + with + "a1 04 61ff"),
	}) {
		g.add(v.String()+": "+name, v.format, verify.UnsupportedFormat, g.sealed(v, change), check{})
	}
	for name, status := range inOrder(map[string]any{
		"status in words": "valid", "status of another kind": map[any]any{"crl": "x"}, "status index below zero": map[any]any{"status_list": map[any]any{"idx": -1, "uri": tokenURI("now")}},
		"status index in words": map[any]any{"status_list": map[any]any{"idx": "10", "uri": tokenURI("now")}}, "status index of 32 bits": map[any]any{"status_list": map[any]any{"idx": 1<<31 + 10, "uri": tokenURI("now")}},
		"status beside another": map[any]any{"crl": 1, "status_list": map[any]any{"idx": 10, "uri": tokenURI("now")}},
	}) {
		g.add(v.String()+": "+name, v.format, verify.GenuineStatusUnknown, g.sealed(v, claims(65535, status)), check{claims: person(v.format)})
	}
}

// codeBombs cost little to make and would cost much to read; and what others pack in
// the same way.
func (g *generator) codeBombs() {
	packed := func(data []byte) string { return g.pack(data, false) }
	many := func(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }
	for name, data := range inOrder(map[string]string{
		"a megabyte of text": strings.Repeat("6BF", 340_000), "zeros": packed(make([]byte, 4<<20)), "hexadecimal zeros": packed(many('0', 4<<20)), "brackets": packed(many(0x81, 60_000)), "brackets of no length": packed(many(0x9f, 60_000)),
		"tags": packed(many(0xd2, 60_000)), "an array that lies": packed(g.raw("9bffffffffffffffff")), "bytes that lie": packed(g.raw("845bffffffffffffffff")), "many parts": packed(append([]byte{0x9f}, make([]byte, 60_000)...)),
		"8,193 signs": ("6BF" + strings.Repeat("0", 8193))[:8193],
	}) {
		g.add("claim169: bomb: "+name, verify.FormatClaim169, verify.UnreadableCode, data, check{})
	}
	for name, data := range inOrder(map[string]string{
		"a word": packed([]byte("hello")), "JSON": packed([]byte(`{"temp":15}`)), "JSON as CBOR": packed(g.raw("a16474656d700f")), "maps": packed(many(0xa1, 60_000)), "nothing": packed(nil), "an array of five": packed(g.raw("8500000000 00")), "three parts": packed(g.raw("83 40 a0 40")),
	}) {
		g.add("claim169: something else: "+name, verify.FormatClaim169, verify.UnsupportedFormat, data, check{})
	}
}
