package api

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/api/vci"
	"socialregistry/registry"
	"socialregistry/web"
)

// The most bytes of a request body, by what is sent.
const (
	smallBody  = 64 << 10                   // a form, a credential request
	areasBody  = 16 << 20                   // a CSV of areas
	bundleBody = 17 << 20                   // another registry's trust bundle, and the form around it
	uploadBody = registry.MaxUpload + 1<<20 // a CSV of a few million people, and the form around it
)

// uploadTime is how long an upload and its answer may take.
const uploadTime = 15 * time.Minute

// routes is the whole HTTP surface.
func (s *server) routes() {
	s.operation()
	s.trust()
	s.protocol()
	s.rest()
	s.pages()
}

// operation: for whoever runs the service.
func (s *server) operation() {
	g := s.group(policy{render: respond.Problem, body: smallBody})
	g.get("/healthz", s.healthz)
	g.get("/readyz", s.readyz)
	g.get("/metrics", s.showMetrics)
	g.get("/openapi.yaml", s.describe)
}

// trust: documents that anybody may read, and may keep for a while.
func (s *server) trust() {
	e := s.issuers
	g := s.group(policy{render: respond.Problem, body: smallBody, wallets: true})
	s.selfDescriptions(g)
	g.get("/.well-known/did.json", e.at((*vci.Handlers).DIDDocument))
	g.get(issuerPath+"/did.json", e.at((*vci.Handlers).DIDDocument)) // did:web §2.5.2
	t := vci.NewTrust(s.deps.Issuer)
	g.get("/.well-known/sr-trust-bundle.json", t.Bundle)
	g.get("/.well-known/sr-trust-bundle/status/:digest", t.Shard)
	for _, at := range []string{"", issuerPath} {
		g.get(at+"/jwks.json", e.at((*vci.Handlers).JWKS))
		g.get(at+"/issuer-ca.pem", e.at((*vci.Handlers).IssuerCA))
		g.get(at+"/status/token/:id", e.at((*vci.Handlers).TokenStatusList))
		g.get(at+"/status/bitstring/:id", e.at((*vci.Handlers).BitstringStatusList))
		g.get(at+"/status/bitstring/:id/:purpose", e.at((*vci.Handlers).BitstringStatusList))
		g.get(at+"/status/aggregation", e.at((*vci.Handlers).StatusAggregation))
		g.get(at+"/credentials/types/:name", e.at((*vci.Handlers).TypeMetadata))
		g.get(at+"/credentials/types/:name/:version", e.at((*vci.Handlers).TypeMetadata))
		g.get(at+"/credentials/images/:name", e.at((*vci.Handlers).Image))
		g.get(at+"/contexts/v1", e.at((*vci.Handlers).Context))
		g.get(at+"/vocab", e.at((*vci.Handlers).Vocabulary))
	}
}

// selfDescriptions: what an issuer says of itself, at every address where wallets look.
// A path of the issuer comes after the well-known one (RFC 8615, OID4VCI 1.0 §12.2.2);
// old wallets put it before. Some end the address with a slash. Nobody is redirected:
// not every wallet follows.
func (s *server) selfDescriptions(g group) {
	for document, serve := range map[string]func(*vci.Handlers, *gin.Context) error{
		"openid-credential-issuer":   (*vci.Handlers).Metadata,
		"oauth-authorization-server": (*vci.Handlers).AuthorizationServer,
		"openid-configuration":       (*vci.Handlers).AuthorizationServer,
		"jwt-vc-issuer":              (*vci.Handlers).JWTVCIssuer,
	} {
		at, h := "/.well-known/"+document, s.issuers.at(serve)
		for _, path := range []string{at, at + "/", at + issuerPath, at + issuerPath + "/", issuerPath + at} {
			g.get(path, h)
		}
	}
}

// protocol: what wallets call, OID4VCI 1.0.
func (s *server) protocol() {
	e := s.issuers
	g := s.group(policy{render: respond.OAuth, body: smallBody, wallets: true, use: []gin.HandlerFunc{e.fresh}})
	for _, at := range []string{"", issuerPath} {
		g.get(at+"/oid4vci/offers/:id", s.misses.count(e.at((*vci.Handlers).Offer)))
		g.post(at+"/oid4vci/par", s.floods.count(e.at((*vci.Handlers).Push)))
		g.post(at+"/oid4vci/token", s.floods.count(e.at((*vci.Handlers).Token)))
		g.post(at+"/oid4vci/revoke", s.floods.count(e.at((*vci.Handlers).Revoke)))
		g.post(at+"/oid4vci/challenge", e.at((*vci.Handlers).Challenge))
		g.post(at+"/oid4vci/nonce", e.at((*vci.Handlers).Nonce))
		g.post(at+"/oid4vci/credential", e.at((*vci.Handlers).Credential))
		g.post(at+"/oid4vci/deferred", e.at((*vci.Handlers).Deferred))
		g.post(at+"/oid4vci/notification", e.at((*vci.Handlers).Notification))
	}
}

