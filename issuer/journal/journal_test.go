package journal_test

import (
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/secret"
	"socialregistry/issuer/journal"
)

func open(t *testing.T, dir string, key secret.Key) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func add(t *testing.T, j *journal.Journal, lines ...journal.Line) {
	t.Helper()
	if err := j.Append(lines...); err != nil {
		t.Fatal(err)
	}
}

func ends() time.Time { return time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC) }

func list() journal.Line {
	return journal.Line{List: "l1", Kind: "token", Ends: ends(), Seq: 1, Size: 131072, Leased: 256}
}

// Whoever opens the folder after reads what was written, the last word on each
// index counting.
func TestReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), secret.NewKey()
	j := open(t, dir, key)
	if s := j.State(); s.Generation != 0 || len(s.Lists) != 0 {
		t.Errorf("a new folder knows %+v", s)
	}
	add(t, j, journal.Line{Generation: 2}, journal.Line{WentBack: 1}, list())
	add(t, j, journal.Line{List: "l1", State: "suspended", Indices: []int64{5, 6}})
	add(t, j, journal.Line{List: "l1", State: "issued", Indices: []int64{5}}, journal.Line{List: "l1", Leased: 512}, journal.Line{List: "l1", Leased: 300}, journal.Line{Revoked: "k"})
	if err := j.SetMark("0001/b"); err != nil {
		t.Fatal(err)
	}
	if err := j.SetMark("0001/a"); err != nil { // behind: not kept
		t.Fatal(err)
	}
	want := journal.State{Generation: 2, WentBack: 1, Mark: "0001/b", Revoked: map[string]bool{"k": true}, Lists: map[string]journal.List{
		"l1": {Kind: "token", Ends: ends(), Seq: 1, Size: 131072, Leased: 512, States: map[int64]string{5: "issued", 6: "suspended"}}}}
	for name, got := range map[string]journal.State{"the writer": j.State(), "a reader": open(t, dir, key).State()} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, want)
		}
	}
	if got := j.In("l1", "suspended"); len(got) != 1 || !got[6] {
		t.Errorf("suspended %v", got)
	}
}

func size(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestWritesNoNewsTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, secret.NewKey())
	withdrawn := journal.Line{List: "l1", State: "withdrawn", Indices: []int64{1, 2}}
	add(t, j, list(), withdrawn)
	before := size(t, dir)
	add(t, j, list(), withdrawn, journal.Line{List: "l1", State: "withdrawn", Indices: []int64{2}})
	if after := size(t, dir); after != before {
		t.Errorf("grew from %d to %d bytes without news", before, after)
	}
}

// A crash tears the last line; those before and after it count.
func TestTornLine(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), secret.NewKey()
	j := open(t, dir, key)
	add(t, j, journal.Line{Revoked: "first"})
	add(t, j, journal.Line{Revoked: "torn"})
	if err := os.Truncate(filepath.Join(dir, "journal"), size(t, dir)-7); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, key)
	add(t, again, journal.Line{Revoked: "after"})
	s := open(t, dir, key).State()
	if !s.Revoked["first"] || !s.Revoked["after"] || s.Revoked["torn"] || s.Torn != 1 {
		t.Errorf("%+v, want first and after, and one torn line", s)
	}
}

// Nobody without the key writes a line or a mark.
func TestLinesOfOthersDoNotCount(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), secret.NewKey()
	j := open(t, dir, secret.NewKey())
	add(t, j, journal.Line{Revoked: "forged"}, list())
	if err := j.SetMark("9"); err != nil {
		t.Fatal(err)
	}
	if s := open(t, dir, key).State(); len(s.Revoked) != 0 || len(s.Lists) != 0 || s.Mark != "" || s.Torn != 3 {
		t.Errorf("%+v, want nothing of it", s)
	}
}

// A great batch is written in lines that are read again.
func TestManyIndices(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), secret.NewKey()
	indices := make([]int64, 131072)
	for n := range indices {
		indices[n] = int64(n)
	}
	add(t, open(t, dir, key), list(), journal.Line{List: "l1", State: "withdrawn", Indices: indices})
	if s := open(t, dir, key).State(); len(s.Lists["l1"].States) != len(indices) || s.Torn != 0 {
		t.Errorf("%d read, %d torn", len(s.Lists["l1"].States), s.Torn)
	}
}

// Several processes share one folder.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), secret.NewKey()
	var work sync.WaitGroup
	for range 4 {
		j := open(t, dir, key)
		work.Go(func() {
			for n := range 20 {
				if err := j.Append(journal.Line{List: "l1", State: "withdrawn", Indices: []int64{int64(n)}}, list()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	if s := open(t, dir, key).State(); len(s.Lists["l1"].States) != 20 || s.Torn != 0 {
		t.Errorf("%+v", s)
	}
}

// What cannot be written is told, and is written by the next try.
func TestFolderThatIsGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	key := secret.NewKey()
	j := open(t, dir, key)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(list()); err == nil {
		t.Error("written into a folder that is not there")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	add(t, j, list())
	if s := open(t, dir, key).State(); s.Lists["l1"].Leased != 256 {
		t.Errorf("%+v", s)
	}
}

// Nothing leads out of an end, whatever a database says later; and to hear the end
// again, or of a state before it, is no news.
func TestEndIsForGood(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"withdrawn", "failed"} {
		dir, key := t.TempDir(), secret.NewKey()
		j := open(t, dir, key)
		add(t, j, list(), journal.Line{List: "l1", State: end, Indices: []int64{5}})
		before := size(t, dir)
		for _, state := range []string{"issued", "suspended", "withdrawn", "failed"} {
			add(t, j, journal.Line{List: "l1", State: state, Indices: []int64{5}})
		}
		if after := size(t, dir); after != before {
			t.Errorf("%s: grew from %d to %d bytes", end, before, after)
		}
		add(t, j, journal.Line{List: "l1", State: "issued", Indices: []int64{5, 6}}) // written for the sake of 6
		for name, s := range map[string]journal.State{"the writer": j.State(), "a reader": open(t, dir, key).State()} {
			if got := s.Lists["l1"].States; got[5] != end || got[6] != "issued" {
				t.Errorf("%s, %s: %v", end, name, got)
			}
		}
	}
}
