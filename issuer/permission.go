package issuer

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// action is something that an actor wants to do with somebody's credentials.
type action string

const (
	toOffer    action = "offer a credential"
	toSee      action = "see credentials"
	toWithdraw action = "withdraw a credential"
	toSuspend  action = "suspend or restore a credential"
	toSeeKeys  action = "see the issuer's keys"
	toKeepKeys action = "manage the issuer's keys"
	toConsent  action = "let a wallet have credentials"
	toRevoke   action = "stop what a wallet was allowed"

	toSeeClients action = "see clients"
	toRegister   action = "manage clients"

	toSeeProviders  action = "see wallet providers"
	toKeepProviders action = "manage wallet providers"

	toKeepIssuers action = "manage credential issuers"

	toSeeTypes  action = "see how types of credentials are stored"
	toKeepTypes action = "change types of credentials"

	toSeeLog action = "see the changes of the issuer's settings"

	toSeeMessages   action = "see messages"
	toReadMessages  action = "read messages"
	toSeeDeliveries action = "see whether messages get out"
	toSeeFunnel     action = "see what becomes of credentials in numbers"
)

// staffFor is the whole table of permissions of staff. What does not stand here is
// allowed to nobody.
func staffFor(act action) []registry.Role {
	switch act {
	case toOffer, toWithdraw, toSuspend, toRevoke:
		return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}
	case toSee:
		return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester, registry.RoleAuditor, registry.RoleSystem}
	case toSeeMessages:
		return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAuditor}
	case toSeeFunnel:
		return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAttester, registry.RoleAuditor}
	case toSeeKeys, toSeeProviders, toSeeClients, toSeeDeliveries, toSeeTypes, toSeeLog:
		return []registry.Role{registry.RoleAdmin, registry.RoleAuditor}
	case toKeepKeys, toRegister, toKeepProviders, toKeepIssuers, toKeepTypes:
		return []registry.Role{registry.RoleAdmin}
	}
	return nil
}

// scopeFor is the scope of a personal access token that opens an action; "": no
// token does.
func scopeFor(act action) registry.Scope {
	switch act {
	case toSee, toSeeMessages:
		return registry.ScopePeopleRead
	case toReadMessages:
		return registry.ScopePeopleWrite
	case toOffer, toWithdraw, toSuspend, toRevoke:
		return registry.ScopeCredentialsWrite
	case toSeeFunnel:
		return registry.ScopePeopleRead
	case toSeeProviders, toSeeKeys, toSeeClients, toSeeDeliveries, toSeeTypes, toSeeLog:
		return registry.ScopeSettingsRead
	case toKeepProviders, toKeepKeys, toRegister, toKeepIssuers, toKeepTypes:
		return registry.ScopeSettingsWrite
	}
	return ""
}

// mayKeep decides about what concerns the issuer as a whole: a role that holds
// within bounds does not do, nor does a token without the scope of the action. It returns Unauthenticated for
// nobody and Forbidden.
func mayKeep(a registry.Actor, act action) error {
	if len(a.Roles) == 0 {
		return fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	}
	if err := inScope(a, act); err != nil {
		return err
	}
	if !slices.ContainsFunc(staffFor(act), a.HasEverywhere) {
		return refused(a, act)
	}
	return nil
}

// refused names the roles that would do, unless one of them is there and its bounds
// are not wide enough.
func refused(a registry.Actor, act action) error {
	f := fault.New(fault.Forbidden, "not_allowed", "This account is not allowed to "+string(act)+".")
	if roles := staffFor(act); !slices.ContainsFunc(roles, a.Has) {
		f.Roles = registry.RolesToName(roles)
	}
	return f
}

// inScope refuses a personal access token that does not open an action, whatever it
// is about: Forbidden.
func inScope(a registry.Actor, act action) error {
	if a.ByToken() && !slices.Contains(a.Scopes, scopeFor(act)) {
		return fault.New(fault.Forbidden, "insufficient_scope", "This token is not allowed to "+string(act)+".")
	}
	return nil
}

// isStaff says whether an actor does something in a role of staff, perhaps within
// bounds.
func isStaff(a registry.Actor, act action) bool { return slices.ContainsFunc(staffFor(act), a.Has) }

// ownToo says what a registrant may do with the own credentials, and with nobody
// else's. A suspension is the office's: who holds the credential withdraws it.
func ownToo(act action) bool {
	return slices.Contains([]action{toOffer, toSee, toWithdraw, toConsent, toRevoke, toSeeMessages, toReadMessages}, act)
}

// forOthers is what a guardian, or a member who stands for a household, may do
// with the credentials of a record that is not their own. What they hold
// themselves they may withdraw too: see Withdraw.
func forOthers(act action) bool { return act == toOffer || act == toSee }

// whileActing is what a guardian may do in a ward's place (registry.Actor.Acting).
// Credentials go to the guardian as one who represents the ward, and not in the
// ward's place: registry.Actor.Own.
func whileActing(act action) bool {
	return slices.Contains([]action{toSee, toSeeMessages, toReadMessages}, act)
}

// may decides about the credentials of one registrant. A registrant is told
// NotFound about somebody else's, existing or not, and so is staff about those of
// people outside the bounds of their role; others Forbidden.
func (i *Issuer) may(ctx context.Context, a registry.Actor, act action, registrant uuid.UUID) error {
	if err := inScope(a, act); err != nil {
		return err
	}
	if a.Acting() && !whileActing(act) {
		return fault.New(fault.Forbidden, "not_while_acting", "This is not open while you act for somebody else. Go back to your own record first.")
	}
	switch {
	case isStaff(a, act):
		err := i.registry.CheckReach(ctx, a, registrant, staffFor(act)...)
		if fault.KindOf(err) == fault.NotFound {
			return notFound()
		}
		if err != nil {
			return fmt.Errorf("look at the bounds of a role: %w", err)
		}
		return nil
	case len(a.Roles) == 0:
		return fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	case !a.Has(registry.RoleRegistrant), a.RegistrantID == registrant && !ownToo(act):
		return refused(a, act)
	case a.RegistrantID == uuid.Nil:
		return notFound()
	case a.RegistrantID == registrant:
		return nil
	}
	if ok, err := i.represents(ctx, a.RegistrantID, registrant); err != nil {
		return err
	} else if !ok || !forOthers(act) {
		return notFound()
	}
	return nil
}

func notFound() error {
	return fault.New(fault.NotFound, "not_found", "There is no such thing, or it is not yours to see.")
}
