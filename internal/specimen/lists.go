package specimen

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
	"socialregistry/issuer/cwt"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

// Places in every status list. At odd a token list has a value that nobody
// defined; at both, a credential is suspended and withdrawn.
const (
	valid = 10 + iota
	withdrawn
	suspended
	odd
	both
	beyond = 1 << 30
)

func tokenURI(name string) string { return url + "/status/token/" + name }

func bitsURI(name, purpose string) string { return url + "/status/" + purpose + "/" + name }

// entry is what a W3C credential says of its status.
func entry(p plan, purpose string) map[string]any {
	uri := bitsURI(p.list, purpose)
	return map[string]any{"id": fmt.Sprintf("%s#%d", uri, p.index), "type": "BitstringStatusListEntry", "statusPurpose": purpose,
		"statusListIndex": fmt.Sprint(p.index), "statusListCredential": uri}
}

// list is how a status list is made: in order, or not.
type list struct {
	name   string
	key    string // ends the name of the key that it names
	signer string // the key that signs; "": key
	issuer string // of the bitstring list
	made   time.Time
	ends   time.Time // zero: it does not say
	ttl    time.Duration
	sub    string // the address that it names; "": its own
	width  int    // of the token list
	typ    string // of the token list
	packed string // what stands for the list itself; "": the list
	cbor   bool   // the token list is a CWT
	spoil  bool   // a bit of the signature is another
}

// lists gives every list of the usual bundle: now is in order, the others are
// not, or in another way.
func lists() []list {
	made, ends := now().Add(-3*time.Hour), day(2026, 11, 29)
	good := list{name: "now", key: "1", issuer: did, made: made, ends: ends, ttl: 12 * time.Hour, width: 2, typ: "statuslist+jwt"}
	with := func(name string, change func(*list)) list {
		l := good
		l.name = name
		change(&l)
		return l
	}
	return []list{good,
		with("long", func(l *list) { l.ends = day(2027, 11, 29) }),
		with("over", func(l *list) { l.ends = now() }),
		with("last-second", func(l *list) { l.ends = now().Add(time.Second) }),
		with("ttl", func(l *list) { l.ends = time.Time{} }),
		with("ttl-over", func(l *list) { l.ends, l.ttl = time.Time{}, time.Hour }),
		with("endless", func(l *list) { l.ends, l.ttl = time.Time{}, 0 }),
		with("old", func(l *list) { l.made = day(2026, 11, 1) }),
		with("tomorrow", func(l *list) { l.made = day(2026, 11, 23) }),
		with("forged", func(l *list) { l.signer = "stranger" }),
		with("bank", func(l *list) { l.key, l.issuer = "bank", bankDID }),
		with("bank-in-our-name", func(l *list) { l.key = "bank" }),
		with("other", func(l *list) { l.sub = "now" }),
		with("retired", func(l *list) { l.key = "old" }),
		with("gone", func(l *list) { l.key = "gone" }),
		with("spoilt", func(l *list) { l.spoil = true }),
		with("bomb", func(l *list) { l.packed = bomb }),
		with("broken", func(l *list) { l.packed = broken }),
		with("no-zlib", func(l *list) { l.packed = "AAAA" }),
		with("text", func(l *list) { l.packed = "not base64!" }),
		with("width", func(l *list) { l.width = 3 }),
		with("typ", func(l *list) { l.typ = "JWT" }),
		with("cbor", func(l *list) { l.cbor = true }),
		with("cbor-over", func(l *list) { l.cbor, l.ends = true, now() }),
		with("cbor-forged", func(l *list) { l.cbor, l.signer = true, "stranger" }),
		with("cbor-other", func(l *list) { l.cbor, l.sub = true, "now" }),
	}
}

// What stands for a list that is not as it should be: many zeros, 16 MiB in a few
// kilobytes, and one that breaks off.
const bomb, broken = "bomb", "broken"

// content makes the list itself.
func (g *generator) content(width int, value func(index int) byte) *status.List {
	l := status.New(status.MinBitstring, width)
	for i := valid; i <= both; i++ {
		g.fail(l.Set(i, value(i)))
	}
	return l
}

func tokenValue(index int) byte {
	switch index {
	case withdrawn, both:
		return status.Invalid
	case suspended:
		return status.Suspended
	case odd:
		return 3
	}
	return status.Valid
}

// bitWidth is 1 but for messages, of which there are four.
func bitWidth(purpose string) int {
	if purpose == status.Message {
		return 2
	}
	return 1
}

func bitValue(purpose string) func(int) byte {
	return func(index int) byte {
		if index == odd && purpose == status.Message {
			return 2
		}
		if index == both || index == withdrawn && purpose == status.Revocation || index == suspended && purpose == status.Suspension {
			return 1
		}
		return 0
	}
}

// zeros is a list of 16 MiB.
func zeros() *status.List { return status.New(16<<20, 8) }

