package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Client is a client of the authorization server: a wallet that staff have
// registered. Its members are those of RFC 7591 §2.
type Client struct {
	ID           string // as the client names itself: 1 to 200 printable characters
	Name         string // shown to people
	RedirectURIs []string
	AuthMethod   string         // token_endpoint_auth_method: none, private_key_jwt or attest_jwt_client_auth
	JWKS         map[string]any // public keys for private_key_jwt (RFC 7517 §5)
	GrantTypes   []string       // grant_types
	DPoPBound    bool           // dpop_bound_access_tokens (RFC 9449 §5.2): its tokens must be bound to a key
	VersionNo    int64          // counts changes, from 1
	CreatedAt    time.Time
	ChangedAt    time.Time
	DisabledAt   time.Time // zero = may be used
}

type clientRow struct {
	ID           string   `gorm:"column:id;primaryKey"`
	Name         string   `gorm:"column:name"`
	RedirectURIs string   `gorm:"column:redirect_uris"`
	AuthMethod   string   `gorm:"column:auth_method"`
	JWKS         db.JSON  `gorm:"column:jwks"`
	GrantTypes   string   `gorm:"column:grant_types"`
	DPoPBound    bool     `gorm:"column:dpop_bound"`
	VersionNo    int64    `gorm:"column:version_no"`
	CreatedAt    db.Time  `gorm:"column:created_at"`
	ChangedAt    db.Time  `gorm:"column:changed_at"`
	DisabledAt   *db.Time `gorm:"column:disabled_at"`
}

func (clientRow) TableName() string { return "oauth_client" }

func clientRowOf(c Client) clientRow {
	row := clientRow{ID: c.ID, Name: c.Name, RedirectURIs: joinIDs(c.RedirectURIs), AuthMethod: c.AuthMethod, JWKS: c.JWKS,
		GrantTypes: joinIDs(c.GrantTypes), DPoPBound: c.DPoPBound, VersionNo: c.VersionNo, CreatedAt: db.TimeOf(c.CreatedAt), ChangedAt: db.TimeOf(c.ChangedAt)}
	if !c.DisabledAt.IsZero() {
		at := db.TimeOf(c.DisabledAt)
		row.DisabledAt = &at
	}
	return row
}

func (r clientRow) toClient() Client {
	return Client{ID: r.ID, Name: r.Name, RedirectURIs: splitIDs(r.RedirectURIs), AuthMethod: r.AuthMethod, JWKS: r.JWKS,
		GrantTypes: splitIDs(r.GrantTypes), DPoPBound: r.DPoPBound, VersionNo: r.VersionNo, CreatedAt: r.CreatedAt.Time,
		ChangedAt: r.ChangedAt.Time, DisabledAt: timeOf(r.DisabledAt)}
}

// Client gives a registered client, disabled or not; ErrNotFound if there is
// none.
func (l *Ledger) Client(ctx context.Context, id string) (Client, error) {
	var rows []clientRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		if !IsClientID(id) {
			return ErrNotFound
		}
		return tx.Where("id = ?", id).Limit(1).Find(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Client{}, fmt.Errorf("ledger: read client: %w", err)
	}
	return rows[0].toClient(), nil
}

// ClientOr gives a registered client, disabled or not, or else nobody, with an empty
// ID. A row comes in either case, and nobody's has as much to read as the caller gives
// it: how long it takes does not tell who is registered.
func (l *Ledger) ClientOr(ctx context.Context, id string, nobody Client) (Client, error) {
	var row clientRow
	if !IsClientID(id) {
		id = "" // of nobody
	}
	none := clientRowOf(nobody)
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw("SELECT coalesce(c.id, '') AS id, coalesce(c.name, ?) AS name, coalesce(c.redirect_uris, ?) AS redirect_uris,"+
			" coalesce(c.auth_method, ?) AS auth_method, coalesce(c.jwks, ?) AS jwks, coalesce(c.grant_types, ?) AS grant_types,"+
			" coalesce(c.dpop_bound, FALSE) AS dpop_bound, coalesce(c.version_no, 0) AS version_no, coalesce(c.created_at, ?) AS created_at,"+
			" coalesce(c.changed_at, ?) AS changed_at, c.disabled_at FROM oauth_client c RIGHT JOIN (SELECT 1 AS one) AS one ON c.id = ?",
			none.Name, none.RedirectURIs, none.AuthMethod, none.JWKS, none.GrantTypes, none.CreatedAt, none.ChangedAt, id).Scan(&row).Error
	})
	if err != nil {
		return Client{}, fmt.Errorf("ledger: read client: %w", err)
	}
	return row.toClient(), nil
}

