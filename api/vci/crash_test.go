package vci_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/oauth"
)

// crashIssues is how many credentials the wallets of the crash test get;
// SR_CRASH_ISSUES gives another number (make bench-issue: 10,000).
const crashIssues = 200

// Row 72: wallets get credentials from two processes on one PostgreSQL, of which
// one after the other is killed in the middle of it and started again. No status
// index is used twice, no credential is made twice, and none is lost: every
// reservation ends issued or failed, and what a wallet got is issued.
func TestRow72StatusIndicesSurviveCrashes(t *testing.T) {
	t.Parallel()
	want := crashIssues
	if n, err := strconv.Atoi(os.Getenv("SR_CRASH_ISSUES")); err == nil {
		want = n
	}
	dsn, master, binary := dbtest.URL(t, "postgres"), secret.NewMaster(), buildServer(t)
	servers := []*mortal{newMortal(t, binary, dsn, master), newMortal(t, binary, dsn, master)}
	s := besideServers(t, dsn, master)
	load := &crashLoad{service: s, servers: servers, want: int64(want), got: map[string]string{}}
	began := time.Now()
	load.run(t, 16, want/6)
	t.Logf("%d credentials in %s; %d servers killed; %d answers lost with them", len(load.got), time.Since(began).Round(time.Millisecond), load.killed, load.cut.Load())

	for _, m := range servers {
		m.kill()
	}
	s.clock.pass(time.Hour) // what a crash left open is swept after minutes
	for {
		caughtUp, _, err := s.issuer.Follow(t.Context())
		s.must(err)
		s.clock.pass(2 * time.Minute)
		if caughtUp && s.number("SELECT count(*) FROM issuance WHERE state = 'reserved'") == 0 {
			break
		}
	}
	load.judge(t)
}

func (s *service) number(query string, args ...any) int {
	s.t.Helper()
	var n int
	s.must(s.db.Raw(query, args...).Scan(&n).Error)
	return n
}

// crashLoad is wallets that want credentials, from servers that die.
type crashLoad struct {
	*service
	servers []*mortal
	want    int64
	done    atomic.Int64
	cut     atomic.Int64 // requests that got no answer
	killed  int

	mu  sync.Mutex
	got map[string]string // status list and index → key id, of each credential received; guarded by mu
}

