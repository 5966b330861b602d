package api

import "socialregistry/web"

// desks: the settings. Groups whose acts are sensitive are apart from the others.
func (s *server) desks(work policy) {
	p := s.deps.Pages
	settingsPages(s.group(work), p)
	accessPages(s.group(work), p)
	trustPages(s.group(work), p)
	issuedPages(s.group(work), p)
	merging := work
	merging.body, merging.time = bundleBody, uploadTime
	s.group(merging).post("/admin/trust", p.TrustMerge)
}

// settingsPages: what the registry is like. Each page says who may open it.
func settingsPages(g group, p *web.Pages) {
	g.get("/admin/settings", p.Settings)
	g.get("/admin/appearance", p.Appearance)
	g.post("/admin/appearance", p.AppearancePost)
	g.get("/admin/fields", p.Fields)
	g.get("/admin/fields/new", p.FieldNew)
	g.post("/admin/fields/new", p.FieldDefine)
	g.get("/admin/fields/:key", p.Field)
	g.get("/admin/fields/:key/edit", p.FieldEdit)
	g.post("/admin/fields/:key/edit", p.FieldChange)
	g.post("/admin/fields/:key/retire", p.FieldRetire)
	g.post("/admin/fields/:key/revive", p.FieldRevive)
	g.post("/admin/fields/:key/index", p.FieldIndex)
	groupKinds := p.GroupKinds()
	g.get("/admin/group-kinds", groupKinds.List)
	g.get("/admin/group-kinds/new", groupKinds.New)
	g.post("/admin/group-kinds/new", groupKinds.Define)
	g.get("/admin/group-kinds/:key", groupKinds.Show)
	g.post("/admin/group-kinds/:key", groupKinds.Change)
	identifierTypes := p.IdentifierTypes()
	g.get("/admin/identifier-types", identifierTypes.List)
	g.get("/admin/identifier-types/new", identifierTypes.New)
	g.post("/admin/identifier-types/new", identifierTypes.Define)
	g.get("/admin/identifier-types/:key", identifierTypes.Show)
	g.post("/admin/identifier-types/:key", identifierTypes.Change)
	attestationStatuses := p.AttestationStatuses()
	g.get("/admin/attestation-statuses", attestationStatuses.List)
	g.get("/admin/attestation-statuses/new", attestationStatuses.New)
	g.post("/admin/attestation-statuses/new", attestationStatuses.Define)
	g.get("/admin/attestation-statuses/:key", attestationStatuses.Show)
	g.post("/admin/attestation-statuses/:key", attestationStatuses.Change)
}

// accessPages: staff accounts, and the tokens of one's own. They come after a fresh
// sign-in.
func accessPages(g group, p *web.Pages) {
	g.get("/admin/roles", p.Roles)
	g.get("/admin/staff", p.Staff)
	g.get("/admin/staff/new", p.StaffNew)
	g.post("/admin/staff/new", p.StaffOpen)
	g.get("/admin/staff/:name", p.StaffMember)
	g.post("/admin/staff/:name/grant", p.StaffGrant)
	g.post("/admin/staff/:name/revoke-role", p.StaffRevoke)
	g.post("/admin/staff/:name/password", p.StaffPassword)
	g.post("/admin/staff/:name/disable", p.StaffDisable)
	g.post("/admin/staff/:name/unlock", p.StaffUnlock)
	g.post("/admin/staff/:name/claim", p.StaffClaim)
	g.post("/admin/staff/:name/app", p.StaffApp)
	g.get("/admin/tokens", p.StaffTokens)
	g.post("/admin/tokens", p.StaffTokenMake)
	g.post("/admin/tokens/revoke", p.StaffTokenRevoke)
}

// trustPages: keys, clients and wallet providers, on which every credential rests. They
// come after a fresh sign-in.
func trustPages(g group, p *web.Pages) {
	clients, providers := p.Clients(), p.WalletProviders()
	g.get("/admin/clients", clients.List)
	g.get("/admin/clients/new", clients.New)
	g.post("/admin/clients/new", clients.Define)
	g.get("/admin/clients/:key", clients.Show)
	g.post("/admin/clients/:key", clients.Change)
	g.post("/admin/clients/:key/stop", p.ClientStop)
	g.post("/admin/clients/:key/start", p.ClientStart)
	g.get("/admin/wallet-providers", providers.List)
	g.get("/admin/wallet-providers/new", providers.New)
	g.post("/admin/wallet-providers/new", providers.Define)
	g.get("/admin/wallet-providers/:key", providers.Show)
	g.post("/admin/wallet-providers/:key", providers.Change)
	g.get("/admin/keys", p.Keys)
	g.post("/admin/keys", p.KeyRotate)
	g.get("/admin/keys/:kid", p.Key)
	g.post("/admin/keys/:kid/revoke", p.KeyRevoke)
	g.get("/admin/trust", p.TrustBundle)
	g.post("/admin/trust/drop", p.TrustDrop)
	g.post("/admin/trust/publish", p.TrustPublish)
	g.get("/admin/issuers", p.CredentialIssuers)
	g.post("/admin/issuers", p.CredentialIssuerAdd)
}

// issuedPages: what was issued, and what is offered.
func issuedPages(g group, p *web.Pages) {
	g.get("/admin/issued", p.IssuedList)
	g.get("/admin/issued/:id", p.IssuedShow)
	g.post("/admin/issued/:id", p.IssuedTurn)
	g.get("/admin/credentials", p.CredentialTypes)
	g.get("/admin/credentials/:config", p.CredentialType)
	g.get("/admin/credentials/:config/edit", p.CredentialTypeEdit)
	g.post("/admin/credentials/:config/edit", p.CredentialTypeChange)
	g.get("/admin/offers", p.Offers)
	g.post("/admin/offers/cancel", p.OfferCancel)
}
