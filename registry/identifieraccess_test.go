package registry_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestWhoMayIdentify(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		card := x.identify(t, p, "birth_certificate", "1990/77")
		methods := map[string]func(a registry.Actor) error{
			"IdentifierTypes": func(a registry.Actor) error { _, err := x.IdentifierTypes(t.Context(), a); return err },
			"Identifiers":     func(a registry.Actor) error { _, err := x.Identifiers(t.Context(), a, p.ID); return err },
			"Identifier":      func(a registry.Actor) error { _, err := x.Identifier(t.Context(), a, p.ID, card.Seq); return err },
			"FindByIdentifier": func(a registry.Actor) error {
				_, err := x.FindByIdentifier(t.Context(), a, "birth_certificate", "1")
				return err
			},
			"AddIdentifier": func(a registry.Actor) error {
				_, err := x.AddIdentifier(t.Context(), a, p.ID, registry.NewIdentifier{Type: "birth_certificate", Value: "B-" + uuid.NewString()[:8]})
				return err
			},
			"ChangeIdentifier": func(a registry.Actor) error {
				_, err := x.ChangeIdentifier(t.Context(), a, p.ID, card.Seq, registry.IdentifierChange{ExpectVersion: 1})
				return err
			},
			"DefineIdentifierType": func(a registry.Actor) error {
				_, err := x.DefineIdentifierType(t.Context(), a, registry.IdentifierType{Key: "t" + uuid.NewString()[:8], Label: map[string]string{"en": "T"}}, "")
				return err
			},
		}
		const none = "sign_in_required"
		actors := map[string]registry.Actor{"admin": admin(), "registrar": registrar(), "attester": attester(), "auditor": actor(registry.RoleAuditor),
			"self": self(p.ID), "other": self(other.ID), "nobody": {}, "unknown": actor("root")}
		reading := map[string]string{"other": "no_such_person", "nobody": none, "unknown": "not_allowed"}
		writing := map[string]string{"other": "no_such_person", "nobody": none, "unknown": "not_allowed", "attester": "not_allowed", "auditor": "not_allowed",
			"self": "invalid_identifier"} // the type says who edits it
		admins := map[string]string{"other": "not_allowed", "nobody": none, "unknown": "not_allowed", "attester": "not_allowed", "auditor": "not_allowed",
			"self": "not_allowed", "registrar": "not_allowed"}
		want := map[string]map[string]string{
			"IdentifierTypes":  {"nobody": none, "unknown": "not_allowed"},
			"Identifiers":      reading,
			"Identifier":       reading,
			"FindByIdentifier": {"self": "not_allowed", "other": "not_allowed", "nobody": none, "unknown": "not_allowed"},
			"AddIdentifier":    writing, "ChangeIdentifier": writing, "DefineIdentifierType": admins,
		}
		for method, call := range methods {
			for name, a := range actors {
				err, code := call(a), want[method][name]
				if code == "" && err != nil || code != "" && fault.CodeOf(err) != code {
					t.Errorf("%s by %s: %v, want %q", method, name, err, code)
				}
			}
		}
	})
}

// A registrant sees the end of the own identifiers, and learns of no others.
func TestARegistrantSeesOwnIdentifiersMasked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		x.identify(t, p, "voter_card", "VC-100200")
		x.identify(t, p, "birth_certificate", "77")
		x.identify(t, p, "birth_certificate", "7")
		list, err := x.Identifiers(t.Context(), self(p.ID), p.ID)
		var values []string
		for _, i := range list {
			values = append(values, i.Value)
			if !i.Masked {
				t.Errorf("%+v is not marked", i)
			}
		}
		if want := []string{"•••••0200", "••", "•"}; err != nil || !slices.Equal(values, want) {
			t.Errorf("values = %v, %v, want %v", values, err, want)
		}
		_, theirs := x.Identifier(t.Context(), self(other.ID), p.ID, 1)
		_, nobodys := x.Identifier(t.Context(), self(other.ID), uuid.New(), 1)
		if theirs == nil || nobodys == nil || theirs.Error() != nobodys.Error() {
			t.Errorf("%v differs from %v", theirs, nobodys)
		}

		typ := x.identifierType(t, "voter_card")
		typ.EditBy = append(typ.EditBy, registry.RoleRegistrant)
		if _, err := x.ChangeIdentifierType(t.Context(), admin(), typ, "self-service"); err != nil {
			t.Fatal(err)
		}
		lost := registry.IdentifierLost
		got, err := x.ChangeIdentifier(t.Context(), self(p.ID), p.ID, 1, registry.IdentifierChange{Status: &lost, ExpectVersion: 1})
		if err != nil || got.Status != lost || got.Value != "•••••0200" {
			t.Errorf("reported lost: %+v, %v", got, err)
		}
	})
}

