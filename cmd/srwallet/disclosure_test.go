package main_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	main "socialregistry/cmd/srwallet"
	"socialregistry/internal/jose"
)

// SD-JWT VC §3.2.2.2: what the credential is about itself stands in the clear.
func TestRefusesHiddenRegisteredClaims(t *testing.T) {
	t.Parallel()
	i := newTestIssuer(t)
	i.offered = []string{sdjwtID}
	disclosure, digest := hidden(`["salt","aka_vcts",["https://other.example/type"]]`)
	i.change["/credential"] = changeCredential(func(c any) any {
		jws, rest, _ := strings.Cut(c.(string), "~")
		payload, err := jose.Payload(jws)
		if err != nil {
			t.Error(err)
		}
		payload = []byte(strings.Replace(string(payload), `"_sd":[`, `"_sd":["`+digest+`",`, 1))
		if jws, err = jose.Sign(i.ec, jose.ES256, map[string]any{"typ": "dc+sd-jwt", "kid": "ec-1"}, payload); err != nil {
			t.Error(err)
		}
		return jws + "~" + disclosure + "~" + rest
	})
	if code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference()); code != 1 || !strings.Contains(words, "aka_vcts must not be disclosed selectively") {
		t.Errorf("exit %d, %s", code, words)
	}
}

// hidden is a disclosure and its digest.
func hidden(text string) (disclosure, digest string) {
	disclosure = base64.RawURLEncoding.EncodeToString([]byte(text))
	sum := sha256.Sum256([]byte(disclosure))
	return disclosure, base64.RawURLEncoding.EncodeToString(sum[:])
}

// RFC 9901 §7.1: nested claims, elements of arrays, decoys, and what is refused.
func TestDisclose(t *testing.T) {
	t.Parallel()
	given, givenDigest := hidden(`["salt1","given_name","Amina"]`)
	inner, innerDigest := hidden(`["salt2","city","Kisumu"]`)
	outer, outerDigest := hidden(`["salt3","address",{"_sd":["` + innerDigest + `"]}]`)
	element, elementDigest := hidden(`["salt4","KE"]`)
	for name, c := range map[string]struct {
		signed string
		shown  []string
		want   string // JSON, or part of the error
	}{
		"a claim":              {`{"_sd":["D"],"_sd_alg":"sha-256","a":1}`, []string{given}, `{"a":1,"given_name":"Amina"}`},
		"not shown, a decoy":   {`{"_sd":["D","decoy"]}`, nil, `{}`},
		"in an object":         {`{"address":{"_sd":["I"],"country":"KE"}}`, []string{inner}, `{"address":{"city":"Kisumu","country":"KE"}}`},
		"in a disclosure":      {`{"_sd":["O"]}`, []string{outer, inner}, `{"address":{"city":"Kisumu"}}`},
		"its outer not shown":  {`{"_sd":["O"]}`, []string{inner}, "not one that the issuer signed"},
		"an element":           {`{"n":["UG",{"...":"E"},{"...":"decoy"}]}`, []string{element}, `{"n":["UG","KE"]}`},
		"an element not shown": {`{"n":["UG",{"...":"E"}]}`, nil, `{"n":["UG"]}`},
		"an element as claim":  {`{"_sd":["E"]}`, []string{element}, "not one that the issuer signed"},
		"a claim as element":   {`{"n":[{"...":"D"}]}`, []string{given}, "not one that the issuer signed"},
		"one that is foreign":  {`{"_sd":["decoy"]}`, []string{given}, "not one that the issuer signed"},
		"one twice":            {`{"_sd":["D"]}`, []string{given, given}, "not one that the issuer signed"},
		"a digest twice":       {`{"_sd":["D","D"]}`, []string{given}, "stands twice"},
		"twice, far apart":     {`{"_sd":["D"],"a":{"_sd":["D"]}}`, nil, "stands twice"},
		"a name that is there": {`{"_sd":["D"],"given_name":"Eve"}`, []string{given}, "not one that the issuer signed"},
		"another hash":         {`{"_sd_alg":"sha-512"}`, nil, "_sd_alg"},
		"_sd is no list":       {`{"_sd":"D"}`, nil, "no list"},
		"too deep":             {`{"a":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `}`, nil, "deep"},
	} {
		text := strings.NewReplacer(`"D"`, `"`+givenDigest+`"`, `"I"`, `"`+innerDigest+`"`, `"O"`, `"`+outerDigest+`"`, `"E"`, `"`+elementDigest+`"`).Replace(c.signed)
		var signed map[string]any
		if err := json.Unmarshal([]byte(text), &signed); err != nil {
			t.Fatal(err)
		}
		got, err := main.Disclose(signed, c.shown)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
			continue
		}
		if b, err := json.Marshal(got); err != nil || string(b) != c.want {
			t.Errorf("%s: %s, %v; want %s", name, b, err, c.want)
		}
	}
}
