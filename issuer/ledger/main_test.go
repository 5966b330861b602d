package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// clock is a time that the test moves.
type clock struct{ t time.Time }

func newClock() *clock                          { return &clock{time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)} }
func (c *clock) now() time.Time                 { return c.t }
func (c *clock) pass(d time.Duration)           { c.t = c.t.Add(d) }
func (c *clock) plus(d time.Duration) time.Time { return c.t.Add(d) }

// bundle is a ledger with one person, whose record is at chain number 3.
type bundle struct {
	*ledger.Ledger
	clock  *clock
	db     *db.DB
	person uuid.UUID
}

func setup(t *testing.T, d *db.DB) *bundle {
	t.Helper()
	c := newClock()
	b := &bundle{ledger.New(d, c.now), c, d, uuid.Must(uuid.NewV7())}
	now := db.TimeOf(c.t)
	err := d.Exec(`INSERT INTO registrant (id, number, kind, status, version_no, latest_no, full_name_norm, extra, enc, times, vhash,
		hash_key_id, chain_head, chain_no, created_at, updated_at) VALUES (?, ?, 'person', 'ACTIVE', 2, 2, '', '{}', '{}', '{}', ?, 'h1', ?, 3, ?, ?)`,
		b.person, "SR-1", db.Bytes{1}, db.Bytes{1}, now, now).Error
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// offer stores a waiting offer of ten minutes.
func (b *bundle) offer(t *testing.T, txCodeHash string) ledger.Offer {
	t.Helper()
	o, err := b.CreateOffer(context.Background(), ledger.Offer{ID: secret.RandomID(16), RegistrantID: b.person, GrantTypes: []ledger.GrantKind{ledger.PreAuthorizedCode, ledger.AuthorizationCode},
		ConfigIDs: []string{"c1", "c2"}, TxCodeHash: txCodeHash, CreatedBy: "test"}, 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (b *bundle) grant(t *testing.T) ledger.Grant {
	t.Helper()
	g, err := b.Redeem(context.Background(), ledger.Redemption{OfferID: b.offer(t, "").ID, GrantID: secret.RandomID(16), Life: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// reservation is one that Reserve accepts; index must differ between two.
func (b *bundle) reservation(g ledger.Grant, list string, index int64) ledger.Reservation {
	return ledger.Reservation{Nonce: secret.RandomID(16), NonceExpires: b.clock.plus(5 * time.Minute), Issuances: []ledger.Issuance{{
		ID: uuid.New(), RegistrantID: b.person, ConfigID: "c1", Format: "dc+sd-jwt", GrantID: g.ID, ResponseID: secret.RandomID(16), KID: "k", Holder: "h",
		Fields: map[string][]byte{"given_name": {1, 2, 3}}, VersionNo: 2, ChainNo: 3, ListID: list, ListIndex: index,
		ValidFrom: b.clock.t, ValidUntil: b.clock.plus(time.Hour)}}}
}

// one is the only issuance of a reservation.
func one(r ledger.Reservation) *ledger.Issuance { return &r.Issuances[0] }

func (b *bundle) list(t *testing.T) ledger.StatusList {
	t.Helper()
	block, err := b.Lease(context.Background(), ledger.TokenList, quarter(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return block.List
}

func (b *bundle) count(t *testing.T, table string) int64 {
	t.Helper()
	var n int64
	if err := b.db.Raw("SELECT count(*) FROM " + table).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func ids(list ...ledger.Reservation) []uuid.UUID {
	out := make([]uuid.UUID, len(list))
	for n, r := range list {
		out[n] = one(r).ID
	}
	return out
}

// quarter is when the lists of these tests end.
func quarter() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }
