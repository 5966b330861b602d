package registry

// action is something that an actor wants to do.
type action string

const (
	toDefineField  action = "define a field"
	toIndexField   action = "index a field"
	toRegister     action = "register a person"
	toEdit         action = "edit a record"
	toRead         action = "read a record"
	toSearch       action = "search people"
	toAttest       action = "attest values"
	toAppeal       action = "appeal against a decision"
	toReadAppeals  action = "read appeals"
	toKeepStatuses action = "define attestation statuses"
	toExpire       action = "write down which attestations expired"
	toImport       action = "import people"
	toReadStaff    action = "read the accounts of staff"
	toCreateStaff  action = "keep the accounts of staff"
	toHandOutCode  action = "hand out an activation code"
	toRelate       action = "record kinship"
	toReadKin      action = "read who is related to whom"
	toAddVersion   action = "add a named version"
	toSetDefault   action = "choose the default version"
	toAudit        action = "check the records for drift"
	toReadStats    action = "read statistics"
	toCountStats   action = "count statistics anew"
	toReadAdminLog action = "read the history of the registry's own settings"
	toReadSignIns  action = "read who of staff signed in"
	toReadLooks    action = "read who looked at a record"
	toReadChanges  action = "read the change logs of all records"
	toKeepTokens   action = "make, list and revoke personal access tokens"
	toReadAreas    action = "read areas and offices"
	toKeepAreas    action = "change areas and offices"

	toKeepAppearance action = "choose how the pages look"
)

// Actions on evidence documents.
const (
	toReadDocuments  action = "read documents"
	toAddDocument    action = "add a document"
	toRemoveDocument action = "remove a document"
)

// Actions on groups and programmes.
const (
	toDefineGroups     action = "define a kind of group"
	toKeepMembers      action = "change who belongs to a group"
	toDefineProgrammes action = "define a programme"
	toEnrol            action = "enrol in a programme"
)

// Actions on downloads.
const (
	toExport      action = "download records"
	toReadExports action = "read who downloaded which records"
)

// Actions on identifiers.
const (
	toIdentify             action = "record identifiers"
	toDefineIdentifierType action = "define identifier types"
)

// Actions on jobs.
const (
	toFollowJobs action = "follow work that was asked for"
	toReadJobs   action = "see everybody's jobs"
	toEndJobs    action = "end the jobs of others"
)

// Actions on sources and saved mappings.
const (
	toReadSources action = "read saved mappings and sources"
	toKeepSources action = "keep saved mappings and sources"
	toPullSources action = "pull from a source"
)

// Actions on change requests. Asking is editing: toEdit.
const (
	toApprove action = "decide about change requests"
)

// rule says who may take an action, and which scope of a personal access token
// opens it: a token takes away from what the roles of its account allow, and adds
// nothing. An action without a scope is closed to all tokens: see inScope.
type rule struct {
	scope Scope
	roles []Role
}

func by(scope Scope, roles ...Role) rule { return rule{scope, roles} }

// ruleFor is the whole table of permissions, one function for each part of the
// registry. What stands in none of them is allowed to nobody.
func ruleFor(act action) rule {
	for _, part := range [...]func(action) rule{recordRule, decisionRule, groupRule, workRule, settingRule, accountRule} {
		if r := part(act); r.roles != nil {
			return r
		}
	}
	return rule{}
}

// rolesFor are the roles that allow an action. Registrants are held to their own
// record by checkOn.
func rolesFor(act action) []Role { return ruleFor(act).roles }

// scopeFor is the scope of a token that opens an action, "" for none.
func scopeFor(act action) Scope { return ruleFor(act).scope }

// recordRule: people, their identifiers, kin, documents and versions.
func recordRule(act action) rule {
	switch act {
	case toRead:
		return by(ScopePeopleRead, RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor, RoleSystem, RoleRegistrant)
	case toReadLooks:
		return by(ScopePeopleRead, RoleAdmin, RoleAuditor, RoleRegistrant)
	case toReadChanges:
		return by(ScopePeopleRead, RoleAdmin, RoleAuditor)
	case toSearch, toReadKin:
		return by(ScopePeopleRead, RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor, RoleSystem)
	case toReadDocuments:
		return by(ScopePeopleRead, RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor, RoleRegistrant)
	case toRegister, toAddVersion, toRelate:
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar, RoleFieldWorker)
	case toEdit, toIdentify:
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleRegistrant)
	case toAddDocument:
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleRegistrant)
	case toRemoveDocument:
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar, RoleRegistrant)
	case toSetDefault:
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar)
	}
	return rule{}
}