// pages: for people, in HTML. Who may see and do what is decided in registry and
// issuer; here only whole groups are kept to their roles.
func (s *server) pages() {
	p, session := s.deps.Pages, auth.Session(s.deps.Registry, s.show)
	acting := auth.Acting(s.deps.Registry, s.show)
	open := s.group(policy{render: s.show, body: smallBody, use: []gin.HandlerFunc{session, acting}})
	open.get("/", p.Home)
	open.get("/oid4vci/authorize", p.Authorize)
	open.get(issuerPath+"/oid4vci/authorize", p.Authorize)
	open.get("/login", p.LoginForm)
	open.post("/login", s.tries.count(p.Login))
	open.post("/logout", p.Logout)
	open.get("/activate", p.ActivateForm)
	open.post("/activate", s.tries.count(p.Activate))
	plain := s.group(policy{render: s.show, body: smallBody})
	plain.get("/static/:hash/*name", p.Static)
	verifierPages(plain, p)
	verifierFiles(plain, p)
	walletPages(open, p)
	signInPages(open, s.tries, p)
	aboutPages(open, p)

	registrant := auth.Require(s.show, registry.RoleRegistrant)
	own := policy{render: s.show, body: smallBody, use: []gin.HandlerFunc{session, registrant, acting}}
	ownPages(s.group(own), p)
	actingPages(s.group(own), p)
	s.providerPages(open, s.group(own), p)
	consentPages(s.group(own), p)
	files := own
	files.body, files.time = 4*s.deps.Registry.MaxDocument()+1<<20, uploadTime // what is too large is read, so that the page can say so
	portalPages(s.group(own), s.group(files), p)
	ownSecurityPages(s.group(own), p)

	staff := auth.Require(s.show, registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester, registry.RoleAuditor)
	work := policy{render: s.show, body: smallBody, use: []gin.HandlerFunc{session, staff}}
	slow := work
	slow.time = uploadTime
	uploads := slow
	uploads.body = uploadBody
	documents := slow
	documents.body = s.deps.Registry.MaxDocument() + 2<<20 // what is a little too large is refused by its form
	peoplePages(s.group(work), s.group(documents), p)
	setupPages(s, open, slow, p)
	s.desks(work)
	staffSecurityPages(s.group(work), p)
	anybody := auth.Require(s.show, registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester, registry.RoleAuditor, registry.RoleRegistrant)
	stepUpPages(s.group(policy{render: s.show, body: smallBody, use: []gin.HandlerFunc{session, anybody}}), p)
	keptPages(s.group(policy{render: s.show, body: smallBody, use: []gin.HandlerFunc{session, anybody, acting}}), p)
	groupPages(s.group(work), s.group(documents), p)
	offerPages(s.group(work), p)
	requestPages(s.group(work), p)
	programmePages(s.group(work), p)
	filePages(s.group(work), s.group(uploads), p)
	filesPages(s.group(slow), p)
	logPages(s.group(work), p)
	sourcePages(s.group(work), p)
	maps := work
	maps.body = areasBody
	placePages(s.group(work), s.group(maps), p)
	numberPages(s.group(work), p)
}

// walletPages: for those who make wallets. Nothing on them is about anybody who
// is not generated.
func walletPages(g group, p *web.Pages) {
	g.get("/verifiers", p.Verifiers)
	g.get("/verifiers/samples.json", p.SampleFile)
	g.get("/verifiers/samples/:n", p.Sample)
	g.get("/wallets", p.Wallets)
	g.post("/wallets/offers", p.WalletOffer)
	g.get("/wallets/offers/:id", p.WalletOfferShow)
	g.get("/wallets/code/:config", p.WalletCode)
}

// ownPages: for a registered person about the own record.
func ownPages(g group, p *web.Pages) {
	g.get("/me", p.Me)
	g.get("/me/edit/:section", p.MyEdit)
	g.get("/me/history", p.MyHistory)
	g.get("/me/looks", p.MyLooks)
	g.get("/me/messages", p.MyMessages)
	g.post("/me/messages", p.MyMessagesPost)
	g.get("/me/credentials", p.MyCredentials)
	g.get("/me/credentials/:id", p.MyCredential)
	g.post("/me/credentials/:id/reissue", p.Reissue)
	g.get("/me/credentials/:id/offer", p.OfferStart) // of a configuration
	g.post("/me/credentials/:id/offer", p.OfferCreate)
	g.get("/me/credentials/:id/offer/:offer", p.OfferShow)
	g.get("/me/credentials/:id/print", p.MyPrint) // of a configuration
	g.post("/me/credentials/:id/print", p.MyPrintMake)
	g.get("/me/credentials/:id/print/:paper", p.MyPaper)
	g.post("/me/credentials/:id/lost", p.PaperLost)
}

// consentPages: what wallets ask a person, and what the person agreed to.
func consentPages(g group, p *web.Pages) {
	g.get("/me/authorize/:decision", p.Consent)
	g.post("/me/authorize/:decision", p.ConsentDecide)
	g.get("/me/sharing", p.Sharing)
	g.post("/me/sharing/:id/withdraw", p.SharingWithdraw)
}
