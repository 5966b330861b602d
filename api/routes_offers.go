package api

import "socialregistry/web"

// offerPages: credentials that the office offers to a person or a household.
func offerPages(g group, p *web.Pages) {
	for _, of := range []string{"/admin/people/:id", "/admin/groups/:id"} {
		g.get(of+"/offers/new", p.DeskOfferForm)
		g.post(of+"/offers", p.DeskOfferMake)
		g.get(of+"/offers/:offer", p.DeskOffer)
		g.post(of+"/offers/:offer/cancel", p.DeskOfferCancel)
		g.post(of+"/credentials/:credential/reissue", p.DeskReissue)
	}
	g.get("/admin/groups/:id/credentials", p.PersonCredentials)
	g.post("/admin/groups/:id/credentials", p.WithdrawCredential)
}