// decisionRule: what is true, and what is changed.
func decisionRule(act action) rule {
	switch act {
	case toAttest:
		return by(ScopeAttestationsWrite, RoleAdmin, RoleAttester)
	case toReadAppeals:
		return by(ScopePeopleRead, RoleAdmin, RoleAttester, RoleAuditor)
	case toAppeal:
		return by(ScopePeopleWrite, RoleRegistrant)
	case toApprove: // which of them, the definition of each field says
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester)
	case toKeepStatuses:
		return by(ScopeSettingsWrite, RoleAdmin)
	case toExpire:
		return by(ScopeSettingsWrite, RoleAdmin, RoleSystem)
	}
	return rule{}
}

// groupRule: groups and programmes.
func groupRule(act action) rule {
	switch act {
	case toDefineGroups, toDefineProgrammes:
		return by(ScopeFieldsWrite, RoleAdmin)
	case toKeepMembers:
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar, RoleFieldWorker)
	case toEnrol:
		return by(ScopePeopleWrite, RoleAdmin, RoleRegistrar)
	}
	return rule{}
}

// workRule: what takes its time, and what is counted of everybody.
func workRule(act action) rule {
	switch act {
	case toImport:
		return by(ScopeImportsWrite, RoleAdmin, RoleRegistrar, RoleSystem)
	case toPullSources:
		return by(ScopeImportsWrite, RoleAdmin, RoleSystem)
	case toExport:
		return by(ScopeExportsRead, RoleAdmin, RoleRegistrar, RoleAttester, RoleSystem)
	case toReadExports:
		return by(ScopeExportsRead, RoleAdmin, RoleAuditor, RoleSystem, RoleRegistrant)
	case toReadStats:
		return by(ScopePeopleRead, RoleAdmin, RoleRegistrar, RoleAttester, RoleAuditor, RoleSystem)
	case toCountStats:
		return by(ScopePeopleWrite, RoleAdmin, RoleSystem)
	case toAudit, toReadJobs:
		return by(ScopeSettingsRead, RoleAdmin, RoleAuditor, RoleSystem)
	case toEndJobs:
		return by(ScopeSettingsWrite, RoleAdmin, RoleSystem)
	case toFollowJobs: // of the own account, by whatever token
		return by("", RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor, RoleSystem)
	}
	return rule{}
}

// settingRule: what the registry is like.
func settingRule(act action) rule {
	switch act {
	case toDefineField, toDefineIdentifierType:
		return by(ScopeFieldsWrite, RoleAdmin)
	case toIndexField:
		return by(ScopeFieldsWrite, RoleAdmin, RoleSystem)
	case toReadAreas:
		return by(ScopePeopleRead, RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor, RoleSystem)
	case toKeepAreas, toKeepSources, toKeepAppearance:
		return by(ScopeSettingsWrite, RoleAdmin)
	case toReadSources:
		return by(ScopeSettingsRead, RoleAdmin, RoleRegistrar, RoleAuditor, RoleSystem)
	case toReadAdminLog, toReadSignIns:
		return by(ScopeSettingsRead, RoleAdmin, RoleAuditor, RoleSystem)
	}
	return rule{}
}

// accountRule: accounts, and what opens them.
func accountRule(act action) rule {
	switch act {
	case toReadStaff:
		return by(ScopeStaffRead, RoleAdmin, RoleSystem)
	case toCreateStaff:
		return by(ScopeStaffWrite, RoleAdmin, RoleSystem)
	case toHandOutCode:
		return by(ScopeStaffWrite, RoleAdmin, RoleRegistrar)
	case toKeepTokens: // of the own account; no token makes tokens
		return by("", RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor, RoleRegistrant)
	}
	return rule{}
}
