// Package wallet_test takes credentials from the real server with wallets: one
// that is not ours (npm) and the reference wallet. It has no code but tests.
package wallet_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

const (
	ldp = "SocialRegistryPerson_ldp_vc"
	sd  = "SocialRegistryPerson_dc_sd_jwt"

	ldpP256 = ldp + "_p256" // with ecdsa-rdfc-2019
)

// configs are the configurations of a person: one of each format, and of ldp_vc one
// with each cryptosuite.
func configs() []string {
	return []string{ldp, sd, "SocialRegistryPerson_jwt_vc_json", "SocialRegistryPerson_mso_mdoc", ldpP256}
}

// Wallets against the real server, on both databases. The programs are built
// once, and one server per database serves all wallets.
func TestWallets(t *testing.T) {
	t.Parallel()
	p := build(t)
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		o := openOffice(t, p, databaseURL)
		t.Run("foreign wallet", func(t *testing.T) { testForeignWallet(t, o) })
		t.Run("foreign wallet, every format", func(t *testing.T) { testForeignWalletEveryFormat(t, o) })
		t.Run("foreign wallet, an issuer with a path", func(t *testing.T) { testForeignWalletWithPath(t, o) })
		t.Run("reference wallet", func(t *testing.T) { testReferenceWallet(t, o) })
		t.Run("reference wallet, an issuer with a path", func(t *testing.T) { testIssuerWithPath(t, o) })
		t.Run("reference wallet, refresh", func(t *testing.T) { testRefresh(t, o) })
		t.Run("not attested any more", func(t *testing.T) { testRefusedWithoutAttestation(t, o) })
	})
}

// programs are the files of the built programs.
type programs struct{ server, wallet string }

func TestMain(m *testing.M) { dbtest.Main(m) }

func build(t *testing.T) programs {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir, "socialregistry/cmd/socialregistry", "socialregistry/cmd/srwallet")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return programs{filepath.Join(dir, "socialregistry"), filepath.Join(dir, "srwallet")}
}

// office is the registry's side of a test: it works on the server's database, as
// a second process does, and makes the offers.
type office struct {
	wallet   string // the program srwallet
	registry *registry.Registry
	issuer   *issuer.Issuer // the one at the root
	pensions *issuer.Issuer // one with a path
	staff    registry.Actor
}

// openOffice starts the server on a database and joins it.
func openOffice(t *testing.T, p programs, databaseURL string) *office {
	t.Helper()
	master := make([]byte, 32)
	copy(master, "only for this test, 32 bytes ....")
	key := base64.StdEncoding.EncodeToString(master)
	d, err := db.Open(t.Context(), databaseURL)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	seed(t, ledger.New(d, time.Now))
	port := freePort(t)
	m, err := secret.ParseMaster(key)
	must(t, err)
	o := &office{wallet: p.wallet, staff: registry.Actor{AccountID: uuid.New(), Name: "office", Roles: []registry.Role{registry.RoleAdmin}, Channel: registry.ChannelStaff}}
	o.registry, err = registry.New(t.Context(), registry.Config{DB: d, Master: m, Now: time.Now})
	must(t, err)
	o.openIssuers(t, issuer.Config{DB: d, Registry: o.registry, Master: m, PublicURL: localURL(port), Now: time.Now, Resolver: did.NewResolver()})
	startServer(t, p.server, databaseURL, key, port)
	return o
}

// openIssuers opens the issuer at the root and adds one with a path.
func (o *office) openIssuers(t *testing.T, c issuer.Config) {
	t.Helper()
	all, err := issuer.Open(t.Context(), c)
	must(t, err)
	_, err = all.AddIssuer(t.Context(), o.staff, issuer.NewIssuer{Name: "pensions", Names: map[string]string{"en": "Pensions"}, ConfigIDs: everyFormat(), Reason: "test"})
	must(t, err)
	all, err = issuer.Open(t.Context(), c)
	must(t, err)
	o.issuer = all.Issuer
	o.pensions, err = all.Of("pensions")
	must(t, err)
}

func localURL(port int) string { return fmt.Sprintf("http://localhost:%d", port) }

// seed stores the configurations of a new installation, and one more of a person as
// ldp_vc, signed with P-256.
func seed(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	raw, err := os.ReadFile("../../issuer/configurations.json")
	must(t, err)
	var all []ledger.Configuration
	must(t, json.Unmarshal(raw, &all))
	for _, c := range all {
		if c.ID == ldp {
			c.ID, c.Document = ldpP256, maps.Clone(c.Document)
			c.Document["scope"], c.Document["alg"], c.Document["suite"] = ldpP256, "ES256", "ecdsa-rdfc-2019"
			all = append(all, c)
		}
	}
	for n := range all {
		all[n].Position = n + 1
	}
	must(t, l.SeedConfigurations(t.Context(), all))
}

// startServer runs the server until the test ends.
func startServer(t *testing.T, program, databaseURL, master string, port int) {
	t.Helper()
	publicURL := localURL(port)
	cmd := exec.Command(program, "serve")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + databaseURL, "SR_MASTER_KEY=" + master,
		"SR_LOG_LEVEL=warn", fmt.Sprintf("SR_LISTEN=127.0.0.1:%d", port), "SR_PUBLIC_URL=" + publicURL}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said := &output{}
	cmd.Stdout, cmd.Stderr = said, said
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // why it ended stands in what it said
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
		<-ended
		if t.Failed() {
			t.Logf("the server said:\n%s", said)
		}
	})
	awaitReady(t, publicURL, ended)
}

func awaitReady(t *testing.T, publicURL string, ended <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, publicURL+"/readyz", nil)
		must(t, err)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ended:
			t.Fatal("the server ended at once")
		case <-ctx.Done():
			t.Fatal("the server is not ready")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// output collects what a program says while the test goes on.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// person registers somebody whose details are attested, but for the last, and
// gives what is attested.
func (o *office) person(t *testing.T) (id uuid.UUID, attested map[string]string) {
	t.Helper()
	attested = map[string]string{"given_name": "Amina", "family_name": "Diallo", "birth_date": "1990-04-05", "sex": "female", "local_script_name": "أمينة ديالو"}
	set := map[string]string{"region": "North"}
	var decisions []registry.Decision
	for field, value := range attested {
		set[field] = value
		decisions = append(decisions, registry.Decision{Field: field, State: registry.StateAttested, Comment: "seen the papers"})
	}
	p, err := o.registry.Register(t.Context(), o.staff, registry.Change{Set: set, Reason: "test"})
	must(t, err)
	must(t, o.registry.Attest(t.Context(), o.staff, p.ID, p.VersionNo, decisions))
	return p.ID, attested
}

func (o *office) offer(t *testing.T, id uuid.UUID, withTxCode bool, configs ...string) issuer.Offer {
	t.Helper()
	offer, err := o.issuer.CreateOffer(t.Context(), o.staff, id, configs, withTxCode)
	must(t, err)
	return offer
}

// withdrawAll withdraws every credential of a person.
func (o *office) withdrawAll(t *testing.T, id uuid.UUID) {
	t.Helper()
	all, err := o.issuer.Issued(t.Context(), o.staff, id)
	must(t, err)
	if len(all) == 0 {
		t.Fatal("nothing was issued")
	}
	for _, c := range all {
		must(t, o.issuer.Withdraw(t.Context(), o.staff, c.ID, "lost"))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
