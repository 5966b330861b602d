package registry_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func (x *fixture) blob(t *testing.T, file string) registry.Blob {
	t.Helper()
	b, err := x.WriteBlob(t.Context(), strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAFileIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, size := range []int{0, 1, registry.PieceSize - 1, registry.PieceSize, registry.PieceSize + 1} {
			file := ("%PDF-" + strings.Repeat("secret ", size/7+1))[:size]
			b := x.blob(t, file)
			got, again, err := x.ReadBlob(t.Context(), b.ID)
			sum := sha256.Sum256([]byte(file))
			if err != nil || string(got) != file || b.Size != int64(size) || !bytes.Equal(b.SHA256, sum[:]) || !bytes.Equal(again.SHA256, sum[:]) {
				t.Errorf("%d bytes: %d read (%v), %+v", size, len(got), err, again)
			}
			if size > 5 && (b.MediaType != "application/pdf" || again.MediaType != b.MediaType) {
				t.Errorf("%d bytes are %s and %s", size, b.MediaType, again.MediaType)
			}
		}
		var stored [][]byte
		if err := x.DB.Raw("SELECT piece FROM blob_piece UNION ALL SELECT sha256 FROM blob").Scan(&stored).Error; err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte("%"))
		for _, s := range stored {
			if bytes.Contains(s, []byte("secret")) || bytes.Equal(s, sum[:]) {
				t.Fatal("a file or its hash is stored as it is")
			}
		}
	})
}

func TestAFileThatIsNotWholeIsNotKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		_, err := x.WriteBlob(t.Context(), strings.NewReader(strings.Repeat("a", 1<<20+1)), 1<<20)
		wantFault(t, err, fault.TooLarge, "upload_too_large")
		cut := io.MultiReader(strings.NewReader(strings.Repeat("a", registry.PieceSize+1)), errReader{io.ErrUnexpectedEOF})
		_, err = x.WriteBlob(t.Context(), cut, 1<<20)
		wantFault(t, err, fault.Invalid, "upload_malformed")
		if _, err = x.WriteBlob(t.Context(), errReader{io.ErrClosedPipe}, 1<<20); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("error = %v", err)
		}
		if n := x.count(t, "blob") + x.count(t, "blob_piece"); n != 0 {
			t.Errorf("%d rows left", n)
		}
	})
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// A file that lost its end is never taken for a whole one.
func TestAFileThatLostAPieceFails(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		b, other := x.blob(t, strings.Repeat("a", 2*registry.PieceSize)), x.blob(t, "b")
		x.exec(t, "DELETE FROM blob_piece WHERE blob_id = ? AND seq = 1", b.ID)
		if got, _, err := x.ReadBlob(t.Context(), b.ID); !errors.Is(err, registry.ErrBlobCut) || len(got) != registry.PieceSize {
			t.Errorf("%d bytes, error = %v", len(got), err)
		}
		x.exec(t, "UPDATE blob_piece SET piece = (SELECT piece FROM blob_piece WHERE blob_id = ?) WHERE blob_id = ?", other.ID, b.ID)
		if _, _, err := x.ReadBlob(t.Context(), b.ID); err == nil {
			t.Error("a piece of another file is taken")
		}
	})
}

func TestSweepDeletesWhatNobodyTook(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		left, kept, soon, dropped := x.blob(t, "a"), x.blob(t, "b"), x.blob(t, "c"), x.blob(t, "d")
		if err := errors.Join(x.TakeBlob(t.Context(), kept.ID, time.Time{}), x.TakeBlob(t.Context(), soon.ID, x.Clock.Now().Add(2*registry.BlobLife)),
			x.DropBlob(t.Context(), dropped.ID), x.DropBlob(t.Context(), dropped.ID)); err != nil {
			t.Fatal(err)
		}
		wantFault(t, x.TakeBlob(t.Context(), dropped.ID, time.Time{}), fault.Gone, "file_expired")
		for i, want := range []int64{0, 1, 0, 1, 0} { // just before, and at, one life and two
			x.Clock.Add([]time.Duration{registry.BlobLife - time.Microsecond, time.Microsecond, registry.BlobLife - time.Microsecond, time.Microsecond, registry.BlobLife}[i])
			if n, err := x.SweepBlobs(t.Context()); err != nil || n != want {
				t.Errorf("sweep %d deleted %d (%v), want %d", i, n, err, want)
			}
		}
		_, _, err := x.ReadBlob(t.Context(), left.ID)
		wantFault(t, err, fault.Gone, "file_expired")
		if got, _, err := x.ReadBlob(t.Context(), kept.ID); err != nil || string(got) != "b" || x.count(t, "blob_piece") != 1 {
			t.Errorf("kept: %q (%v)", got, err)
		}
	})
}
