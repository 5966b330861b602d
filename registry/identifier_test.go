package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/checkdigit"
)

func (x *fixture) identify(t *testing.T, p registry.Person, typ, value string) registry.Identifier {
	t.Helper()
	i, err := x.AddIdentifier(t.Context(), registrar(), p.ID, registry.NewIdentifier{Type: typ, Value: value, Reason: "card seen"})
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return i
}

func (x *fixture) setStatus(t *testing.T, p registry.Person, i registry.Identifier, status registry.IdentifierStatus) (registry.Identifier, error) {
	t.Helper()
	return x.ChangeIdentifier(t.Context(), registrar(), p.ID, i.Seq, registry.IdentifierChange{Status: &status, Reason: "told so", ExpectVersion: i.Version})
}

func TestIdentifiersOfAPerson(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		passport, err := x.AddIdentifier(t.Context(), registrar(), p.ID, registry.NewIdentifier{Type: "passport", Value: " ab-123 456 ",
			ValidFrom: "2020-02-29", ValidTo: "2026-11-23", IssuedBy: "Ministry  of Interior", Reason: "card seen"})
		want := registry.Identifier{Seq: 1, Type: "passport", Value: "ab-123 456", Status: registry.IdentifierValid, ValidFrom: "2020-02-29", ValidTo: "2026-11-23",
			IssuedBy: "Ministry of Interior", Version: 1, RecordedBy: "registrar-1", RecordedAt: x.Clock.Now(), ChangedBy: "registrar-1", ChangedAt: x.Clock.Now()}
		if err != nil || passport != want {
			t.Fatalf("added %+v, %v; want %+v", passport, err, want)
		}
		tax := x.identify(t, p, "tax_number", "TIN-77001")
		list, err := x.Identifiers(t.Context(), actor(registry.RoleAuditor), p.ID)
		if err != nil || !slices.Equal(list, []registry.Identifier{want, tax}) || tax.Seq != 2 {
			t.Errorf("list = %+v, %v", list, err)
		}
		if got, err := x.Identifier(t.Context(), admin(), p.ID, 2); err != nil || got != tax {
			t.Errorf("identifier 2 = %+v, %v", got, err)
		}
		_, err = x.Identifier(t.Context(), admin(), p.ID, 3)
		wantFault(t, err, fault.NotFound, "no_such_identifier")
		now, err := x.Person(t.Context(), admin(), p.ID)
		if err != nil || now.VersionNo != p.VersionNo || now.ChainNo != p.ChainNo+2 {
			t.Errorf("the record is at version %d, entry %d: %v", now.VersionNo, now.ChainNo, err)
		}
	})
}

// The last day still counts; the day after it, nothing had to run for the
// identifier to be expired. It is held until it is revoked.
func TestExpiryFollowsFromTheClock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		if _, err := x.AddIdentifier(t.Context(), registrar(), p.ID, registry.NewIdentifier{Type: "passport", Value: "AB123456", ValidTo: "2026-11-23"}); err != nil {
			t.Fatal(err)
		}
		x.Clock.Add(12*time.Hour - time.Microsecond) // the last moment of 11-22
		for _, want := range []registry.IdentifierStatus{registry.IdentifierValid, registry.IdentifierValid, registry.IdentifierExpired} {
			got, err := x.Identifier(t.Context(), admin(), p.ID, 1)
			if err != nil || got.Status != want || got.Version != 1 {
				t.Errorf("at %v: %+v, %v; want %s", x.Clock.Now(), got, err, want)
			}
			x.Clock.Add(24 * time.Hour)
		}
		_, err := x.AddIdentifier(t.Context(), registrar(), other.ID, registry.NewIdentifier{Type: "passport", Value: "AB123456", ValidTo: "2030-01-01"})
		wantFault(t, err, fault.Conflict, "identifier_taken")
		found, err := x.FindByIdentifier(t.Context(), registrar(), "passport", "AB123456")
		if err != nil || len(found) != 1 || found[0].Status != registry.IdentifierExpired {
			t.Errorf("found %+v, %v", found, err)
		}
		later := "2031-01-01"
		renewed, err := x.ChangeIdentifier(t.Context(), registrar(), p.ID, 1, registry.IdentifierChange{ValidTo: &later, ExpectVersion: 1})
		if err != nil || renewed.Status != registry.IdentifierValid || renewed.Version != 2 {
			t.Errorf("renewed %+v, %v", renewed, err)
		}
	})
}

