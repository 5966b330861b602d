package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// State says where a credential stands.
type State string

// The states of an issuance. A reserved one counts as live: it may be signed
// and on its way. A suspended one has not ended, but its status is not valid; the
// status of a withdrawn or failed one is invalid for good.
const (
	Reserved  State = "reserved"
	Issued    State = "issued"
	Suspended State = "suspended"
	Withdrawn State = "withdrawn"
	Failed    State = "failed" // reserved and never recorded
)

// The rules that close a credential; all else is done by an account.
const (
	ByFollower = "follower" // a value in it is no longer attested
	BySweep    = "sweep"    // a crash left its reservation open
	ByReissue  = "reissue"  // a newer one took its place
	ByWallet   = "wallet"   // its holder's wallet asked, or told so
)

// ReasonReplaced is why a credential ends that a newer one took the place of.
const ReasonReplaced = "replaced"

// Issuance is one credential, from its reservation on. Together with the
// registrant's version it says all that was to be signed, without the values.
type Issuance struct {
	ID           uuid.UUID
	RegistrantID uuid.UUID
	ConfigID     string
	Format       string
	GrantID      string
	Family       string // of the grant; set by Reserve
	ConsentID    string // of the grant; "" = the person made the offer
	ResponseID   string // the response that it goes out with; the copies of a batch share it
	State        State
	KID          string            // the key it is signed with
	Holder       string            // RFC 7638 thumbprint of the holder's key
	Fields       map[string][]byte // field key → keyed hash of the value, as registry gives it
	VersionNo    int
	ChainNo      int64 // the registrant's change log when the values were read
	ListID       string
	ListIndex    int64
	ValidFrom    time.Time
	ValidUntil   time.Time
	ReservedAt   time.Time
	IssuedAt     time.Time // zero: not yet
	ClosedAt     time.Time // zero: live
	ClosedBy     string    // account, or ByFollower or BySweep
	Reason       string
	AcceptedAt   time.Time // when the wallet said that it keeps it; zero: it did not (yet)
	FailedAt     time.Time // when the wallet said that it could not take it
	DeletedAt    time.Time // when the wallet said that its holder removed it

	Grace      time.Duration // how long what it replaces stays valid if the wallet says nothing; 0: not at all
	Supersedes uuid.UUID     // the one in whose place it stands; zero: none
	ReplacedBy uuid.UUID     // the one that stands in its place; zero: none
	ReplaceAt  time.Time     // when it is withdrawn for that at the latest; zero: not for that

	RepresentativeID uuid.UUID // who holds it for the registrant; zero: the registrant
}

// Live says whether the credential has not ended: it is valid, or may be again.
func (i Issuance) Live() bool { return slices.Contains(liveStates(), i.State) }

