package sdjwt_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// foreign makes an SD-JWT with any claims, as another issuer might.
func foreign(t testing.TB, key crypto.Signer, claims string, disclosures ...string) string {
	t.Helper()
	token, err := jose.Sign(key, "ES256", map[string]any{"typ": sdjwt.Type}, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append([]string{token}, disclosures...), "~") + "~"
}

// disc makes a disclosure and gives its digest too.
func disc(json string) (disclosure, digest string) {
	d := b64(json)
	return d, sdjwt.Digest(d)
}

func TestForeignShapes(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	a, ah := disc(`["s1","a",1]`)
	e, eh := disc(`["s2","x"]`)
	inner, innerh := disc(`["s3","street","Main"]`)
	outer, outerh := disc(`["s4","address",{"_sd":["` + innerh + `"],"country":"SN"}]`)
	for name, c := range map[string]struct{ in, want string }{
		"default hash":        {foreign(t, key, `{"_sd":["`+ah+`"]}`, a), `{"a":1}`},
		"decoys":              {foreign(t, key, `{"_sd":["`+ah+`","decoy"],"_sd_alg":"sha-256"}`, a), `{"a":1}`},
		"empty _sd":           {foreign(t, key, `{"_sd":[]}`), `{}`},
		"array element":       {foreign(t, key, `{"n":["y",{"...":"`+eh+`"},{"...":"decoy"}]}`, e), `{"n":["y","x"]}`},
		"array left out":      {foreign(t, key, `{"n":["y",{"...":"`+eh+`"}]}`), `{"n":["y"]}`},
		"structured":          {foreign(t, key, `{"address":{"_sd":["`+innerh+`"]}}`, inner), `{"address":{"street":"Main"}}`},
		"recursive":           {foreign(t, key, `{"_sd":["`+outerh+`"]}`, outer, inner), `{"address":{"street":"Main","country":"SN"}}`},
		"recursive, one less": {foreign(t, key, `{"_sd":["`+outerh+`"]}`, outer), `{"address":{"country":"SN"}}`},
	} {
		got, err := verify(c.in, key.Public())
		var want map[string]any
		if e := json.Unmarshal([]byte(c.want), &want); e != nil || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
}

// RFC 9901 §7.1: what a verifier must reject.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	a, ah := disc(`["s1","a",1]`)
	a2, a2h := disc(`["s2","a",2]`)
	e, eh := disc(`["s3","x"]`)
	iss, issh := disc(`["s4","iss","https://evil.example"]`)
	inner, innerh := disc(`["s5","street","Main"]`)
	outer, outerh := disc(`["s6","address",{"_sd":["` + innerh + `"]}]`)
	twice, twiceh := disc(`["s7","b",{"_sd":["` + ah + `"]}]`)
	badSD, badSDh := disc(`["s8","b",{"_sd":"x"}]`)
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"forged disclosure":       {foreign(t, key, `{"_sd":["`+ah+`"]}`, a, a2), sdjwt.ErrDisclosure},
		"none expected":           {foreign(t, key, `{}`, a), sdjwt.ErrDisclosure},
		"parent left out":         {foreign(t, key, `{"_sd":["`+outerh+`"]}`, inner), sdjwt.ErrDisclosure},
		"claim there already":     {foreign(t, key, `{"a":1,"_sd":["`+ah+`"]}`, a), sdjwt.ErrDisclosure},
		"two for one claim":       {foreign(t, key, `{"_sd":["`+ah+`","`+a2h+`"]}`, a, a2), sdjwt.ErrDisclosure},
		"digest twice":            {foreign(t, key, `{"_sd":["`+ah+`","`+ah+`"]}`, a), sdjwt.ErrDisclosure},
		"decoy twice":             {foreign(t, key, `{"_sd":["decoy","decoy"]}`), sdjwt.ErrDisclosure},
		"digest at two levels":    {foreign(t, key, `{"_sd":["`+ah+`"],"x":{"_sd":["`+ah+`"]}}`, a), sdjwt.ErrDisclosure},
		"digest inside too":       {foreign(t, key, `{"_sd":["`+ah+`","`+twiceh+`"]}`, a, twice), sdjwt.ErrDisclosure},
		"element for a claim":     {foreign(t, key, `{"_sd":["`+eh+`"]}`, e), sdjwt.ErrDisclosure},
		"claim for an element":    {foreign(t, key, `{"n":[{"...":"`+ah+`"}]}`, a), sdjwt.ErrDisclosure},
		"issuer disclosed":        {foreign(t, key, `{"_sd":["`+issh+`"]}`, iss), sdjwt.ErrDisclosure},
		"_sd not an array":        {foreign(t, key, `{"_sd":"`+ah+`"}`), sdjwt.ErrMalformed},
		"_sd of numbers":          {foreign(t, key, `{"_sd":[1]}`), sdjwt.ErrMalformed},
		"_sd inside a disclosure": {foreign(t, key, `{"_sd":["`+badSDh+`"]}`, badSD), sdjwt.ErrMalformed},
		"... not a string":        {foreign(t, key, `{"n":[{"...":1}]}`), sdjwt.ErrMalformed},
		"... with neighbours":     {foreign(t, key, `{"n":[{"...":"`+eh+`","x":1}]}`, e), sdjwt.ErrMalformed},
		"... in an object":        {foreign(t, key, `{"n":{"...":"`+eh+`"}}`), sdjwt.ErrMalformed},
		"_sd_alg sha-1":           {foreign(t, key, `{"_sd_alg":"sha-1"}`), sdjwt.ErrMalformed},
		"_sd_alg null":            {foreign(t, key, `{"_sd_alg":null}`), sdjwt.ErrMalformed},
		"_sd_alg nested":          {foreign(t, key, `{"x":{"_sd_alg":"sha-256"}}`), sdjwt.ErrMalformed},
	} {
		if got, err := verify(c.in, key.Public()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
	if _, err := verify(foreign(t, key, `{"_sd":["`+outerh+`"]}`, outer, inner), key.Public()); err != nil {
		t.Errorf("the passing twin: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	good := sign(t, person(key))
	token := strings.Split(good, "~")[0]
	wrongType, err := jose.Sign(key, "ES256", map[string]any{"typ": "vc+sd-jwt"}, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	array, err := jose.Sign(key, "ES256", map[string]any{"typ": sdjwt.Type}, []byte("[]"))
	if err != nil {
		t.Fatal(err)
	}
	double, err := jose.Sign(key, "ES256", map[string]any{"typ": sdjwt.Type}, []byte(`{"a":1,"a":2}`))
	if err != nil {
		t.Fatal(err)
	}
	d := strings.Split(good, "~")[1]
	for name, in := range map[string]string{
		"empty": "", "no ~": token, "only ~": "~", "not a JWT": "a.b~", "typ": wrongType + "~", "claims an array": array + "~", "claim twice": double + "~",
		"empty disclosure": token + "~~", "disclosure twice": token + "~" + d + "~" + d + "~", "padded": token + "~" + d + "==~", "line break": token + "~" + d[:4] + "\n" + d[4:] + "~",
		"not JSON": token + "~" + b64("x") + "~", "an object": token + "~" + b64(`{"a":1}`) + "~", "one element": token + "~" + b64(`["s"]`) + "~", "four": token + "~" + b64(`["s","a",1,2]`) + "~",
		"salt a number": token + "~" + b64(`[1,"a",1]`) + "~", "name a number": token + "~" + b64(`["s",1,1]`) + "~", "name null": token + "~" + b64(`["s",null,1]`) + "~",
		"named _sd": token + "~" + b64(`["s","_sd",[]]`) + "~", "named ...": token + "~" + b64(`["s","...","x"]`) + "~", "named _sd_alg": token + "~" + b64(`["s","_sd_alg","x"]`) + "~",
		"trailing": token + "~" + b64(`["s","a",1] 2`) + "~", "member twice": token + "~" + b64(`["s","a",{"x":1,"x":2}]`) + "~",
		"key binding": good + "a.b.c", "another JWT": good + token,
		"too many": token + "~" + many(1001), "too long": token + "~" + strings.Repeat("A", 1<<20) + "~",
	} {
		if _, err := sdjwt.Parse(in); !errors.Is(err, sdjwt.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	if _, err := sdjwt.Parse(token + "~" + many(1000)); err != nil {
		t.Errorf("1000 disclosures: %v", err)
	}
	binding, err := jose.Sign(key, "ES256", map[string]any{"typ": "kb+jwt"}, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := sdjwt.Parse(good + binding); err != nil || p.KeyBinding != binding {
		t.Errorf("key binding: %v", err)
	}
}

func many(n int) string {
	var s strings.Builder
	for i := range n {
		s.WriteString(b64(fmt.Sprintf(`["%d","x"]`, i)) + "~")
	}
	return s.String()
}

// Disclosures that hold one another deeper and deeper must not exhaust the stack.
func TestDepthIsBounded(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	next, digest := disc(`["s","a",1]`)
	all := []string{next}
	for range 100 {
		next, digest = disc(`["s","a",{"_sd":["` + digest + `"]}]`)
		all = append(all, next)
	}
	if _, err := verify(foreign(t, key, `{"_sd":["`+digest+`"]}`, all...), key.Public()); !errors.Is(err, sdjwt.ErrMalformed) {
		t.Errorf("%v, want ErrMalformed", err)
	}
}

func TestEveryFlippedBitShows(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	s := sign(t, person(key))
	for i := range len(s) * 8 {
		bad := []byte(s)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := verify(string(bad), key.Public()); err == nil {
			t.Fatalf("bit %d flipped and still verified", i)
		}
	}
}

func FuzzParse(f *testing.F) {
	key := newKey(f)
	f.Add(sign(f, person(key)))
	a, ah := disc(`["s1","a",{"b":[{"...":"x"}]}]`)
	f.Add(foreign(f, key, `{"_sd":["`+ah+`"],"n":[{"...":"y"}]}`, a))
	f.Fuzz(func(t *testing.T, s string) {
		p, err := sdjwt.Parse(s)
		if err != nil {
			if !errors.Is(err, sdjwt.ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		p.Verify(key.Public())
	})
}

// FuzzResolve signs any claims and adds any disclosures: no panic, and nothing
// reserved in what comes out.
func FuzzResolve(f *testing.F) {
	key := newKey(f)
	_, ah := disc(`["s1","a",1]`)
	f.Add(`{"_sd":["`+ah+`"],"n":[{"...":"y"}]}`, `["s1","a",1]`, `["s","x"]`)
	f.Fuzz(func(t *testing.T, claims, d1, d2 string) {
		p, err := sdjwt.Parse(foreign(t, key, claims, b64(d1), b64(d2)))
		if err != nil {
			return
		}
		got, err := p.Verify(key.Public())
		if _, ok := got["_sd"]; err == nil && ok {
			t.Errorf("_sd came out of %s", claims)
		}
	})
}