func TestATypedIdentifierBelongsToOnePerson(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		card := x.identify(t, p, "voter_card", "VC-100 200")
		taken := func(who registry.Person, typ, value string) {
			t.Helper()
			_, err := x.AddIdentifier(t.Context(), registrar(), who.ID, registry.NewIdentifier{Type: typ, Value: value})
			wantFault(t, err, fault.Conflict, "identifier_taken")
			if got := fields(err); !slices.Equal(got, []string{"value:identifier_taken"}) || strings.Contains(err.Error(), p.Number) || strings.Contains(err.Error(), "100") {
				t.Errorf("%v tells too much, or not where", err)
			}
		}
		before := x.count(t, "change_log") + x.count(t, "identifier") + x.count(t, "registrant_identifier")
		taken(other, "voter_card", "vc100200")
		_, err := x.AddIdentifier(t.Context(), registrar(), p.ID, registry.NewIdentifier{Type: "voter_card", Value: "VC/100/200"})
		wantFault(t, err, fault.Conflict, "identifier_doubled")
		if after := x.count(t, "change_log") + x.count(t, "identifier") + x.count(t, "registrant_identifier"); after != before {
			t.Errorf("%d rows were left behind", after-before)
		}
		x.identify(t, other, "driving_licence", "VC100200") // another type is another number
		x.identify(t, p, "birth_certificate", "77")         // and some are shared
		x.identify(t, other, "birth_certificate", "77")

		lost, err := x.setStatus(t, p, card, registry.IdentifierLost)
		if err != nil {
			t.Fatal(err)
		}
		theirs := x.identify(t, other, "voter_card", "VC100200") // what is lost is free
		_, err = x.setStatus(t, p, lost, registry.IdentifierValid)
		wantFault(t, err, fault.Conflict, "identifier_taken")
		if _, err = x.setStatus(t, other, theirs, registry.IdentifierRevoked); err != nil {
			t.Fatal(err)
		}
		if _, err = x.setStatus(t, p, lost, registry.IdentifierValid); err != nil {
			t.Errorf("found again: %v", err)
		}
		taken(other, "voter_card", "VC100200")
	})
}

func TestOfManyIdentifiersAtOnceOneWins(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const writers = 8
		both, people := []*registry.Registry{x.Registry, x.second(t)}, make([]registry.Person, writers)
		for i := range people {
			people[i] = x.register(t, map[string]string{"full_name": fmt.Sprint("Person ", i)})
		}
		errs := make([]error, 2*writers)
		var wg sync.WaitGroup
		for i := range errs { // each person twice
			wg.Go(func() {
				_, errs[i] = both[i%2].AddIdentifier(t.Context(), registrar(), people[i/2].ID, registry.NewIdentifier{Type: "tax_number", Value: "TIN-77001"})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case fault.CodeOf(err) == "identifier_doubled":
				wantFault(t, err, fault.Conflict, "identifier_doubled")
			default:
				wantFault(t, err, fault.Conflict, "identifier_taken")
			}
		}
		if won != 1 || x.count(t, "registrant_identifier") != 1 {
			t.Errorf("%d won, %d stored, want 1", won, x.count(t, "registrant_identifier"))
		}
	})
}

func TestBadIdentifiersAreNamedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		unpadded := ration()
		unpadded.Pattern, unpadded.CheckRule = "", checkdigit.None
		x.defineType(t, unpadded)
		retired := x.identifierType(t, "refugee_certificate")
		retired.Active = false
		if _, err := x.ChangeIdentifierType(t.Context(), admin(), retired, ""); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			n    registry.NewIdentifier
			want string
		}{
			{registry.NewIdentifier{}, "type:unknown_type"},
			{registry.NewIdentifier{Type: "pass\x00port", Value: "x"}, "type:unknown_type"},
			{registry.NewIdentifier{Type: "group_programme_number", Value: "123"}, "type:wrong_kind"},
			{registry.NewIdentifier{Type: "refugee_certificate", Value: "1234"}, "type:type_retired"},
			{registry.NewIdentifier{Type: "tax_number"}, "value:required"},
			{registry.NewIdentifier{Type: "tax_number", Value: " - "}, "value:bad_identifier"},
			{registry.NewIdentifier{Type: "tax_number", Value: "4.49E+35"}, "value:mangled_by_spreadsheet"},
			{registry.NewIdentifier{Type: "tax_number", Value: "4,49e35"}, "value:mangled_by_spreadsheet"},
			{registry.NewIdentifier{Type: "tax_number", Value: "TIN\x0077001"}, "value:control_character"},
			{registry.NewIdentifier{Type: "tax_number", Value: "\xff"}, "value:invalid_utf8"},
			{registry.NewIdentifier{Type: "tax_number", Value: "1234"}, "value:wrong_pattern"},
			{registry.NewIdentifier{Type: "tax_number", Value: "12345" + strings.Repeat("-", 60)}, "value:too_long"},
			{registry.NewIdentifier{Type: "ration_card", Value: "000"}, "value:wrong_pattern"},
			{registry.NewIdentifier{Type: "ration_card", Value: "12O4"}, "value:wrong_pattern"},
			{registry.NewIdentifier{Type: "tax_number", Value: "77001", ValidTo: "2030-01-01"}, "valid_to:never_expires"},
			{registry.NewIdentifier{Type: "passport", Value: "AB123456"}, "valid_to:required"},
			{registry.NewIdentifier{Type: "passport", Value: "AB123456", ValidFrom: "2026-11-23", ValidTo: "2030-02-30"}, "valid_from:date_in_future valid_to:bad_date"},
			{registry.NewIdentifier{Type: "passport", Value: "AB123456", ValidFrom: "2020-01-02", ValidTo: "2020-01-01"}, "valid_to:date_too_early"},
			{registry.NewIdentifier{Type: "passport", Value: "?", IssuedBy: "a\nb", ValidTo: "x\x00"}, "value:bad_identifier issued_by:control_character valid_to:control_character"},
			{registry.NewIdentifier{Type: "tax_number", Value: "77001", IssuedBy: strings.Repeat("é", 201)}, "issued_by:too_long"},
		} {
			_, err := x.AddIdentifier(t.Context(), registrar(), p.ID, c.n)
			wantFault(t, err, fault.Invalid, "invalid_identifier")
			if got := strings.Join(fields(err), " "); got != c.want {
				t.Errorf("%+v: %s, want %s", c.n, got, c.want)
			}
			if err != nil && c.n.Value != "" && strings.Contains(err.Error(), strings.TrimSpace(c.n.Value)) && len(c.n.Value) > 3 {
				t.Errorf("%v quotes the value", err)
			}
		}
		_, err := x.AddIdentifier(t.Context(), registrar(), p.ID, registry.NewIdentifier{Type: "tax_number", Value: "77001", Reason: "\xff"})
		wantFault(t, err, fault.Invalid, "invalid_values")
		_, err = x.AddIdentifier(t.Context(), registrar(), uuid.New(), registry.NewIdentifier{Type: "tax_number", Value: "77001"})
		wantFault(t, err, fault.NotFound, "no_such_person")
		if x.count(t, "registrant_identifier") != 0 || x.count(t, "change_log") != 1 {
			t.Error("something was written")
		}
	})
}

func TestCheckDigitsOfTypes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for rule, values := range map[checkdigit.Rule][2]string{
			checkdigit.Luhn: {"7992-7398-713", "7992-7398-731"}, checkdigit.Verhoeff: {"2363", "2633"}, checkdigit.Damm: {"5724", "5742"},
			checkdigit.ISO7064Mod97: {"794 44", "794 45"}, checkdigit.ISO7064Mod11: {"0000-0002-1694-233x", "0000-0002-1694-323x"},
			checkdigit.ISO7064Mod3736: {"a1-2425gabc1234002-m", "a1-2425gabc1234002-n"},
		} {
			key := "with_" + strings.ReplaceAll(string(rule), "_", "")
			x.defineType(t, registry.IdentifierType{Key: key, Label: map[string]string{"en": key}, CheckRule: rule, Active: true})
			_, err := x.AddIdentifier(t.Context(), registrar(), p.ID, registry.NewIdentifier{Type: key, Value: values[1]})
			if got := fields(err); !slices.Equal(got, []string{"value:wrong_check_digit"}) {
				t.Errorf("%s: %v", rule, err)
			}
			x.identify(t, p, key, values[0])
		}
	})
}

