package registry

import (
	"slices"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
)

// Role is what somebody is allowed to be.
type Role string

// The roles.
const (
	RoleAdmin      Role = "admin"      // everything, and the definitions of fields
	RoleRegistrar  Role = "registrar"  // registers people and edits their records
	RoleAttester   Role = "attester"   // decides which values are true
	RoleAuditor    Role = "auditor"    // reads
	RoleRegistrant Role = "registrant" // a registered person: the own record only
	RoleSystem     Role = "system"     // the service itself and whoever has its keys
)

// Channel is the way by which a change came.
type Channel string

// The channels.
const (
	ChannelStaff   Channel = "staff"   // the staff pages or API
	ChannelSelf    Channel = "self"    // the registered person
	ChannelCSV     Channel = "csv"     // an upload
	ChannelImport  Channel = "import"  // another source
	ChannelODK     Channel = "odk"     // a form collected offline
	ChannelPartner Channel = "partner" // a connected application
	ChannelSystem  Channel = "system"  // the service itself
)

// Actor is who asks. The zero Actor may do nothing.
type Actor struct {
	AccountID    uuid.UUID
	Name         string // account name, as shown in the change log; no personal data
	Roles        []Role
	RegistrantID uuid.UUID // whose record it is; only for RoleRegistrant
	Channel      Channel
	Scopes       []Scope // of the token that the actor came by; nil: no token, nothing is narrowed
}

// System is the service itself: it reads everything and changes no person.
func System() Actor {
	return Actor{Name: "system", Roles: []Role{RoleSystem}, Channel: ChannelSystem}
}

// Has tells whether the actor has the role.
func (a Actor) Has(r Role) bool { return slices.Contains(a.Roles, r) }

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
	toImport       action = "import people"
	toCreateStaff  action = "create a staff account"
	toHandOutCode  action = "hand out an activation code"
	toRelate       action = "record kinship"
	toReadKin      action = "read who is related to whom"
	toAddVersion   action = "add a named version"
	toSetDefault   action = "choose the default version"
	toAudit        action = "check the records for drift"
	toReadStats    action = "read statistics"
	toCountStats   action = "count statistics anew"
	toReadAdminLog action = "read the history of the registry's own settings"
	toKeepTokens   action = "make, list and revoke personal access tokens"
)

// Actions on groups and programmes.
const (
	toDefineGroups     action = "define a kind of group"
	toKeepMembers      action = "change who belongs to a group"
	toDefineProgrammes action = "define a programme"
	toEnrol            action = "enrol in a programme"
)

// Actions on identifiers.
const (
	toIdentify             action = "record identifiers"
	toDefineIdentifierType action = "define identifier types"
)

// rolesFor is the whole table of permissions. Registrants are held to their own
// record by checkOn. What does not stand here is allowed to nobody.
func rolesFor(act action) []Role {
	switch act {
	case toRead:
		return []Role{RoleAdmin, RoleRegistrar, RoleAttester, RoleAuditor, RoleSystem, RoleRegistrant}
	case toSearch:
		return []Role{RoleAdmin, RoleRegistrar, RoleAttester, RoleAuditor, RoleSystem}
	case toRegister:
		return []Role{RoleAdmin, RoleRegistrar}
	case toEdit:
		return []Role{RoleAdmin, RoleRegistrar, RoleRegistrant}
	case toAddVersion, toSetDefault:
		return []Role{RoleAdmin, RoleRegistrar}
	case toReadStats:
		return []Role{RoleAdmin, RoleRegistrar, RoleAttester, RoleAuditor, RoleSystem}
	case toCountStats:
		return []Role{RoleAdmin, RoleSystem}
	case toAudit:
		return []Role{RoleAdmin, RoleAuditor, RoleSystem}
	case toAttest:
		return []Role{RoleAdmin, RoleAttester}
	case toDefineField, toDefineGroups, toDefineProgrammes:
		return []Role{RoleAdmin}
	case toKeepMembers, toEnrol:
		return []Role{RoleAdmin, RoleRegistrar}
	case toIndexField:
		return []Role{RoleAdmin, RoleSystem}
	case toImport:
		return []Role{RoleAdmin, RoleRegistrar, RoleSystem}
	case toCreateStaff:
		return []Role{RoleAdmin, RoleSystem}
	case toReadAdminLog:
		return []Role{RoleAdmin, RoleAuditor, RoleSystem}
	case toRelate:
		return []Role{RoleAdmin, RoleRegistrar}
	case toReadKin:
		return []Role{RoleAdmin, RoleRegistrar, RoleAttester, RoleAuditor, RoleSystem}
	case toIdentify:
		return []Role{RoleAdmin, RoleRegistrar, RoleRegistrant}
	case toDefineIdentifierType:
		return []Role{RoleAdmin}
	case toHandOutCode:
		return []Role{RoleAdmin, RoleRegistrar}
	case toKeepTokens: // of the own account
		return []Role{RoleAdmin, RoleRegistrar, RoleAttester, RoleAuditor, RoleRegistrant}
	}
	return nil
}

