package registry_test

import (
	"strconv"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// TestPagesOfOneRecord: history and versions page by page are the whole of them,
// in order, each once.
func TestPagesOfOneRecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for i := range 4 {
			p = x.edit(t, p, map[string]string{"locality": "place " + strconv.Itoa(i)})
		}
		var entries []registry.LogEntry
		var versions []registry.Version
		for after, pages := "", 0; pages == 0 || after != ""; pages++ {
			page, err := x.HistoryPage(t.Context(), registrar(), p.ID, after, 2)
			if err != nil || len(page.Entries) > 2 || pages > 2 {
				t.Fatalf("page %d: %+v, %v", pages, page, err)
			}
			entries, after = append(entries, page.Entries...), page.Next
		}
		for after, pages := "", 0; pages == 0 || after != ""; pages++ {
			page, err := x.VersionPage(t.Context(), registrar(), p.ID, after, 2)
			if err != nil || len(page.Versions) > 2 || page.DefaultNo != 5 || pages > 2 {
				t.Fatalf("page %d: %+v, %v", pages, page, err)
			}
			versions, after = append(versions, page.Versions...), page.Next
		}
		if len(entries) != 5 || len(versions) != 5 {
			t.Fatalf("%d entries, %d versions, want 5 and 5", len(entries), len(versions))
		}
		for i := range 5 {
			if entries[i].ChainNo != int64(i+1) || versions[i].No != i+1 || len(versions[i].Values) != 0 {
				t.Errorf("place %d: entry %d, version %+v", i, entries[i].ChainNo, versions[i])
			}
		}
		whole, err := x.History(t.Context(), registrar(), p.ID)
		if err != nil || len(whole) != 5 || whole[4].Changes[0] != entries[4].Changes[0] {
			t.Errorf("the whole: %+v, %v", whole, err)
		}
		for size, want := range map[int]int{0: 5, 4: 4, 5: 5, 6: 5, 1000: 5} {
			page, err := x.HistoryPage(t.Context(), registrar(), p.ID, "", size)
			if err != nil || len(page.Entries) != want || (page.Next == "") != (want == 5) {
				t.Errorf("limit %d: %d entries, next %q, %v", size, len(page.Entries), page.Next, err)
			}
		}
	})
}

// TestACursorFitsItsColumn: a number that the database has no room for is no
// cursor.
func TestACursorFitsItsColumn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for after, good := range map[string]bool{"0": true, "2147483647": true, "2147483648": false, "9999999999": false, "-1": false, "\x00": false} {
			if _, err := x.VersionPage(t.Context(), registrar(), p.ID, after, 1); !good {
				wantFault(t, err, fault.Invalid, "bad_cursor")
			} else if err != nil {
				t.Error(err)
			}
		}
		if page, err := x.HistoryPage(t.Context(), registrar(), p.ID, "9223372036854775807", 1); err != nil || len(page.Entries) != 0 {
			t.Errorf("%+v, %v", page, err)
		}
		_, err := x.HistoryPage(t.Context(), registrar(), p.ID, "9223372036854775808", 1)
		wantFault(t, err, fault.Invalid, "bad_cursor")
	})
}

// TestOneVersion: as it was, also to the person; to nobody else.
func TestOneVersion(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.edit(t, x.register(t, amina()), map[string]string{"locality": "Kisumu"})
		for number, want := range map[int]string{1: "", 2: "Kisumu"} {
			v, err := x.Version(t.Context(), self(p.ID), p.ID, number)
			if err != nil || v.No != number || v.Values["locality"].Text != want || v.Values["national_id"].Text == "" {
				t.Errorf("version %d: %+v, %v", number, v, err)
			}
		}
		for _, number := range []int{0, 3, -1} {
			_, err := x.Version(t.Context(), registrar(), p.ID, number)
			wantFault(t, err, fault.NotFound, "no_such_version")
		}
		for _, after := range []string{"x", "-1", "1.5", "99999999999999999999"} {
			_, err := x.HistoryPage(t.Context(), registrar(), p.ID, after, 1)
			wantFault(t, err, fault.Invalid, "bad_cursor")
			_, err = x.VersionPage(t.Context(), registrar(), p.ID, after, 1)
			wantFault(t, err, fault.Invalid, "bad_cursor")
		}
		for name, a := range map[string]registry.Actor{"somebody else": self(uuid.New()), "missing": registrar()} {
			id := p.ID
			if name == "missing" {
				id = uuid.New()
			}
			_, err := x.Version(t.Context(), a, id, 1)
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.HistoryPage(t.Context(), a, id, "", 1)
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.VersionPage(t.Context(), a, id, "", 1)
			wantFault(t, err, fault.NotFound, "no_such_person")
		}
	})
}

// TestNewestFirst: the same pages from the other end.
func TestNewestFirst(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for i := range 2 {
			p = x.edit(t, p, map[string]string{"locality": "place " + strconv.Itoa(i)})
		}
		history, err := x.LatestHistory(t.Context(), self(p.ID), p.ID, "", 2)
		if err != nil || len(history.Entries) != 2 || history.Entries[0].ChainNo != 3 || history.Next != "2" {
			t.Errorf("history = %+v, %v", history, err)
		}
		if history, err = x.LatestHistory(t.Context(), self(p.ID), p.ID, history.Next, 2); err != nil || len(history.Entries) != 1 || history.Entries[0].ChainNo != 1 || history.Next != "" {
			t.Errorf("the rest = %+v, %v", history, err)
		}
		versions, err := x.LatestVersions(t.Context(), self(p.ID), p.ID, "3", 1)
		if err != nil || len(versions.Versions) != 1 || versions.Versions[0].No != 2 || versions.DefaultNo != 3 || versions.Next != "2" {
			t.Errorf("versions = %+v, %v", versions, err)
		}
		_, err = x.LatestHistory(t.Context(), self(uuid.New()), p.ID, "", 0)
		wantFault(t, err, fault.NotFound, "no_such_person")
	})
}