func TestChangeIdentifier(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		card := x.identify(t, p, "voter_card", "VC-100200")
		change := func(c registry.IdentifierChange) (registry.Identifier, error) {
			return x.ChangeIdentifier(t.Context(), registrar(), p.ID, card.Seq, c)
		}
		same, err := change(registry.IdentifierChange{Status: &card.Status, ExpectVersion: 1})
		if err != nil || same != card || x.count(t, "change_log") != 2 {
			t.Errorf("no change gave %+v, %v and %d entries", same, err, x.count(t, "change_log"))
		}
		for _, version := range []int{0, 2} {
			_, err := change(registry.IdentifierChange{ExpectVersion: version})
			wantFault(t, err, fault.Conflict, "version_conflict")
		}
		expired, unknown, bad, early := registry.IdentifierExpired, registry.IdentifierStatus("valid"), "31-12-2030", "1990-01-01"
		for want, c := range map[string]registry.IdentifierChange{
			"status:bad_status":  {Status: &expired},
			"status:bad_status ": {Status: &unknown},
			"valid_to:bad_date":  {ValidTo: &bad},
		} {
			c.ExpectVersion = 1
			_, err := change(c)
			wantFault(t, err, fault.Invalid, "invalid_identifier")
			if got := strings.Join(fields(err), " "); got != strings.TrimSpace(want) {
				t.Errorf("fields = %s, want %s", got, want)
			}
		}
		x.Clock.Add(time.Hour)
		issuer := "Electoral commission"
		got, err := change(registry.IdentifierChange{ValidTo: &early, IssuedBy: &issuer, Reason: "read again", ExpectVersion: 1})
		if err != nil || got.Status != registry.IdentifierExpired || got.Version != 2 || got.IssuedBy != issuer || !got.ChangedAt.Equal(x.Clock.Now()) || !got.RecordedAt.Equal(card.RecordedAt) {
			t.Errorf("changed %+v, %v", got, err)
		}
		if got, err = x.setStatus(t, p, got, registry.IdentifierRevoked); err != nil || got.Status != registry.IdentifierRevoked {
			t.Fatalf("revoked %+v, %v", got, err)
		}
		_, err = x.setStatus(t, p, got, registry.IdentifierValid)
		wantFault(t, err, fault.Conflict, "identifier_revoked")
		_, err = x.ChangeIdentifier(t.Context(), registrar(), p.ID, 2, registry.IdentifierChange{ExpectVersion: 1})
		wantFault(t, err, fault.NotFound, "no_such_identifier")
		x.identify(t, p, "voter_card", "VC-100200") // valid after all
	})
}

// Everything about identifiers is in the change log, with values masked where it
// is read, and the chain holds.
func TestHistoryTellsOfIdentifiers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		card := x.identify(t, p, "voter_card", "VC-100200")
		if _, err := x.setStatus(t, p, card, registry.IdentifierLost); err != nil {
			t.Fatal(err)
		}
		log, err := x.History(t.Context(), admin(), p.ID)
		if err != nil || len(log) != 3 {
			t.Fatalf("log = %+v, %v", log, err)
		}
		added := []registry.FieldChange{{Field: "voter_card/1/value", Kind: registry.KindIdentifier, New: "•••••0200"}, {Field: "voter_card/1/status", Kind: registry.KindIdentifier, New: "VALID"}}
		lost := []registry.FieldChange{{Field: "voter_card/1/status", Kind: registry.KindIdentifier, Old: "VALID", New: "LOST"}}
		if !slices.Equal(log[1].Changes, added) || log[1].Reason != "card seen" || log[1].Actor != "registrar-1" || log[1].Channel != registry.ChannelStaff {
			t.Errorf("added %+v", log[1])
		}
		if !slices.Equal(log[2].Changes, lost) || log[2].Reason != "told so" {
			t.Errorf("lost %+v", log[2])
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}
