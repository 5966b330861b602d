package vci_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/registry"
)

const (
	flowsPerRound = 160  // of each server
	flowRounds    = 5    // the median counts
	flowShare     = 0.5  // aim: of the bare handler's flows per processor second
	flowSlack     = 0.05 // how far the two may be apart in statements of one kind, and in their rows, per flow
)

// flowWallets is how many wallets ask at once.
func flowWallets() []int { return []int{1, 8, 32} }

// BenchmarkFlow measures whole flows of OpenID4VCI, until the credential is in
// the wallet, per second of processor time of the server's process, on
// PostgreSQL. Beside it, in turn, a bare handler answers the same calls (see bare):
// how much of its rate is left is what the product costs. What is there before a
// flow begins is no part of it: the offer, the registered client, the signed-in
// owner. It fails below flowShare, and if the two do not send the same
// statements. At the end a profile says where the time goes.
func BenchmarkFlow(b *testing.B) {
	cluster, err := dbtest.Start(b.Context(), "shared_preload_libraries=pg_stat_statements", "synchronous_commit=on")
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	f := newFlowBench(b, cluster)
	product := startFlowServer(b, productServer, f.database, f.master, "")
	plain := startFlowServer(b, bareServer, f.database, f.master, "")
	for _, flow := range flows() {
		for _, wallets := range flowWallets() {
			f.compare(flow, wallets, product, plain)
		}
	}
	product.stop()
	plain.stop()
	f.report()
	for _, flow := range flows() {
		f.profile(flow)
	}
}

// flowKind is one way to a credential.
type flowKind struct {
	name    string
	dpop    bool
	offered bool // it begins with an offer; else by the wallet itself, with ""
	take    func(w *flowWallet, offer string) error
}

func flows() []flowKind {
	return []flowKind{
		{"pre-authorized code", false, true, (*flowWallet).preAuthorized},
		{"pre-authorized code, DPoP", true, true, (*flowWallet).preAuthorized},
		{"authorization code", false, false, (*flowWallet).authorized},
		{"authorization code, DPoP", true, false, (*flowWallet).authorized},
	}
}

type flowBench struct {
	b        *testing.B
	database string
	conn     *pgx.Conn
	master   secret.Master
	issuer   *issuer.Issuer
	registry *registry.Registry
	owners   []flowOwner // one of each wallet
	rows     []flowRow
}

// flowRow is what the two servers did with one kind of flow.
type flowRow struct {
	flow       string
	wallets    int
	product    float64 // flows per second of processor time, median
	plain      float64
	share      float64 // median of the shares of the rounds
	statements float64 // per flow
}

// compare lets the two servers take turns.
func (f *flowBench) compare(flow flowKind, wallets int, product, plain *flowServer) {
	f.b.Helper()
	var of, ofPlain, share []float64
	row := flowRow{flow: flow.name, wallets: wallets}
	for round := range flowRounds + 1 {
		a, statements := f.round(flow, wallets, product)
		b, same := f.round(flow, wallets, plain)
		if difference := statements.difference(same); difference != "" {
			f.b.Fatalf("%s: the bare handler does not do the same:\n%s", flow.name, difference)
		}
		if round == 0 {
			continue // statements are prepared
		}
		of, ofPlain, share, row.statements = append(of, a), append(ofPlain, b), append(share, a/b), statements.calls()
	}
	row.product, row.plain, row.share = median(of), median(ofPlain), median(share)
	f.b.Logf("%-26s %2d wallets: shares of the rounds %.2f", flow.name, wallets, share)
	f.rows = append(f.rows, row)
}

// round gives the flows per second of the server's processor time, and the
// statements of one flow.
func (f *flowBench) round(flow flowKind, wallets int, server *flowServer) (float64, flowStatements) {
	f.b.Helper()
	offers := f.offers(flow, wallets, flowsPerRound)
	f.resetStatements()
	before := server.processorTime()
	f.take(flow, offers, server)
	took := server.processorTime() - before
	return flowsPerRound / took.Seconds(), f.statements(flowsPerRound)
}

// offers makes n offers, for so many people in turn; each is "" if the flow begins
// without.
func (f *flowBench) offers(flow flowKind, people, n int) [][]string {
	f.b.Helper()
	out := make([][]string, people)
	for k := range n {
		var offer issuer.Offer
		if flow.offered {
			var err error
			offer, err = f.issuer.CreateOffer(f.b.Context(), staff(registry.RoleAdmin), f.owners[k%people].id, []string{sd}, false)
			f.must(err)
		}
		out[k%people] = append(out[k%people], offer.ID)
	}
	return out
}

// take lets each wallet go through its flows.
func (f *flowBench) take(flow flowKind, offers [][]string, server *flowServer) {
	f.b.Helper()
	var wg sync.WaitGroup
	var failed atomic.Value
	for n, own := range offers {
		wallet := newFlowWallet(f.b, server.url, f.owners[n], flow.dpop)
		wg.Go(func() {
			for _, offer := range own {
				if err := flow.take(wallet, offer); err != nil {
					failed.Store(err)
					return
				}
			}
			wallet.client.CloseIdleConnections()
		})
	}
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		f.b.Fatal(err)
	}
}

func (f *flowBench) profile(flow flowKind) {
	f.b.Helper()
	file := filepath.Join(f.b.TempDir(), "cpu.prof")
	server := startFlowServer(f.b, productServer, f.database, f.master, file)
	f.take(flow, f.offers(flow, 8, 2*flowsPerRound), server)
	server.stop()
	fmt.Printf("%s, with 8 wallets: %s", flow.name, flowLayers(f.b, file))
}

func (f *flowBench) report() {
	f.b.Helper()
	fmt.Printf("%-26s %8s %22s %14s %8s %12s\n", "flow", "wallets", "per processor second", "bare handler", "share", "statements")
	for _, r := range f.rows {
		fmt.Printf("%-26s %8d %22.0f %14.0f %8.2f %12.1f\n", r.flow, r.wallets, r.product, r.plain, r.share, r.statements)
		if r.share < flowShare {
			f.b.Errorf("%s with %d wallets: %.2f of the bare handler, the aim is %.2f", r.flow, r.wallets, r.share, flowShare)
		}
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