// token makes the Token Status List of a list.
func (g *generator) token(l list) string {
	if l.cbor {
		return g.cborList(l)
	}
	lst := g.content(2, tokenValue).TokenList()
	switch l.packed {
	case "":
	case bomb:
		lst = zeros().TokenList()
	case broken:
		lst = lst[:len(lst)/8*4]
	default:
		lst = l.packed
	}
	claims := map[string]any{"sub": tokenURI(l.subject()), "iat": l.made.Unix(), "status_list": map[string]any{"bits": l.width, "lst": lst}}
	if !l.ends.IsZero() {
		claims["exp"] = l.ends.Unix()
	}
	if l.ttl > 0 {
		claims["ttl"] = int(l.ttl.Seconds())
	}
	token, err := jose.Sign(g.key("es-"+l.signs()), jose.ES256, map[string]any{"typ": l.typ, "kid": "es-" + l.key}, g.json(claims))
	g.fail(err)
	if l.spoil {
		token = flip(token, 2)
	}
	return token
}

func (l list) subject() string {
	if l.sub != "" {
		return l.sub
	}
	return l.name
}

func (l list) signs() string {
	if l.signer != "" {
		return l.signer
	}
	return l.key
}

func (g *generator) cborList(l list) string {
	c := cwt.Claims{Subject: tokenURI(l.subject()), Issued: l.made, Expires: l.ends, TTL: l.ttl, Bits: l.width, List: g.content(2, tokenValue).Packed()}
	key := g.key("es-" + l.signs())
	raw, err := c.Sign(key, "es-"+l.key, [][]byte{g.leaf("es-"+l.key, day(2026, 1, 2), day(2029, 1, 1))})
	g.fail(err)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// bitstring makes the Bitstring Status List of a list for a purpose.
func (g *generator) bitstring(l list, purpose string) string {
	encoded := g.content(bitWidth(purpose), bitValue(purpose)).Bitstring()
	switch l.packed {
	case "":
	case bomb:
		encoded = zeros().Bitstring()
	case broken:
		encoded = encoded[:1+len(encoded)/8*4]
	default:
		encoded = "u" + l.packed
	}
	subject := map[string]any{"type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": encoded}
	if l.ttl > 0 {
		subject["ttl"] = l.ttl.Milliseconds()
	}
	doc := map[string]any{"@context": []any{contexts.CredentialsV2}, "id": bitsURI(l.subject(), purpose), "type": []any{"VerifiableCredential", "BitstringStatusListCredential"},
		"issuer": l.issuer, "validFrom": stamp(l.made), "credentialSubject": subject}
	if !l.ends.IsZero() {
		doc["validUntil"] = stamp(l.ends)
	}
	signed, err := dataintegrity.Sign(g.set, doc, g.key("ed-"+l.signs()), l.controller()+"#ed-"+l.key, l.made)
	g.fail(err)
	text := string(g.json(signed))
	if l.spoil {
		text = strings.Replace(text, stamp(l.made), stamp(l.made.Add(time.Second)), 1)
	}
	return text
}

// controller is the DID of the key that a list names.
func (l list) controller() string {
	if l.key == "bank" {
		return bankDID
	}
	return did
}

// published gives all lists as a bundle has them.
func (g *generator) published() []verify.BundleStatus {
	var out []verify.BundleStatus
	for _, l := range lists() {
		out = append(out, verify.BundleStatus{URI: tokenURI(l.name), Token: g.token(l), Fetched: now()})
		if l.cbor || l.width == 3 || l.typ == "JWT" {
			continue
		}
		purposes := []string{status.Revocation, status.Suspension}
		if l.name == "now" {
			purposes = append(purposes, status.Refresh, status.Message)
		}
		for _, purpose := range purposes {
			out = append(out, verify.BundleStatus{URI: bitsURI(l.name, purpose), Token: g.bitstring(l, purpose), Fetched: now()})
		}
	}
	return out
}

// hugeLists are lists of 10 MB as text: the token is signed, the other one, which
// nobody could sign, is not.
func (g *generator) hugeLists() []verify.BundleStatus {
	noise, block := make([]byte, 0, 15<<19), g.bytes("noise")
	for len(noise) < cap(noise) {
		sum := sha256.Sum256(block)
		block = sum[:]
		noise = append(noise, block...)
	}
	text := base64.RawURLEncoding.EncodeToString(noise)
	l := lists()[0]
	l.name, l.packed = "huge", text
	token := g.token(l)
	l.packed = "AAAA"
	bits := strings.Replace(g.bitstring(l, status.Revocation), "uAAAA", "u"+text, 1)
	return []verify.BundleStatus{{URI: tokenURI("huge"), Token: token, Fetched: now()}, {URI: bitsURI("huge", status.Revocation), Token: bits, Fetched: now()}}
}
