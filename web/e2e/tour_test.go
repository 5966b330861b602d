package e2e_test

// publicTour: pages of nobody in particular, and of makers of wallets.
func (p prepared) publicTour() []stop {
	return []stop{
		{"/", "/", ""}, {"/login", "/login", ""}, {"/login/code", "/login/code", ""}, {"/activate", "/activate", ""},
		{"/wallets", "/wallets", ""}, {"/verifiers", "/verifiers", ""}, {"/wallets/offers/:id", "/wallets/offers/" + p.trial, ""}, {"/wallets/code/:config", "/wallets/code/" + p.config, ""},
		{"", "/no/such/page", ""},
	}
}

// ownTour: pages of a registrant.
func (p prepared) ownTour() []stop {
	offer := "/me/credentials/" + p.config + "/offer"
	return []stop{
		{"/me", "/me", "registrant"}, {"/me/acting", "/me/acting", "registrant"}, {"/me/edit/:section", "/me/edit/contact", "registrant"}, {"/me/history", "/me/history", "registrant"},
		{"/me/credentials", "/me/credentials", "registrant"}, {"/me/credentials/:id/offer", offer, "registrant"},
		{"/me/credentials/:id/offer/:offer", offer + "/" + p.offer, "registrant"},
		{"/me/credentials/:id/print", "/me/credentials/" + p.config + "/print", "registrant"}, {"/me/credentials/:id/print/:paper", p.paper, "registrant"}, {"", p.paper + "?layout=card", "registrant"},
		{"/me/credentials/:id", "/me/credentials/" + p.credential, "registrant"}, {"", "/me/credentials?for=" + p.ward, "registrant"},
		{"/me/messages", "/me/messages", "registrant"}, {"/me/looks", "/me/looks", "registrant"}, {"/me/sharing", "/me/sharing", "registrant"},
		{"/oid4vci/authorize", "/oid4vci/authorize?client_id=nobody", "registrant"}, {"/me/authorize/:decision", p.consent, "registrant"},
	}
}