// run lets wallets issue until they have enough, and kills a server after every
// so many.
func (l *crashLoad) run(t *testing.T, wallets, every int) {
	var work sync.WaitGroup
	id := l.person()
	for range wallets {
		work.Go(func() {
			for l.done.Load() < l.want && !t.Failed() {
				code, err := l.offerCode(id)
				if err == nil {
					err = l.wallet(code)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { work.Wait(); close(ended) }()
	for next := int64(every); ; {
		select {
		case <-ended:
			return
		case <-time.After(5 * time.Millisecond):
		}
		if l.done.Load() >= next {
			victim := l.servers[l.killed%len(l.servers)]
			victim.kill()
			victim.start(t)
			l.killed++
			next = l.done.Load() + int64(every)
		}
	}
}

// offerCode makes an offer beside the servers, in the test's own issuer: that is
// not what is measured.
func (l *crashLoad) offerCode(id uuid.UUID) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, err := l.issuer.CreateOffer(context.Background(), l.admin, id, []string{sd}, false)
	if err != nil {
		return "", err
	}
	doc, err := l.issuer.OfferDocument(context.Background(), o.ID)
	if err != nil {
		return "", err
	}
	var offer struct {
		Grants map[string]struct {
			Code string `json:"pre-authorized_code"`
		} `json:"grants"`
	}
	err = json.Unmarshal(doc, &offer)
	return offer.Grants[oauth.GrantPreAuthorizedCode].Code, err
}

// wallet redeems a code and takes up to three credentials. An answer that is cut
// off is no failure: the wallet asks anew, with a new code if need be.
func (l *crashLoad) wallet(code string) error {
	token, err := l.redeemCode(code)
	if err != nil || token == "" {
		return err
	}
	for range 3 {
		credential, err := l.take(token)
		if err != nil {
			return err
		}
		if credential == "" {
			continue
		}
		place, kid, err := placeOf(credential)
		if err != nil {
			return err
		}
		l.mu.Lock()
		_, twice := l.got[place]
		l.got[place] = kid
		l.mu.Unlock()
		if twice {
			return fmt.Errorf("two wallets have a credential at %s", place)
		}
		l.done.Add(1)
	}
	return nil
}

// errCut says that the server died before it answered.
var errCut = errors.New("no answer")

func (l *crashLoad) call(path, contentType, body string, headers ...string) (int, []byte, error) {
	base := l.servers[int(l.done.Load()+l.cut.Load())%len(l.servers)].url()
	req, err := http.NewRequest(http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", contentType)
	for n := 0; n+1 < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.cut.Add(1)
		return 0, nil, errCut
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		l.cut.Add(1)
		return 0, nil, errCut
	}
	return res.StatusCode, answer, nil
}

// redeemCode gives "" if the answer was cut off: the code may be used up.
func (l *crashLoad) redeemCode(code string) (string, error) {
	form := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}}.Encode()
	status, body, err := l.call("/oid4vci/token", "application/x-www-form-urlencoded", form)
	if errors.Is(err, errCut) {
		return "", nil
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err != nil || status != 200 || json.Unmarshal(body, &token) != nil {
		return "", fmt.Errorf("token: %d %s, %w", status, body, err)
	}
	return token.AccessToken, nil
}

// take gives "" if an answer was cut off.
func (l *crashLoad) take(token string) (string, error) {
	status, body, err := l.call("/oid4vci/nonce", "", "")
	if errors.Is(err, errCut) {
		return "", nil
	}
	var nonce struct {
		Nonce string `json:"c_nonce"`
	}
	if err != nil || status != 200 || json.Unmarshal(body, &nonce) != nil {
		return "", fmt.Errorf("nonce: %d %s, %w", status, body, err)
	}
	l.mu.Lock()
	p := l.proof(nonce.Nonce)
	l.mu.Unlock()
	p.claims["iat"] = time.Now().Unix()
	request, err := json.Marshal(object{"credential_configuration_id": sd, "proofs": object{"jwt": []string{p.sign(l.t)}}})
	if err != nil {
		return "", err
	}
	status, body, err = l.call("/oid4vci/credential", "application/json", string(request), "Authorization", "Bearer "+token)
	if errors.Is(err, errCut) {
		return "", nil
	}
	var answer struct {
		Credentials []struct{ Credential string }
	}
	if err != nil || status != 200 || json.Unmarshal(body, &answer) != nil || len(answer.Credentials) != 1 {
		return "", fmt.Errorf("credential: %d %s, %w", status, body, err)
	}
	return answer.Credentials[0].Credential, nil
}

// placeOf reads where a credential's status stands, and which key signed it.
func placeOf(credential string) (place, kid string, err error) {
	jwt, _, _ := strings.Cut(credential, "~")
	header, err := jose.Header(jwt)
	if err != nil {
		return "", "", err
	}
	payload, err := jose.Payload(jwt)
	if err != nil {
		return "", "", err
	}
	var claims struct {
		Status struct {
			List struct {
				URI   string `json:"uri"`
				Index int64  `json:"idx"`
			} `json:"status_list"`
		}
	}
	err = json.Unmarshal(payload, &claims)
	kid, _ = header["kid"].(string)
	return claims.Status.List.URI[strings.LastIndex(claims.Status.List.URI, "/")+1:] + " " + strconv.FormatInt(claims.Status.List.Index, 10), kid, err
}

// judge compares what the wallets have with what the database says.
func (l *crashLoad) judge(t *testing.T) {
	all := l.number("SELECT count(*) FROM issuance")
	if places := l.number("SELECT count(*) FROM (SELECT DISTINCT list_id, list_index FROM issuance) AS places"); places != all {
		t.Errorf("%d issuances stand at %d places", all, places)
	}
	issued, failed := l.number("SELECT count(*) FROM issuance WHERE state = 'issued'"), l.number("SELECT count(*) FROM issuance WHERE state = 'failed'")
	if issued+failed != all || issued < len(l.got) || all-len(l.got) > int(l.cut.Load()) {
		t.Errorf("%d reserved, %d issued, %d failed; wallets have %d, and %d answers were cut off", all, issued, failed, len(l.got), l.cut.Load())
	}
	for place := range l.got {
		list, index, _ := strings.Cut(place, " ")
		if n := l.number("SELECT count(*) FROM issuance WHERE list_id = ? AND list_index = ? AND state = 'issued'", list, index); n != 1 {
			t.Errorf("what a wallet has at %s is issued %d times", place, n)
		}
	}
	t.Logf("%d reserved: %d issued, %d failed; wallets have %d", all, issued, failed, len(l.got))
	if l.killed < 3 || len(l.got) < int(l.want) {
		t.Errorf("%d killed, %d issued: the test shows nothing", l.killed, len(l.got))
	}
}

// mortal is a server process that is killed and started again, with its folder.
type mortal struct {
	cmd     *exec.Cmd
	command func() *exec.Cmd
	address atomic.Pointer[string]
}

func newMortal(t *testing.T, binary, dsn string, master secret.Master) *mortal {
	t.Helper()
	dir := t.TempDir()
	m := &mortal{command: func() *exec.Cmd {
		c := exec.Command(binary, "serve")
		c.Dir = dir
		c.Env = append(os.Environ(), "SR_LISTEN=127.0.0.1:0", "SR_PUBLIC_URL="+publicURL, "DATABASE_URL="+dsn, "SR_MASTER_KEY="+master.Encode(), "SR_LOG_FORMAT=json")
		return c
	}}
	m.start(t)
	t.Cleanup(m.kill)
	return m
}

func (m *mortal) url() string { return "http://" + *m.address.Load() }

// start starts the process and waits until it is ready.
func (m *mortal) start(t *testing.T) {
	m.cmd = m.command()
	out, err := m.cmd.StderrPipe()
	if err == nil {
		err = m.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go watch(out, ready)
	address, ok := <-ready
	if !ok {
		t.Fatal("a server ended before it was ready")
	}
	m.address.Store(&address)
}

// kill ends the process at once, as a crash does.
func (m *mortal) kill() {
	_ = m.cmd.Process.Signal(syscall.SIGKILL) // it may be dead already
	_ = m.cmd.Wait()
}