func TestFindByIdentifier(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.defineType(t, ration())
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian", "given_name": "Brian"})
		x.identify(t, p, "ration_card", "0079927398713")
		card := x.identify(t, p, "voter_card", "VC-100200")
		x.identify(t, p, "birth_certificate", "1990/77")
		x.identify(t, other, "birth_certificate", "1990-77")
		for _, c := range []struct {
			typ, value string
			want       []uuid.UUID
		}{
			{"ration_card", "79927-398713", []uuid.UUID{p.ID}}, {"voter_card", "vc 100200", []uuid.UUID{p.ID}}, {"voter_card", "VC100201", nil},
			{"driving_licence", "VC100200", nil}, {"birth_certificate", "199077", []uuid.UUID{p.ID, other.ID}},
		} {
			found, err := x.FindByIdentifier(t.Context(), registrar(), c.typ, c.value)
			var ids []uuid.UUID
			for _, h := range found {
				ids = append(ids, h.ID)
				if h.Kind != registry.PersonKind || h.Status != registry.IdentifierValid || h.Seq < 1 || h.Number == "" {
					t.Errorf("holder %+v", h)
				}
			}
			if err != nil || !slices.Equal(ids, c.want) {
				t.Errorf("%s %s found %v, %v; want %v", c.typ, c.value, ids, err, c.want)
			}
		}
		for _, c := range [][3]string{{"no_type", "1", "type:unknown_type"}, {"\xff", "1", "type:unknown_type"}, {"ration_card", "79927398731", "value:wrong_check_digit"},
			{"ration_card", "7.99E+10", "value:mangled_by_spreadsheet"}, {"voter_card", "", "value:required"}} {
			_, err := x.FindByIdentifier(t.Context(), registrar(), c[0], c[1])
			wantFault(t, err, fault.Invalid, "invalid_identifier")
			if got := fields(err); !slices.Equal(got, []string{c[2]}) {
				t.Errorf("%v: fields %v", c, got)
			}
		}
		search := func(text string, want ...string) {
			t.Helper()
			page, err := x.Search(t.Context(), registrar(), registry.Query{Text: text})
			if got := names(page.People); err != nil || !slices.Equal(got, append([]string{}, want...)) {
				t.Errorf("%q found %v, %v; want %v", text, got, err, want)
			}
		}
		search("VC-100200", "Amina")
		search("79927398713", "Amina")
		search("1990/77", "Amina", "Brian")
		if _, err := x.setStatus(t, p, card, registry.IdentifierRevoked); err != nil {
			t.Fatal(err)
		}
		search("VC-100200")
		if found, err := x.FindByIdentifier(t.Context(), registrar(), "voter_card", "VC-100200"); err != nil || len(found) != 0 {
			t.Errorf("revoked, it finds %v, %v", found, err)
		}
	})
}

// Whoever changes an identifier in the database, past the registry, is found.
func TestTamperingWithIdentifiersIsFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for name, sql := range map[string]string{
			"revoked one made valid": "UPDATE registrant_identifier SET status = 'VALID' WHERE registrant_id = ? AND seq = 1",
			"valid one revoked":      "UPDATE registrant_identifier SET status = 'REVOKED' WHERE registrant_id = ? AND seq = 2",
			"longer validity":        "UPDATE registrant_identifier SET valid_to = '2040-01-01' WHERE registrant_id = ? AND seq = 2",
			"other issuer":           "UPDATE registrant_identifier SET issued_by = 'X' WHERE registrant_id = ? AND seq = 2",
			"removed":                "DELETE FROM registrant_identifier WHERE registrant_id = ? AND seq = 1",
			"value of another":       "UPDATE registrant_identifier SET enc = (SELECT i.enc FROM registrant_identifier i WHERE i.registrant_id = registrant_identifier.registrant_id AND i.seq = 1) WHERE registrant_id = ? AND seq = 2",
			"index of another":       "UPDATE registrant_identifier SET bidx = (SELECT i.bidx FROM registrant_identifier i WHERE i.registrant_id = registrant_identifier.registrant_id AND i.seq = 1) WHERE registrant_id = ? AND seq = 2",
			"not found any more":     "DELETE FROM identifier WHERE scheme = 'type:voter_card' AND registrant_id = ?",
			"not unique any more":    "UPDATE identifier SET is_unique = (1 = 0) WHERE scheme = 'type:voter_card' AND registrant_id = ?",
		} {
			p := x.register(t, map[string]string{"full_name": "Amina"})
			if _, err := x.setStatus(t, p, x.identify(t, p, "voter_card", "VC-"+uuid.NewString()[:8]), registry.IdentifierRevoked); err != nil {
				t.Fatal(err)
			}
			x.identify(t, p, "voter_card", "VC-"+uuid.NewString()[:8])
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Fatalf("%s: before: %v", name, err)
			}
			x.exec(t, sql, p.ID)
			if err := x.VerifyChain(t.Context(), p.ID); !errors.Is(err, registry.ErrChainBroken) {
				t.Errorf("%s: %v, want ErrChainBroken", name, err)
			}
		}
	})
}

