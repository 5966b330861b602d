package main_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	main "socialregistry/cmd/srwallet"
)

// wallet runs the command and gives its exit code, results and words.
func wallet(args ...string) (code int, out, words string) {
	var o, w bytes.Buffer
	code = main.Run(context.Background(), args, &o, &w, now)
	return code, o.String(), w.String()
}

func TestAcceptTakesBothFormats(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(*testIssuer) string{"by reference": (*testIssuer).byReference, "by value": (*testIssuer).byValue} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, dir := newTestIssuer(t), filepath.Join(t.TempDir(), "wallet")
			code, out, words := wallet("accept", "--dir", dir, link(i))
			if code != 0 {
				t.Fatalf("exit %d: %s", code, words)
			}
			want := "1\t" + sdjwtID + "\t" + filepath.Join(dir, "1", "credential.sd-jwt") + "\n2\t" + ldpID + "\t" + filepath.Join(dir, "2", "credential.json") + "\n"
			if out != want {
				t.Errorf("results = %q, want %q", out, want)
			}
			for _, step := range []string{i.id() + " offers: " + sdjwtID, "Reading how the issuer works", "Redeeming the code", "Asking for a nonce",
				"Made a new ES256 key", "Made a new EdDSA key", "Checking what came", "Kept as number 2"} {
				if !strings.Contains(words, step) {
					t.Errorf("the step %q is not said:\n%s", step, words)
				}
			}
			for _, secret := range []string{"code-1", "token-1", "nonce-1", "Amina"} {
				if strings.Contains(words+out, secret) {
					t.Errorf("%s is said", secret)
				}
			}
			if len(i.proofs) != 2 || i.proofs[0]["jwk"] == nil || i.proofs[1]["kid"] == nil {
				t.Errorf("proofs = %v, want one by jwk and one by did:key", i.proofs)
			}
			checkFiles(t, dir)
			checkListAndShow(t, dir)
		})
	}
}

// checkFiles looks at names and modes of all that is kept.
func checkFiles(t *testing.T, dir string) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		if !d.IsDir() {
			name, err := filepath.Rel(dir, path)
			files = append(files, name)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1/about.json", "1/credential.sd-jwt", "1/key.pem", "2/about.json", "2/credential.json", "2/key.pem"}
	if !slices.Equal(files, want) {
		t.Errorf("files = %v, want %v", files, want)
	}
}

func checkListAndShow(t *testing.T, dir string) {
	t.Helper()
	code, out, _ := wallet("list", "--dir", dir)
	if code != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(out, "ldp_vc") {
		t.Errorf("list: exit %d, %q", code, out)
	}
	for id, want := range map[string]string{"1": `given_name               "Amina"`, "2": `givenName                "Amina"`} {
		code, out, words := wallet("show", "--dir", dir, id)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("show %s: exit %d, %s%s", id, code, out, words)
		}
	}
	if code, _, words := wallet("show", "--dir", dir, "3"); code != 1 || !strings.Contains(words, "no credential number 3") {
		t.Errorf("show 3: exit %d, %s", code, words)
	}
}

func TestWellKnownNamesAreInserted(t *testing.T) {
	t.Parallel()
	i := newTestIssuer(t)
	if code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference()); code != 0 {
		t.Fatal(words)
	}
	want := []string{"GET /offer", "GET /.well-known/openid-credential-issuer/tenant", "GET /.well-known/oauth-authorization-server/tenant", "POST /token",
		"POST /nonce", "POST /credential", "GET /.well-known/jwt-vc-issuer/tenant",
		"POST /nonce", "POST /credential", "GET /.well-known/did.json", "GET /contexts/v1"}
	if !slices.Equal(i.asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(i.asked, "\n"), strings.Join(want, "\n"))
	}
}

func TestTxCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ wanted, given, want string }{
		"right":          {"123456", "123456", ""},
		"none wanted":    {"", "", ""},
		"missing":        {"123456", "", "needs a transaction code (on your letter, 6 characters)"},
		"not asked for":  {"", "123456", "takes no transaction code"},
		"one too short":  {"123456", "12345", "must have 6 characters"},
		"one too long":   {"123456", "1234567", "must have 6 characters"},
		"letters":        {"123456", "12345x", "digits only"},
		"wrong":          {"123456", "123457", "refuses with 400 invalid_request"},
		"other numerals": {"123456", "١٢٣٤٥٦", "digits only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newTestIssuer(t)
			i.txCode = c.wanted
			args := []string{"accept", "--dir", t.TempDir(), i.byValue()}
			if c.given != "" {
				args = append(args, "--tx-code", c.given)
			}
			code, _, words := wallet(args...)
			if (code == 0) != (c.want == "") || !strings.Contains(words, c.want) {
				t.Errorf("exit %d, want %q in:\n%s", code, c.want, words)
			}
			if asked := slices.Contains(i.asked, "POST /token"); asked != (c.want == "" || name == "wrong") {
				t.Errorf("token endpoint asked: %v; a code that cannot be right costs a try", asked)
			}
		})
	}
}

func TestStaleNonceIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	for failures, wantCode := range map[int]int{1: 0, 2: 1} {
		i := newTestIssuer(t)
		left := failures
		i.change["/credential"] = func(a *reply) {
			if left > 0 {
				left--
				a.status, a.body = 400, map[string]any{"error": "invalid_nonce"}
			}
		}
		if code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference()); code != wantCode {
			t.Errorf("after %d stale nonces: exit %d, want %d\n%s", failures, code, wantCode, words)
		}
	}
}

// §8.2: the identifier that came with the token is what must be asked for.
func TestCredentialIdentifierIsUsedIfGiven(t *testing.T) {
	t.Parallel()
	i := newTestIssuer(t)
	i.change["/token"] = func(a *reply) {
		a.body["authorization_details"] = []any{map[string]any{"type": "openid_credential", "credential_configuration_id": ldpID, "credential_identifiers": []string{ldpID + "#7"}}}
	}
	if code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference()); code != 0 {
		t.Fatal(words)
	}
	if i.requests[0]["credential_configuration_id"] != sdjwtID || i.requests[1]["credential_identifier"] != ldpID+"#7" || i.requests[1]["credential_configuration_id"] != nil {
		t.Errorf("requests = %v", i.requests)
	}
}

func TestWhatWasKeptBeforeAFailureIsTold(t *testing.T) {
	t.Parallel()
	i, dir := newTestIssuer(t), t.TempDir()
	i.sign = func(format string, doc map[string]any) {
		if format == "ldp_vc" {
			doc["credentialSubject"].(map[string]any)["id"] = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
		}
	}
	code, out, words := wallet("accept", "--dir", dir, i.byReference())
	if code != 1 || !strings.HasPrefix(out, "1\t"+sdjwtID) || !strings.Contains(words, ldpID+": refused: it is not bound") {
		t.Errorf("exit %d, %q, %s", code, out, words)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v; want number 1 only", entries, err)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	absent := filepath.Join(folder, "wallet")
	for _, tc := range []struct {
		code int
		says string
		args []string
	}{
		{0, "list", []string{"--help"}},
		{0, "--tx-code", []string{"help", "accept"}},
		{0, "srwallet devel go1.", []string{"--version"}},
		{0, "srwallet devel go1.", []string{"version"}},
		{2, "say what to do; srwallet --help lists it", nil},
		{2, "see srwallet --help", []string{"accept"}},
		{2, "must be a whole number", []string{"show", "--dir", folder, "first"}},
		{1, "no credential number 1", []string{"show", "--dir", folder, "1"}},
		{1, "there is no folder " + absent, []string{"show", "--dir", absent, "1"}},
		{1, "there is no folder " + absent, []string{"list", "--dir=" + absent}},
	} {
		if code, out, words := wallet(tc.args...); code != tc.code || !strings.Contains(out+words, tc.says) {
			t.Errorf("%v: exit %d, want %d with %q; said %s%s", tc.args, code, tc.code, tc.says, out, words)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
