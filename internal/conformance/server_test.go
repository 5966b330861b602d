package conformance_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"socialregistry/internal/secret"
)

// clock is the time of the wallets and of the office. Where a test moves it, the
// server's goes with it.
type clock struct {
	ahead  atomic.Int64
	server io.Writer   // takes each step, nil for a server with the machine's clock
	moved  <-chan bool // says that the server's clock has gone the step
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) pass(t *testing.T, d time.Duration) {
	t.Helper()
	_, err := fmt.Fprintln(c.server, d)
	must(t, err)
	if !<-c.moved {
		t.Fatal("the server ended")
	}
	c.ahead.Add(int64(d))
}

// place is where a server is, and what it needs to be there.
type place struct {
	url, listen, dir string
	cert, key        string // files
	roots            *x509.CertPool
	database         string
	master           secret.Master
}

// settings are the server's environment.
func (p place) settings() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + p.database, "SR_MASTER_KEY=" + p.master.Encode(), "SR_LISTEN=" + p.listen,
		"SR_PUBLIC_URL=" + p.url, "SR_TLS_CERT=" + p.cert, "SR_TLS_KEY=" + p.key, "SR_LOG_FORMAT=json", "SR_LOG_LEVEL=info"}
}

// newPlace finds a free port and makes a certificate for it.
func newPlace(t *testing.T, databaseURL string) place {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	_, port, err := net.SplitHostPort(address)
	must(t, err)
	dir := t.TempDir()
	p := place{url: "https://localhost:" + port, listen: address, dir: dir, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"),
		database: databaseURL, master: secret.NewMaster()}
	p.certify(t)
	return p
}

// certify makes a certificate for this machine, and the pool that trusts it.
func (p *place) certify(t *testing.T) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true, IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(p.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(p.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	p.roots = x509.NewCertPool()
	p.roots.AddCert(leaf)
}

// build makes the program that is served, from this tree.
func build(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "socialregistry")
	if out, err := exec.Command("go", "build", "-o", program, "socialregistry/cmd/socialregistry").CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	return program
}

// startProgram runs the whole product, as it is delivered, behind its own TLS in a
// process of its own until the test ends.
func startProgram(t *testing.T, program, databaseURL string) *suite {
	t.Helper()
	p := newPlace(t, databaseURL)
	s := prepare(t, p, &clock{})
	cmd := exec.Command(program, "serve")
	cmd.Env = p.settings()
	said := &output{}
	cmd.Stdout = said
	lines, err := cmd.StderrPipe()
	must(t, err)
	ready := launch(t, cmd, p, said, lines, `"msg":"ready"`)
	if !<-ready {
		t.Fatal("the server ended before it was ready")
	}
	s.meet(t, p)
	return s
}

// launch starts a process, which ends with the test, and sends true for each line in
// which it says the word. What it says is shown where the test fails.
func launch(t *testing.T, cmd *exec.Cmd, p place, said *output, lines io.Reader, word string) <-chan bool {
	t.Helper()
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	heard, ended := make(chan bool, 16), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(heard)
		for scanner := bufio.NewScanner(lines); scanner.Scan(); {
			fmt.Fprintln(said, scanner.Text())
			if strings.Contains(scanner.Text(), word) {
				heard <- true
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
		<-ended
		_ = cmd.Wait() // why it ended stands in what it said
		if t.Failed() {
			t.Logf("the server said:\n%s", said.tail())
		}
	})
	return heard
}

// meet makes the first connections: the person signs in for the first time.
func (s *suite) meet(t *testing.T, p place) {
	t.Helper()
	s.roots = p.roots
	s.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: s.tls(), MaxIdleConnsPerHost: 16}}
	s.browser = s.newBrowser(t)
	s.browser.activate(t, s.office.person.Number, s.office.code(t))
}

// tls trusts the server's certificate alone.
func (s *suite) tls() *tls.Config { return &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12} }

// output is what a process says.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// tail is the end of it.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	const most = 8000
	all := o.b.String()
	return all[max(0, len(all)-most):]
}
