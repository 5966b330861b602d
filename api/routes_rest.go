package api

import (
	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/api/rest"
)

// rest: the registry for programs. Nobody calls it without being known: by a
// personal access token, or by the session of the pages. Who may do what is
// decided in registry.
func (s *server) rest() {
	h := rest.New(s.deps.Registry, s.deps.Issuer, s.deps.PublicURL+"/verify/")
	known := []gin.HandlerFunc{auth.Caller(s.deps.Registry, respond.Problem), s.calls.limit}
	own := policy{render: respond.Problem, body: smallBody, bearer: true, use: known}
	repeatable, slow := own, own
	repeatable.once = h.Once
	slow.time = uploadTime
	files, uploads, documents := slow, slow, slow
	files.body, uploads.body, documents.body = areasBody, uploadBody, s.deps.Registry.MaxDocument()+smallBody

	g := s.group(repeatable)
	restPeople(g, h)
	restAttestation(g, h)
	restGroups(g, h)
	restProgrammes(g, h)
	restKinship(g, h)
	restRequests(g, h)
	restFields(g, h)
	restSources(g, h)
	restIdentifiers(g, h)
	restWalletProviders(g, h)
	restClients(g, h)
	restMessages(g, h)
	restCredentials(g, s.group(own), h)
	restPapers(s.group(own), h)
	g.get("/api/v1/history", h.AdminHistory)
	g.get("/api/v1/changes", h.Changes)

	// A bulk switch takes its time. It needs no Idempotency-Key: who is switched is skipped.
	restVersions(g, s.group(slow), h)
	// A file of areas is applied whole or not at all; the same one again changes nothing.
	restAreas(g, s.group(files), h)
	// A file of people may be great: it is kept as it comes, and no answer with it.
	restJobs(g, s.group(uploads), h)
	restExports(g, s.group(slow), h)
	// The same document again is the document that is there: no Idempotency-Key.
	restDocuments(s.group(documents), h)
	// A token is shown once, and a password is kept for nobody: nor are their answers.
	restTokens(s.group(own), h)
	restStaff(s.group(own), h)
}

// restPeople: registered people, and what hangs on their records.
func restPeople(g group, h *rest.Handlers) {
	g.get("/api/v1/people", h.SearchPeople)
	g.post("/api/v1/people", h.CreatePerson)
	g.get("/api/v1/people/:id", h.Person)
	g.patch("/api/v1/people/:id", h.EditPerson)
	g.get("/api/v1/people/:id/attestations", h.Attestations)
	g.post("/api/v1/people/:id/attestations", h.Attest)
	g.get("/api/v1/people/:id/versions", h.Versions)
	g.get("/api/v1/people/:id/versions/:number", h.Version)
	g.get("/api/v1/people/:id/history", h.History)
	g.post("/api/v1/people/:id/unlock", h.UnlockPerson)
}

// restIdentifiers: numbers that others gave, of people and of groups, and their types.
func restIdentifiers(g group, h *rest.Handlers) {
	g.get("/api/v1/registrants/:id/identifiers", h.Identifiers)
	g.post("/api/v1/registrants/:id/identifiers", h.AddIdentifier)
	g.get("/api/v1/registrants/:id/identifiers/:number", h.Identifier)
	g.patch("/api/v1/registrants/:id/identifiers/:number", h.ChangeIdentifier)
	g.post("/api/v1/identifiers/find", h.FindByIdentifier)
	g.get("/api/v1/identifier-types", h.IdentifierTypes)
	g.post("/api/v1/identifier-types", h.DefineIdentifierType)
	g.get("/api/v1/identifier-types/:key", h.IdentifierType)
	g.put("/api/v1/identifier-types/:key", h.ChangeIdentifierType)
}

// restWalletProviders: whose attestations of wallets and of keys are believed.
func restWalletProviders(g group, h *rest.Handlers) {
	g.get("/api/v1/wallet-providers", h.WalletProviders)
	g.post("/api/v1/wallet-providers", h.DefineWalletProvider)
	g.get("/api/v1/wallet-providers/:key", h.WalletProvider)
	g.put("/api/v1/wallet-providers/:key", h.ChangeWalletProvider)
	g.get("/api/v1/wallet-providers/:key/history", h.WalletProviderHistory)
	g.get("/api/v1/keys", h.Keys)
	g.post("/api/v1/keys", h.RotateKey)
	g.post("/api/v1/keys/:kid/revoke", h.RevokeKey)
	g.get("/api/v1/keys/:kid/history", h.KeyHistory)
}

