package registry_test

import (
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const carded = "National ID,First Name,voter_card,identifier:passport,identifier:passport:valid_to\n" +
	"ID-1,Amina,VC-0001,AB 12345,2030-01-31\n" +
	"ID-2,Berta,,,\n"

func TestImportGivesTypedIdentifiers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, carded, create(), "2 0 0 0")
		p := x.find(t, "ID-1")
		list, err := x.Identifiers(t.Context(), registrar(), p.ID)
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		pass, card := list[0], list[1]
		if pass.Type != "passport" || pass.Value != "AB 12345" || pass.ValidTo != "2030-01-31" || pass.Status != registry.IdentifierValid ||
			card.Type != "voter_card" || card.Seq != 2 || card.RecordedBy != "registrar-1" {
			t.Errorf("identifiers are %+v", list)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil || p.ChainNo != 1 {
			t.Errorf("chain %d, %v", p.ChainNo, err)
		}
		if q := x.find(t, "vc0001"); q.ID != p.ID {
			t.Error("the card finds somebody else")
		}
		x.load(t, carded+"ID-3,Carla,,,\n", create(), "1 0 2 0") // the same people again

		for row, want := range map[string]string{
			"ID-1,Amina,VC-0002,,\nID-9,Zoe,,,":      "2 National ID exists", // she holds another card
			"ID-9,Zoe,VC0001,,":                      "2 National ID exists", // it is Amina's
			"ID-2,Berta,VC0001,,":                    "2 voter_card identifiers_differ",
			"ID-9,Zoe,,CD-99999,":                    "2 identifier:passport:valid_to required",
			"ID-9,Zoe,,CD-99999,3/4/2030":            "2 identifier:passport:valid_to ambiguous_date",
			"ID-9,Zoe,,,2030-01-31":                  "2 identifier:passport required",
			"ID-9,Zoe,x,,":                           "2 voter_card wrong_pattern",
			"ID-9,Zoe,4.49E+35,,":                    "2 voter_card mangled_by_spreadsheet",
			"ID-9,Zoe,VC-77,,\nID-8,Yan,vc77,,":      "2 voter_card doubled_in_file,3 voter_card doubled_in_file",
			"ID-9,Zoe,VC-77,,1.1.x\nID-8,Yan,vc77,,": "2 identifier:passport:valid_to bad_date,2 voter_card doubled_in_file,3 voter_card doubled_in_file",
			"ID-9,Zoe,VC-77,CD-99999,31/01/2030":     "",
		} {
			o := create()
			o.DryRun = true
			res, err := x.Import(t.Context(), registrar(), strings.NewReader(carded[:strings.Index(carded, "\n")+1]+row+"\n"), o)
			if got := strings.Join(problemsOf(res), ","); err != nil || got != want {
				t.Errorf("%q: %q (%v), want %q", row, got, err, want)
			}
		}
	})
}

func TestImportKeepsToIdentifierTypes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		card := ration()
		card.EditBy = []registry.Role{registry.RoleAdmin}
		card = x.defineType(t, card)
		const file = "National ID,First Name,ration_card\nID-1,Amina,79927398713\n"
		_, err := x.Import(t.Context(), registrar(), strings.NewReader(file), create())
		wantFault(t, err, fault.Forbidden, registry.CodeNotEditable)
		o, retired := create(), false
		o.Progress = func(p registry.ImportProgress) {
			if p.Rows == 0 || retired {
				return
			}
			retired = true // while the file is read
			card.Active = false
			if card, err = x.ChangeIdentifierType(t.Context(), admin(), card, "over"); err != nil {
				t.Error(err)
			}
		}
		_, err = x.Import(t.Context(), admin(), strings.NewReader(file), o)
		wantFault(t, err, fault.Conflict, "definitions_changed")
		if n := x.count(t, "registrant"); n != 0 {
			t.Errorf("%d people", n)
		}
		res := x.load(t, file, create(), "1 0 0 0") // a retired type is no column
		if !slices.Equal(res.Ignored, []string{"ration_card"}) {
			t.Errorf("ignored %v", res.Ignored)
		}
	})
}
