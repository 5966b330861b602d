package vci_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"socialregistry/did"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// Rows 4, 13 and 34, over two server processes on one PostgreSQL: of 50 redemptions of
// one code at once, one gets a token, which yields a credential, and 49 get
// invalid_grant; a DPoP proof that was used at one is used at the other. Both
// processes start on an empty database at the same time.
func TestRow4FiftyRedemptionsOverTwoProcesses(t *testing.T) {
	t.Parallel()
	const redemptions = 50
	dsn, master, binary := dbtest.URL(t, "postgres"), secret.NewMaster(), buildServer(t)
	processes := startServers(t, 2, binary, dsn, master)
	s := besideServers(t, dsn, master)
	o, err := s.issuer.CreateOffer(context.Background(), s.admin, s.person(), []string{sd}, false)
	s.must(err)
	s.url = processes[0]
	grant := s.json(s.do("GET", "/oid4vci/offers/"+o.ID, "", ""))["grants"].(object)[oauth.GrantPreAuthorizedCode].(object)
	form := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {grant["pre-authorized_code"].(string)}}.Encode()

	answers := make([]answer, redemptions)
	served := make([]int, redemptions) // which process
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for n := range answers {
		served[n] = n % len(processes)
		wg.Go(func() {
			<-gate
			answers[n] = redeemAt(t, processes[served[n]], form)
		})
	}
	close(gate)
	wg.Wait()

	won, by := "", map[int]int{}
	for n, a := range answers {
		if a.status == 200 {
			if won != "" {
				t.Fatal("two redemptions won")
			}
			won = s.json(a)["access_token"].(string)
		} else {
			s.refused("a loser", a, 400, "invalid_grant")
		}
		by[served[n]]++
	}
	t.Logf("answers by process: %v", by)
	if won == "" || by[0] == 0 || by[1] == 0 {
		t.Fatalf("won %v, answers by process %v", won != "", by)
	}
	proof := s.proof(s.nonce()) // from the first process
	s.url = processes[1]
	if claims := s.claims(s.ask(won, sd, proof.sign(t))); claims["given_name"] != "Zubeida" {
		t.Errorf("claims %v", claims)
	}
	s.refused("a nonce used at the other process", s.at(processes[0]).ask(won, sd, proof.sign(t)), 400, "invalid_nonce")
	s.replayDPoP(s.at(processes[0]), s.at(processes[1]))
	s.raceAuthorization(processes)
}

// raceAuthorization is rows 4 and 13 for the authorization code: of one request_uri
// decided at two processes at once one decision counts, and of one code redeemed at
// both one redemption.
func (s *service) raceAuthorization(processes []string) {
	s.t.Helper()
	id, c := s.person(), s.client("wallet-1")
	cookie := s.session(id)
	shown := s.browse("GET", "/oid4vci/authorize?"+c.query(c.requestURI()).Encode(), "").header.Get("Location")
	page := s.browse("GET", shown, "", "Cookie", cookie)
	action := regexp.MustCompile(`action="(/me/authorize/[^"]+)"`).FindStringSubmatch(string(page.body))
	if action == nil {
		s.t.Fatalf("no consent page: %d", page.status)
	}
	decided := s.atEach(processes, func(s *service) answer {
		return s.browse("POST", action[1], "decision=allow", "Cookie", cookie)
	})
	var back *url.URL
	for _, a := range decided {
		if a.status != 303 {
			if a.status != 400 {
				s.t.Errorf("row 13: decided at the other process: %d", a.status)
			}
			continue
		}
		var err error
		if back != nil {
			s.t.Fatal("row 13: both decisions count")
		}
		back, err = url.Parse(a.header.Get("Location"))
		s.must(err)
	}
	if back == nil {
		s.t.Fatalf("row 13: no decision counts: %d %d", decided[0].status, decided[1].status)
	}
	won := 0
	redeem := func(s *service) answer {
		at := *c
		at.s = s
		return at.redeem(back.Query().Get("code"))
	}
	for _, a := range s.atEach(processes, redeem) {
		if a.status == 200 {
			won++
		} else {
			s.refused("4 a code redeemed at the other process", a, 400, "invalid_grant")
		}
	}
	if won != 1 {
		s.t.Errorf("row 4: %d redemptions won", won)
	}
}