// restClients: the clients of the authorization server, and what people let them have.
func restClients(g group, h *rest.Handlers) {
	g.get("/api/v1/clients", h.Clients)
	g.post("/api/v1/clients", h.RegisterClient)
	g.get("/api/v1/clients/:id", h.Client)
	g.put("/api/v1/clients/:id", h.ChangeClient)
	g.post("/api/v1/clients/:id/disable", h.DisableClient)
	g.post("/api/v1/clients/:id/enable", h.EnableClient)
	g.get("/api/v1/clients/:id/history", h.ClientHistory)
	g.get("/api/v1/people/:id/consents", h.Consents)
	g.post("/api/v1/people/:id/consents/:consent/withdraw", h.WithdrawConsent)
}

// restCredentials: what was issued to whom, and what becomes of it. An offer is a
// secret: its answer is kept for no repeat.
func restCredentials(g, secret group, h *rest.Handlers) {
	g.get("/api/v1/people/:id/credentials", h.Credentials)
	g.get("/api/v1/credentials", h.IssuedCredentials)
	g.get("/api/v1/credentials/:id", h.Credential)
	g.post("/api/v1/credentials/:id/withdraw", h.WithdrawCredential)
	g.post("/api/v1/credentials/:id/suspend", h.SuspendCredential)
	g.post("/api/v1/credentials/:id/restore", h.RestoreCredential)
	secret.post("/api/v1/credentials/:id/reissue", h.ReissueCredential)
	secret.post("/api/v1/people/:id/offers", h.MakeOffer)
	g.get("/api/v1/offers/:id", h.Offer)
	g.post("/api/v1/offers/:id/cancel", h.CancelOffer)
}

// restPapers: credentials on paper. An answer holds what the paper says, and is kept for
// no repeat.
func restPapers(g group, h *rest.Handlers) {
	g.get("/api/v1/registrants/:id/papers", h.Papers)
	g.get("/api/v1/registrants/:id/paper-fields", h.PaperFields)
	g.post("/api/v1/registrants/:id/papers", h.MakePaper)
	g.get("/api/v1/papers/:id", h.Paper)
	g.get("/api/v1/papers/:id/code.svg", h.PaperCode)
}

// restMessages: what people were told, whether it got out, and who read their records.
func restMessages(g group, h *rest.Handlers) {
	g.get("/api/v1/people/:id/messages", h.Messages)
	g.post("/api/v1/people/:id/messages/read", h.ReadMessages)
	g.get("/api/v1/people/:id/looks", h.Looks)
	g.get("/api/v1/message-deliveries", h.Deliveries)
}

// restTokens: the personal access tokens of the own account.
func restTokens(g group, h *rest.Handlers) {
	g.get("/api/v1/tokens", h.Tokens)
	g.post("/api/v1/tokens", h.CreateToken)
	g.delete("/api/v1/tokens/:id", h.RevokeToken)
}

// restAttestation: decisions beside those of one record, and appeals against them.
func restAttestation(g group, h *rest.Handlers) {
	g.get("/api/v1/people/:id/attestations/:field", h.AttestationHistory)
	g.post("/api/v1/people/:id/attestations/:field/appeals", h.AppealDecision)
	g.get("/api/v1/groups/:id/attestations/:field", h.AttestationHistory)
	g.get("/api/v1/queues", h.Queues)
	g.get("/api/v1/queues/:queue", h.Queue)
	g.get("/api/v1/appeals", h.Appeals)
	g.post("/api/v1/appeals/:id/decline", h.DeclineAppeal)
	g.get("/api/v1/attestation-statuses", h.AttestationStatuses)
	g.post("/api/v1/attestation-statuses", h.DefineAttestationStatus)
	g.get("/api/v1/attestation-statuses/:key", h.AttestationStatus)
	g.put("/api/v1/attestation-statuses/:key", h.ChangeAttestationStatus)
}

// restAreas: the administrative hierarchy and the offices in it.
func restAreas(g, files group, h *rest.Handlers) {
	g.get("/api/v1/areas", h.Areas)
	files.post("/api/v1/areas/import", h.ImportAreas)
	g.post("/api/v1/areas", h.AddArea)
	g.get("/api/v1/areas/:code", h.Area)
	g.patch("/api/v1/areas/:code", h.RenameArea)
	g.post("/api/v1/areas/:code/move", h.MoveArea)
	g.post("/api/v1/areas/:code/retire", h.RetireArea)
	g.get("/api/v1/offices", h.Offices)
	g.post("/api/v1/offices", h.OpenOffice)
	g.get("/api/v1/offices/:code", h.Office)
	g.put("/api/v1/offices/:code", h.ChangeOffice)
}