// scopeFor says which scope of a personal access token opens an action: a token
// takes away from what the roles of its account allow, and adds nothing. What
// does not stand here is closed to all tokens.
func scopeFor(act action) Scope {
	switch act {
	case toRead, toSearch, toReadKin, toReadStats:
		return ScopePeopleRead
	case toRegister, toEdit, toKeepMembers, toEnrol, toRelate, toIdentify, toAddVersion, toSetDefault:
		return ScopePeopleWrite
	case toAttest:
		return ScopeAttestationsWrite
	case toDefineField, toIndexField, toDefineGroups, toDefineProgrammes, toDefineIdentifierType:
		return ScopeFieldsWrite
	case toImport:
		return ScopeImportsWrite
	case toReadAdminLog, toAudit, toCountStats:
		return ScopeSettingsRead
	case toCreateStaff, toHandOutCode:
		return ScopeStaffWrite
	}
	return ""
}

// may tells whether one of the actor's roles other than registrant allows act.
func (a Actor) may(act action) bool {
	return slices.ContainsFunc(rolesFor(act), func(r Role) bool { return r != RoleRegistrant && a.Has(r) })
}

// check decides about an action on the registry as a whole. It returns
// Unauthenticated for the zero Actor and Forbidden.
func (a Actor) check(act action) error {
	if err := a.inScope(act); err != nil {
		return err
	}
	if a.may(act) {
		return nil
	}
	return a.refuse(act)
}

// checkOn decides about an action on one record. A registrant who may do it to
// the own record is told NotFound about any other, existing or not.
func (a Actor) checkOn(act action, id uuid.UUID) error {
	if err := a.inScope(act); err != nil {
		return err
	}
	if a.may(act) {
		return nil
	}
	if !a.Has(RoleRegistrant) || !slices.Contains(rolesFor(act), RoleRegistrant) {
		return a.refuse(act)
	}
	if a.RegistrantID == uuid.Nil || a.RegistrantID != id {
		return errNoPerson()
	}
	return nil
}

func (a Actor) refuse(act action) error {
	if len(a.Roles) == 0 {
		return fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	}
	return fault.New(fault.Forbidden, "not_allowed", "This account is not allowed to "+string(act)+".")
}

// mayEdit tells whether the definition of a field lets the actor edit it. The
// service itself imports on an administrator's behalf. Nobody edits a field that
// the registry keeps, a retired or a computed one, whatever the actor's roles.
func (a Actor) mayEdit(f Field) bool {
	if f.kept() || f.Retired || f.Type == TypeComputed {
		return false
	}
	return slices.ContainsFunc(f.EditBy, a.Has) || a.Has(RoleSystem) && slices.Contains(f.EditBy, RoleAdmin)
}

// kind says in one word who the actor is, for the change log.
func (a Actor) kind() string {
	switch {
	case a.Has(RoleSystem):
		return "system"
	case len(a.Roles) == 1 && a.Has(RoleRegistrant):
		return "registrant"
	}
	return "staff"
}

// channel is the actor's channel, or the one that fits the kind.
func (a Actor) channel() Channel {
	if a.Channel != "" {
		return a.Channel
	}
	switch a.kind() {
	case "system":
		return ChannelSystem
	case "registrant":
		return ChannelSelf
	}
	return ChannelStaff
}

// name is what the change log calls the actor.
func (a Actor) name() string {
	if a.Name != "" {
		return a.Name
	}
	return a.AccountID.String()
}