// atEach does something at every process at the same moment, eight times at each.
func (s *service) atEach(processes []string, do func(*service) answer) []answer {
	const times = 8
	answers := make([]answer, times*len(processes))
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for n := range answers {
		wg.Go(func() {
			<-gate
			answers[n] = do(s.at(processes[n%len(processes)]))
		})
	}
	close(gate)
	wg.Wait()
	return answers
}

// replayDPoP uses a proof at one process and again at another: at the token
// endpoint, and at the credential endpoint.
func (s *service) replayDPoP(one, other *service) {
	s.t.Helper()
	key := newKey(s.t)
	_, code := one.offer(s.person(), false, sd)
	_, second := one.offer(s.person(), false, sd)
	used := s.dpop(key, tokenPath, "")
	a := one.redeemAs(code, nil, "DPoP", used)
	if a.status != 200 {
		s.t.Fatalf("bound token: %d %s", a.status, a.body)
	}
	s.refused("34 a proof used at the other process", other.redeemAs(second, nil, "DPoP", used), 400, "invalid_dpop_proof")
	token := s.json(a)["access_token"].(string)
	used = s.dpop(key, credentialPath, token)
	if a := other.askBound("Authorization", "DPoP "+token, "DPoP", used); a.status != 200 {
		s.t.Fatalf("credential by a bound token: %d %s", a.status, a.body)
	}
	s.challenged("34 a proof used at the other process", one.askBound("Authorization", "DPoP "+token, "DPoP", used), "invalid_dpop_proof")
}

func (s *service) at(url string) *service {
	c := *s
	c.url = url
	return &c
}

func redeemAt(t *testing.T, base, form string) answer {
	res, err := http.Post(base+"/oid4vci/token", "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{res.StatusCode, res.Header, body}
}

// besideServers gives a registry and an issuer in the test itself, on the
// servers' database.
func besideServers(t *testing.T, dsn string, master secret.Master) *service {
	t.Helper()
	s := &service{t: t, master: master, admin: staff(registry.RoleAdmin), clock: newClock()}
	s.clock.at.Store(time.Now().UnixMicro()) // as the servers' own clocks
	s.db = openURL(t, dsn)
	var err error
	s.registry, err = registry.New(context.Background(), registry.Config{DB: s.db, Master: master, Now: s.clock.now})
	s.must(err)
	s.issuer, err = issuer.New(context.Background(), issuer.Config{DB: s.db, Registry: s.registry, Master: master, PublicURL: publicURL, Now: s.clock.now, Resolver: did.NewResolver()})
	s.must(err)
	return s
}

func buildServer(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "socialregistry")
	build := exec.Command("go", "build", "-o", binary, "socialregistry/cmd/socialregistry")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	return binary
}

// startServers starts n processes at once and gives their addresses when all are
// ready. They end with the test.
func startServers(t *testing.T, n int, binary, dsn string, master secret.Master) []string {
	t.Helper()
	ready := make([]chan string, n)
	for k := range ready {
		ready[k] = make(chan string, 1)
		server := exec.Command(binary, "serve")
		server.Dir = t.TempDir()
		server.Env = append(os.Environ(), "SR_LISTEN=127.0.0.1:0", "SR_PUBLIC_URL="+publicURL, "DATABASE_URL="+dsn,
			"SR_MASTER_KEY="+master.Encode(), "SR_LOG_FORMAT=json")
		out, err := server.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = server.Process.Signal(syscall.SIGTERM)
			if err := server.Wait(); err != nil {
				t.Errorf("a server ended with %v", err)
			}
		})
		go watch(out, ready[k])
	}
	addresses := make([]string, n)
	for k := range ready {
		address, ok := <-ready[k]
		if !ok {
			t.Fatal("a server ended before it was ready")
		}
		addresses[k] = "http://" + address
	}
	return addresses
}

// watch reads a server's log to its end and tells its address once it is ready.
func watch(log io.Reader, ready chan<- string) {
	defer close(ready)
	lines := bufio.NewScanner(log)
	told := false
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" && !told {
			ready <- line.Address
			told = true
		}
	}
}