// restSources: saved mappings, and other systems whose people are pulled.
func restSources(g group, h *rest.Handlers) {
	g.get("/api/v1/import-mappings", h.ImportMappings)
	g.post("/api/v1/import-mappings", h.DefineImportMapping)
	g.get("/api/v1/import-mappings/:key", h.ImportMapping)
	g.put("/api/v1/import-mappings/:key", h.ChangeImportMapping)
	g.get("/api/v1/sources", h.Sources)
	g.post("/api/v1/sources", h.DefineSource)
	g.get("/api/v1/sources/:key", h.Source)
	g.put("/api/v1/sources/:key", h.ChangeSource)
	g.post("/api/v1/sources/:key/pull", h.PullSource)
	g.post("/api/v1/sources/:key/restart", h.RestartSource)
	g.get("/api/v1/sources/:key/runs", h.SourceRuns)
	g.get("/api/v1/sources/:key/runs/:id/problems", h.SourceProblems)
}

// restJobs: long work, and imports, which are such work.
func restJobs(g, uploads group, h *rest.Handlers) {
	g.get("/api/v1/jobs", h.Jobs)
	g.get("/api/v1/jobs/:id", h.Job)
	g.post("/api/v1/jobs/:id/cancel", h.CancelJob)
	g.post("/api/v1/audits", h.StartAudit)
	g.post("/api/v1/statistics/refresh", h.StartStatistics)
	g.get("/api/v1/imports", h.Imports)
	uploads.post("/api/v1/imports", h.UploadImport)
	g.get("/api/v1/imports/template", h.ImportTemplate)
	g.get("/api/v1/imports/:id", h.Import)
	g.delete("/api/v1/imports/:id", h.DiscardImport)
	g.get("/api/v1/imports/:id/problems", h.ImportProblems)
	g.get("/api/v1/imports/:id/problems.csv", h.ImportProblemsFile)
	g.post("/api/v1/imports/:id/check", h.CheckImport)
	g.post("/api/v1/imports/:id/apply", h.ApplyImport)
	g.post("/api/v1/imports/:id/undo", h.UndoImport)
}

// restExports: downloads, and who took what. A file may take its time.
func restExports(g, long group, h *rest.Handlers) {
	g.get("/api/v1/exports", h.Exports)
	g.post("/api/v1/exports", h.StartExport)
	g.post("/api/v1/exports/count", h.CountExport)
	g.get("/api/v1/exports/:id", h.Export)
	long.get("/api/v1/exports/:id/file", h.ExportFile)
	g.delete("/api/v1/exports/:id/file", h.DropExportFile)
	g.get("/api/v1/registrants/:id/exports", h.ExportsOf)
}

// restDocuments: evidence documents of people and of groups.
func restDocuments(g group, h *rest.Handlers) {
	for _, record := range []string{"/api/v1/people/:id", "/api/v1/groups/:id"} {
		g.get(record+"/documents", h.Documents)
		g.post(record+"/documents", h.AddDocument)
		g.get(record+"/documents/:document", h.Document)
		g.delete(record+"/documents/:document", h.RemoveDocument)
	}
}

// restStaff: accounts of staff, and their roles within bounds.
func restStaff(g group, h *rest.Handlers) {
	g.get("/api/v1/staff", h.Staff)
	g.post("/api/v1/staff", h.OpenStaff)
	g.get("/api/v1/staff/:name", h.StaffAccount)
	g.post("/api/v1/staff/:name/roles", h.GrantRole)
	g.delete("/api/v1/staff/:name/roles/:id", h.RevokeRole)
	g.put("/api/v1/staff/:name/password", h.SetStaffPassword)
	g.post("/api/v1/staff/:name/disable", h.DisableStaff)
	g.post("/api/v1/staff/:name/unlock", h.UnlockStaff)
}

// restRequests: changes that wait for approval.
func restRequests(g group, h *rest.Handlers) {
	for _, record := range []string{"/api/v1/people/:id", "/api/v1/groups/:id"} {
		g.get(record+"/change-requests", h.RequestsOf)
		g.post(record+"/change-requests", h.AskForChange)
	}
	g.get("/api/v1/change-requests", h.ChangeRequests)
	g.post("/api/v1/change-requests/approve", h.ApproveRequests)
	g.get("/api/v1/change-requests/:request", h.ChangeRequest)
	g.patch("/api/v1/change-requests/:request", h.EditRequest)
	g.post("/api/v1/change-requests/:request/send", h.SendRequest)
	g.post("/api/v1/change-requests/:request/approve", h.ApproveRequest)
	g.post("/api/v1/change-requests/:request/reject", h.RejectRequest)
	g.post("/api/v1/change-requests/:request/withdraw", h.WithdrawRequest)
}

