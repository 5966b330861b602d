package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// PublishedBundle is a signed trust bundle as it was given out.
type PublishedBundle struct {
	Seq       int64
	Keys      string            // what the issuers' keys were when it was made
	Lists     int64             // how many status lists there were, of all issuers
	Parts     map[string]string // hash of each part by its key
	Document  []byte            // nil: not the newest
	CreatedAt time.Time
}

type bundleRow struct {
	Seq       int64    `gorm:"column:seq;primaryKey;autoIncrement:false"`
	Keys      string   `gorm:"column:keys"`
	Lists     int64    `gorm:"column:lists"`
	Parts     db.JSON  `gorm:"column:parts"`
	Document  db.Bytes `gorm:"column:document"`
	CreatedAt db.Time  `gorm:"column:created_at;autoCreateTime:false"`
}

func (bundleRow) TableName() string { return "trust_bundle" }

func (r bundleRow) toPublished() PublishedBundle {
	p := PublishedBundle{Seq: r.Seq, Keys: r.Keys, Lists: r.Lists, Parts: map[string]string{}, Document: r.Document, CreatedAt: r.CreatedAt.Time}
	for key, hash := range r.Parts {
		p.Parts[key], _ = hash.(string)
	}
	return p
}

// AddBundle keeps a bundle as the newest: the documents of those before it go, and all
// of those made before the time old. ErrUsed: another process was first, and the newest
// has that number or a larger one.
func (l *Ledger) AddBundle(ctx context.Context, p PublishedBundle, old time.Time) error {
	err := l.inTx(ctx, func(tx *gorm.DB, _ db.Time) error {
		var newest int64
		if err := tx.Model(&bundleRow{}).Select("coalesce(max(seq), 0)").Scan(&newest).Error; err != nil {
			return err
		}
		if newest >= p.Seq {
			return ErrUsed
		}
		row := bundleRow{Seq: p.Seq, Keys: p.Keys, Lists: p.Lists, Parts: db.JSON{}, Document: p.Document, CreatedAt: db.TimeOf(p.CreatedAt)}
		for key, hash := range p.Parts {
			row.Parts[key] = hash
		}
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return ErrUsed
		}
		if err := tx.Where("created_at < ? AND seq < ?", db.TimeOf(old), p.Seq).Delete(&bundleRow{}).Error; err != nil {
			return err
		}
		return tx.Model(&bundleRow{}).Where("seq < ? AND document IS NOT NULL", p.Seq).Update("document", nil).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: keep trust bundle: %w", err)
	}
	return nil
}

// BundleState is the newest bundle, and what tells whether it still says everything.
type BundleState struct {
	Newest PublishedBundle // without its parts and document; of the number 0: none was made
	Lists  int64           // how many status lists there are now, of all issuers; it grows
}

// BundleState reads it by one statement: it is asked for with every bundle that somebody
// fetches.
func (l *Ledger) BundleState(ctx context.Context) (BundleState, error) {
	var row struct {
		Now       int64    `gorm:"column:lists_now"`
		Seq       int64    `gorm:"column:seq"`
		Keys      string   `gorm:"column:keys"`
		Lists     int64    `gorm:"column:lists"`
		CreatedAt *db.Time `gorm:"column:created_at"`
	}
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw("SELECT n.lists_now, coalesce(b.seq, 0) AS seq, coalesce(b.keys, '') AS keys, coalesce(b.lists, 0) AS lists, b.created_at" +
			" FROM (SELECT count(issuer) AS lists_now FROM status_list) AS n LEFT JOIN trust_bundle AS b ON b.seq = (SELECT max(seq) FROM trust_bundle)").Scan(&row).Error
	})
	if err != nil {
		return BundleState{}, fmt.Errorf("ledger: read trust bundle: %w", err)
	}
	return BundleState{Newest: PublishedBundle{Seq: row.Seq, Keys: row.Keys, Lists: row.Lists, CreatedAt: timeOf(row.CreatedAt)}, Lists: row.Now}, nil
}

// BundleDocument gives a bundle that was made without its parts: the document is there if
// it is the newest. ErrNotFound.
func (l *Ledger) BundleDocument(ctx context.Context, seq int64) (PublishedBundle, error) {
	return l.bundle(ctx, seq, "seq", "keys", "lists", "document", "created_at")
}

