package e2e_test

import "testing"

// groupsPrepared is what the pages of groups, requests and programmes need.
type groupsPrepared struct {
	household string // id of one whose head is the registrant
}

// prepareGroups makes a household with the registrant and the ward.
func prepareGroups(t *testing.T, admin *client, person, ward string) groupsPrepared {
	t.Helper()
	var g groupsPrepared
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var made struct{ ID string }
	must(admin.create("/api/v1/groups", map[string]any{"kind": "household", "reason": "trial", "values": map[string]string{"group_name": "Lekuton household at the northern well", "dwelling_type": "house"},
		"members": []any{map[string]string{"member": person, "role": "head", "start": "2024-01-01"}, map[string]string{"member": ward, "role": "child", "start": "2024-01-01"}}}, &made))
	g.household = made.ID
	return g
}

// groupsTour: groups, and who belongs to them.
func (p prepared) groupsTour() []stop {
	group := "/admin/groups/" + p.groups.household
	return []stop{
		{"/admin/groups", "/admin/groups", "registrar"}, {"/admin/groups/new", "/admin/groups/new", "registrar"},
		{"", "/admin/groups/new?kind=household&member=" + p.person, "registrar"}, {"", "/admin/groups?q=no+such+group", "auditor"},
		{"/admin/groups/:id", group, "attester"}, {"/admin/groups/:id/edit", group + "/edit", "registrar"}, {"/admin/groups/:id/end", group + "/end", "registrar"},
		{"/admin/groups/:id/members", group + "/members", "registrar"}, {"", group + "/members?q=lekuton", "registrar"},
		{"/admin/groups/:id/members/:member/:seq", group + "/members/" + p.person + "/1", "registrar"},
		{"/admin/people/:id/household", "/admin/people/" + p.person + "/household", "registrar"}, {"", "/admin/people/" + p.person + "/household?tie=spouse&q=wanjiru", "registrar"},
		{"", "/admin/people/" + p.ward + "/household?tie=parents&q=lekuton", "registrar"}, {"", "/admin/people/" + p.ward + "/household", "auditor"},
	}
}