// restFields: what can be known about people and groups.
func restFields(g group, h *rest.Handlers) {
	g.get("/api/v1/fields", h.Fields)
	g.post("/api/v1/fields", h.DefineField)
	g.get("/api/v1/fields/:key", h.Field)
	g.patch("/api/v1/fields/:key", h.UpdateField)
	g.get("/api/v1/fields/:key/versions", h.FieldVersions)
	g.post("/api/v1/fields/:key/retire", h.RetireField)
	g.post("/api/v1/fields/:key/revive", h.ReviveField)
	g.post("/api/v1/fields/:key/index", h.IndexField)
}

// restKinship: what is recorded of a person's family, and what follows from it.
func restKinship(g group, h *rest.Handlers) {
	g.get("/api/v1/people/:id/kinship", h.Kinship)
	g.get("/api/v1/people/:id/relatives", h.Relatives)
	g.put("/api/v1/people/:id/parents", h.SetParents)
	g.post("/api/v1/people/:id/spouses", h.AddSpouse)
	g.put("/api/v1/people/:id/spouses/:marriage", h.EditSpouse)
	g.post("/api/v1/people/:id/spouses/:marriage/removal", h.RemoveSpouse)
	g.post("/api/v1/people/:id/guardians", h.AddGuardian)
	g.post("/api/v1/people/:id/guardians/:guardian/end", h.EndGuardian)
	g.post("/api/v1/people/:id/guardians/:guardian/removal", h.RemoveGuardian)
}

// restVersions: named versions, the choice of the default, statistics.
func restVersions(g, slow group, h *rest.Handlers) {
	g.post("/api/v1/people/:id/versions", h.AddVersion)
	g.get("/api/v1/people/:id/comparison", h.Comparison)
	g.get("/api/v1/people/:id/as-of", h.PersonAsOf)
	g.put("/api/v1/people/:id/default", h.SetDefault)
	slow.post("/api/v1/default-switches/count", h.CountDefaults)
	slow.post("/api/v1/default-switches", h.SwitchDefaults)
	g.get("/api/v1/statistics", h.Statistics)
}

// restGroups: households and other groups. What hangs on a record of any kind is
// served by the same handlers as for people.
func restGroups(g group, h *rest.Handlers) {
	g.get("/api/v1/group-kinds", h.GroupKinds)
	g.post("/api/v1/group-kinds", h.DefineGroupKind)
	g.get("/api/v1/group-kinds/:key", h.GroupKind)
	g.patch("/api/v1/group-kinds/:key", h.EditGroupKind)
	g.get("/api/v1/groups", h.SearchGroups)
	g.post("/api/v1/groups", h.CreateGroup)
	g.get("/api/v1/groups/:id", h.Group)
	g.patch("/api/v1/groups/:id", h.EditGroup)
	g.post("/api/v1/groups/:id/end", h.EndGroup)
	g.get("/api/v1/groups/:id/facts", h.GroupFacts)
	g.get("/api/v1/groups/:id/members", h.Members)
	g.post("/api/v1/groups/:id/members", h.AddMembers)
	g.post("/api/v1/groups/:id/members/:member/:seq/end", h.EndMembership)
	g.post("/api/v1/groups/:id/members/:member/:seq/role", h.ChangeRole)
	g.get("/api/v1/groups/:id/attestations", h.Attestations)
	g.post("/api/v1/groups/:id/attestations", h.Attest)
	g.get("/api/v1/groups/:id/versions", h.Versions)
	g.get("/api/v1/groups/:id/versions/:number", h.Version)
	g.get("/api/v1/groups/:id/comparison", h.Comparison)
	g.get("/api/v1/groups/:id/as-of", h.GroupAsOf)
	g.get("/api/v1/groups/:id/history", h.History)
	g.get("/api/v1/groups/:id/memberships", h.Memberships)
	g.get("/api/v1/people/:id/memberships", h.Memberships)
}

// restProgrammes: programmes, and who is enrolled in them.
func restProgrammes(g group, h *rest.Handlers) {
	g.get("/api/v1/programmes", h.Programmes)
	g.post("/api/v1/programmes", h.DefineProgramme)
	g.get("/api/v1/programmes/:code", h.Programme)
	g.patch("/api/v1/programmes/:code", h.EditProgramme)
	g.get("/api/v1/programmes/:code/enrolments", h.Enrolled)
	g.get("/api/v1/people/:id/enrolments", h.Enrolments)
	g.post("/api/v1/people/:id/enrolments", h.Enrol)
	g.get("/api/v1/groups/:id/enrolments", h.Enrolments)
	g.post("/api/v1/groups/:id/enrolments", h.Enrol)
}
