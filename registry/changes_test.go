package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// The log of everybody has each entry once, newest first, an import as one, and no
// value; with bounds it has the records within them.
func TestChangesOfAllRecords(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, auditor := t.Context(), actor(registry.RoleAuditor)
		p := x.register(t, amina())
		x.register(t, map[string]string{"full_name": "Brian"})
		p = x.edit(t, p, map[string]string{"region": "Coast"})
		x.attest(t, p, registry.StateAttested, "", "region")
		res, err := x.Import(ctx, registrar(), strings.NewReader("full_name\nOne\nTwo\nThree\n"), registry.ImportOptions{Name: "three.csv", Mode: registry.ImportCreate})
		if err != nil {
			t.Fatal(err)
		}
		var all []registry.ChangesEntry
		q := registry.ChangesQuery{Limit: 2}
		for pages := 0; ; pages++ {
			page, err := x.Changes(ctx, auditor, q)
			if err != nil || pages > 10 {
				t.Fatalf("page %d: %v", pages, err)
			}
			all = append(all, page.Entries...)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if len(all) != 5 || all[0].Import != res.Batch || all[0].Records != 3 || all[0].ID != uuid.Nil || all[1].ID != p.ID || all[1].Changes[0].New != string(registry.StateAttested) {
			t.Fatalf("all entries: %+v", all)
		}
		for _, e := range all {
			for _, c := range e.Changes {
				if c.Kind == registry.KindValue && c.Old+c.New != "" {
					t.Errorf("a value is told: %+v", c)
				}
			}
		}
		count := func(a registry.Actor, q registry.ChangesQuery) int {
			t.Helper()
			page, err := x.Changes(ctx, a, q)
			if err != nil {
				t.Fatal(err)
			}
			return len(page.Entries)
		}
		if n := count(auditor, registry.ChangesQuery{Import: res.Batch}); n != 3 {
			t.Errorf("%d entries of the import", n)
		}
		if n := count(auditor, registry.ChangesQuery{Field: "region"}); n != 3 {
			t.Errorf("%d entries about a field", n)
		}
		if n := count(auditor, registry.ChangesQuery{Channel: registry.ChannelCSV}); n != 1 {
			t.Errorf("%d entries of uploads", n)
		}
		if n := count(auditor, registry.ChangesQuery{Since: x.Clock.Now().AddDate(0, 0, 1)}); n != 0 {
			t.Errorf("%d entries of tomorrow", n)
		}
		bounded := auditor
		bounded.Grants = []registry.Grant{{Role: registry.RoleAuditor, Kind: registry.AnyGroup}}
		if n := count(bounded, registry.ChangesQuery{}); n != 0 {
			t.Errorf("%d entries outside the bounds of a role", n)
		}
	})
}

func TestChangesAreForWhoReadsLogs(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, auditor := t.Context(), actor(registry.RoleAuditor)
		for _, bad := range []registry.ChangesQuery{{After: "x"}, {Actor: "\x00"}, {Import: uuid.New()}} {
			if _, err := x.Changes(ctx, auditor, bad); fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.NotFound {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		for _, role := range []registry.Role{registry.RoleRegistrar, registry.RoleAttester, registry.RoleRegistrant} {
			_, err := x.Changes(ctx, actor(role), registry.ChangesQuery{})
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
	})
}

func TestNewestSettingsFirst(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, auditor := t.Context(), actor(registry.RoleAuditor)
		areas := "code,parent,level,name_en\nKE,,0,Kenya\nKE-1,KE,1,Coast\nKE-2,KE,1,Rift\n"
		if _, err := x.ImportAreas(ctx, admin(), strings.NewReader(areas), false, "first"); err != nil {
			t.Fatal(err)
		}
		x.Clock.Add(time.Second)
		if _, err := x.OpenOffice(ctx, admin(), registry.Office{Code: "HQ", Area: "KE", Label: map[string]string{"en": "Head office"}}, "opened"); err != nil {
			t.Fatal(err)
		}
		var got []string
		q := registry.AdminLogQuery{Limit: 3}
		for range 10 {
			page, err := x.AdminLog(ctx, auditor, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Entries {
				if strings.HasPrefix(e.Subject, "area:") || strings.HasPrefix(e.Subject, "office:") {
					got = append(got, e.Subject)
				}
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if strings.Join(got, " ") != "office:HQ area:KE-2 area:KE-1 area:KE" {
			t.Errorf("%v", got)
		}
		if page, err := x.AdminLog(ctx, auditor, registry.AdminLogQuery{Sort: "office"}); err != nil || len(page.Entries) != 1 {
			t.Errorf("of one sort: %+v, %v", page, err)
		}
		if page, err := x.Areas(ctx, auditor, registry.AreaQuery{Of: new("KE")}); err != nil || len(page.Areas) != 2 {
			t.Errorf("parts: %+v, %v", page, err)
		}
		if page, err := x.Areas(ctx, auditor, registry.AreaQuery{Of: new("")}); err != nil || len(page.Areas) != 1 {
			t.Errorf("the top: %+v, %v", page, err)
		}
		_, err := x.AdminLog(ctx, auditor, registry.AdminLogQuery{After: "x"})
		wantFault(t, err, fault.Invalid, "bad_cursor")
		_, err = x.AdminLog(ctx, registrar(), registry.AdminLogQuery{})
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}
