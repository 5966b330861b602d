package e2e_test

import (
	"bufio"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startProvider starts an OpenID Provider (npm oidc-provider) at an address, whose one
// client is the registry.
func startProvider(t *testing.T, address, registry string) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("..", "oidc", "provider.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	port := address[strings.LastIndex(address, ":")+1:]
	cmd := exec.Command("node", script)
	cmd.Env = append(os.Environ(), "PORT="+port, "CALLBACK="+registry+"/login/provider/callback", "KEYS="+registry+"/login/provider/jwks.json", "NODE_NO_WARNINGS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &server{cmd: cmd}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	ready := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "ISSUER ") {
				ready <- nil
				return
			}
		}
		ready <- errors.New("the provider ended; run npm ci --ignore-scripts in web/oidc")
	}()
	select {
	case err = <-ready:
	case <-time.After(30 * time.Second):
		err = errors.New("the provider is not ready")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestProviderWalk: somebody whose identifier the office verified signs in by a real
// OpenID Provider, sees the link and takes it away; who is not known is told what to do.
func TestProviderWalk(t *testing.T) {
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	issuer := "http://" + address
	dir := t.TempDir()
	s, err := startServer(dir, "sqlite:"+filepath.Join(dir, "registry.db"), "SR_OIDC_ISSUER="+issuer, "SR_OIDC_CLIENT_ID=registry", "SR_OIDC_NAME=National ID",
		"SR_OIDC_CLAIM=individual_id:national_id", "SR_OIDC_STAFF_CLAIM=email")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	world.mu.Lock()
	world.mine = append(world.mine, issuer+"/")
	world.mu.Unlock()
	number := registerVerified(t, s, "KE55512345")

	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.on = s
	x.open("/login/provider")
	if x.text("#provider") == "" || !strings.Contains(x.text("main"), "does not answer") {
		t.Fatalf("a provider that is away: %s", x.text("main"))
	}
	x.refusedThere("provider_away")
	startProvider(t, address, s.url)
	x.byProvider("KE55512345", "/login?next=/me/history")
	x.at("/me/history")
	if got := x.text("main"); !strings.Contains(got, "Sign-in by another service linked") {
		t.Fatalf("the link is not in the history: %s", got)
	}
	if !strings.Contains(x.text("header"), number) {
		t.Fatalf("signed in as %s, want %s", x.text("header"), number)
	}
	x.picture("provider_history")
	x.open("/me/security/passkeys/new") // the provider may know the person from long ago
	x.at("/step-up")
	x.picture("provider_stepup")
	x.press("#step-up-provider")
	x.signInThere("KE55512345")
	x.at("/me/security/passkeys/new")

	x.forget(issuer)
	x.byProvider("KE00000000", "/login") // nobody's
	x.at("/login/provider/callback")
	if got := x.text("main"); !strings.Contains(got, "no record here is linked to you") || !strings.Contains(got, "Bring your document") {
		t.Fatalf("who is not known is told: %s", got)
	}
	x.refusedThere("provider_not_linked")
	x.forget(issuer)
	x.open("/login")
	x.press("#login-provider")
	x.press("a[href*=abort]")
	if got := x.text("main"); !strings.Contains(got, "did not sign you in") {
		t.Fatalf("who said no is told: %s", got)
	}
	x.refusedThere("provider_refused")
	x.open("/login/provider/callback?code=c&state=s") // nobody began this
	x.refusedThere("provider_stale")
	flow, state := s.beginProvider(t)
	x.cookie("sr_flow", flow)
	x.open("/login/provider/callback?" + url.Values{"code": {"made up"}, "state": {state}, "iss": {"https://another.example"}}.Encode())
	x.refusedThere("provider_untrusted")
	x.takesLinkAway(issuer)
}

// refusedThere looks at the page that says why nobody was signed in.
func (x *tab) refusedThere(code string) {
	x.t.Helper()
	x.picture(code)
	x.heard() // the pages of the provider load what they like
	for _, finding := range x.inspect() {
		x.t.Errorf("%s, %s: %s", x.v, code, finding)
	}
	if got := eval[string](x, `document.querySelector("#provider")?.dataset.code ?? ""`); got != code {
		x.t.Errorf("the page is about %q, want %s: %s", got, code, x.text("main"))
	}
}

// beginProvider begins to sign in, and gives the cookie and the state of it.
func (s *server) beginProvider(t *testing.T) (flow, state string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.url+"/login/provider", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	at, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		if c.Name == "sr_flow" {
			flow = c.Value
		}
	}
	return flow, at.Query().Get("state")
}

// takesLinkAway signs in by the provider, takes the link away, and is refused then.
func (x *tab) takesLinkAway(issuer string) {
	x.t.Helper()
	x.forget(issuer)
	x.byProvider("KE55512345", "/login")
	x.open("/me/security")
	x.press("form[action='/me/security/provider'] button[type=submit]")
	if x.has("#step-up-provider") {
		x.press("#step-up-provider")
		x.signInThere("KE55512345")
		x.open("/me/security")
		x.press("form[action='/me/security/provider'] button[type=submit]")
	}
	x.wants("main button", "Allow it again")
	x.forget(issuer)
	x.open("/login")
	x.press("#login-provider")
	if x.has("input[name=login]") {
		x.signInThere("KE55512345")
	}
	x.refusedThere("provider_link_removed")
}

// byProvider goes from a page with the button through the forms of the provider.
func (x *tab) byProvider(login, page string) {
	x.t.Helper()
	x.open(page)
	x.press("#login-provider")
	x.signInThere(login)
}

// signInThere fills in the forms of the provider.
func (x *tab) signInThere(login string) {
	x.t.Helper()
	x.fill("input[name=login]", login)
	x.fill("input[name=password]", "x")
	x.press("button[type=submit]")
	if x.has("input[name=prompt][value=consent]") {
		x.press("button[type=submit]")
	}
}

// forget signs out here and at the provider.
func (x *tab) forget(string) {
	x.t.Helper()
	x.signOut()
}

// registerVerified registers somebody whose national identifier is attested, and
// gives the registration number.
func registerVerified(t *testing.T, s *server, id string) (number string) {
	t.Helper()
	admin, err := s.client()
	if err == nil {
		err = admin.signIn("admin", staffPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, at, err := admin.send("/admin/people/new", "/admin/people/new", url.Values{"f_given_name": {"Verified"}, "f_family_name": {"Person"}, "f_birth_date": {"1990-01-01"},
		"f_national_id": {id}, "reason": {"first visit"}, "step": {"save"}})
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimSuffix(at.Path, "/")
	body, _, err := admin.send(path+"/attest", path+"/attest", url.Values{"field": {"national_id"}, "decision": {"attest"}})
	if err != nil {
		t.Fatal(err)
	}
	return match(t, body, `(SR-\d{11})`)
}
