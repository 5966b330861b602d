package e2e_test

// settingsTour: what the registry is like.
func (p prepared) settingsTour() []stop {
	return []stop{
		{"/admin/settings", "/admin/settings", "admin"}, {"", "/admin/settings", "attester"},
		{"/admin/fields", "/admin/fields", "admin"}, {"/admin/fields/new", "/admin/fields/new", "admin"},
		{"/admin/fields/:key", "/admin/fields/given_name", "admin"}, {"/admin/fields/:key/edit", "/admin/fields/sex/edit", "admin"},
		{"/admin/roles", "/admin/roles", "attester"}, {"/admin/staff", "/admin/staff", "admin"}, {"/admin/staff/new", "/admin/staff/new", "admin"},
		{"/admin/staff/:name", "/admin/staff/registrar", "admin"}, {"/admin/tokens", "/admin/tokens", "auditor"},
		{"", "/admin/fields/no_such_field", "auditor"}, {"", "/admin/fields", "registrar"},
	}
}
