package registry

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"socialregistry/internal/db"
	"socialregistry/registry/csvio"
	"socialregistry/registry/xlsx"
)

// table is the rows of a file of people, whatever its format. An error of Next is
// about one row if csvio.ProblemsOf knows it; a *csvio.FileError ends the file, as
// does io.EOF.
type table interface {
	Columns() []csvio.Column
	Ignored() []string
	Next() (csvio.Row, error)
}

// fileAt is a file that can be read from anywhere, as a workbook must be.
type fileAt interface {
	io.ReaderAt
	Size() int64
}

// maxBufferedWorkbook is the greatest workbook, in bytes, that is read from a pipe:
// it is kept in memory.
const maxBufferedWorkbook = 64 << 20

// CodeWorkbookTooLarge is the code of a workbook that is sent as a stream and is too
// large for that.
const CodeWorkbookTooLarge = "workbook_too_large"

// openTable reads a file under a header contract: CSV or XLSX, as its first bytes
// say. A workbook is read where it lies if src is a fileAt or a blob. It returns a
// *csvio.FileError for a file that cannot be read under the contract.
func openTable(ctx context.Context, src io.Reader, c csvio.Contract, o csvio.Options) (table, error) {
	in := bufio.NewReaderSize(src, 64<<10)
	head, err := in.Peek(xlsx.SniffLength)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, err
	}
	if !xlsx.Sniff(head) {
		reader, err := csvio.NewReader(in, c, o)
		if err != nil {
			return nil, err
		}
		return reader, nil
	}
	file, err := placed(ctx, src, in)
	if err != nil {
		return nil, err
	}
	reader, err := xlsx.NewReader(file, file.Size(), c, xlsx.Options{Options: o})
	if err != nil {
		return nil, err
	}
	return reader, nil
}

// placed gives src as a file that can be read from anywhere, after all of it has
// been read once through rest: who counts and hashes it has seen it whole.
func placed(ctx context.Context, src io.Reader, rest *bufio.Reader) (fileAt, error) {
	if in, ok := src.(*importInput); ok {
		src = in.src
	}
	var file fileAt
	switch src := src.(type) {
	case *blobReader:
		file = src.at(ctx)
	case fileAt:
		file = src
	default:
		b, err := io.ReadAll(io.LimitReader(rest, maxBufferedWorkbook+1))
		if err != nil {
			return nil, err
		}
		if len(b) > maxBufferedWorkbook {
			return nil, &csvio.FileError{Problem: csvio.Problem{Code: CodeWorkbookTooLarge,
				Words: fmt.Sprintf("the workbook has more than %d MB: upload it as a file, or save it as CSV", maxBufferedWorkbook>>20)}}
		}
		return bytes.NewReader(b), nil
	}
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return nil, err
	}
	return file, nil
}

// blobAt reads a blob from anywhere and keeps the piece that it read last.
type blobAt struct {
	ctx   context.Context
	blob  *blobReader
	seq   int
	piece []byte
}

// at gives the file to be read from anywhere, by one reader at a time.
func (f *blobReader) at(ctx context.Context) *blobAt { return &blobAt{ctx: ctx, blob: f, seq: -1} }

// Size is the length of the file in bytes.
func (b *blobAt) Size() int64 { return b.blob.Size }

// ReadAt is io.ReaderAt.
func (b *blobAt) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= b.blob.Size {
			return n, io.EOF
		}
		if err := b.load(int(at / pieceSize)); err != nil {
			return n, err
		}
		start := int(at % pieceSize)
		if start >= len(b.piece) {
			return n, errBlobCut
		}
		n += copy(p[n:], b.piece[start:])
	}
	return n, nil
}

func (b *blobAt) load(seq int) error {
	if seq == b.seq {
		return nil
	}
	var pieces []db.Bytes
	err := b.blob.db.WithContext(b.ctx).Raw(`SELECT piece FROM blob_piece WHERE blob_id = ? AND seq = ?`, b.blob.ID, seq).Scan(&pieces).Error
	if err != nil {
		return fmt.Errorf("read piece %d of a file: %w", seq, err)
	}
	if len(pieces) == 0 {
		return errBlobCut
	}
	if b.piece, err = b.blob.key.Open(sealedPiece, pieceName(b.blob.ID, seq), pieces[0]); err != nil {
		return err
	}
	b.seq = seq
	return nil
}
