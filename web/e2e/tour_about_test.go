package e2e_test

// aboutTour: pages that explain, components, and the first run, which is over.
func (p prepared) aboutTour() []stop {
	return []stop{
		{"/help", "/help", ""}, {"/privacy", "/privacy", ""}, {"/accessibility", "/accessibility", ""}, {"/gallery", "/gallery", ""},
		{"/setup", "/setup", ""}, {"/setup/account", "/setup/account", ""}, {"/setup/data", "/setup/data", "admin"},
	}
}
