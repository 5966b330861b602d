package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Households come by a file with their members, all of them or the good ones; what
// speaks against one stands on its lines.
func TestImportCreatesHouseholds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Berta", "Carla", "Dora", "Eva")
		n := func(i int) string { return p[i].Number }
		head := "group,group_name,rooms_count,group_region,member,role,start\n"
		file := head +
			"A,Lake House,3,Nyanza," + n(0) + ",head,2020-01-01\n" +
			"A,,,," + n(1) + ",child,\n" +
			"B,,2,," + n(2) + ",head,\n" +
			"C,,x,," + n(3) + ",head,\n" + // no number of rooms
			"D,,1,," + n(4) + ",child,\n" + // nobody at the head
			"E,,1,," + n(0) + ",head,\n" + // she is in A
			"F,,1,,SR-0000000000,head,\n" +
			"G,,1,," + n(4) + ",captain,\n" +
			"B,,2,," + n(4) + ",child,\n"
		o := registry.ImportOptions{Kind: "household", Mode: registry.ImportCreate, DryRun: true}
		decisions := o
		decisions.Carries = registry.CarriesBoth
		_, err := x.Import(t.Context(), admin(), strings.NewReader(file), decisions)
		wantFault(t, err, fault.Invalid, "invalid_carries")
		res := x.load(t, file, o, "1 0 0 7")
		if x.count(t, "membership") != 0 {
			t.Error("a dry run made members")
		}
		want := "4 group doubled_in_file,5 rooms_count bad_number,6  head_required,7 member member_elsewhere,8 member not_found,9  head_required,10 group doubled_in_file"
		if got := strings.Join(problemsOf(res), ","); got != want {
			t.Errorf("problems %s, want %s", got, want)
		}
		o.DryRun, o.AllOrNothing = false, true
		_, err = x.Import(t.Context(), registrar(), strings.NewReader(file), o)
		wantFault(t, err, fault.Invalid, "import_has_problems")
		if x.count(t, "membership") != 0 {
			t.Error("all or nothing made members")
		}
		o.AllOrNothing = false
		x.load(t, file, o, "1 0 0 7")
		if x.count(t, "membership") != 2 {
			t.Errorf("%d members", x.count(t, "membership"))
		}
		if again := x.load(t, file, o, "0 0 8 0"); !again.AlreadyApplied || x.count(t, "membership") != 2 {
			t.Errorf("again: %+v", again)
		}
		_, err = x.Import(t.Context(), registrar(), strings.NewReader(file), registry.ImportOptions{Kind: "household", Mode: registry.ImportUpdate})
		wantFault(t, err, fault.Invalid, "invalid_import_mode")
		_, err = x.Import(t.Context(), registrar(), strings.NewReader(file), registry.ImportOptions{Kind: "crew", Mode: registry.ImportCreate})
		wantFault(t, err, fault.Invalid, "no_such_group_kind")
	})
}

// A household of 5,000 is over what its kind allows: one problem, and nothing of it
// is there.
func TestImportOfAHouseholdOf5000(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		var file strings.Builder
		file.WriteString("group,group_name,member,role\n")
		p := x.people(t, "Amina")[0]
		fmt.Fprintf(&file, "A,Big House,%s,head\n", p.Number)
		for range 4999 {
			fmt.Fprintf(&file, "A,,%s,child\n", p.Number)
		}
		res := x.load(t, file.String(), registry.ImportOptions{Kind: "household", Mode: registry.ImportCreate}, "0 0 0 1")
		if len(res.Problems) == 0 || x.count(t, "membership") != 0 {
			t.Errorf("problems %v", problemsOf(res)[:1])
		}
	})
}
