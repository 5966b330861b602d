package sdjwt_test

import (
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
)

// nested has a hidden object with hidden members, a visible object with a hidden
// and a visible member, and an array with hidden elements.
func nested(t testing.TB, decoys int) (sdjwt.Issue, map[string]any) {
	t.Helper()
	i := person(newKey(t))
	i.Decoys = decoys
	i.Plain["office"] = map[string]any{"name": "Kisumu", "desk": sdjwt.Hidden{Value: "7"}}
	i.Disclose = map[string]any{
		"address":   map[string]any{"street": sdjwt.Hidden{Value: "Main"}, "region": sdjwt.Hidden{Value: "North"}, "country": "SN", "locality": sdjwt.Absent{}},
		"languages": []any{sdjwt.Hidden{Value: "wo"}, "fr", sdjwt.Hidden{Value: map[string]any{"code": "ff", "script": sdjwt.Hidden{Value: "Adlm"}}}},
		"email":     sdjwt.Absent{},
	}
	return i, map[string]any{
		"office":    map[string]any{"name": "Kisumu", "desk": "7"},
		"address":   map[string]any{"street": "Main", "region": "North", "country": "SN"},
		"languages": []any{"wo", "fr", map[string]any{"code": "ff", "script": "Adlm"}},
	}
}

// RFC 9901 §4.2: structured and recursive disclosures, array elements, decoys.
func TestNestedDisclosures(t *testing.T) {
	t.Parallel()
	for _, decoys := range []int{0, 1, 5} {
		i, want := nested(t, decoys)
		got, err := verify(sign(t, i), i.Key.Public())
		for name, v := range want {
			if !reflect.DeepEqual(got[name], v) {
				t.Errorf("%d decoys: %s = %v, %v, want %v", decoys, name, got[name], err, v)
			}
		}
		if _, there := got["email"]; there || len(got) != 7 {
			t.Errorf("%d decoys: %v", decoys, got)
		}
	}
}

// What the holder leaves out is not there, and what lies in it neither; a member
// alone, without its object, is refused.
func TestNestedIsLeftOut(t *testing.T) {
	t.Parallel()
	i, _ := nested(t, 2)
	parts := strings.Split(sign(t, i), "~")
	if len(parts) != 10 { // the JWT, 8 disclosures, nothing
		t.Fatalf("%d parts", len(parts))
	}
	got, err := verify(parts[0]+"~", i.Key.Public())
	if err != nil || !reflect.DeepEqual(got["office"], map[string]any{"name": "Kisumu"}) || got["address"] != nil || got["languages"] != nil {
		t.Errorf("nothing shown: %v, %v", got, err)
	}
	shown := map[string]string{}
	for _, d := range parts[1:9] {
		for _, word := range []string{"Main", "North", `"address"`, `"languages"`, `"wo"`, "Adlm", "code"} {
			if strings.Contains(decode(t, d), word) {
				shown[word] = d
			}
		}
	}
	one := func(words ...string) string {
		out := parts[0] + "~"
		for _, w := range words {
			out += shown[w] + "~"
		}
		return out
	}
	got, err = verify(one(`"address"`, "North"), i.Key.Public())
	if err != nil || !reflect.DeepEqual(got["address"], map[string]any{"region": "North", "country": "SN"}) {
		t.Errorf("one member: %v, %v", got["address"], err)
	}
	got, err = verify(one(`"languages"`, "code"), i.Key.Public())
	if err != nil || !reflect.DeepEqual(got["languages"], []any{"fr", map[string]any{"code": "ff"}}) {
		t.Errorf("one element: %v, %v", got["languages"], err)
	}
	for name, s := range map[string]string{"a member": one("North"), "an element": one(`"wo"`), "a member of an element": one(`"languages"`, "Adlm")} {
		if _, err := verify(s, i.Key.Public()); !errors.Is(err, sdjwt.ErrDisclosure) {
			t.Errorf("%s alone: %v, want ErrDisclosure", name, err)
		}
	}
}

