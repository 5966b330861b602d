package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// By who did it and by the way that it came, the log of everybody has each entry
// once, newest first, whatever the pages, and what others did in between is not read.
func TestChangesByActorAndChannel(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, auditor := t.Context(), actor(registry.RoleAuditor)
		mine := registrar()
		mine.Name = "mine"
		register := func(a registry.Actor, name string) registry.Person {
			t.Helper()
			p, err := x.Register(ctx, a, registry.Change{Set: map[string]string{"full_name": name}, Reason: "visit"})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		upload := func(a registry.Actor, name string) {
			t.Helper()
			_, err := x.Import(ctx, a, strings.NewReader("full_name\n"+strings.Repeat("Of "+name+"\n", 700)), registry.ImportOptions{Name: name, Mode: registry.ImportCreate})
			if err != nil {
				t.Fatal(err)
			}
		}
		first := register(mine, "First")
		upload(registrar(), "theirs.csv")
		register(mine, "Second")
		upload(mine, "mine.csv")
		for n := range 3 {
			register(registrar(), fmt.Sprintf("Other %d", n))
		}
		last := register(mine, "Last")
		read := func(q registry.ChangesQuery) (all []registry.ChangesEntry, pages int) {
			t.Helper()
			for pages = 1; ; pages++ {
				page, err := x.Changes(ctx, auditor, q)
				if err != nil || pages > 20 {
					t.Fatalf("%+v, page %d: %v", q, pages, err)
				}
				all = append(all, page.Entries...)
				if q.After = page.Next; q.After == "" {
					return all, pages
				}
			}
		}
		for _, limit := range []int{1, 2, 50} {
			all, pages := read(registry.ChangesQuery{Actor: "mine", Limit: limit})
			if len(all) != 4 || all[0].ID != last.ID || all[1].ImportName != "mine.csv" || all[1].Records != 700 || all[3].ID != first.ID || pages > 5 {
				t.Errorf("limit %d, %d pages: %+v", limit, pages, all)
			}
		}
		if all, _ := read(registry.ChangesQuery{Channel: registry.ChannelCSV, Limit: 1}); len(all) != 2 || all[1].ImportName != "theirs.csv" {
			t.Errorf("uploads: %+v", all)
		}
		if all, _ := read(registry.ChangesQuery{Actor: "mine", Channel: registry.ChannelCSV}); len(all) != 1 || all[0].ImportName != "mine.csv" {
			t.Errorf("own uploads: %+v", all)
		}
		if all, _ := read(registry.ChangesQuery{Actor: "mine", Since: x.Clock.Now().Add(time.Hour)}); len(all) != 0 {
			t.Errorf("of later: %+v", all)
		}
		all, _ := read(registry.ChangesQuery{Actor: "mine"})
		of := all[1].Import
		if all, _ := read(registry.ChangesQuery{Import: of, Actor: "mine", Limit: 200}); len(all) != 700 {
			t.Errorf("%d entries of the import", len(all))
		}
		if all, _ := read(registry.ChangesQuery{Import: of, Actor: "nobody"}); len(all) != 0 {
			t.Errorf("%d entries of the import by somebody else", len(all))
		}
		statements := among(capture(t, x.DB, func() {
			if page, err := x.Changes(ctx, auditor, registry.ChangesQuery{Actor: "nobody"}); err != nil || len(page.Entries) != 0 || page.Next != "" {
				t.Errorf("of nobody: %+v, %v", page, err)
			}
		}), "change_log")
		if len(statements) != 1 {
			t.Errorf("%d statements look for what nobody did: %v", len(statements), statements)
		}
	})
}
