package main

import (
	"encoding/base64"
	"math/bits"
	"strings"
	"testing"
)

// Exactly one bit of what is signed differs, and the text can still be read.
func TestFlipBit(t *testing.T) {
	t.Parallel()
	disclosure := base64.RawURLEncoding.EncodeToString([]byte(`["salt","family_name","Diaz"]`))
	number := base64.RawURLEncoding.EncodeToString([]byte(`["salt","age",7]`))
	for name, tc := range map[string]struct{ text, want string }{
		"ldp_vc":    {`{"a":"Diaz","credentialSubject":{"id":"did:x:y","name":"Noor","n":7}}`, `"name":"Noos"`},
		"dc+sd-jwt": {"e30.e30.sig~" + number + "~" + disclosure + "~", base64.RawURLEncoding.EncodeToString([]byte(`["salt","family_name","Dia{"]`))},
	} {
		got, err := flipBit([]byte(tc.text))
		if err != nil || !strings.Contains(string(got), tc.want) || len(got) != len(tc.text) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		differ := 0
		for i := range got {
			differ += bits.OnesCount8(got[i] ^ tc.text[i])
		}
		if name == "ldp_vc" && differ != 1 {
			t.Errorf("%s: %d bits differ", name, differ)
		}
	}
	for _, text := range []string{"", "{", "{}", `{"credentialSubject":{"id":"did:x:y","name":"نور"}}`, "e30.e30.sig~", "a~!~"} {
		if got, err := flipBit([]byte(text)); err == nil {
			t.Errorf("%q: flipped to %q", text, got)
		}
	}
}
