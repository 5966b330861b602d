package main_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/jwtvc"
	"socialregistry/issuer/mdoc"
)

func newFormatsIssuer(t *testing.T) *testIssuer {
	t.Helper()
	i := newTestIssuer(t)
	i.offered = []string{jwtID, mdocID}
	return i
}

func TestAcceptTakesTokensAndMobileDocuments(t *testing.T) {
	t.Parallel()
	i, dir := newFormatsIssuer(t), t.TempDir()
	code, out, words := wallet("accept", "--dir", dir, i.byReference())
	want := "1\t" + jwtID + "\t" + filepath.Join(dir, "1", "credential.jwt") + "\n2\t" + mdocID + "\t" + filepath.Join(dir, "2", "credential.mdoc") + "\n"
	if code != 0 || out != want {
		t.Fatalf("exit %d, %q, want %q\n%s", code, out, want, words)
	}
	for id, want := range map[string]string{"1": `givenName                "Amina"`, "2": `given_name               "Amina"`} {
		if code, out, words := wallet("show", "--dir", dir, id); code != 0 || !strings.Contains(out, want) {
			t.Errorf("show %s: exit %d, %s%s", id, code, out, words)
		}
	}
}

// An mdoc leads to a CA that was named, or its signer is one whom the issuer lists.
func TestAnchorsOfMobileDocuments(t *testing.T) {
	t.Parallel()
	i, dir := newFormatsIssuer(t), t.TempDir()
	i.offered = []string{mdocID}
	stranger := newDocumentSigner(t)
	file := func(name string, pem []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, pem, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	unlisted := func(a *reply) { a.body["jwks"] = map[string]any{"keys": []any{}} }
	for _, c := range []struct {
		name, anchors string
		unlisted      bool
		code          int
		want          string
	}{
		{"its CA", file("right.pem", i.signer.Root), true, 0, "Kept as number 1"},
		{"another CA", file("other.pem", stranger.Root), false, 1, "not genuine: unknown_issuer"},
		{"no CA, listed", "", false, 0, "Kept as number 2"},
		{"no CA, not listed", "", true, 1, "not genuine: unknown_issuer"},
		{"no certificates", file("empty.pem", []byte("nothing")), false, 1, "holds no certificates"},
	} {
		delete(i.change, keysPath)
		if c.unlisted {
			i.change[keysPath] = unlisted
		}
		args := []string{"accept", "--dir", filepath.Join(dir, "wallet"), i.byReference()}
		if c.anchors != "" {
			args = append(args, "--anchors", c.anchors)
		}
		if code, _, words := wallet(args...); code != c.code || !strings.Contains(words, c.want) {
			t.Errorf("%s: exit %d, want %d and %q in:\n%s", c.name, code, c.code, c.want, words)
		}
	}
}

func TestRefusesTokensAndMobileDocumentsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	const stranger = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	past, future := now().Add(-time.Hour), now().Add(time.Hour)
	for name, c := range map[string]struct {
		jwt  func(*jwtvc.Content)
		mdoc func(*mdoc.Issue)
		want string
	}{
		"jwt: another subject": {jwt: func(c *jwtvc.Content) { c.Holder = stranger }, want: "not bound to the key"},
		"jwt: another type":    {jwt: func(c *jwtvc.Content) { c.Types = []string{"Other"} }, want: "not the types"},
		"jwt: another issuer":  {jwt: func(c *jwtvc.Content) { c.Issuer = "did:web:other.example" }, want: "another issuer"},
		"jwt: another path":    {jwt: func(c *jwtvc.Content) { c.Issuer += ":other" }, want: "another issuer"},
		"jwt: no did:web":      {jwt: func(c *jwtvc.Content) { c.Issuer = stranger }, want: "no did:web"},
		"jwt: over":            {jwt: func(c *jwtvc.Content) { c.ValidUntil = past }, want: "expired"},
		"jwt: not yet":         {jwt: func(c *jwtvc.Content) { c.ValidFrom = future }, want: "not_yet_valid"},
		"mdoc: another key":    {mdoc: func(d *mdoc.Issue) { d.DeviceKey = d.Key.Public() }, want: "not bound to the key"},
		"mdoc: another type":   {mdoc: func(d *mdoc.Issue) { d.DocType += "x" }, want: "docType"},
		"mdoc: over":           {mdoc: func(d *mdoc.Issue) { d.ValidUntil = past.Add(time.Minute); d.Signed, d.ValidFrom = past, past }, want: "expired"},
		"mdoc: not yet":        {mdoc: func(d *mdoc.Issue) { d.ValidFrom, d.ValidUntil = future, future.Add(time.Hour) }, want: "not_yet_valid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newFormatsIssuer(t)
			if c.jwt != nil {
				i.signJWT = c.jwt
			} else {
				i.signMdoc = c.mdoc
			}
			dir := t.TempDir()
			code, _, words := wallet("accept", "--dir", dir, i.byReference())
			if code != 1 || !strings.Contains(words, "refused: ") || !strings.Contains(words, c.want) {
				t.Errorf("exit %d, want 1 and %q in:\n%s", code, c.want, words)
			}
			noDrafts(t, dir)
		})
	}
}

