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
	RoleAdmin       Role = "admin"        // everything, and the definitions of fields
	RoleRegistrar   Role = "registrar"    // registers people and edits their records
	RoleFieldWorker Role = "field_worker" // the same out in the field; hands out no codes and imports nothing
	RoleAttester    Role = "attester"     // decides which values are true
	RoleAuditor     Role = "auditor"      // reads
	RoleRegistrant  Role = "registrant"   // a registered person: the own record only
	RoleSystem      Role = "system"       // the service itself and whoever has its keys
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
	Name         string    // account name, as shown in the change log; no personal data
	Roles        []Role    // each once
	Grants       []Grant   // the bounds of those roles that do not hold everywhere
	RegistrantID uuid.UUID // whose record it is; only for RoleRegistrant
	Channel      Channel
	Scopes       []Scope   // of the token that the actor came by; nil: no token, nothing is narrowed
	Session      Session   // by which the actor came; zero: by a token, or from within
	ActsFor      uuid.UUID // the ward that the session has chosen: ActFor makes it so; zero: nobody
	Guardian     uuid.UUID // who acts for RegistrantID, and signed in; zero: nobody acts for anybody
	ForNumber    string    // registration number of whom a guardian acts for
	Purpose      string    // why records are read, as the reader says it; at most 200 characters, "": nothing is said
}

// System is the service itself: it reads everything and changes no person.
func System() Actor {
	return Actor{Name: "system", Roles: []Role{RoleSystem}, Channel: ChannelSystem}
}

// Has tells whether the actor has the role, within whatever bounds.
func (a Actor) Has(r Role) bool { return slices.Contains(a.Roles, r) }

// may tells whether one of the actor's roles other than registrant allows act,
// within whatever bounds.
func (a Actor) may(act action) bool { return len(a.to(act).staff()) > 0 }

// check decides about an action on the registry as a whole: a role that holds
// within bounds does not do. It returns Unauthenticated for the zero Actor and
// Forbidden, in words of its own if it is for the bounds of a role alone.
func (a Actor) check(act action) error {
	if err := a.inScope(act); err != nil {
		return err
	}
	held := a.to(act).staff()
	switch {
	case slices.ContainsFunc(held, Grant.boundless):
		return nil
	case len(held) > 0:
		return fault.New(fault.Forbidden, "not_allowed",
			"The role of this account holds for a part of the registry only; to "+string(act)+" it must hold for the whole of it.")
	}
	return a.refuse(act)
}

// checkWithin decides about an action that the caller narrows to the bounds of
// a.to(act): a search, or something new. It returns what check returns.
func (a Actor) checkWithin(act action) error {
	if err := a.inScope(act); err != nil {
		return err
	}
	if a.may(act) {
		return nil
	}
	return a.refuse(act)
}

// checkOn decides about an action on one record, as far as can be said without
// it: the record is read with a.to(act), which knows the bounds. A registrant who
// may do it to the own record is told NotFound about any other, existing or not.
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
	return &fault.Error{Kind: fault.Forbidden, Code: "not_allowed", Detail: "This account is not allowed to " + string(act) + ".", Roles: RolesToName(rolesFor(act))}
}

// RolesToName are the roles that a refusal names: those that an administrator can
// give; the registrant's, where no other does.
func RolesToName(roles []Role) []string {
	var out []string
	for _, role := range roles {
		if role != RoleSystem && role != RoleRegistrant {
			out = append(out, string(role))
		}
	}
	if len(out) == 0 && slices.Contains(roles, RoleRegistrant) {
		out = []string{string(RoleRegistrant)}
	}
	return out
}

// mayEdit tells whether the definition of a field lets the actor edit it in
// records of a kind; above are the codes of their area and of those above it. The
// service itself imports on an administrator's behalf, and a field worker on a
// registrar's. Nobody edits a field that the registry keeps, a retired or a
// computed one, whatever the actor's roles; and no guardian says how a ward is
// reached, where codes to sign in as the ward are sent.
func (a Actor) mayEdit(f Field, kind string, above []string) bool {
	if f.kept() || f.Retired || f.Type == TypeComputed || a.Acting() && kind == PersonKind && f.Reaches() {
		return false
	}
	if len(a.Grants) == 0 { // nearly always, and often
		return slices.ContainsFunc(f.EditBy, a.Has) || a.Has(RoleSystem) && slices.Contains(f.EditBy, RoleAdmin) ||
			a.Has(RoleFieldWorker) && slices.Contains(f.EditBy, RoleRegistrar)
	}
	roles := slices.Clone(f.EditBy)
	if slices.Contains(roles, RoleRegistrar) {
		roles = append(roles, RoleFieldWorker)
	}
	return a.holdsIn(f.Section, roles, kind, above)
}

// mayAttest tells whether the actor decides about a field: see mayEdit.
func (a Actor) mayAttest(f Field, kind string, above []string) bool {
	return a.holdsIn(f.Section, rolesFor(toAttest), kind, above)
}

func (a Actor) holdsIn(section string, roles []Role, kind string, above []string) bool {
	return slices.ContainsFunc(a.grants(roles), func(g Grant) bool {
		return g.covers(kind, above) && (g.Section == "" || g.Section == section)
	})
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

// ForMark stands in the change log between a guardian and the ward: "A for B".
const ForMark = " for "

// name is what the change log calls the actor.
func (a Actor) name() string {
	name := a.Name
	if name == "" {
		name = a.AccountID.String()
	}
	if a.Acting() {
		name += ForMark + a.ForNumber
	}
	return name
}
