package checkdigit_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"socialregistry/registry/checkdigit"
)

// Values that others have published, each with the place where they did.
func TestPublishedValues(t *testing.T) {
	t.Parallel()
	for rule, valid := range map[checkdigit.Rule][]string{
		checkdigit.None:           {"", "A", "anything at all"},
		checkdigit.Luhn:           {"79927398713", "49927398716", "4111111111111111", "378282246310005"},         // Wikipedia; Rosetta Code; card networks' test numbers
		checkdigit.Verhoeff:       {"2363", "123451", "123456789012" + "0"},                                      // Verhoeff 1969; Rosetta Code
		checkdigit.Damm:           {"5724", "112946"},                                                            // Wikipedia; Rosetta Code
		checkdigit.ISO7064Mod97:   {"79444", "5493001KJTIIGC8Y1R12", "3214282912345698765432161182"},             // ISO 7064; an LEI of the GLEIF register; an IBAN rearranged
		checkdigit.ISO7064Mod11:   {"07940", "079X", "0000000218250097", "0000000151093700", "000000021694233X"}, // ISO 7064; ORCID
		checkdigit.ISO7064Mod3736: {"A12425GABC1234002M"},                                                        // GRid standard
	} {
		for _, text := range valid {
			if !rule.Valid(text) {
				t.Errorf("%s: %s is refused", rule, text)
			}
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for rule, wrong := range map[checkdigit.Rule][]string{
		checkdigit.Luhn:           {"", "0", "79927398710", "7992739871X", "-79927398713", "7992739871٣"},
		checkdigit.Verhoeff:       {"", "0", "2364", "236A", "2363 "},
		checkdigit.Damm:           {"", "0", "5727", "112949", "57a4"},
		checkdigit.ISO7064Mod97:   {"", "1", "44", "79445", "794a4", "5493001KJTIIGC8Y1R13"},
		checkdigit.ISO7064Mod11:   {"", "X", "0795", "X79X", "079x", "0000000218250098"},
		checkdigit.ISO7064Mod3736: {"", "M", "A12425GABC1234002N", "a12425gabc1234002m", "A12425GABC1234002*"},
		"mod10":                   {"", "79927398713"},
	} {
		for _, text := range wrong {
			if rule.Valid(text) {
				t.Errorf("%s: %q passes", rule, text)
			}
		}
	}
	if _, ok := checkdigit.Rule("mod10").Compute("7"); ok {
		t.Error("an unknown rule computes")
	}
}

// promise is what a rule says it finds: any other character of one class in a
// place, and two neighbours swapped.
type promise struct {
	payload string   // characters to draw from
	classes []string // a character is mistaken for another of its class
	swaps   func(a, b byte) bool
}

func promises() map[checkdigit.Rule]promise {
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	always := func(a, b byte) bool { return true }
	return map[checkdigit.Rule]promise{
		checkdigit.Luhn:           {digits, []string{digits}, func(a, b byte) bool { return a+b != '0'+'9' || a != '0' && b != '0' }},
		checkdigit.Verhoeff:       {digits, []string{digits}, always},
		checkdigit.Damm:           {digits, []string{digits}, always},
		checkdigit.ISO7064Mod97:   {digits + letters, []string{digits, letters}, func(a, b byte) bool { return (a > '9') == (b > '9') }},
		checkdigit.ISO7064Mod11:   {digits, []string{digits + "X"}, always},
		checkdigit.ISO7064Mod3736: {digits + letters, []string{digits + letters}, func(a, b byte) bool { return false }},
	}
}

// Whatever the identifier, the rule finds every slip that it promises to find.
func TestEveryPromisedSlipIsFound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 7064))
	for rule, p := range promises() {
		for range 300 {
			payload := make([]byte, 1+random.IntN(20))
			for i := range payload {
				payload[i] = p.payload[random.IntN(len(p.payload))]
			}
			check, ok := rule.Compute(string(payload))
			whole := string(payload) + check
			if !ok || len(check) != rule.Size() || !rule.Valid(whole) {
				t.Fatalf("%s of %s = %q, %v", rule, payload, check, ok)
			}
			for _, slip := range p.slips(whole) {
				if rule.Valid(slip) {
					t.Errorf("%s: %s passes for %s", rule, slip, whole)
				}
			}
		}
	}
	for _, rule := range checkdigit.Rules() {
		if _, ok := promises()[rule]; !ok && rule != checkdigit.None {
			t.Errorf("nothing is shown about %s", rule)
		}
	}
}

// slips gives every promised slip of one identifier.
func (p promise) slips(whole string) []string {
	var out []string
	for i := range len(whole) {
		for _, class := range p.classes {
			for _, c := range []byte(class) {
				if c != whole[i] && strings.IndexByte(class, whole[i]) >= 0 {
					out = append(out, whole[:i]+string(c)+whole[i+1:])
				}
			}
		}
		if i > 0 && whole[i-1] != whole[i] && p.swaps(whole[i-1], whole[i]) {
			out = append(out, whole[:i-1]+string(whole[i])+string(whole[i-1])+whole[i+1:])
		}
	}
	return out
}

// FuzzRules: no text makes a rule fail, and what it computes it takes.
func FuzzRules(f *testing.F) {
	for _, seed := range []string{"", "0", "236", "A12425GABC1234002", "079X", "\xff", "٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, rule := range checkdigit.Rules() {
			rule.Valid(text)
			check, ok := rule.Compute(text)
			if ok && (len(check) != rule.Size() || !rule.Valid(text+check)) {
				t.Errorf("%s: %q does not take its own check %q", rule, text, check)
			}
			plain := strings.Trim(text, "0123456789") == "" && text != ""
			if plain && !ok || ok && rule != checkdigit.None && strings.ContainsFunc(text, func(r rune) bool { return r > 'Z' }) {
				t.Errorf("%s: Compute(%q) = %v", rule, text, ok)
			}
		}
		if slices.ContainsFunc(checkdigit.Rules(), func(r checkdigit.Rule) bool { return r.Size() > 2 }) {
			t.Error("a rule has more than two check characters")
		}
	})
}