// Clients gives all clients in the order of their ids.
func (l *Ledger) Clients(ctx context.Context) ([]Client, error) {
	var rows []clientRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Order("id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read clients: %w", err)
	}
	clients := make([]Client, len(rows))
	for n, r := range rows {
		clients[n] = r.toClient()
	}
	return clients, nil
}

// CreateClient registers a client in the name of e.Actor. ErrExists if its id is
// taken.
func (l *Ledger) CreateClient(ctx context.Context, c Client, e Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		c.VersionNo, c.CreatedAt, c.ChangedAt = 1, now.Time, now.Time
		row := clientRowOf(c)
		if err := l.duplicate(tx.Create(&row).Error); err != nil {
			return err
		}
		return logEntry(tx, e, clientSubject(c.ID), nil, clientDoc(c), now)
	})
	if err != nil {
		return fmt.Errorf("ledger: create client: %w", err)
	}
	return nil
}

// ChangeClient stores what change makes of a client. What it gives is kept but
// for id, version and times. A client that is disabled loses its grants and its
// refresh tokens. It returns ErrNotFound, and the error of change.
func (l *Ledger) ChangeClient(ctx context.Context, id string, e Entry, change func(Client) (Client, error)) (Client, error) {
	var after Client
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		before, err := l.lockClient(tx, id)
		if err != nil {
			return err
		}
		if after, err = change(before); err != nil {
			return err
		}
		after.ID, after.VersionNo, after.CreatedAt, after.ChangedAt = before.ID, before.VersionNo+1, before.CreatedAt, now.Time
		row := clientRowOf(after)
		if err := tx.Select("*").Where("id = ?", id).Updates(&row).Error; err != nil {
			return err
		}
		if before.DisabledAt.IsZero() && !after.DisabledAt.IsZero() {
			if err := l.revokeOf(tx, id, now); err != nil {
				return err
			}
		}
		return logEntry(tx, e, clientSubject(id), clientDoc(before), clientDoc(after), now)
	})
	if err != nil {
		return Client{}, fmt.Errorf("ledger: change client: %w", err)
	}
	return after, nil
}

// revokeOf ends what a client was granted, by whichever issuer.
func (l *Ledger) revokeOf(tx *gorm.DB, client string, now db.Time) error {
	var issuers []string
	err := tx.Raw("SELECT DISTINCT issuer FROM issue_grant WHERE client_id = ? ORDER BY issuer", client).Scan(&issuers).Error
	if err != nil {
		return err
	}
	for _, name := range issuers {
		of := l.Of(name)
		if err := of.revokeGrants(of.scope(tx), now, "client_id = ?", client); err != nil {
			return err
		}
	}
	return nil
}

// holdClient keeps a client from being disabled until the caller's transaction
// ends, so that no grant is made for one that is. ErrRevoked: it is disabled. A
// client that nobody registered cannot be.
func (l *Ledger) holdClient(tx *gorm.DB, id string) error {
	if id == "" {
		return nil
	}
	var row clientRow
	if err := tx.Raw("SELECT id, disabled_at FROM oauth_client WHERE id = ?"+l.db.Dialect.ForShare(), id).Scan(&row).Error; err != nil {
		return err
	}
	if row.DisabledAt != nil {
		return ErrRevoked
	}
	return nil
}

func (l *Ledger) lockClient(tx *gorm.DB, id string) (Client, error) {
	var row clientRow
	if !IsClientID(id) {
		return Client{}, ErrNotFound
	}
	res := tx.Raw("SELECT id, name, redirect_uris, auth_method, jwks, grant_types, dpop_bound, version_no, created_at, changed_at, disabled_at"+
		" FROM oauth_client WHERE id = ?"+l.db.Dialect.ForUpdate(), id).Scan(&row)
	if res.Error == nil && res.RowsAffected == 0 {
		return Client{}, ErrNotFound
	}
	return row.toClient(), res.Error
}

// ClientLog tells the changes of a client, the oldest first.
func (l *Ledger) ClientLog(ctx context.Context, id string) ([]Entry, error) {
	return l.Log(ctx, clientSubject(id))
}

// IsClientID says that some client may be called so: 1 to 200 printable ASCII
// characters. Others are not asked for: a database keeps not every text.
func IsClientID(id string) bool {
	return id != "" && len(id) <= 200 && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

func clientSubject(id string) string { return "client:" + id }

// clientDoc is how a client stands in the log.
func clientDoc(c Client) map[string]any {
	return map[string]any{"client_name": c.Name, "redirect_uris": c.RedirectURIs, "token_endpoint_auth_method": c.AuthMethod,
		"jwks": c.JWKS, "grant_types": c.GrantTypes, "dpop_bound_access_tokens": c.DPoPBound, "disabled": !c.DisabledAt.IsZero()}
}
