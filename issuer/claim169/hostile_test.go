package claim169_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"socialregistry/issuer/claim169"
)

// token gives the bytes in a code.
func token(t testing.TB, s string) []byte {
	t.Helper()
	b, err := claim169.Unpack(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// packed is the text of bytes; "" if they are too many.
func packed(token []byte) string {
	s, err := claim169.Pack(token)
	if err != nil {
		return ""
	}
	return s
}

// believed says whether a text is a code that the key signed.
func believed(s string, i claim169.Issue) bool {
	code, err := claim169.Parse(s)
	if err != nil {
		return false
	}
	_, err = code.Verify(i.Key.Public())
	return err == nil
}

// One bit altered in every byte of each layer: the token, the compressed bytes and
// the text. Nothing of it is believed but what says the same: bits of the compressed
// bytes that no decoder reads, and tags.
func TestEveryFlippedBit(t *testing.T) {
	t.Parallel()
	es, ed := keys(t)
	for _, i := range []claim169.Issue{issue(ed, claim169.Spec), issue(es, claim169.Inji)} {
		good := text(t, i)
		want := token(t, good)
		for at := range want {
			bad := bytes.Clone(want)
			bad[at] ^= 1 << (at % 8)
			if believed(packed(bad), i) {
				t.Errorf("%s: byte %d of the token, %x", i.Profile, at, bad[:8])
			}
		}
		inner, _, err := claim169.Decode45(good)
		if err != nil {
			t.Fatal(err)
		}
		for at := range inner {
			bad := bytes.Clone(inner)
			bad[at] ^= 1 << (at % 8)
			s := claim169.Encode45(bad)
			if got, err := claim169.Unpack(s); believed(s, i) && (err != nil || !bytes.Equal(got, want)) {
				t.Errorf("%s: byte %d of the compressed", i.Profile, at)
			}
		}
		for at := range good {
			for _, r := range []string{"0", ":", "a", "\x00", "é"} {
				s := good[:at] + r + good[at+1:]
				if got, err := claim169.Unpack(s); believed(s, i) && (err != nil || !bytes.Equal(got, want)) {
					t.Errorf("%s: %q at %d of the text", i.Profile, r, at)
				}
			}
		}
	}
}

// parts are what a token is put together of, so that one may be another.
type parts struct {
	tags        []uint64 // outermost first
	protected   map[any]any
	unprotected any
	payload     any // encoded unless it is bytes
	signature   []byte
	sign        bool
}

func good() parts {
	return parts{tags: []uint64{61, 18}, protected: map[any]any{1: -8, 4: []byte("kid")}, unprotected: map[any]any{},
		payload: map[any]any{1: "iss", 4: 1_900_000_000, 6: 1_700_000_000, 169: map[any]any{1: "ID", 4: "Name"}}, sign: true}
}

func (p parts) text(t testing.TB, key ed25519.PrivateKey) string {
	t.Helper()
	payload, ok := p.payload.([]byte)
	if !ok {
		payload = encode(t, p.payload)
	}
	protected := encode(t, p.protected)
	if p.sign {
		p.signature = ed25519.Sign(key, encode(t, []any{"Signature1", protected, []byte{}, payload}))
	}
	var v any = []any{protected, p.unprotected, payload, p.signature}
	for n := len(p.tags) - 1; n >= 0; n-- {
		v = cbor.Tag{Number: p.tags[n], Content: v}
	}
	return packed(encode(t, v))
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// raw is CBOR by hand: what no encoder writes.
func raw(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// The tolerant reader: other envelopes and spellings that are in the field.
func TestTolerated(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	identity := func(v any) func(*parts) {
		return func(p *parts) {
			p.payload = map[any]any{4: 1_900_000_000, 6: 1_700_000_000, 169: v}
		}
	}
	for name, c := range map[string]struct {
		change func(*parts)
		want   string // of the attributes
	}{
		"both tags":              {func(*parts) {}, "map[full_name:Name id:ID]"},
		"tag 18 alone":           {func(p *parts) { p.tags = []uint64{18} }, "map[full_name:Name id:ID]"},
		"no tag":                 {func(p *parts) { p.tags = nil }, "map[full_name:Name id:ID]"},
		"kid unprotected":        {func(p *parts) { delete(p.protected, 4); p.unprotected = map[any]any{4: []byte("kid")} }, "map[full_name:Name id:ID]"},
		"the map in bytes":       {identity(encode(t, map[any]any{4: "Name"})), "map[full_name:Name]"},
		"keys as text":           {identity(map[any]any{"4": "Name", "9": "1"}), "map[full_name:Name gender:male]"},
		"enumerations in words":  {identity(map[any]any{9: "Female", 14: 7, 18: []any{1, "2", 99}}), "map[best_fingers:[right_thumb right_pointer_finger 99] gender:Female marital_status:7]"},
		"dates":                  {identity(map[any]any{8: "1990-04-12"}), "map[birth_date:1990-04-12]"},
		"dates of another form":  {identity(map[any]any{8: "04-18-1984"}), "map[birth_date:04-18-1984]"},
		"a date as a number":     {identity(map[any]any{8: 19900412}), "map[birth_date:1990-04-12]"},
		"no such day":            {identity(map[any]any{8: "19901301"}), "map[birth_date:19901301]"},
		"version as a number":    {identity(map[any]any{2: 10}), "map[version:10]"},
		"one face, not in array": {identity(map[any]any{62: map[any]any{0: []byte{1}, 1: 0, 2: 1}}), "map[face:data:image/jpeg;base64,AQ==]"},
		"data as hex text":       {identity(map[any]any{62: map[any]any{0: "5249", 1: 0, 2: 0}}), "map[face:data:image/png;base64,Ukk=]"},
		"a template":             {identity(map[any]any{50: []any{map[any]any{0: []byte{1}, 1: 1, 2: 1}, map[any]any{0: []byte{2}}}}), "map[right_thumb:[data:application/octet-stream;base64,AQ== data:application/octet-stream;base64,Ag==]]"},
		"a photo in bytes":       {identity(map[any]any{16: []byte{1}, 17: 4}), "map[photo:data:image/webp;base64,AQ== photo_format:webp]"},
		"what nobody knows":      {identity(map[any]any{75: "x", "hello": "world", uint64(1 << 63): 1, -5: true}), "map[attribute -5:true attribute 75:x attribute 9223372036854775808:1 attribute hello:world]"},
		"nested and long":        {identity(map[any]any{80: []any{map[any]any{1: "a", "b": nil}, uint64(1 << 60), 1.5}}), "map[attribute 80:[map[1:a b:<nil>] 1152921504606846976 1.5]]"},
		"indefinite lengths":     {func(p *parts) { p.payload = raw("bf 06 1a65530000 18a9 bf 04 7f 614e 63616d65 ff ff ff") }, "map[full_name:Name]"},
	} {
		p := good()
		c.change(&p)
		code, err := claim169.Parse(p.text(t, key))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := code.Verify(key.Public())
		if err != nil || fmt.Sprint(got.Attributes) != c.want {
			t.Errorf("%s: %v, %v, want %s", name, got.Attributes, err, c.want)
		}
	}
}

// What must not be believed, though the key may have signed it.
func TestRefused(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	payload := func(hex string) func(*parts) { return func(p *parts) { p.payload = raw(hex) } }
	for name, c := range map[string]struct {
		change func(*parts)
		want   error
	}{
		"empty signature":          {func(p *parts) { p.sign, p.signature = false, []byte{} }, claim169.ErrSignature},
		"short signature":          {func(p *parts) { p.sign, p.signature = false, []byte{1} }, claim169.ErrSignature},
		"null for the signature":   {func(p *parts) { p.sign, p.signature = false, nil }, claim169.ErrSignature},
		"another algorithm":        {func(p *parts) { p.protected[1] = -7 }, claim169.ErrSignature},
		"algorithm of no list":     {func(p *parts) { p.protected[1] = -257 }, claim169.ErrSignature},
		"algorithm unprotected":    {func(p *parts) { delete(p.protected, 1); p.unprotected = map[any]any{1: -8} }, claim169.ErrSignature},
		"x5u":                      {func(p *parts) { p.protected[35] = "https://evil.example" }, claim169.ErrForeign},
		"x5u unprotected":          {func(p *parts) { p.unprotected = map[any]any{35: "https://evil.example"} }, claim169.ErrForeign},
		"critical header":          {func(p *parts) { p.protected[2] = []any{4} }, claim169.ErrForeign},
		"kid twice":                {func(p *parts) { p.unprotected = map[any]any{4: []byte("other")} }, claim169.ErrMalformed},
		"kid as text":              {func(p *parts) { p.protected[4] = "kid" }, claim169.ErrMalformed},
		"header twice":             {func(p *parts) { p.unprotected = cbor.RawMessage(raw("a2 1820 00 1820 00")) }, claim169.ErrMalformed},
		"COSE_Encrypt0":            {func(p *parts) { p.tags = []uint64{61, 16} }, claim169.ErrForeign},
		"COSE_Sign":                {func(p *parts) { p.tags = []uint64{61, 98} }, claim169.ErrForeign},
		"claims twice":             {payload("a3 06 1a65530000 06 1a65530001 18a9 a1 04 61 41"), claim169.ErrForeign},
		"an attribute twice":       {payload("a2 06 1a65530000 18a9 a2 04 6141 04 6142"), claim169.ErrForeign},
		"an attribute twice, text": {payload("a2 06 1a65530000 18a9 a2 04 6141 6134 6142"), claim169.ErrForeign},
		"twice in a detail":        {payload("a2 06 1a65530000 18a9 a1 1850 a2 01 00 01 01"), claim169.ErrForeign},
		"twice in the bytes":       {payload("a2 06 1a65530000 18a9 47 a2 04 6141 04 6142"), claim169.ErrForeign},
		"behind the claims":        {payload("a2 06 1a65530000 18a9 a1 04 6141 00"), claim169.ErrForeign},
		"behind the bytes":         {payload("a2 06 1a65530000 18a9 45 a1 04 6141 00"), claim169.ErrForeign},
		"tags in the claims":       {payload("a2 06 c1 1a65530000 18a9 a1 04 6141"), claim169.ErrForeign},
		"no claim 169":             {payload("a1 06 1a65530000"), claim169.ErrForeign},
		"claim 169 as text":        {payload("a1 18a9 6141"), claim169.ErrForeign},
		"a list, not a map":        {payload("81 00"), claim169.ErrForeign},
		"no payload":               {func(p *parts) { p.payload = []byte{} }, claim169.ErrForeign},
		"exp in words":             {payload("a2 04 6141 18a9 a1 04 6141"), claim169.ErrForeign},
		"exp below zero":           {payload("a2 04 20 18a9 a1 04 6141"), claim169.ErrForeign},
		"exp no number":            {payload("a2 04 f97e00 18a9 a1 04 6141"), claim169.ErrForeign},
		"iat after the year 9999":  {payload("a2 06 1b0000003afff44180 18a9 a1 04 6141"), claim169.ErrForeign},
		"bytes as a label":         {payload("a1 18a9 a1 41 04 6141"), claim169.ErrForeign},
		"no number":                {payload("a1 18a9 a1 1850 f97e00"), claim169.ErrForeign},
		"deep":                     {payload("a1 18a9 a1 1850 " + strings.Repeat("81", 30) + "00"), claim169.ErrForeign},
		"wide":                     {payload("a1 18a9 a1 1850 9901f5" + strings.Repeat("00", 501)), claim169.ErrForeign},
		"wide, of no length":       {payload("a1 18a9 a1 1850 9f" + strings.Repeat("00", 501) + "ff"), claim169.ErrForeign},
		"a length that lies":       {payload("a1 18a9 bb 00ffffffffffffff 00"), claim169.ErrForeign},
		"no UTF-8":                 {payload("a1 18a9 a1 04 61ff"), claim169.ErrForeign},
	} {
		p := good()
		c.change(&p)
		code, err := claim169.Parse(p.text(t, key))
		if err == nil {
			_, err = code.Verify(key.Public())
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A status that is not written as it must be is there, and says nothing.
func TestStatusOfAnotherForm(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{"text": "valid", "empty": map[any]any{}, "no address": map[any]any{"status_list": map[any]any{"idx": 1}}, "below zero": map[any]any{"status_list": map[any]any{"idx": -1, "uri": "u"}},
		"far": map[any]any{"status_list": map[any]any{"idx": 1 << 31, "uri": "u"}}, "two": map[any]any{"status_list": map[any]any{"idx": 1, "uri": "u"}, "crl": 1}} {
		p := good()
		p.payload.(map[any]any)[65535] = v
		code, err := claim169.Parse(p.text(t, key))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := code.Verify(key.Public()); err != nil || !got.HasStatus || got.Status != (claim169.Status{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// bombs are texts that cost little to make and would cost much to read.
func bombs() map[string]string {
	return map[string]string{
		"a megabyte of text": strings.Repeat("6BF", 350_000), "zeros": packed(make([]byte, 4<<20)), "hexadecimal zeros": packed(bytes.Repeat([]byte("0"), 4<<20)),
		"brackets": packed(bytes.Repeat([]byte{0x81}, 60_000)), "tags": packed(bytes.Repeat([]byte{0xd2}, 60_000)), "brackets of no length": packed(bytes.Repeat([]byte{0x9f}, 60_000)),
		"maps": packed(bytes.Repeat([]byte{0xa1}, 60_000)), "an array that lies": packed(raw("9bffffffffffffffff")), "bytes that lie": packed(raw("845bffffffffffffffff")),
		"many parts": packed(append([]byte{0x9f}, bytes.Repeat([]byte{0}, 60_000)...)),
	}
}

func TestBombs(t *testing.T) { // not parallel: it measures
	_, ed := keys(t)
	i := issue(ed, claim169.Spec)
	for name, s := range bombs() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if believed(s, i) || s == "" {
			t.Errorf("%s is believed, or was not made", name)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
	for n, want := range map[int]error{claim169.MaxText: claim169.ErrMalformed, claim169.MaxText + 1: claim169.ErrTooLarge} {
		if _, err := claim169.Parse(("6BF" + strings.Repeat("0", n))[:n]); !errors.Is(err, want) {
			t.Errorf("%d signs: %v, want %v", n, err, want)
		}
	}
	for n, want := range map[int]error{claim169.MaxInflated: claim169.ErrForeign, claim169.MaxInflated + 1: claim169.ErrTooLarge} {
		if _, err := claim169.Parse(packed(make([]byte, n))); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", n, err, want)
		}
	}
}

// Whatever the text, it ends, and what is believed was signed by the key.
func FuzzParse(f *testing.F) {
	es, ed := keys(f)
	want := map[string]bool{}
	for _, i := range []claim169.Issue{issue(ed, claim169.Spec), issue(es, claim169.Inji)} {
		s := text(f, i)
		f.Add(s)
		f.Add(s[:len(s)-3])
		want[string(token(f, s))] = true
	}
	for _, s := range bombs() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, err := claim169.Parse(s)
		if err != nil {
			return
		}
		_, err1 := code.Verify(ed.Public())
		_, err2 := code.Verify(es.Public())
		if b, err := claim169.Unpack(s); (err1 == nil || err2 == nil) && (err != nil || !want[string(b)]) && !resigned(b) {
			t.Errorf("%q is believed", s)
		}
	})
}

// resigned says whether the bytes hold one of our signatures under other tags.
func resigned(b []byte) bool {
	for len(b) > 0 && b[0]>>5 == 6 {
		var tag cbor.RawTag
		if cbor.Unmarshal(b, &tag) != nil {
			return false
		}
		b = tag.Content
	}
	var m cose.UntaggedSign1Message
	return m.UnmarshalCBOR(b) == nil && strings.Contains(string(m.Payload), "Amina Diallo")
}
