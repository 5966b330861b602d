package vci_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// newFlowBench makes a database with an owner for each wallet.
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
	for n := range slices.Max(flowWallets()) {
		f.owners = append(f.owners, f.owner(ctx, n))
	}
	return f
}

// owner registers somebody who is signed in, and the wallet.
func (f *flowBench) owner(ctx context.Context, n int) flowOwner {
	f.b.Helper()
	o := flowOwner{clientID: fmt.Sprintf("wallet-%d", n), key: newKey(f.b), from: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+n))}}
	p := f.person(ctx)
	o.id, o.number, o.session = p.ID, p.Number, f.activate(ctx, p)
	jwk, err := jose.PublicJWK(o.key.Public())
	f.must(err)
	_, err = f.issuer.RegisterClient(ctx, staff(registry.RoleAdmin), ledger.Client{ID: o.clientID, Name: "Wallet", RedirectURIs: []string{redirect},
		AuthMethod: oauth.AuthPrivateKeyJWT, JWKS: object{"keys": []any{jwk}}, GrantTypes: []string{oauth.GrantAuthorizationCode}}, "benchmark")
	f.must(err)
	return o
}

func (f *flowBench) person(ctx context.Context) registry.Person {
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
	return p
}

// activate opens somebody's account and gives the session that begins with it.
func (f *flowBench) activate(ctx context.Context, p registry.Person) (session string) {
	f.b.Helper()
	code, _, err := f.registry.NewActivationCode(ctx, staff(registry.RoleAdmin), p.ID)
	f.must(err)
	session, _, err = f.registry.Activate(ctx, p.Number, code, "many wallets ask at once")
	f.must(err)
	return session
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
