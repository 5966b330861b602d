package registry

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Blob is a file in the database.
type Blob = blob

// WriteBlob keeps a file that nobody has taken.
func (r *Registry) WriteBlob(ctx context.Context, src io.Reader, limit int64) (Blob, error) {
	return r.writeBlob(ctx, src, limit)
}

// ReadBlob reads a file as it was written.
func (r *Registry) ReadBlob(ctx context.Context, id uuid.UUID) ([]byte, Blob, error) {
	f, err := r.openBlob(ctx, id)
	if err != nil {
		return nil, Blob{}, err
	}
	b, err := io.ReadAll(f)
	return b, f.blob, err
}

// TakeBlob takes a file until a time; the zero time is for ever.
func (r *Registry) TakeBlob(ctx context.Context, id uuid.UUID, until time.Time) error {
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error { return takeBlob(tx, id, until) })
}

// DropBlob deletes a file.
func (r *Registry) DropBlob(ctx context.Context, id uuid.UUID) error {
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error { return dropBlob(tx, id) })
}

// Pieces of files.
const (
	PieceSize = pieceSize
	BlobLife  = blobLife
)

// ErrBlobCut is what reading a file that lacks a piece ends with.
var ErrBlobCut = errBlobCut