// RFC 9901 §4.2.5: the number of digests is that of all claims there could be and
// the decoys; it does not tell which are missing.
func TestDecoysHideHowMany(t *testing.T) {
	t.Parallel()
	count := func(i sdjwt.Issue) int {
		parsed, err := sdjwt.Parse(sign(t, i))
		if err != nil {
			t.Fatal(err)
		}
		digests := parsed.Unverified["_sd"].([]any)
		seen := map[string]bool{}
		for _, d := range digests {
			if text := d.(string); len(text) != 43 || seen[text] {
				t.Errorf("digest %q, seen before: %v", text, seen[text])
			}
			seen[d.(string)] = true
		}
		return len(digests)
	}
	full, less := person(newKey(t)), person(newKey(t))
	full.Decoys, less.Decoys = 3, 3
	less.Disclose = map[string]any{"given_name": "Amina", "family_name": sdjwt.Absent{}, "birth_date": sdjwt.Absent{}, "address": sdjwt.Absent{}}
	if a, b := count(full), count(less); a != 7 || b != 7 {
		t.Errorf("%d and %d digests, want 7", a, b)
	}
	lengths := map[int]bool{}
	for range 60 { // 60 draws of 4: all are missed by 4*(3/4)^60
		i := person(newKey(t))
		i.Decoys, i.Plain["l"] = 3, []any{sdjwt.Hidden{Value: "a"}}
		parsed, err := sdjwt.Parse(sign(t, i))
		if err != nil {
			t.Fatal(err)
		}
		lengths[len(parsed.Unverified["l"].([]any))] = true
	}
	for n := 1; n <= 4; n++ {
		if !lengths[n] || len(lengths) != 4 {
			t.Errorf("lengths of an array with one element: %v, want 1 to 4", lengths)
		}
	}
}

func TestSignRefusesHiddenParts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sdjwt.Issue){
		"status hidden":     func(i *sdjwt.Issue) { i.Plain["status"] = sdjwt.Hidden{Value: 1} },
		"a part of cnf":     func(i *sdjwt.Issue) { i.Plain["cnf"] = map[string]any{"jwk": sdjwt.Hidden{Value: 1}} },
		"exp absent":        func(i *sdjwt.Issue) { i.Plain["exp"] = sdjwt.Absent{} },
		"reserved, hidden":  func(i *sdjwt.Issue) { i.Plain["a"] = []any{sdjwt.Hidden{Value: map[string]any{"_sd": 1}}} },
		"not JSON, hidden":  func(i *sdjwt.Issue) { i.Plain["a"] = []any{sdjwt.Hidden{Value: func() {}}} },
		"not JSON, in both": func(i *sdjwt.Issue) { i.Disclose["a"] = map[string]any{"b": sdjwt.Hidden{Value: func() {}}} },
	} {
		i := person(newKey(t))
		change(&i)
		if _, err := i.Sign(); !errors.Is(err, sdjwt.ErrClaim) {
			t.Errorf("%s: %v, want ErrClaim", name, err)
		}
	}
	i := person(newKey(t))
	i.Plain["sub"], i.Plain["iat"] = sdjwt.Hidden{Value: "x"}, sdjwt.Hidden{Value: 7}
	if _, err := i.Sign(); err != nil {
		t.Errorf("sub and iat may be hidden: %v", err)
	}
}

// A part of what must be visible always is refused by the verifier too.
func TestVerifyRefusesHiddenParts(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	d, h := disc(`["s","jwk",{}]`)
	if _, err := verify(foreign(t, key, `{"cnf":{"_sd":["`+h+`"]}}`, d), key.Public()); !errors.Is(err, sdjwt.ErrDisclosure) {
		t.Errorf("%v, want ErrDisclosure", err)
	}
}

// FuzzNested hides every claim of any object in itself, at every depth, and gets
// the same object back.
func FuzzNested(f *testing.F) {
	f.Add(`{"a":{"b":["c",{"d":1}]},"e":[]}`, 2)
	key := newKey(f)
	f.Fuzz(func(t *testing.T, text string, decoys int) {
		object, err := jose.DecodeObject([]byte(text))
		if err != nil || len(text) > 4096 {
			return
		}
		i := sdjwt.Issue{Key: key, Alg: "ES256", Plain: map[string]any{"o": hideAll(object)}, Decoys: min(max(decoys, 0), 5)}
		s, err := i.Sign()
		if err != nil {
			return // a reserved name
		}
		if strings.Count(s, "~") > 1000 {
			return
		}
		got, err := verify(s, key.Public())
		if err != nil && !strings.Contains(err.Error(), "deep") || err == nil && !reflect.DeepEqual(got["o"], any(object)) {
			t.Errorf("%v, %v, want %v", got["o"], err, object)
		}
	})
}

func decode(t *testing.T, disclosure string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(disclosure)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func hideAll(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			out[name] = sdjwt.Hidden{Value: hideAll(inner)}
		}
		return out
	case []any:
		out := slices.Clone(v)
		for n := range out {
			out[n] = sdjwt.Hidden{Value: hideAll(out[n])}
		}
		return out
	}
	return v
}
