package e2e_test

// verifyTour: what anybody checks a credential with.
func (p prepared) verifyTour() []stop {
	return []stop{{"/verify/", "/verify/", ""}, {"/verify/trust", "/verify/trust", ""}}
}
