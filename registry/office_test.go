package registry_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestOfficesServeAnArea(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		for code, area := range map[string]string{"HQ": "NL", "WEST-1": "NL-W", "BAY": "NL-W-BAY", "EAST-1": "NL-E"} {
			o, err := x.OpenOffice(t.Context(), admin(), registry.Office{Code: code, Label: label(code), Area: area}, "opened")
			if err != nil || !o.Active || o.Version != 1 {
				t.Fatalf("%+v, %v", o, err)
			}
		}
		list := func(q registry.OfficeQuery) (codes []string) {
			for {
				page, err := x.Offices(t.Context(), actor(registry.RoleAuditor), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Offices {
					codes = append(codes, o.Code)
				}
				if q.After = page.Next; q.After == "" {
					return codes
				}
			}
		}
		if got := list(registry.OfficeQuery{Area: "NL-W", Limit: 1}); !slices.Equal(got, []string{"BAY", "WEST-1"}) {
			t.Errorf("offices of the West = %v", got)
		}
		bay, err := x.ChangeOffice(t.Context(), admin(), registry.Office{Code: "BAY", Label: label("Bay"), Area: "NL-E-BAY", Version: 1}, "moved and closed")
		if err != nil || bay.Active || bay.Area != "NL-E-BAY" || bay.Version != 2 {
			t.Fatalf("%+v, %v", bay, err)
		}
		if got := list(registry.OfficeQuery{}); !slices.Equal(got, []string{"EAST-1", "HQ", "WEST-1"}) {
			t.Errorf("open offices = %v", got)
		}
		if got := list(registry.OfficeQuery{Retired: true}); len(got) != 4 {
			t.Errorf("all offices = %v", got)
		}
		log, err := x.AdminHistory(t.Context(), admin(), "office:BAY")
		if err != nil || len(log) != 2 || log[1].Reason != "moved and closed" || !strings.Contains(string(log[1].New), `"active":false`) {
			t.Errorf("history = %+v, %v", log, err)
		}
	})
}

func TestOfficesThatAreRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		good := registry.Office{Code: "WEST-1", Label: label("West"), Area: "NL-W"}
		for name, c := range map[string]struct {
			office registry.Office
			want   []string
		}{
			"small letters": {registry.Office{Code: "west", Label: label("W"), Area: "NL-W"}, []string{"code:bad_code"}},
			"no label":      {registry.Office{Code: "A", Area: "NL-W"}, []string{"label:invalid_label"}},
			"no English":    {registry.Office{Code: "A", Label: map[string]string{"ar": "غرب"}, Area: "NL-W"}, []string{"label:invalid_label"}},
			"nowhere":       {registry.Office{Code: "A", Label: label("A"), Area: "XX"}, []string{"area:unknown_area"}},
			"everything":    {registry.Office{}, []string{"code:bad_code", "label:invalid_label", "area:unknown_area"}},
		} {
			_, err := x.OpenOffice(t.Context(), admin(), c.office, "")
			wantFault(t, err, fault.Invalid, "invalid_office")
			if got := fields(err); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		_, err := x.OpenOffice(t.Context(), admin(), good, strings.Repeat("a", 501))
		wantFault(t, err, fault.Invalid, "invalid_values")

		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = x.OpenOffice(t.Context(), admin(), good, "") })
		}
		wg.Wait()
		opened := 0
		for _, err := range errs {
			if err == nil {
				opened++
				continue
			}
			wantFault(t, err, fault.Conflict, "office_exists")
		}
		if opened != 1 {
			t.Errorf("the office was opened %d times", opened)
		}
		good.Version = 2
		_, err = x.ChangeOffice(t.Context(), admin(), good, "")
		wantFault(t, err, fault.Conflict, "version_conflict")
		good.Code = "NONE"
		_, err = x.ChangeOffice(t.Context(), admin(), good, "")
		wantFault(t, err, fault.NotFound, "no_such_office")
	})
}
