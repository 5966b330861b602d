package registry

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
	"socialregistry/registry/sniff"
)

// documentRow is a row of document. Its primary key begins with the record.
type documentRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	ID           uuid.UUID `gorm:"column:id;primaryKey"`
	ContentHash  db.Bytes  `gorm:"column:content_hash"` // keyed
	HashKeyID    string    `gorm:"column:hash_key_id"`
	BlobID       uuid.UUID `gorm:"column:blob_id"`
	Meta         db.Bytes  `gorm:"column:meta"` // documentMeta, sealed
	BySelf       bool      `gorm:"column:by_self"`
	UploadedBy   string    `gorm:"column:uploaded_by"`
	UploadedAt   db.Time   `gorm:"column:uploaded_at"`
}

func (documentRow) TableName() string { return "document" }

// documentMeta is what is known of a document that may tell of a person.
type documentMeta struct {
	Name   string   `json:"n"`
	SHA256 string   `json:"h"`
	Fields []string `json:"f,omitempty"` // that it was linked to
}

const sealedDocument = "document"

// endings lists the file name endings of a media type that a document may have,
// the usual one first; nil: it may not.
func endings(mediaType string) []string {
	switch mediaType {
	case sniff.PDF:
		return []string{".pdf"}
	case sniff.JPEG:
		return []string{".jpg", ".jpeg"}
	case sniff.PNG:
		return []string{".png"}
	case sniff.WebP:
		return []string{".webp"}
	case sniff.Text:
		return []string{".txt"}
	}
	return nil
}

// documentName keeps of a file name what can be shown, with an ending that fits
// what the file is: what is opened by its name is opened as what it is.
func documentName(name, mediaType string) string {
	name = strings.Trim(cleanFileName(name), " .")
	if name == "" {
		name = "document"
	}
	if fit := endings(mediaType); !slices.Contains(fit, strings.ToLower(path.Ext(name))) {
		name += fit[0]
	}
	return name
}

func newDocument(a Actor, file blob, n NewDocument, now db.Time) Document {
	return Document{ID: file.ID, Name: documentName(n.Name, file.MediaType), MediaType: file.MediaType, Size: file.Size, Fields: n.Fields,
		SHA256: "sha256:" + hex.EncodeToString(file.SHA256), UploadedBy: a.name(), UploadedAt: now.Time,
		bySelf: !a.may(toAddDocument), blob: file.ID}
}

// insertDocument takes the file and writes the row and the entry of the change log.
func (r *Registry) insertDocument(tx *gorm.DB, a Actor, rec *record, d Document, reason string, now db.Time) error {
	meta, err := d.sealedMeta(rec)
	if err != nil {
		return err
	}
	if err := takeBlob(tx, d.blob, time.Time{}); err != nil {
		return err
	}
	row := documentRow{RegistrantID: rec.row.ID, ID: d.ID, ContentHash: r.documentHash(rec.row.ID, d.SHA256), HashKeyID: r.keys.HashKeyID(),
		BlobID: d.blob, Meta: meta, BySelf: d.bySelf, UploadedBy: d.UploadedBy, UploadedAt: now}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("store a document: %w", err)
	}
	return r.noteDocument(tx, a, rec, "", d.ID.String(), reason, now)
}

// uploadedAgain gives the document that is there already. A registrant who
// uploads what somebody else did may see it from now on.
func (r *Registry) uploadedAgain(tx *gorm.DB, a Actor, rec *record, d Document, bySelf bool, reason string, now db.Time) (Document, error) {
	if d.bySelf || !bySelf {
		return d, nil
	}
	d.bySelf = true
	if err := tx.Exec(`UPDATE document SET by_self = ? WHERE registrant_id = ? AND id = ?`, true, rec.row.ID, d.ID).Error; err != nil {
		return d, fmt.Errorf("note who uploaded a document: %w", err)
	}
	return d, r.noteDocument(tx, a, rec, d.ID.String(), d.ID.String(), reason, now)
}

// noteDocument writes the entry of the change log.
func (r *Registry) noteDocument(tx *gorm.DB, a Actor, rec *record, before, after, reason string, now db.Time) error {
	return r.note(tx, r.newBuilder(nil, a, reason, now), rec, diffEntry{Field: documentNote, Kind: KindDocument, Old: before, New: after})
}

// documentHash is the keyed hash by which a record's document is found.
func (r *Registry) documentHash(id uuid.UUID, sha256 string) db.Bytes {
	return r.keys.ValueHash(id, sealedDocument, sha256)
}

// hasDocument tells whether a record has a document with this content.
func (r *Registry) hasDocument(tx *gorm.DB, id uuid.UUID, sha256 string) (bool, error) {
	var n int64
	err := tx.Raw(`SELECT count(*) FROM document WHERE registrant_id = ? AND content_hash = ?`, id, r.documentHash(id, sha256)).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for a document: %w", err)
	}
	return n > 0, nil
}

// loadDocuments reads what is known of all documents of a record, oldest first.
func loadDocuments(tx *gorm.DB, rec record) ([]Document, error) {
	var rows []struct {
		Row       documentRow `gorm:"embedded"`
		Size      int64       `gorm:"column:size"`
		MediaType string      `gorm:"column:media_type"`
	}
	err := tx.Raw(`SELECT d.*, b.size, b.media_type FROM document d JOIN blob b ON b.id = d.blob_id
		WHERE d.registrant_id = ? ORDER BY d.id`, rec.row.ID).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load documents: %w", err)
	}
	out := make([]Document, len(rows))
	for i, row := range rows {
		meta, err := row.Row.open(rec.key)
		if err != nil {
			return nil, err
		}
		out[i] = Document{ID: row.Row.ID, Name: meta.Name, MediaType: row.MediaType, Size: row.Size, SHA256: meta.SHA256, Fields: meta.Fields,
			UploadedBy: row.Row.UploadedBy, UploadedAt: row.Row.UploadedAt.Time, bySelf: row.Row.BySelf, blob: row.Row.BlobID}
	}
	return out, nil
}

func (row *documentRow) open(key seal.Record) (meta documentMeta, err error) {
	plain, err := key.Open(sealedDocument, row.ID.String(), row.Meta)
	if err != nil {
		return meta, err
	}
	if err := json.Unmarshal(plain, &meta); err != nil {
		return meta, fmt.Errorf("read what is known of a document: %w", err)
	}
	return meta, nil
}
