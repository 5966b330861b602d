package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
	"socialregistry/registry/sniff"
)

// A blob is a file in the database, sealed, in pieces. It is written with no
// transaction open, so that a slow sender holds nobody up, and belongs to nobody
// until its owner takes it in the transaction that names it:
//
//	b, err := r.writeBlob(ctx, src, MaxUpload)
//	... look at it, in the transaction: takeBlob(tx, b.ID, time.Time{})
//
// What nobody has taken blobLife after it was begun is deleted by SweepBlobs.
const (
	pieceSize   = 256 << 10
	sealedBlob  = "blob"
	sealedPiece = "blob_piece"
	blobLife    = 24 * time.Hour
)

// blob is what is known of a file.
type blob struct {
	ID        uuid.UUID
	Size      int64  // bytes
	SHA256    []byte // 32 bytes
	MediaType string // as its bytes say: see package sniff
}

// blobRow is a row of blob. KID, Wrapped and KEK are of a key of its own; empty,
// if it is sealed by the key of the record that it belongs to.
type blobRow struct {
	ID        uuid.UUID `gorm:"column:id;primaryKey"`
	KID       optional  `gorm:"column:kid"`
	Wrapped   db.Bytes  `gorm:"column:wrapped"`
	KEK       optional  `gorm:"column:kek"`
	Size      int64     `gorm:"column:size"`
	SHA256    db.Bytes  `gorm:"column:sha256"` // sealed
	MediaType string    `gorm:"column:media_type"`
	CreatedAt db.Time   `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt *db.Time  `gorm:"column:expires_at"` // nil: when its owner says
}

func (blobRow) TableName() string { return "blob" }

// writeBlob keeps a file under a key of its own. It returns TooLarge
// "upload_too_large" for more than limit bytes, and Invalid "upload_malformed"
// for a file that was cut off on its way; nothing is kept then.
func (r *Registry) writeBlob(ctx context.Context, src io.Reader, limit int64) (blob, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return blob{}, fmt.Errorf("keep a file: %w", err)
	}
	key, w := r.keys.NewRecord(id)
	return r.fillBlob(ctx, blobRow{ID: id, KID: optional(w.KID), Wrapped: w.Key, KEK: optional(w.KEK)}, key, src, limit)
}

// writeBlobUnder is writeBlob under the key of a record: who erases the record
// erases the file.
func (r *Registry) writeBlobUnder(ctx context.Context, key seal.Record, src io.Reader, limit int64) (blob, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return blob{}, fmt.Errorf("keep a file: %w", err)
	}
	return r.fillBlob(ctx, blobRow{ID: id}, key, src, limit)
}

// fillBlob stores the row of a blob, its pieces, and what they come to.
func (r *Registry) fillBlob(ctx context.Context, row blobRow, key seal.Record, src io.Reader, limit int64) (blob, error) {
	row.CreatedAt = db.TimeOf(r.now())
	until := db.TimeOf(row.CreatedAt.Add(blobLife))
	row.ExpiresAt = &until
	if err := r.db.WithContext(ctx).Create(&row).Error; err != nil {
		return blob{}, fmt.Errorf("keep a file: %w", err)
	}
	out, err := r.writePieces(ctx, row.ID, key, src, limit)
	if err == nil {
		err = r.db.WithContext(ctx).Exec(`UPDATE blob SET size = ?, sha256 = ?, media_type = ? WHERE id = ?`, out.Size,
			db.Bytes(key.Seal(sealedBlob, row.ID.String(), out.SHA256)), out.MediaType, row.ID).Error
	}
	if err != nil {
		return blob{}, errors.Join(err, dropBlob(r.db.WithContext(context.WithoutCancel(ctx)), row.ID))
	}
	return out, nil
}

func (r *Registry) writePieces(ctx context.Context, id uuid.UUID, key seal.Record, src io.Reader, limit int64) (blob, error) {
	out, sum, kind, buf := blob{ID: id}, sha256.New(), new(sniff.Sniffer), make([]byte, pieceSize)
	for seq := 0; ; seq++ {
		n, end := fill(src, buf)
		if errors.Is(end, io.ErrUnexpectedEOF) {
			return blob{}, fault.Wrap(fault.Invalid, "upload_malformed", "The file did not arrive whole. Send it again.", end)
		}
		if end != nil && end != io.EOF {
			return blob{}, fmt.Errorf("read a file to keep: %w", end)
		}
		if out.Size += int64(n); out.Size > limit {
			return blob{}, fault.New(fault.TooLarge, "upload_too_large", "The file has more than "+sizeWords(limit)+".")
		}
		if n > 0 {
			sum.Write(buf[:n])
			kind.Write(buf[:n]) //nolint:errcheck // it never fails
			sealed := db.Bytes(key.Seal(sealedPiece, pieceName(id, seq), buf[:n]))
			if err := r.db.WithContext(ctx).Exec(`INSERT INTO blob_piece (blob_id, seq, piece) VALUES (?, ?, ?)`, id, seq, sealed).Error; err != nil {
				return blob{}, fmt.Errorf("keep a piece of a file: %w", err)
			}
		}
		if end == io.EOF {
			out.SHA256, out.MediaType = sum.Sum(nil), kind.Type()
			return out, nil
		}
	}
}

// fill reads until buf is full or src ends. Only io.EOF is the end of a file:
// io.ErrUnexpectedEOF says that the sender was cut off, and of io.ReadFull one
// could not tell the two apart.
func fill(src io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = src.Read(buf[n:])
		n += m
	}
	return n, err
}

func pieceName(id uuid.UUID, seq int) string { return id.String() + "/" + strconv.Itoa(seq) }

func sizeWords(bytes int64) string {
	if bytes < 1<<20 {
		return strconv.FormatInt(bytes>>10, 10) + " KB"
	}
	return strconv.FormatInt(bytes>>20, 10) + " MB"
}

// takeBlob makes a blob somebody's: until then, or with a zero time until
// dropBlob. It returns Gone "file_expired" if it was swept.
func takeBlob(tx *gorm.DB, id uuid.UUID, until time.Time) error {
	var at *db.Time
	if !until.IsZero() {
		t := db.TimeOf(until)
		at = &t
	}
	done := tx.Exec(`UPDATE blob SET expires_at = ? WHERE id = ?`, at, id)
	if done.Error != nil {
		return fmt.Errorf("take a file: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return errNoBlob()
	}
	return nil
}

// dropBlob deletes a blob and its pieces; one that is not there is no mistake.
func dropBlob(tx *gorm.DB, id uuid.UUID) error {
	if err := tx.Exec(`DELETE FROM blob WHERE id = ?`, id).Error; err != nil { // its pieces go along: ON DELETE CASCADE
		return fmt.Errorf("delete a file: %w", err)
	}
	return nil
}

func errNoBlob() error {
	return fault.New(fault.Gone, "file_expired", "The file was kept for its time and is deleted.")
}

// SweepBlobs deletes the files whose time is over, and those that were begun by a
// process that has ended since, and tells how many. A server does it now and then.
func (r *Registry) SweepBlobs(ctx context.Context) (n int64, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		done := sweepBlobs(tx, now)
		n = done.RowsAffected
		return done.Error
	})
	if err != nil {
		return 0, fmt.Errorf("sweep files: %w", err)
	}
	return n, nil
}

func sweepBlobs(tx *gorm.DB, now db.Time) *gorm.DB {
	return tx.Exec(`DELETE FROM blob WHERE expires_at <= ?`, now)
}
