package wallet_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// taken is one line of take.mjs.
type taken struct {
	Configuration string
	Format        string
	Cryptosuite   string // of the proof of an ldp_vc
	Claims        map[string]any
	Tampered      map[string]string // why each tampered copy was refused

	line string // for check.mjs
}

// checked is one line of check.mjs.
type checked struct {
	Format string
	Good   bool
	Why    string
}

// runNpmWallet hands the offer to the wallet that is not ours.
func runNpmWallet(t *testing.T, o *office, link, txCode string) (all []taken, failure string) {
	t.Helper()
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		t.Fatal("the npm packages are not installed: run npm ci --ignore-scripts in web/wallet (make test does it)")
	}
	anchors := filepath.Join(t.TempDir(), "anchors.pem")
	must(t, os.WriteFile(anchors, o.issuer.Authorities(), 0o600))
	args := []string{"take.mjs", link, anchors}
	if txCode != "" {
		args = append(args, txCode)
	}
	out, failure := node(t, "", args...)
	if failure != "" {
		return nil, failure
	}
	for line := range strings.Lines(out) {
		one := taken{line: line}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("the wallet said %q", line)
		}
		all = append(all, one)
	}
	return all, ""
}

// node runs a script; failure is what it said if it did not end with 0.
func node(t *testing.T, in string, args ...string) (out, failure string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", args...)
	var results, words bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &results, &words
	if err := cmd.Run(); err != nil {
		return results.String(), err.Error() + ": " + words.String()
	}
	return results.String(), ""
}

// recheck verifies credentials again and counts those that are still good.
func recheck(t *testing.T, all []taken) (good int, why []string) {
	t.Helper()
	var lines strings.Builder
	for _, c := range all {
		lines.WriteString(c.line)
	}
	out, failure := node(t, lines.String(), "check.mjs")
	for line := range strings.Lines(out) {
		var c checked
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("the verifiers said %q, %s", line, failure)
		}
		if c.Good {
			good++
		} else {
			why = append(why, c.Format+": "+c.Why)
		}
	}
	if good+len(why) != len(all) {
		t.Fatalf("%d answers for %d credentials: %s", good+len(why), len(all), failure)
	}
	return good, why
}

// A wallet that is not ours is handed the offer's link and nothing else, takes
// a credential in every format, and libraries that are not ours verify them: signature,
// dates and status. A tampered copy of each is refused. Then the credentials of
// one person are withdrawn, and those of the other stay good: each status list
// has the right bit at the right place.
func testForeignWallet(t *testing.T, o *office) {
	one, attested := o.person(t)
	offer := o.offer(t, one, false, configs()...)
	withdrawn := takeAll(t, o, offer.URI, "", attested)
	other, attested := o.person(t)
	offer = o.offer(t, other, true, configs()...)
	kept := takeAll(t, o, offer.URIByValue, offer.TxCode, attested)

	o.withdrawAll(t, one)
	good, why := recheck(t, withdrawn)
	for n, want := range []string{"revocation", "Status is not valid", "revocation", "Status is not valid", "revocation"} {
		if good != 0 || !strings.Contains(why[n], want) {
			t.Errorf("of the withdrawn, %d are good, %q", good, why)
			break
		}
	}
	if good, why := recheck(t, kept); good != len(configs()) {
		t.Errorf("of the other person's, %d are good, %q", good, why)
	}
}

// testForeignWalletWithPath: an issuer beside the one at the root, with keys, types and
// status lists of its own.
func testForeignWalletWithPath(t *testing.T, o *office) {
	id, attested := o.person(t)
	offer, err := o.pensions.CreateOffer(t.Context(), o.staff, id, everyFormat(), false)
	must(t, err)
	p := *o
	p.issuer = o.pensions
	all, failure := runNpmWallet(t, &p, offer.URI, "")
	if len(all) != len(everyFormat()) {
		t.Fatalf("%d credentials, want %d: %s", len(all), len(everyFormat()), failure)
	}
	for _, c := range all {
		checkClaims(t, c, attested)
	}
}

func takeAll(t *testing.T, o *office, link, txCode string, attested map[string]string) []taken {
	t.Helper()
	all, failure := runNpmWallet(t, o, link, txCode)
	if len(all) != len(configs()) {
		t.Fatalf("%d credentials, want %d: %s", len(all), len(configs()), failure)
	}
	suites := map[string]string{ldp: "eddsa-rdfc-2022", ldpP256: "ecdsa-rdfc-2019"}
	for _, c := range all {
		if want := suites[c.Configuration]; c.Cryptosuite != want {
			t.Errorf("%s: cryptosuite %q, want %q", c.Configuration, c.Cryptosuite, want)
		}
		checkClaims(t, c, attested)
		checkRefusals(t, c)
	}
	return all
}

// checkClaims: what was attested is there, under the name of its format, and
// what was not attested is not.
func checkClaims(t *testing.T, c taken, attested map[string]string) {
	t.Helper()
	names := map[string]map[string]string{
		"dc+sd-jwt": {"given_name": "given_name", "family_name": "family_name", "birth_date": "birth_date", "sex": "sex", "local_script_name": "local_script_name"},
		"mso_mdoc":  {"given_name": "given_name", "family_name": "family_name", "birth_date": "birth_date", "sex": "sex", "local_script_name": "local_script_name"},
		"ldp_vc":    {"given_name": "givenName", "family_name": "familyName", "birth_date": "birthDate", "sex": "sex", "local_script_name": "localName"},
	}[strings.Replace(c.Format, "jwt_vc_json", "ldp_vc", 1)]
	for field, want := range attested {
		if got := c.Claims[names[field]]; got != want {
			t.Errorf("%s: %s = %v, want %q", c.Format, names[field], got, want)
		}
	}
	if len(c.Claims) != len(attested) {
		t.Errorf("%s: claims = %v, want %d: region was not attested", c.Format, c.Claims, len(attested))
	}
}

func checkRefusals(t *testing.T, c taken) {
	t.Helper()
	want := map[string]string{"payload": "ignature", "signature": "ignature"}
	switch c.Format {
	case "mso_mdoc":
		want = map[string]string{"element": "", "signed": "", "signature": "",
			"element, @owf/mdoc": "digest", "signed, @owf/mdoc": "ignature", "signature, @owf/mdoc": "ignature",
			"element, @auth0/mdl": "digest", "signed, @auth0/mdl": "ignature", "signature, @auth0/mdl": "ignature"}
	case "ldp_vc":
		want = map[string]string{"claim": "Invalid signature", "validity": "Invalid signature", "signature": "Invalid signature"}
	}
	if len(c.Tampered) != len(want) {
		t.Errorf("%s: refused copies %v, want %d", c.Format, c.Tampered, len(want))
	}
	for name, why := range want {
		if !strings.Contains(c.Tampered[name], why) {
			t.Errorf("%s: copy %q was refused for %q, want %q", c.Format, name, c.Tampered[name], why)
		}
	}
}
