package verify_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"socialregistry/issuer/verify"
)

// One bit flipped anywhere in an SD-JWT: in the header, the claims, the
// signature or a disclosure. It is altered, but for the name of the key, where
// nobody can tell a change from a key that is not in the bundle yet, and for the
// signs between the parts, without which it is no longer an SD-JWT.
func TestEveryFlippedBitSDJWT(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, in := w.parsed(), w.credential(verify.FormatSDJWT)
	outcomes := map[verify.Outcome]int{}
	for i := range len(in) * 8 {
		bad := bytes.Clone(in)
		bad[i/8] ^= 1 << (i % 8)
		got := b.Verify(bad, now())
		outcomes[got.Outcome]++
		switch {
		case got.Outcome == verify.Altered && got.Claims == nil:
		case got.Outcome == verify.UnknownIssuer && kidOf(bad) != "es-1":
		case got.Outcome == verify.IncompleteCode && i/8 == len(in)-1:
		case got.Outcome == verify.UnreadableCode && in[i/8] == '.':
		default:
			t.Fatalf("bit %d of byte %d (%q): %s, %s", i%8, i/8, bad[max(0, i/8-5):i/8+1], got.Outcome, got.Reason)
		}
	}
	if outcomes[verify.Altered] < len(in)*8*9/10 {
		t.Errorf("outcomes %v: most should be altered", outcomes)
	}
}

func kidOf(credential []byte) string {
	var header struct{ KID string }
	raw, _, _ := strings.Cut(string(credential), ".")
	if json.Unmarshal(unb64(raw), &header) != nil {
		return ""
	}
	return header.KID
}

// One bit flipped in every byte of the values of an ldp_vc, and in every third
// byte of the rest. The name of the key is as above;
// where the JSON holds no longer together, or names another format or context,
// it says so.
func TestEveryFlippedBitLDP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, in := w.parsed(), w.credential(verify.FormatLDP)
	for at := range in {
		if at%3 > 0 && !inValue(t, in, at) {
			continue
		}
		i := at*8 + at*5%8 // one bit of a byte, each bit in turn
		bad := bytes.Clone(in)
		bad[i/8] ^= 1 << (i % 8)
		got := b.Verify(bad, now())
		switch got.Outcome {
		case verify.Altered:
		case verify.UnknownIssuer: // only where the key's name was hit
			if bytes.Contains(bad, []byte(`"verificationMethod":"did:web:registry.example#ed-1"`)) {
				t.Fatalf("bit %d of byte %d: %s", i%8, i/8, got.Reason)
			}
		case verify.UnsupportedFormat, verify.UnreadableCode, verify.IncompleteCode:
			if inValue(t, in, i/8) {
				t.Fatalf("bit %d of byte %d (%q): %s, %s", i%8, i/8, bad[max(0, i/8-20):i/8+1], got.Outcome, got.Reason)
			}
		default:
			t.Fatalf("bit %d of byte %d (%q): %s", i%8, i/8, bad[max(0, i/8-20):i/8+1], got.Outcome)
		}
		if got.Claims != nil {
			t.Fatalf("bit %d of byte %d: claims of an altered credential", i%8, i/8)
		}
	}
}

// inValue says whether a byte stands in a signed value about the person.
func inValue(t *testing.T, in []byte, at int) bool {
	t.Helper()
	for _, v := range []string{"Amina", "Diallo", "4711", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "urn:uuid", holderDID} {
		from := 0
		for {
			i := bytes.Index(in[from:], []byte(v))
			if i < 0 {
				break
			}
			if at >= from+i && at < from+i+len(v) {
				return true
			}
			from += i + len(v)
		}
	}
	return false
}

// Each signed value changed for another that is as good: altered, in both formats.
func TestChangedValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, ldp := w.parsed(), string(w.credential(verify.FormatLDP))
	for old, changed := range map[string]string{
		"Amina": "Amine", `"familyName":"Diallo",`: ``, `"familyName"`: `"maidenName"`, `"givenName"`: `"sex":"F","givenName"`, `"givenName":`: `"povertyScore":"1","givenName":`,
		"2026-12-01": "2027-12-01", "2026-11-01T00": "2026-10-01T00", `"statusListIndex":"4711"`: `"statusListIndex":"4712"`, `"SocialRegistryPersonCredential"`: `"Person"`,
		`"urn:uuid:4`: `"urn:uuid:5`, holderDID: "did:key:z6MkOther", `"assertionMethod"`: `"authentication"`, `"proofValue":"z`: `"proofValue":"u`, bitsURI: pauseURI, `"revocation"`: `"suspension"`,
		`"givenName":"Amina"`: `"givenName":"Amina","sex":null`, `"issuer":"did:web:registry.example"`: `"issuer":"did:web:registry.exampl"`,
	} {
		bad := strings.Replace(ldp, old, changed, 1)
		if got := b.Verify([]byte(bad), now()); bad == ldp || got.Outcome != verify.Altered || got.Claims != nil {
			t.Errorf("ldp, %s: %s (%s)", old, got.Outcome, got.Reason)
		}
	}
	stranger := newWorld(t)
	foreign := strings.Split(string(stranger.credential(verify.FormatSDJWT)), "~")
	own := strings.Split(string(w.credential(verify.FormatSDJWT)), "~")
	for name, in := range map[string]string{
		"foreign disclosure":        own[0] + "~" + foreign[1] + "~",
		"foreign disclosure beside": own[0] + "~" + own[1] + "~" + foreign[1] + "~",
		"disclosure twice":          own[0] + "~" + own[1] + "~" + own[1] + "~",
		"foreign JWT":               foreign[0] + "~" + own[1] + "~",
		"broken disclosure":         own[0] + "~" + own[1][:len(own[1])-1] + "~",
		"alg none":                  b64(`{"alg":"none","typ":"dc+sd-jwt","kid":"es-1"}`) + "." + strings.Split(own[0], ".")[1] + ".~",
		"alg HS256":                 b64(`{"alg":"HS256","typ":"dc+sd-jwt","kid":"es-1"}`) + "." + strings.Join(strings.Split(own[0], ".")[1:], ".") + "~",
		"alg of the other key":      b64(`{"alg":"EdDSA","typ":"dc+sd-jwt","kid":"ed-1"}`) + "." + strings.Join(strings.Split(own[0], ".")[1:], ".") + "~",
		"crit":                      b64(`{"alg":"ES256","typ":"dc+sd-jwt","kid":"es-1","crit":["x"]}`) + "." + strings.Join(strings.Split(own[0], ".")[1:], ".") + "~",
	} {
		if got := b.Verify([]byte(in), now()); got.Outcome != verify.Altered || got.Claims != nil {
			t.Errorf("sd-jwt, %s: %s (%s)", name, got.Outcome, got.Reason)
		}
	}
	for name, in := range map[string]string{"nothing shown": own[0] + "~", "one shown": own[0] + "~" + own[2] + "~"} {
		if got := b.Verify([]byte(in), now()); got.Outcome != verify.Genuine {
			t.Errorf("sd-jwt, %s: %s", name, got.Outcome)
		}
	}
}
