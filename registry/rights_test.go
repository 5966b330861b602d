package registry

import (
	"slices"
	"testing"
)

// The table that people read says what the rules say, and of every role something.
func TestRightsAreTheRules(t *testing.T) {
	t.Parallel()
	seen := map[Role]bool{}
	for n, r := range Rights() {
		row := rightRows()[n]
		if len(r.Roles) == 0 || slices.Contains(r.Roles, RoleSystem) {
			t.Errorf("%s %s: roles %v", r.Data, r.Verb, r.Roles)
		}
		for _, role := range r.Roles {
			seen[role] = true
			a := Actor{Name: "x", Roles: []Role{role}}
			if role != RoleRegistrant && a.check(row.act) != nil {
				t.Errorf("%s %s: %s is refused", r.Data, r.Verb, role)
			}
		}
		bounded := Actor{Name: "x", Roles: []Role{r.Roles[0]}, Grants: []Grant{{Role: r.Roles[0], Area: "A1"}}}
		if r.Everywhere && bounded.check(row.act) == nil {
			t.Errorf("%s %s: a role with bounds does", r.Data, r.Verb)
		}
	}
	for _, role := range append(staffRoles(), RoleRegistrant) {
		if !seen[role] {
			t.Errorf("nothing is said of %s", role)
		}
	}
}
