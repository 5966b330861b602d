package e2e_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// keeper is a member of staff who has an authenticator app.
const keeper = "keeper"

// securityTour: how people sign in. The keeper is half-way: the password alone does not
// do.
func (p prepared) securityTour() []stop {
	return []stop{
		{"/me/security", "/me/security", "registrant"}, {"/me/security/passphrase", "/me/security/passphrase", "registrant"},
		{"/me/security/passkeys/new", "/me/security/passkeys/new", "registrant"},
		{"/admin/security", "/admin/security", "auditor"}, {"/admin/security/passphrase", "/admin/security/passphrase", "auditor"},
		{"/admin/security/passkeys/new", "/admin/security/passkeys/new", "auditor"}, {"/admin/security/app", "/admin/security/app", "auditor"},
		{"/me/security/passkeys/:id", "/me/security/passkeys/" + p.keys.own, "registrant"}, {"/admin/security/passkeys/:id", "/admin/security/passkeys/" + p.keys.staff, "auditor"},
		{"/step-up", "/step-up", "attester"}, {"/login/second", "/login/second", keeper},
		{"/admin/kept/:name", p.keys.keptStaff, "auditor"}, {"/me/kept/:name", p.keys.keptOwn, "registrant"},
	}
}

// keysPrepared are ids of passkeys, and addresses where forms wait.
type keysPrepared struct{ own, staff, keptOwn, keptStaff string }

// prepareSecurity adds passkeys, and opens the account of the keeper, with an app.
func prepareSecurity(t *testing.T, s *server, me *client) (out keysPrepared) {
	t.Helper()
	c, err := s.client()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.signIn("auditor", staffPassword); err != nil {
		t.Fatal(err)
	}
	out = keysPrepared{own: me.addPasskey(t, "/me/security"), staff: c.addPasskey(t, "/admin/security")}
	out.keptOwn, out.keptStaff = me.keptForm(t, "/me/edit/contact"), c.keptForm(t, "/admin/tokens")
	if err := s.command(staffPassword+"\n", "staff", "add", keeper, "--role", "auditor"); err != nil {
		t.Fatal(err)
	}
	if err := c.signIn(keeper, staffPassword); err != nil {
		t.Fatal(err)
	}
	body, err := c.get("/admin/security/app")
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"form": {match(t, body, `name="form" value="([^"]+)"`)}, "offer": {match(t, body, `name="offer" value="([^"]+)"`)},
		"code": {appCode(t, match(t, body, `class="secret"><bdi dir="ltr">([A-Z2-7 ]+)<`), time.Now())}}
	if _, _, err := c.post("/admin/security/app", form); err != nil {
		t.Fatal(err)
	}
	return out
}

// keptForm sends a form as if the session had ended, and gives where it waits.
func (c *client) keptForm(t *testing.T, path string) string {
	t.Helper()
	body, err := c.get(path)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"form": {match(t, body, `name="form" value="([^"]+)"`)}, "f_locality": {"Maralal"}, "token_name": {"Registers of the north"}, "step": {"check"}}
	res, err := http.PostForm(c.base+path, form) // without cookies
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return match(t, string(text), `name="next" value="([^"]+)"`)
}

// appCode is what an authenticator app shows (RFC 6238).
func appCode(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	from := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:from+4])&0x7fffffff%1000000)
}
