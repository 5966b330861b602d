package api

import "socialregistry/web"

// offerPages: credentials that the office offers to a person or a household.
func offerPages(g group, p *web.Pages) {
	g.get("/admin/people/:id/offers/new", p.DeskOfferForm)
	g.post("/admin/people/:id/offers", p.DeskOfferMake)
	g.get("/admin/people/:id/offers/:offer", p.DeskOffer)
	g.post("/admin/people/:id/offers/:offer/cancel", p.DeskOfferCancel)
	g.post("/admin/people/:id/credentials/:credential/reissue", p.DeskReissue)
	g.get("/admin/people/:id/papers/new", p.DeskPrint)
	g.post("/admin/people/:id/papers", p.DeskPrintMake)
	g.get("/admin/people/:id/papers/:paper", p.DeskPaper)

	g.get("/admin/groups/:id/offers/new", p.DeskOfferForm)
	g.post("/admin/groups/:id/offers", p.DeskOfferMake)
	g.get("/admin/groups/:id/offers/:offer", p.DeskOffer)
	g.post("/admin/groups/:id/offers/:offer/cancel", p.DeskOfferCancel)
	g.post("/admin/groups/:id/credentials/:credential/reissue", p.DeskReissue)
	g.get("/admin/groups/:id/papers/new", p.DeskPrint)
	g.post("/admin/groups/:id/papers", p.DeskPrintMake)
	g.get("/admin/groups/:id/papers/:paper", p.DeskPaper)
	g.get("/admin/groups/:id/credentials", p.PersonCredentials)
	g.post("/admin/groups/:id/credentials", p.WithdrawCredential)
}
