package vci_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/registry"
)

const (
	flowsPerRound  = 256  // of each server
	flowRounds     = 5    // the median counts
	flowShare      = 0.5  // aim: of the bare handler's flows per processor second
	flowStatements = 0.02 // how far the two may be apart in statements
)

// flowWallets is how many wallets ask at once.
func flowWallets() []int { return []int{1, 8, 32} }

// BenchmarkFlow measures whole flows of OpenID4VCI, from the offer to the
// credential in the wallet, per second of processor time of the server's process,
// on PostgreSQL. Beside it, in turn, a bare handler answers the same calls (see
// bare): how much of its rate is left is what the product costs. Making the offers
// is no part of it. It fails below flowShare, and if the two do not send the
// same number of statements. At the end a profile says where the time goes.
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
	f.profile(flows())
	f.report()
}

// flowKind is one way from an offer to a credential.
type flowKind struct {
	name string
	dpop bool
	take func(w *flowWallet, offer string) error
}

func flows() []flowKind {
	return []flowKind{
		{"pre-authorized", false, (*flowWallet).preAuthorized},
		{"pre-authorized, DPoP", true, (*flowWallet).preAuthorized},
	}
}

type flowBench struct {
	b        *testing.B
	database string
	conn     *pgx.Conn
	master   secret.Master
	issuer   *issuer.Issuer
	registry *registry.Registry
	people   []uuid.UUID // one of each wallet
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
		a, statements := f.round(flow, wallets, flowsPerRound, product)
		b, same := f.round(flow, wallets, flowsPerRound, plain)
		if math.Abs(statements-same) > flowStatements*statements {
			f.b.Fatalf("%s: %.2f statements per flow, the bare handler sends %.2f", flow.name, statements, same)
		}
		if round == 0 {
			continue // statements are prepared
		}
		of, ofPlain, share, row.statements = append(of, a), append(ofPlain, b), append(share, a/b), statements
	}
	row.product, row.plain, row.share = median(of), median(ofPlain), median(share)
	f.b.Logf("%-24s %2d wallets: shares of the rounds %.2f", flow.name, wallets, share)
	f.rows = append(f.rows, row)
}

// round gives the flows per second of the server's processor time, and the
// statements per flow.
func (f *flowBench) round(flow flowKind, wallets, n int, server *flowServer) (rate, statements float64) {
	f.b.Helper()
	offers := f.offers(wallets, n)
	f.sql("SELECT pg_stat_statements_reset()")
	before := server.processorTime()
	f.take(flow, offers, server)
	took := server.processorTime() - before
	var calls float64
	f.must(f.conn.QueryRow(f.b.Context(), "SELECT sum(calls) FROM pg_stat_statements").Scan(&calls))
	return float64(n) / took.Seconds(), calls / float64(n)
}

// offers makes n offers, for so many people in turn.
func (f *flowBench) offers(people, n int) [][]string {
	f.b.Helper()
	out := make([][]string, people)
	for k := range n {
		o, err := f.issuer.CreateOffer(f.b.Context(), staff(registry.RoleAdmin), f.people[k%people], []string{sd}, false)
		f.must(err)
		out[k%people] = append(out[k%people], o.ID)
	}
	return out
}

// take lets each wallet take its offers.
func (f *flowBench) take(flow flowKind, offers [][]string, server *flowServer) {
	f.b.Helper()
	var wg sync.WaitGroup
	var failed atomic.Value
	for _, own := range offers {
		wallet := newFlowWallet(f.b, server.url, flow.dpop)
		wg.Go(func() {
			for _, offer := range own {
				if err := flow.take(wallet, offer); err != nil {
					failed.Store(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		f.b.Fatal(err)
	}
}

func (f *flowBench) profile(kinds []flowKind) {
	f.b.Helper()
	file := filepath.Join(f.b.TempDir(), "cpu.prof")
	server := startFlowServer(f.b, productServer, f.database, f.master, file)
	for _, flow := range kinds {
		f.take(flow, f.offers(8, 4*flowsPerRound), server)
	}
	server.stop()
	fmt.Print(flowLayers(f.b, file))
}

func (f *flowBench) report() {
	f.b.Helper()
	fmt.Printf("%-24s %8s %22s %14s %8s %12s\n", "flow", "wallets", "per processor second", "bare handler", "share", "statements")
	for _, r := range f.rows {
		fmt.Printf("%-24s %8d %22.0f %14.0f %8.2f %12.1f\n", r.flow, r.wallets, r.product, r.plain, r.share, r.statements)
		if r.share < flowShare {
			f.b.Errorf("%s with %d wallets: %.2f of the bare handler, the aim is %.2f", r.flow, r.wallets, r.share, flowShare)
		}
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// newFlowBench makes a database with a person for each wallet.
func newFlowBench(b *testing.B, cluster *dbtest.Cluster) *flowBench {
	b.Helper()
	ctx := b.Context()
	f := &flowBench{b: b, database: cluster.URL("flow"), master: secret.NewMaster()}
	first, err := pgx.Connect(ctx, cluster.URL("postgres"))
	f.must(err)
	_, err = first.Exec(ctx, "CREATE DATABASE flow")
	f.must(err)
	f.must(first.Close(ctx))
	f.conn, err = pgx.Connect(ctx, f.database)
	f.must(err)
	f.sql("CREATE EXTENSION pg_stat_statements")
	d, err := db.Open(ctx, f.database)
	f.must(err)
	f.must(db.Migrate(ctx, d))
	f.registry, err = registry.New(ctx, registry.Config{DB: d, Master: f.master, Now: time.Now})
	f.must(err)
	f.issuer, err = issuer.New(ctx, issuer.Config{DB: d, Registry: f.registry, Master: f.master, PublicURL: publicURL, Now: time.Now, Resolver: did.NewResolver()})
	f.must(err)
	for range slices.Max(flowWallets()) {
		f.people = append(f.people, f.person(ctx))
	}
	return f
}

func (f *flowBench) person(ctx context.Context) uuid.UUID {
	f.b.Helper()
	admin := staff(registry.RoleAdmin)
	p, err := f.registry.Register(ctx, admin, registry.Change{Set: map[string]string{
		"given_name": "Zubeida", "family_name": "Okonjo", "birth_date": "1990-04-02", "sex": "female", "region": "North"}})
	f.must(err)
	var decisions []registry.Decision
	for _, field := range mandatory() {
		decisions = append(decisions, registry.Decision{Field: field, State: registry.StateAttested, Comment: "papers"})
	}
	f.must(f.registry.Attest(ctx, admin, p.ID, p.VersionNo, decisions))
	return p.ID
}

func (f *flowBench) must(err error) {
	f.b.Helper()
	if err != nil {
		f.b.Fatal(err)
	}
}

func (f *flowBench) sql(statement string) {
	f.b.Helper()
	_, err := f.conn.Exec(f.b.Context(), statement)
	f.must(err)
}