// BundleParts gives a bundle that was made without its document: what a delta is worked
// out from. ErrNotFound.
func (l *Ledger) BundleParts(ctx context.Context, seq int64) (PublishedBundle, error) {
	return l.bundle(ctx, seq, "seq", "keys", "lists", "parts", "created_at")
}

func (l *Ledger) bundle(ctx context.Context, seq int64, columns ...string) (PublishedBundle, error) {
	var row bundleRow
	err := l.read(ctx, func(tx *gorm.DB) error { return tx.Select(columns).Where("seq = ?", seq).Take(&row).Error })
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = ErrNotFound
	}
	if err != nil {
		return PublishedBundle{}, fmt.Errorf("ledger: read trust bundle: %w", err)
	}
	return row.toPublished(), nil
}

// MergedRegistry is another registry whose issuers stand in our trust bundle.
type MergedRegistry struct {
	URL       string
	Roots     []string // thumbprints of the keys that may sign its next bundle
	Seq       int64
	Payload   []byte // its bundle, as it was checked
	CreatedAt time.Time
	UpdatedAt time.Time
}

type mergedRow struct {
	URL       string   `gorm:"column:url;primaryKey"`
	Roots     string   `gorm:"column:roots"`
	Seq       int64    `gorm:"column:seq"`
	Payload   db.Bytes `gorm:"column:payload"`
	CreatedAt db.Time  `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt db.Time  `gorm:"column:updated_at;autoUpdateTime:false"`
	DroppedAt *db.Time `gorm:"column:dropped_at"` // then only its number is kept
}

func (mergedRow) TableName() string { return "merged_registry" }

// MergedRegistries gives all of them in the order of their addresses.
func (l *Ledger) MergedRegistries(ctx context.Context) ([]MergedRegistry, error) {
	var rows []mergedRow
	if err := l.read(ctx, func(tx *gorm.DB) error { return tx.Where("dropped_at IS NULL").Order("url").Find(&rows).Error }); err != nil {
		return nil, fmt.Errorf("ledger: read merged registries: %w", err)
	}
	out := make([]MergedRegistry, len(rows))
	for n, r := range rows {
		out[n] = MergedRegistry{r.URL, strings.Fields(r.Roots), r.Seq, r.Payload, r.CreatedAt.Time, r.UpdatedAt.Time}
	}
	return out, nil
}

// mergedSubject is how the log names a merged registry.
const mergedSubject = "registry:"

// MergeRegistry keeps a registry's bundle, in place of the one before it. ErrUsed: that
// one is newer by now, or was newer when it was dropped.
func (l *Ledger) MergeRegistry(ctx context.Context, m MergedRegistry, about map[string]any, e Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		row := mergedRow{URL: m.URL, Roots: strings.Join(m.Roots, " "), Seq: m.Seq, Payload: m.Payload, CreatedAt: now, UpdatedAt: now}
		set := clause.AssignmentColumns([]string{"roots", "seq", "payload", "updated_at", "dropped_at"})
		set = append(set, clause.Assignment{Column: clause.Column{Name: "created_at"}, // of one that was dropped, it begins again
			Value: clause.Expr{SQL: "CASE WHEN merged_registry.dropped_at IS NULL THEN merged_registry.created_at ELSE excluded.created_at END"}})
		res := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "url"}}, DoUpdates: set,
			Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "merged_registry.seq <= excluded.seq"}}}}).Create(&row)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return ErrUsed
		}
		return logEntry(tx, e, mergedSubject+m.URL, nil, maps.Clone(about), now)
	})
	if err != nil {
		return fmt.Errorf("ledger: merge registry: %w", err)
	}
	return nil
}

// DropRegistry takes a merged registry out, and keeps the number of its bundle: none
// before it is merged again. ErrNotFound.
func (l *Ledger) DropRegistry(ctx context.Context, url string, e Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		res := tx.Model(&mergedRow{}).Where("url = ? AND dropped_at IS NULL", url).
			Updates(map[string]any{"roots": "", "payload": db.Bytes{}, "updated_at": now, "dropped_at": now})
		if res.Error == nil && res.RowsAffected == 0 {
			return ErrNotFound
		}
		if res.Error != nil {
			return res.Error
		}
		return logEntry(tx, e, mergedSubject+url, map[string]any{"merged": true}, map[string]any{"merged": false}, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: drop registry: %w", err)
	}
	return nil
}
