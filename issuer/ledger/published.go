package ledger

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// TypeVersion is one version of the type metadata of an SD-JWT VC type, frozen:
// credentials name it by the hash of Body.
type TypeVersion struct {
	URI     string // of the first version
	Version int    // 1 for the first
	Body    []byte
}

// Image is a picture by its hash.
type Image struct {
	Digest    string // SHA-256, base64url
	MediaType string
	Body      []byte
}

type typeRow struct {
	URI       string   `gorm:"column:uri;primaryKey"`
	Version   int      `gorm:"column:version;primaryKey;autoIncrement:false"`
	Content   string   `gorm:"column:content"`
	Body      db.Bytes `gorm:"column:body"`
	CreatedAt db.Time  `gorm:"column:created_at"`
}

func (typeRow) TableName() string { return "credential_type" }

type imageRow struct {
	Digest    string   `gorm:"column:digest;primaryKey"`
	MediaType string   `gorm:"column:media_type"`
	Body      db.Bytes `gorm:"column:body"`
	CreatedAt db.Time  `gorm:"column:created_at"`
}

func (imageRow) TableName() string { return "credential_image" }

// maxTypeTries is how often a version is tried that another process may take first.
const maxTypeTries = 3

// FreezeType gives the version of a type whose content has this hash. If there is
// none, the next version is made, of the bytes that body gives for its number. It
// returns ErrUsed if others make versions all the time.
func (l *Ledger) FreezeType(ctx context.Context, uri, content string, body func(version int) []byte) (TypeVersion, error) {
	var row typeRow
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		for range maxTypeTries {
			row = typeRow{}
			err := tx.Where("uri = ? AND content = ?", uri, content).Take(&row).Error
			if !errors.Is(err, gorm.ErrRecordNotFound) {
				return err
			}
			var newest int
			if err := tx.Raw("SELECT coalesce(max(version), 0) FROM credential_type WHERE uri = ?", uri).Scan(&newest).Error; err != nil {
				return err
			}
			row = typeRow{URI: uri, Version: newest + 1, Content: content, Body: body(newest + 1), CreatedAt: now}
			added := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
			if added.Error != nil || added.RowsAffected == 1 {
				return added.Error
			}
		}
		return ErrUsed
	})
	if err != nil {
		return TypeVersion{}, fmt.Errorf("ledger: freeze type metadata: %w", err)
	}
	return TypeVersion{row.URI, row.Version, row.Body}, nil
}

// Types gives all versions of a type, the oldest first.
func (l *Ledger) Types(ctx context.Context, uri string) ([]TypeVersion, error) {
	var rows []typeRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("uri = ?", uri).Order("version").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read type metadata: %w", err)
	}
	out := make([]TypeVersion, len(rows))
	for n, r := range rows {
		out[n] = TypeVersion{r.URI, r.Version, r.Body}
	}
	return out, nil
}

// KeepImages stores pictures. One that is there already stays.
func (l *Ledger) KeepImages(ctx context.Context, images []Image) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		for _, i := range images {
			row := imageRow{Digest: i.Digest, MediaType: i.MediaType, Body: i.Body, CreatedAt: now}
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: keep images: %w", err)
	}
	return nil
}

// Image gives a picture by its hash; ErrNotFound if there is none.
func (l *Ledger) Image(ctx context.Context, digest string) (Image, error) {
	if !isID(digest) {
		return Image{}, fmt.Errorf("ledger: read image: %w", ErrNotFound)
	}
	var rows []imageRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("digest = ?", digest).Find(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Image{}, fmt.Errorf("ledger: read image: %w", err)
	}
	return Image{rows[0].Digest, rows[0].MediaType, rows[0].Body}, nil
}
