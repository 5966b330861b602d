package issuer

import "socialregistry/registry"

// Rights is the table of permissions about credentials, in the order in which people
// read it. It is made from the rules themselves.
func Rights() []registry.Right {
	var out []registry.Right
	for _, r := range rightRows() {
		right := registry.Right{Data: r.data, Verb: r.verb, Everywhere: r.whole}
		for _, role := range staffFor(r.act) {
			if role != registry.RoleSystem {
				right.Roles = append(right.Roles, role)
			}
		}
		if ownToo(r.act) {
			right.Roles = append(right.Roles, registry.RoleRegistrant)
		}
		out = append(out, right)
	}
	return out
}

// rightRow names the action behind a line; whole tells that mayKeep decides.
type rightRow struct {
	data  string
	verb  registry.Verb
	act   action
	whole bool
}

func rightRows() []rightRow {
	return []rightRow{
		{"credentials", registry.VerbRead, toSee, false}, {"offers", registry.VerbAdd, toOffer, false},
		{"credentials", registry.VerbRemove, toWithdraw, false}, {"credentials", registry.VerbChange, toSuspend, false},
		{"credential_types", registry.VerbRead, toSeeTypes, true}, {"credential_types", registry.VerbChange, toKeepTypes, true},
		{"messages", registry.VerbRead, toSeeMessages, false}, {"deliveries", registry.VerbRead, toSeeDeliveries, true}, {"funnel", registry.VerbRead, toSeeFunnel, true},
		{"clients", registry.VerbRead, toSeeClients, true}, {"clients", registry.VerbChange, toRegister, true},
		{"providers", registry.VerbRead, toSeeProviders, true}, {"providers", registry.VerbChange, toKeepProviders, true},
		{"keys", registry.VerbRead, toSeeKeys, true}, {"keys", registry.VerbChange, toKeepKeys, true}, {"issuers", registry.VerbChange, toKeepIssuers, true},
	}
}