// Groups have identifiers of their own types, and are found by them.
func TestIdentifiersOfAGroup(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		head := x.people(t, "Amina")[0]
		g := x.group(t, "household", as("head", head, ""))
		add := func(id uuid.UUID, typ, value string) error {
			_, err := x.AddIdentifier(t.Context(), registrar(), id, registry.NewIdentifier{Type: typ, Value: value, ValidTo: "2030-01-01"})
			return err
		}
		if err := add(g.ID, "group_programme_number", "HH/000-77"); err != nil {
			t.Fatal(err, fields(err))
		}
		for id, typ := range map[uuid.UUID]string{g.ID: "passport", head.ID: "group_programme_number"} {
			if got := fields(add(id, typ, "AB123456")); !slices.Equal(got, []string{"type:wrong_kind"}) {
				t.Errorf("%s: fields %v", typ, got)
			}
		}
		found, err := x.FindByIdentifier(t.Context(), registrar(), "group_programme_number", "hh00077")
		if err != nil || len(found) != 1 || found[0].ID != g.ID || found[0].Kind != "household" || found[0].Number != g.Number {
			t.Errorf("found %+v, %v", found, err)
		}
		groups, err := x.Groups(t.Context(), registrar(), registry.Query{Text: "HH 00077"})
		if err != nil || len(groups.Groups) != 1 || groups.Groups[0].ID != g.ID {
			t.Errorf("groups = %+v, %v", groups, err)
		}
		people, err := x.Search(t.Context(), registrar(), registry.Query{Text: "HH 00077"})
		if err != nil || len(people.People) != 0 {
			t.Errorf("people = %+v, %v", people, err)
		}
		if err := x.VerifyChain(t.Context(), g.ID); err != nil {
			t.Error(err)
		}
	})
}

// An identifier of eleven to thirteen digits may look like a registration number.
func TestAnIdentifierThatLooksLikeANumberIsFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, map[string]string{"full_name": "Like a number", "national_id": registry.FormatNumber(2_360_000_000)[3:]})
		x.identify(t, p, "tax_number", registry.FormatNumber(2_460_000_000)[3:])
		for _, digits := range []string{registry.FormatNumber(2_360_000_000)[3:], registry.FormatNumber(2_460_000_000)[3:], p.Number[3:]} {
			if got := x.find(t, digits); got.ID != p.ID {
				t.Errorf("%s finds %s", digits, got.Number)
			}
		}
	})
}

// In a file of changes, an identifier says whom a row means; it is not changed.
func TestImportFindsPeopleByTypedIdentifiers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian", "national_id": "KE-2"})
		x.identify(t, p, "voter_card", "VC-100200")
		x.identify(t, other, "voter_card", "VC-100300")
		res := x.load(t, "Voter card,National ID,Region\nvc100200,,Coast\nVC-999999,,Rift\n4.49E+35,,Rift\n?,,Rift\nVC100300,KE-4471 220/9,Rift\n", update(), "0 1 0 4")
		want := []string{"3 Voter card not_found", "4 Voter card mangled_by_spreadsheet", "5 Voter card bad_identifier", "6 National ID identifiers_differ"}
		if got := problemsOf(res); !slices.Equal(got, want) {
			t.Errorf("problems = %v, want %v", got, want)
		}
		if now, err := x.Person(t.Context(), admin(), p.ID); err != nil || now.Values["region"].Text != "Coast" {
			t.Errorf("region = %v, %v", now.Values["region"], err)
		}
		res = x.load(t, "type:voter_card,Region\nVC100200,A\nvc-100-200,B\n", update(), "0 0 0 2")
		if got := problemsOf(res); len(got) < 2 {
			t.Errorf("problems of a doubled person = %v", got)
		}
	})
}