type issuanceRow struct {
	Issuer       owner     `gorm:"column:issuer"`
	ID           uuid.UUID `gorm:"column:id;primaryKey"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	ConfigID     string    `gorm:"column:config_id"`
	Format       string    `gorm:"column:format"`
	GrantID      string    `gorm:"column:grant_id"`
	Family       string    `gorm:"column:family"`
	ConsentID    string    `gorm:"column:consent_id"`
	ResponseID   string    `gorm:"column:response_id"`
	State        string    `gorm:"column:state"`
	KID          string    `gorm:"column:kid"`
	Holder       string    `gorm:"column:holder"`
	Fields       db.JSON   `gorm:"column:fields"`
	VersionNo    int       `gorm:"column:version_no"`
	ChainNo      int64     `gorm:"column:chain_no"`
	ListID       string    `gorm:"column:list_id"`
	ListIndex    int64     `gorm:"column:list_index"`
	ValidFrom    db.Time   `gorm:"column:valid_from"`
	ValidUntil   db.Time   `gorm:"column:valid_until"`
	ReservedAt   db.Time   `gorm:"column:reserved_at"`
	IssuedAt     *db.Time  `gorm:"column:issued_at"`
	ClosedAt     *db.Time  `gorm:"column:closed_at"`
	ClosedBy     string    `gorm:"column:closed_by"`
	Reason       string    `gorm:"column:reason"`
	AcceptedAt   *db.Time  `gorm:"column:accepted_at"`
	FailedAt     *db.Time  `gorm:"column:failed_at"`
	DeletedAt    *db.Time  `gorm:"column:deleted_at"`

	Grace      int64      `gorm:"column:grace"` // seconds
	Supersedes *uuid.UUID `gorm:"column:supersedes"`
	ReplacedBy *uuid.UUID `gorm:"column:replaced_by"`
	ReplaceAt  *db.Time   `gorm:"column:replace_at"`

	RepresentativeID *uuid.UUID `gorm:"column:representative_id"`
}

func (issuanceRow) TableName() string { return "issuance" }

func issuanceRowOf(i Issuance) issuanceRow {
	fields := db.JSON{}
	for k, h := range i.Fields {
		fields[k] = base64.RawURLEncoding.EncodeToString(h)
	}
	return issuanceRow{ID: i.ID, RegistrantID: i.RegistrantID, RepresentativeID: optionalID(i.RepresentativeID), ConfigID: i.ConfigID, Format: i.Format, GrantID: i.GrantID, Family: i.Family, ConsentID: i.ConsentID, ResponseID: i.ResponseID,
		State: string(i.State), KID: i.KID, Holder: i.Holder, Fields: fields, VersionNo: i.VersionNo, ChainNo: i.ChainNo,
		ListID: i.ListID, ListIndex: i.ListIndex, ValidFrom: db.Time{Time: i.ValidFrom}, ValidUntil: db.Time{Time: i.ValidUntil},
		ReservedAt: db.Time{Time: i.ReservedAt}, Reason: i.Reason, Grace: int64(i.Grace / time.Second)}
}

// toIssuance takes a hash that cannot be read as one that nothing equals: that
// credential is stale, and no other suffers from it.
func (r issuanceRow) toIssuance() Issuance {
	fields := make(map[string][]byte, len(r.Fields))
	for k, v := range r.Fields {
		s, _ := v.(string)
		if h, err := base64.RawURLEncoding.DecodeString(s); err == nil {
			fields[k] = h
		} else {
			fields[k] = nil
		}
	}
	return Issuance{ID: r.ID, RegistrantID: r.RegistrantID, RepresentativeID: idOf(r.RepresentativeID), ConfigID: r.ConfigID, Format: r.Format, GrantID: r.GrantID, Family: r.Family, ConsentID: r.ConsentID, ResponseID: r.ResponseID,
		State: State(r.State), KID: r.KID, Holder: r.Holder, Fields: fields, VersionNo: r.VersionNo, ChainNo: r.ChainNo,
		ListID: r.ListID, ListIndex: r.ListIndex, ValidFrom: r.ValidFrom.Time, ValidUntil: r.ValidUntil.Time,
		ReservedAt: r.ReservedAt.Time, IssuedAt: timeOf(r.IssuedAt), ClosedAt: timeOf(r.ClosedAt), ClosedBy: r.ClosedBy, Reason: r.Reason,
		AcceptedAt: timeOf(r.AcceptedAt), FailedAt: timeOf(r.FailedAt), DeletedAt: timeOf(r.DeletedAt),
		Grace: time.Duration(r.Grace) * time.Second, Supersedes: idOf(r.Supersedes), ReplacedBy: idOf(r.ReplacedBy), ReplaceAt: timeOf(r.ReplaceAt)}
}

// optionalID stores the zero id as NULL.
func optionalID(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func idOf(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func toIssuances(rows []issuanceRow) []Issuance {
	out := make([]Issuance, len(rows))
	for n, r := range rows {
		out[n] = r.toIssuance()
	}
	return out
}

// Issuance gives one issuance; ErrNotFound if there is none.
func (l *Ledger) Issuance(ctx context.Context, id uuid.UUID) (Issuance, error) {
	var rows []issuanceRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("id = ?", id).Find(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Issuance{}, fmt.Errorf("ledger: read issuance: %w", err)
	}
	return rows[0].toIssuance(), nil
}

// Issuances gives all issuances of a registrant, newest first.
func (l *Ledger) Issuances(ctx context.Context, registrant uuid.UUID) ([]Issuance, error) {
	var rows []issuanceRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("registrant_id = ?", registrant).Order("reserved_at DESC, id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read issuances: %w", err)
	}
	return toIssuances(rows), nil
}

// Shown gives the newest issuances of a registrant, newest first, at most limit: one
// of each response, since the copies of a batch stand and fall together.
func (l *Ledger) Shown(ctx context.Context, registrant uuid.UUID, limit int) ([]Issuance, error) {
	return l.firsts(ctx, "reserved_at DESC, id", limit, "PARTITION BY response_id ORDER BY id", "registrant_id = ?", registrant)
}

// NewestValid gives, of each configuration, the newest issuance of a registrant that
// is issued and not over, papers aside.
func (l *Ledger) NewestValid(ctx context.Context, registrant uuid.UUID) ([]Issuance, error) {
	return l.firsts(ctx, "config_id", -1, "PARTITION BY config_id ORDER BY reserved_at DESC, id",
		"registrant_id = ? AND state = ? AND valid_until > ? AND format <> ?", registrant, string(Issued), db.Time{Time: l.now()}, FormatPaper)
}

// NewestSuspended gives, of each configuration, the newest issuance of a registrant that
// is suspended: as long as there is one, no other of the kind is reserved.
func (l *Ledger) NewestSuspended(ctx context.Context, registrant uuid.UUID) ([]Issuance, error) {
	return l.firsts(ctx, "config_id", -1, "PARTITION BY config_id ORDER BY reserved_at DESC, id",
		"registrant_id = ? AND state = ?", registrant, string(Suspended))
}

// firsts gives the first issuance of every part (the window) of those that fulfil where.
func (l *Ledger) firsts(ctx context.Context, order string, limit int, window, where string, args ...any) ([]Issuance, error) {
	var rows []issuanceRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		parts := tx.Model(&issuanceRow{}).Select("*, row_number() OVER ("+window+") AS nth").Where(where, args...)
		return tx.Table("(?) AS issuance", parts).Where("nth = 1").Order(order).Limit(limit).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read issuances: %w", err)
	}
	return toIssuances(rows), nil
}

// Live gives those credentials that are about these registrants, or that they hold
// for others, that have not ended: reserved, issued and suspended ones.
func (l *Ledger) Live(ctx context.Context, registrants []uuid.UUID) ([]Issuance, error) {
	var rows []issuanceRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("(registrant_id IN ? OR representative_id IN ?) AND state IN ?", registrants, registrants, liveStates()).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read live issuances: %w", err)
	}
	return toIssuances(rows), nil
}

func liveStates() []State { return []State{Reserved, Issued, Suspended} }
