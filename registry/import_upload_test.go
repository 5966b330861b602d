package registry_test

import (
	"io"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestUploadCheckApply(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		file := three + "ID-0004,Bad,,,31-02-1990,,,\n"
		id, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(file), create())
		if err != nil {
			t.Fatal(err)
		}
		b, err := x.ImportBatch(t.Context(), registrar(), id)
		if err != nil || b.State != registry.ImportUploaded || !b.HasFile || !b.EndedAt.IsZero() {
			t.Errorf("batch = %+v (%v)", b, err)
		}
		_, err = x.ApplyImport(t.Context(), registrar(), id, nil)
		wantFault(t, err, fault.Conflict, "import_not_checked")
		for range 2 { // a dry run may be repeated
			res, err := x.CheckImport(t.Context(), registrar(), id, nil)
			if err != nil || counts(res) != "3 0 0 1" || !res.DryRun || res.Batch != id || x.count(t, "registrant") != 0 {
				t.Errorf("check = %+v (%v)", res, err)
			}
		}
		if n := x.count(t, "import_error"); n != 1 {
			t.Errorf("%d problems kept, want 1", n)
		}
		res, err := x.ApplyImport(t.Context(), registrar(), id, nil)
		if err != nil || counts(res) != "3 0 0 1" || x.count(t, "registrant") != 3 {
			t.Errorf("apply = %+v (%v)", res, err)
		}
		if b, err = x.ImportBatch(t.Context(), registrar(), id); err != nil || b.State != registry.ImportApplied || b.HasFile || x.count(t, "blob_piece") != 0 {
			t.Errorf("batch = %+v (%v)", b, err)
		}
		res, err = x.ApplyImport(t.Context(), registrar(), id, nil) // pressed twice
		if err != nil || !res.AlreadyApplied || x.count(t, "registrant") != 3 {
			t.Errorf("second apply = %+v (%v)", res, err)
		}
		_, err = x.CheckImport(t.Context(), registrar(), id, nil)
		wantFault(t, err, fault.Conflict, "import_ended")
	})
}

func TestUploadIsSealed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		if _, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(three), create()); err != nil {
			t.Fatal(err)
		}
		var piece []byte
		if err := x.DB.Raw("SELECT piece FROM blob_piece").Row().Scan(&piece); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(piece), "Amina") || len(piece) <= len(three) {
			t.Error("the file is stored as it is")
		}
	})
}

// A file of several pieces is read as it was sent.
func TestUploadOfSeveralPieces(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const pieces = 256<<10 + 1
		file := three + strings.Repeat(",,,,,,,\n", pieces/8+1) + "ID-0009,Last,,,,,,\n"
		id, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(file), create())
		if err != nil {
			t.Fatal(err)
		}
		if n := x.count(t, "blob_piece"); n != 2 {
			t.Errorf("%d pieces, want 2", n)
		}
		if res, err := x.CheckImport(t.Context(), registrar(), id, nil); err != nil || counts(res) != "4 0 0 0" {
			t.Errorf("check = %+v (%v)", res, err)
		}
	})
}

func TestUploadAppliedBefore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		id, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(three), create())
		if err != nil {
			t.Fatal(err)
		}
		if res, err := x.CheckImport(t.Context(), registrar(), id, nil); err != nil || !res.AlreadyApplied {
			t.Errorf("check = %+v (%v)", res, err)
		}
		if res, err := x.ApplyImport(t.Context(), registrar(), id, nil); err != nil || !res.AlreadyApplied || x.count(t, "registrant") != 3 {
			t.Errorf("apply = %+v (%v)", res, err)
		}
		if b, err := x.ImportBatch(t.Context(), registrar(), id); err != nil || b.State != registry.ImportDiscarded || x.count(t, "blob_piece") != 0 {
			t.Errorf("batch = %+v (%v)", b, err)
		}
	})
}

func TestUploadRefusedAndDiscarded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		o := create()
		o.AllOrNothing = true
		id, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(three+"ID-0004,Bad,,,31-02-1990,,,\n"), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = x.CheckImport(t.Context(), registrar(), id, nil); err != nil {
			t.Fatal(err)
		}
		_, err = x.ApplyImport(t.Context(), registrar(), id, nil)
		wantFault(t, err, fault.Invalid, "import_has_problems")
		if err := x.DiscardImport(t.Context(), registrar(), id); err != nil || x.count(t, "blob_piece") != 0 {
			t.Error(err)
		}
		wantFault(t, x.DiscardImport(t.Context(), registrar(), id), fault.Conflict, "import_ended")
		wantFault(t, x.DiscardImport(t.Context(), attester(), id), fault.Forbidden, "not_allowed")
	})
}

func TestBrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		src := io.MultiReader(strings.NewReader(three), brokenReader{})
		if _, err := x.UploadImport(t.Context(), registrar(), src, create()); err == nil {
			t.Error("no error")
		}
		if n := x.count(t, "import_batch") + x.count(t, "blob_piece"); n != 0 {
			t.Errorf("%d rows left", n)
		}
	})
}
