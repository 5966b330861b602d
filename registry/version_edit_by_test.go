package registry_test

import (
	"slices"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// A switch is an edit: what an account may not change stays, one by one and in
// bulk.
func TestASwitchKeepsToWhoMayEdit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "score", Type: registry.TypeText, Label: label("Score"), EditBy: []registry.Role{registry.RoleAdmin}})
		p := x.register(t, map[string]string{"full_name": "Amina", "region": "Nyanza"})
		v, err := x.AddVersion(t.Context(), admin(), p.ID, "Survey", registry.Change{Set: map[string]string{"score": "9", "region": "Coast"}, ExpectVersion: 1}, false)
		if err != nil {
			t.Fatal(err, fields(err))
		}
		_, err = x.SetDefault(t.Context(), registrar(), p.ID, v.No, 1, "")
		wantFault(t, err, fault.Forbidden, "not_editable")
		if got := fields(err); !slices.Equal(got, []string{"score:not_editable"}) {
			t.Errorf("fields = %v", got)
		}
		bulk := registry.DefaultSwitch{Label: "Survey", ExpectCount: 1}
		if got, err := x.SetDefaultByLabel(t.Context(), registrar(), bulk); err != nil || got != (registry.SwitchResult{Conflicting: 1}) {
			t.Errorf("in bulk: %+v, %v", got, err)
		}
		if now := x.person(t, p.ID); now.VersionNo != 1 || now.Values["region"].Text != "Nyanza" {
			t.Errorf("a refused switch left %+v", now)
		}
		if now, err := x.SetDefault(t.Context(), admin(), p.ID, v.No, 1, ""); err != nil || now.Values["score"].Text != "9" {
			t.Errorf("by an admin: %+v, %v", now, err)
		}
		x.verify(t, p.ID)
	})
}
