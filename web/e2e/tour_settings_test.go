package e2e_test

// settingsTour: what the registry is like.
func (p prepared) settingsTour() []stop {
	return []stop{
		{"/admin/settings", "/admin/settings", "admin"}, {"", "/admin/settings", "attester"},
		{"/admin/fields", "/admin/fields", "admin"}, {"/admin/fields/new", "/admin/fields/new", "admin"},
		{"/admin/fields/:key", "/admin/fields/given_name", "admin"}, {"/admin/fields/:key/edit", "/admin/fields/sex/edit", "admin"},
		{"/admin/roles", "/admin/roles", "attester"}, {"/admin/staff", "/admin/staff", "admin"}, {"/admin/staff/new", "/admin/staff/new", "admin"},
		{"/admin/staff/:name", "/admin/staff/registrar", "admin"}, {"/admin/tokens", "/admin/tokens", "auditor"},
		{"/admin/group-kinds", "/admin/group-kinds", "admin"}, {"/admin/group-kinds/new", "/admin/group-kinds/new", "admin"}, {"/admin/group-kinds/:key", "/admin/group-kinds/household", "admin"},
		{"/admin/identifier-types", "/admin/identifier-types", "admin"}, {"/admin/identifier-types/new", "/admin/identifier-types/new", "admin"}, {"/admin/identifier-types/:key", "/admin/identifier-types/passport", "auditor"},
		{"/admin/attestation-statuses", "/admin/attestation-statuses", "admin"}, {"/admin/attestation-statuses/new", "/admin/attestation-statuses/new", "admin"},
		{"/admin/clients", "/admin/clients", "admin"}, {"/admin/clients/new", "/admin/clients/new", "admin"}, {"/admin/wallet-providers", "/admin/wallet-providers", "auditor"}, {"/admin/wallet-providers/new", "/admin/wallet-providers/new", "admin"},
		{"/admin/keys", "/admin/keys", "admin"}, {"/admin/issuers", "/admin/issuers", "admin"},
		{"/admin/issued", "/admin/issued", "registrar"}, {"/admin/issued/:id", "/admin/issued/" + p.credential, "registrar"}, {"/admin/offers", "/admin/offers", "registrar"}, {"", "/admin/issued?standing=failed&person_number=SR-0", "attester"},
		{"/admin/credentials", "/admin/credentials", "admin"}, {"/admin/credentials/:config", "/admin/credentials/" + p.config, "admin"}, {"/admin/credentials/:config/edit", "/admin/credentials/" + p.config + "/edit", "admin"},
		{"", "/admin/fields/no_such_field", "auditor"}, {"", "/admin/fields", "registrar"},
	}
}
