package registry_test

import (
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// patience fails a reader that is asked again and again after its end.
type patience struct {
	src  io.Reader
	left int
}

func (p *patience) Read(b []byte) (int, error) {
	n, err := p.src.Read(b)
	if err != nil {
		if p.left--; p.left < 0 {
			return 0, io.ErrClosedPipe
		}
	}
	return n, err
}

func (x *fixture) upload(t *testing.T, file string, o registry.ImportOptions) uuid.UUID {
	t.Helper()
	id, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(file), o)
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return id
}

// uploadChecked is an upload after its dry run.
func (x *fixture) uploadChecked(t *testing.T, file string, o registry.ImportOptions) uuid.UUID {
	t.Helper()
	id := x.upload(t, file, o)
	if _, err := x.CheckImport(t.Context(), registrar(), id, nil); err != nil {
		t.Fatal(err, fields(err))
	}
	return id
}

// A form whose sender was cut off ends without its last boundary.
func TestCutUploadIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		whole := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p.csv\"\r\n\r\n" + three
		for name, tc := range map[string]struct {
			body string
			ok   bool
		}{"whole": {whole + "\r\n--b--\r\n", true}, "cut": {whole, false}, "cut in the boundary": {whole + "\r\n--", false}} {
			part, err := multipart.NewReader(strings.NewReader(tc.body), "b").NextPart()
			if err != nil {
				t.Fatal(err)
			}
			_, err = x.UploadImport(t.Context(), registrar(), &patience{part, 10}, create())
			if tc.ok && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !tc.ok {
				wantFault(t, err, fault.Invalid, "upload_malformed")
			}
		}
		if n := x.count(t, "import_batch"); n != 1 {
			t.Errorf("%d uploads kept, want the whole one", n)
		}
	})
}

// What is applied is what was sent and checked.
func TestApplyComparesTheFile(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		file := three + strings.Repeat(",,,,,,,\n", (256<<10)/8+1) + "ID-0009,Last,,,,,,\n" // two pieces
		id := x.uploadChecked(t, file, create())
		x.exec(t, "DELETE FROM blob_piece WHERE seq = 1")
		_, err := x.ApplyImport(t.Context(), registrar(), id, nil)
		wantFault(t, err, fault.Conflict, "import_file_changed")
		_, err = x.CheckImport(t.Context(), registrar(), id, nil)
		wantFault(t, err, fault.Conflict, "import_file_changed")
		if n := x.count(t, "registrant"); n != 0 {
			t.Errorf("%d people of half a file", n)
		}
		x.noStaging(t)
	})
}

func TestDiscardedWhileApplied(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		id := x.uploadChecked(t, three, create())
		give := once(func() {
			if err := x.DiscardImport(t.Context(), registrar(), id); err != nil {
				t.Error(err)
			}
		})
		_, err := x.ApplyImport(t.Context(), registrar(), id, give)
		wantFault(t, err, fault.Conflict, "import_ended")
		b, err := x.ImportBatch(t.Context(), registrar(), id)
		if err != nil || b.State != registry.ImportDiscarded || x.count(t, "registrant") != 0 {
			t.Errorf("batch = %+v (%v), %d people", b, err, x.count(t, "registrant"))
		}
	})
}

// Two people press the button: the second is told that it is done.
func TestUploadAppliedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		for name, o := range map[string]registry.ImportOptions{"UIN,Region\nID-0001,ET-SO\n": update(), "UIN,First Name\nID-0004,New\n": create()} {
			id := x.uploadChecked(t, name, o)
			other := once(func() {
				if _, err := x.ApplyImport(t.Context(), registrar(), id, nil); err != nil {
					t.Error(err)
				}
			})
			res, err := x.ApplyImport(t.Context(), registrar(), id, other)
			if err != nil || !res.AlreadyApplied || res.Created+res.Updated != 0 {
				t.Errorf("%s: second apply = %+v (%v)", o.Mode, res, err)
			}
			if b, err := x.ImportBatch(t.Context(), registrar(), id); err != nil || b.State != registry.ImportApplied {
				t.Errorf("%s: batch = %+v (%v)", o.Mode, b, err)
			}
		}
	})
}

func TestSweepGivesUpOldUploads(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	onEach(t, func(t *testing.T, x *fixture) {
		left, looked := x.upload(t, three, create()), x.upload(t, three, create())
		x.Clock.Add(24 * time.Hour)
		if _, err := x.CheckImport(t.Context(), registrar(), looked, nil); err != nil {
			t.Fatal(err)
		}
		x.Clock.Add(week - 24*time.Hour - time.Microsecond)
		x.sweep(t, 0)
		x.Clock.Add(time.Microsecond)
		x.sweep(t, 1) // the one that nobody looked at
		b, err := x.ImportBatch(t.Context(), registrar(), left)
		if err != nil || b.State != registry.ImportDiscarded || b.HasFile || x.count(t, "blob_piece") != 1 {
			t.Errorf("batch = %+v (%v), %d pieces", b, err, x.count(t, "blob_piece"))
		}
		x.Clock.Add(24 * time.Hour)
		_, err = x.ApplyImport(t.Context(), registrar(), looked, nil) // every import sweeps
		wantFault(t, err, fault.Conflict, "import_ended")
		if n := x.count(t, "blob_piece"); n != 0 || x.count(t, "registrant") != 0 {
			t.Errorf("%d pieces left", n)
		}
	})
}

func (x *fixture) sweep(t *testing.T, want int) {
	t.Helper()
	if n, err := x.SweepImports(t.Context()); err != nil || n != want {
		t.Errorf("sweep = %d (%v), want %d", n, err, want)
	}
}
