package registry_test

import (
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// A job is ended by whoever may ask for one of its kind, by the scopes of the token
// too, or by administrators; and it stands in the history of settings.
func TestWhoEndsAJob(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		asker, boss := x.employee(t, registry.RoleRegistrar), x.employee(t, registry.RoleAdmin)
		j, _ := x.started(t, asker, "sex")
		auditor := asker
		auditor.Roles = []registry.Role{registry.RoleAuditor} // a registrar no more
		for name, tc := range map[string]struct {
			a    registry.Actor
			code string
		}{
			"a token for something else": {scoped(asker, registry.ScopePeopleRead, registry.ScopeImportsWrite), "insufficient_scope"},
			"without the role":           {auditor, "not_allowed"},
			"an administrator's token":   {scoped(boss, registry.ScopeSettingsRead, registry.ScopeExportsRead), "insufficient_scope"},
			"an auditor":                 {actor(registry.RoleAuditor), "not_allowed"},
		} {
			_, err := x.CancelJob(ctx, tc.a, j.ID)
			wantFault(t, err, fault.Forbidden, tc.code)
			if got := x.jobIn(t, j.ID, registry.JobQueued); t.Failed() || got.CancelledBy != "" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if n := x.count(t, "admin_log WHERE subject LIKE 'job:%'"); n != 0 {
			t.Errorf("%d entries of what was refused", n)
		}
		if got, err := x.CancelJob(ctx, scoped(asker, registry.ScopeExportsRead), j.ID); err != nil || got.State != registry.JobCancelled || got.CancelledBy != asker.Name {
			t.Fatal(got, err)
		}
		page, err := x.AdminHistoryPage(ctx, boss, "job:"+j.ID.String(), "", 0)
		if err != nil || len(page.Entries) != 1 || page.Entries[0].Actor != asker.Name || page.Entries[0].Channel != registry.ChannelStaff ||
			!strings.Contains(string(page.Entries[0].Old), `"queued"`) || !strings.Contains(string(page.Entries[0].New), `"cancelled"`) {
			t.Errorf("history %+v, %v", page.Entries, err)
		}

		j, _ = x.started(t, asker, "sex")
		x.exec(t, "UPDATE job SET state = 'running', lease_until = 4102444800000000 WHERE id = ?", j.ID)
		for range 2 { // the first counts
			if got, err := x.CancelJob(ctx, boss, j.ID); err != nil || !got.Cancelling || got.CancelledBy != boss.Name {
				t.Fatal(got, err)
			}
		}
		if n := x.count(t, "admin_log WHERE subject = 'job:"+j.ID.String()+"'"); n != 1 {
			t.Errorf("%d entries, want one", n)
		}

		decisions := x.employee(t, registry.RoleAttester) // who sends decisions ends their check
		id, err := x.UploadImport(ctx, decisions, strings.NewReader("registration_number,sex,sex:attestation\n"), registry.ImportOptions{Mode: registry.ImportUpdate, Carries: registry.CarriesAttestations})
		if err != nil {
			t.Fatal(err, fields(err))
		}
		if j, err = x.StartImportCheck(ctx, decisions, id); err != nil {
			t.Fatal(err)
		}
		_, err = x.CancelJob(ctx, scoped(decisions, registry.ScopePeopleWrite), j.ID)
		wantFault(t, err, fault.Forbidden, "insufficient_scope")
		if _, err := x.CancelJob(ctx, decisions, j.ID); err != nil {
			t.Error(err)
		}
	})
}
