package registry

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// errBlobCut says that a stored file lacks pieces.
var errBlobCut = errors.New("registry: a stored file is not whole")

// blobReader reads a file from its sealed pieces, one at a time.
type blobReader struct {
	blob
	db   *gorm.DB
	key  seal.Record
	seq  int
	rest []byte
	left int64 // bytes that have not been read from the database
}

// openBlob opens a file that has a key of its own. It returns Gone "file_expired"
// if it is not there. A file that lacks a piece fails with errBlobCut while it is
// read.
func (r *Registry) openBlob(ctx context.Context, id uuid.UUID) (*blobReader, error) {
	row, err := r.blobRow(ctx, id)
	if err != nil {
		return nil, err
	}
	key, err := r.keys.OpenRecord(id, seal.Wrapped{KID: string(row.KID), Key: row.Wrapped, KEK: string(row.KEK)})
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	return r.readBlob(ctx, row, key)
}

// openBlobUnder is openBlob for a file that is sealed by the key of a record.
func (r *Registry) openBlobUnder(ctx context.Context, key seal.Record, id uuid.UUID) (*blobReader, error) {
	row, err := r.blobRow(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.readBlob(ctx, row, key)
}

func (r *Registry) blobRow(ctx context.Context, id uuid.UUID) (blobRow, error) {
	var rows []blobRow
	if err := r.db.WithContext(ctx).Where("id = ?", id).Find(&rows).Error; err != nil {
		return blobRow{}, fmt.Errorf("open a file: %w", err)
	}
	if len(rows) == 0 || len(rows[0].SHA256) == 0 { // not there, or not whole yet
		return blobRow{}, errNoBlob()
	}
	return rows[0], nil
}

func (r *Registry) readBlob(ctx context.Context, row blobRow, key seal.Record) (*blobReader, error) {
	sum, err := key.Open(sealedBlob, row.ID.String(), row.SHA256)
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	return &blobReader{blob: blob{ID: row.ID, Size: row.Size, SHA256: sum, MediaType: row.MediaType},
		db: r.db.WithContext(ctx), key: key, left: row.Size}, nil
}

// Read reads the file; its end is io.EOF only if it is whole.
func (f *blobReader) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.left == 0 {
			return 0, io.EOF
		}
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *blobReader) next() error {
	var pieces []db.Bytes
	if err := f.db.Raw(`SELECT piece FROM blob_piece WHERE blob_id = ? AND seq = ?`, f.ID, f.seq).Scan(&pieces).Error; err != nil {
		return fmt.Errorf("read piece %d of a file: %w", f.seq, err)
	}
	if len(pieces) == 0 {
		return errBlobCut
	}
	piece, err := f.key.Open(sealedPiece, pieceName(f.ID, f.seq), pieces[0])
	if err != nil {
		return err
	}
	if f.left -= int64(len(piece)); f.left < 0 {
		return errBlobCut
	}
	f.rest, f.seq = piece, f.seq+1
	return nil
}
