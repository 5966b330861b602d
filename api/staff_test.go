package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const staffAccounts = "/api/v1/staff"

// exerciseStaff needs the areas that exerciseAreas imported.
func (s *service) exerciseStaff(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	open := func(as []string) *http.Request {
		return call("POST", staffAccounts, `{"username":"ines.k","password":"six green kettles","roles":[{"role":"auditor"}],"reason":"new"}`, as)
	}
	exerciseGates(run, "openStaff", registrar, open)
	run(exercise{"openStaff", 201, open(admin), false})
	run(exercise{"openStaff", 409, open(admin), false})
	run(exercise{"openStaff", 422, call("POST", staffAccounts, `{"username":"a","password":"x","roles":[]}`, admin), false})
	exerciseBodies(run, "openStaff", "POST", staffAccounts, admin)

	run(exercise{"listStaff", 200, call("GET", staffAccounts, "", admin), false})
	run(exercise{"listStaff", 422, call("GET", staffAccounts+"?x=1", "", admin), true})
	exerciseGates(run, "listStaff", registrar, func(as []string) *http.Request { return call("GET", staffAccounts, "", as) })
	run(exercise{"getStaff", 200, call("GET", staffAccounts+"/ines.k", "", admin), false})
	run(exercise{"getStaff", 404, call("GET", staffAccounts+"/nobody", "", admin), false})
	exerciseGates(run, "getStaff", registrar, func(as []string) *http.Request { return call("GET", staffAccounts+"/ines.k", "", as) })

	roles := staffAccounts + "/ines.k/roles"
	grant := func(as []string) *http.Request {
		return call("POST", roles, `{"role":"registrar","area":"NL-W","kind":"person","section":"contact","reason":"there"}`, as)
	}
	exerciseGates(run, "grantRole", registrar, grant)
	given := run(exercise{"grantRole", 201, grant(admin), false})
	run(exercise{"grantRole", 409, grant(admin), false})
	run(exercise{"grantRole", 422, call("POST", roles, `{"role":"auditor","area":"XX"}`, admin), false})
	run(exercise{"grantRole", 404, call("POST", staffAccounts+"/nobody/roles", `{"role":"auditor"}`, admin), false})
	exerciseBodies(run, "grantRole", "POST", roles, admin)

	var role struct{ ID string }
	decode(t, given, &role)
	revoke := func(id string, as []string) *http.Request {
		return call("DELETE", roles+"/"+id+"?reason=moved", "", as)
	}
	exerciseGates(run, "revokeRole", registrar, func(as []string) *http.Request { return revoke(role.ID, as) })
	run(exercise{"revokeRole", 422, call("DELETE", roles+"/"+role.ID+"?x=1", "", admin), true})
	run(exercise{"revokeRole", 204, revoke(role.ID, admin), false})
	run(exercise{"revokeRole", 404, revoke(role.ID, admin), false})

	password := func(name, words string, as []string) *http.Request {
		return call("PUT", staffAccounts+"/"+name+"/password", `{"password":"`+words+`"}`, as)
	}
	exerciseGates(run, "setStaffPassword", registrar, func(as []string) *http.Request { return password("ines.k", "seven blue lanterns", as) })
	run(exercise{"setStaffPassword", 204, password("ines.k", "seven blue lanterns", admin), false})
	run(exercise{"setStaffPassword", 404, password("nobody", "seven blue lanterns", admin), false})
	run(exercise{"setStaffPassword", 422, password("ines.k", "short", admin), false})
	exerciseBodies(run, "setStaffPassword", "PUT", staffAccounts+"/ines.k/password", admin)
	unlock := func(name, reason string, as []string) *http.Request {
		return call("POST", staffAccounts+"/"+name+"/unlock", `{"reason":"`+reason+`"}`, as)
	}
	exerciseGates(run, "unlockStaff", registrar, func(as []string) *http.Request { return unlock("ines.k", "they rang", as) })
	run(exercise{"unlockStaff", 204, unlock("ines.k", "they rang", admin), false})
	run(exercise{"unlockStaff", 404, unlock("nobody", "they rang", admin), false})
	run(exercise{"unlockStaff", 422, unlock("ines.k", " ", admin), false})
	exerciseBodies(run, "unlockStaff", "POST", staffAccounts+"/ines.k/unlock", admin)
	s.exerciseLastRole(t, run, admin)
}

// exerciseLastRole drives what is refused of somebody's last role, and of the last
// administrator.
func (s *service) exerciseLastRole(t *testing.T, run func(exercise) *httptest.ResponseRecorder, admin []string) {
	t.Helper()
	var account struct{ Roles []struct{ ID string } }
	decode(t, s.do(call("GET", staffAccounts+"/ines.k", "", admin)), &account)
	run(exercise{"revokeRole", 409, call("DELETE", staffAccounts+"/ines.k/roles/"+account.Roles[0].ID, "", admin), false})
	disable := func(name string, as []string) *http.Request {
		return call("POST", staffAccounts+"/"+name+"/disable", "", as)
	}
	exerciseGates(run, "disableStaff", s.as(t, registry.RoleRegistrar), func(as []string) *http.Request { return disable("ines.k", as) })
	run(exercise{"disableStaff", 204, disable("ines.k", admin), false})
	run(exercise{"disableStaff", 404, disable("nobody", admin), false})
	boss := s.newStaff(t, registry.RoleAdmin)
	self := s.bearer(t, boss, registry.Scopes()...)
	all, err := s.deps.Registry.Staff(t.Context(), registry.System(), registry.StaffQuery{Limit: 200})
	must(t, err)
	for _, other := range all.Accounts {
		if other.Username != boss {
			must(t, s.deps.Registry.DisableStaff(t.Context(), registry.System(), other.Username))
		}
	}
	run(exercise{"disableStaff", 409, disable(boss, self), false})
	clear(s.programs) // their accounts are closed
}

// A keeper within bounds sees and gives what lies within them, from the next
// request on.
func TestRolesHoldFromTheNextRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin := s.as(t, registry.RoleAdmin)
		if rec := s.do(csv(areas+"/import", nations, admin)); rec.Code != http.StatusOK {
			t.Fatalf("import: %d %s", rec.Code, rec.Body)
		}
		name := s.newStaff(t, registry.RoleAuditor)
		program := s.bearer(t, name, registry.Scopes()...)
		register := func(region string, want int) {
			t.Helper()
			rec := s.do(call("POST", people, `{"values":{"full_name":"Amina","region":"`+region+`"}}`, program))
			if rec.Code != want {
				t.Errorf("register in %s: %d %s, want %d", region, rec.Code, rec.Body, want)
			}
		}
		register("NL-W-BAY", 403)
		given := s.do(call("POST", staffAccounts+"/"+name+"/roles", `{"role":"field_worker","area":"NL-W"}`, admin))
		register("NL-W-BAY", 201)
		register("NL-E", 403)
		var role struct{ ID uuid.UUID }
		decode(t, given, &role)
		if rec := s.do(call("DELETE", staffAccounts+"/"+name+"/roles/"+role.ID.String(), "", admin)); rec.Code != http.StatusNoContent {
			t.Fatalf("revoke: %d %s", rec.Code, rec.Body)
		}
		register("NL-W-BAY", 403)
	})
}