func TestRefusesAlteredTokensAndMobileDocuments(t *testing.T) {
	t.Parallel()
	part := func(n int) func(string) string {
		return func(s string) string {
			parts := strings.Split(s, ".")
			parts[n] = flip(parts[n])
			return strings.Join(parts, ".")
		}
	}
	name := func(s string) string {
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), "Amina", "Amena", 1)))
	}
	for what, c := range map[string]struct {
		offered string
		change  func(string) string
	}{
		"jwt: payload": {jwtID, part(1)}, "jwt: signature": {jwtID, part(2)}, "jwt: no signature": {jwtID, func(s string) string { return s[:strings.LastIndex(s, ".")+1] }},
		"mdoc: element": {mdocID, name}, "mdoc: cut": {mdocID, func(s string) string { return s[:len(s)-8] }}, "mdoc: padded": {mdocID, func(s string) string { return s + "=" }},
		"mdoc: a token": {mdocID, func(string) string { return "a.b.c" }}, "jwt: an mdoc": {jwtID, func(string) string { return "omlfb29" }},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			i := newFormatsIssuer(t)
			i.offered = []string{c.offered}
			i.change["/credential"] = changeCredential(func(credential any) any { return c.change(credential.(string)) })
			if code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference()); code != 1 || !strings.Contains(words, "refused: ") {
				t.Errorf("exit %d, want 1 and a refusal in:\n%s", code, words)
			}
		})
	}
}

// What came with a refresh token can be taken again, by the same client, with the
// token that is good by then.
func TestRefresh(t *testing.T) {
	t.Parallel()
	i, dir := newTestIssuer(t), t.TempDir()
	i.client, i.refresh = "wallet-1", "refresh-1"
	run := func(code int, want string, args ...string) {
		t.Helper()
		got, out, words := wallet(append(args, "--dir", dir)...)
		if got != code || !strings.Contains(out+words, want) {
			t.Errorf("%v: exit %d, want %d and %q in:\n%s%s", args, got, code, want, out, words)
		}
		if strings.Contains(out+words, "refresh-") {
			t.Errorf("%v: the token is said", args)
		}
	}
	run(0, "Kept as number 2", "accept", "--client-id", "wallet-1", i.byReference())
	i.change["/token"] = func(a *reply) { a.body["refresh_token"] = "refresh-2" }
	run(0, "3\t"+ldpID, "refresh", "--client-id", "wallet-1", "2")
	i.refresh = "refresh-2"
	i.change["/token"] = func(a *reply) { delete(a.body, "refresh_token") }
	run(0, "4\t"+ldpID, "refresh", "--client-id", "wallet-1", "2")
	run(0, "5\t"+ldpID, "refresh", "--client-id", "wallet-1", "4")
	run(0, "6\t"+sdjwtID, "refresh", "--client-id", "wallet-1", "1") // it came with the same token
	i.refresh = "refresh-3"
	run(1, "400 invalid_request", "refresh", "--client-id", "wallet-1", "1")
	run(1, `as the client "wallet-1"`, "refresh", "2")
	run(1, "no credential number 9", "refresh", "9")
	i.client = ""
	run(0, "Kept as number 8", "accept", i.byReference())
	run(1, "without leave to take it again", "refresh", "8")
	if info, err := os.Stat(filepath.Join(dir, "4", "grant.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the refresh token: %v, %v", info, err)
	}
}

// signMetadata turns the answer into a JWT (OID4VCI 1.0 §12.2.3).
func (i *testIssuer) signMetadata(a *reply, typ string) {
	a.body["sub"], a.body["iat"] = i.id(), now().Unix()
	payload, err := json.Marshal(a.body)
	if err != nil {
		i.t.Error(err)
	}
	if a.raw, err = jose.Sign(i.signer.Key, jose.ES256, i.signer.Header(typ), payload); err != nil {
		i.t.Error(err)
	}
	a.header.Set("Content-Type", "application/jwt")
}

// Who asks for signed metadata and gets them uses those, and refuses bad ones.
func TestSignedMetadata(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		typ  string
		code int
		want string
	}{"good": {"openidvci-issuer-metadata+jwt", 0, "the signature is good"}, "another typ": {"JWT", 1, "signed metadata: typ"}} {
		i := newTestIssuer(t)
		i.change[metadataPath] = func(a *reply) { i.signMetadata(a, c.typ) }
		if code, _, words := wallet("accept", "--dir", t.TempDir(), i.byReference()); code != c.code || !strings.Contains(words, c.want) {
			t.Errorf("%s: exit %d, want %d and %q in:\n%s", name, code, c.code, c.want, words)
		}
		if !slices.Contains(i.asked, "GET "+metadataPath) {
			t.Errorf("asked %v", i.asked)
		}
	}
}
