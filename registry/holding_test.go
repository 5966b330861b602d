package registry_test

import (
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Values that were right when they were added are found by, whatever the type's
// pattern has become; a lost one that is held again is not held by another.
func TestHeldIdentifiersAreFoundAndNamed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		card := x.defineType(t, ration())
		p := x.people(t, "Amina")[0]
		lost := x.identify(t, p, card.Key, "79927398713")
		card.Pattern = "[0-9]{6}"
		if _, err := x.ChangeIdentifierType(t.Context(), admin(), card, "shorter"); err != nil {
			t.Fatal(err, fields(err))
		}
		found, err := x.FindByIdentifier(t.Context(), registrar(), card.Key, "79927398713")
		if err != nil || len(found) != 1 || found[0].ID != p.ID {
			t.Errorf("found %+v, %v", found, err)
		}
		x.load(t, "type:ration_card,given_name\n79927398713,Mina\n", update(), "0 1 0 0")
		_, err = x.FindByIdentifier(t.Context(), registrar(), card.Key, "79927398714")
		wantFault(t, err, fault.Invalid, "invalid_identifier")

		card = x.identifierType(t, card.Key)
		card.Pattern = ""
		if _, err := x.ChangeIdentifierType(t.Context(), admin(), card, "any"); err != nil {
			t.Fatal(err, fields(err))
		}
		if lost, err = x.setStatus(t, p, lost, registry.IdentifierLost); err != nil {
			t.Fatal(err)
		}
		x.identify(t, p, card.Key, "79927398713")
		_, err = x.setStatus(t, p, lost, registry.IdentifierValid)
		wantFault(t, err, fault.Conflict, "identifier_doubled")
	})
}

// A group heads no group, however the role comes to it.
func TestAGroupDoesNotBecomeHead(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		kind := registry.GroupKind{}
		kinds, err := x.GroupKinds(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range kinds {
			if k.Key == "household" {
				kind = k
			}
		}
		kind.Key, kind.Exclusive, kind.MemberKinds = "clan", false, []string{registry.PersonKind, "household"}
		if _, err := x.DefineGroupKind(t.Context(), admin(), kind, ""); err != nil {
			t.Fatal(err, fields(err))
		}
		p := x.people(t, "Amina", "Brian")
		home := x.group(t, "household", as("head", p[1], "2020-01-01"))
		clan := x.group(t, "clan", as("head", p[0], "2020-01-01"), registry.NewMember{MemberID: home.ID, Role: "member", Start: "2020-01-01"})
		err = x.ChangeRole(t.Context(), registrar(), clan.ID, registry.RoleChange{MemberID: home.ID, Seq: 1, Role: "head", Former: "member"})
		wantFault(t, err, fault.Conflict, "kind_not_allowed")
		err = x.EndMembership(t.Context(), registrar(), clan.ID, registry.MembershipEnd{MemberID: p[0].ID, Seq: 1, NextHead: home.ID})
		wantFault(t, err, fault.Conflict, "kind_not_allowed")
	})
}

func TestAProgrammesLabelReachesItsField(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.programme(t, cash())
		p.Label = label("Cash for work")
		if _, err := x.EditProgramme(t.Context(), admin(), p, "renamed"); err != nil {
			t.Fatal(err, fields(err))
		}
		page, err := x.FieldVersions(t.Context(), admin(), p.Field(), registry.FieldVersionQuery{})
		versions := page.Versions
		if err != nil || len(versions) != 2 || versions[1].Label["en"] != "Cash for work" || versions[1].Reason != "renamed" {
			t.Errorf("versions = %+v, %v", versions, err)
		}
	})
}
