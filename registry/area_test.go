package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// country is a small hierarchy; the file has it upside down. Two districts are
// called Bay, one district like the region that it lies in.
const country = `level,parent,code,name_en,name_ar
2,NL-W,NL-W-BAY,Bay,خليج
2,NL-E,NL-E-BAY,Bay,
2,NL-E,NL-E-EAST,East,
1,NL,NL-W,West,غرب
1,NL,NL-E,East,شرق
0,,NL,Nowhereland,
`

func (x *fixture) areas(t *testing.T, file string) registry.AreaImport {
	t.Helper()
	result, err := x.ImportAreas(t.Context(), admin(), strings.NewReader(file), false, "the gazetteer")
	if err != nil {
		t.Fatal(err, fields(err), result.Problems)
	}
	return result
}

func (x *fixture) area(t *testing.T, code string) registry.Area {
	t.Helper()
	a, err := x.Area(t.Context(), admin(), code)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// codes lists areas by code.
func (x *fixture) codes(t *testing.T, q registry.AreaQuery) []string {
	t.Helper()
	var out []string
	for {
		page, err := x.Areas(t.Context(), admin(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Areas {
			out = append(out, a.Code)
		}
		if q.After = page.Next; q.After == "" {
			return out
		}
	}
}

func TestAreasAreImportedInAnyOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		dry, err := x.ImportAreas(t.Context(), admin(), strings.NewReader(country), true, "")
		if err != nil || dry.Created != 6 || !dry.DryRun || x.count(t, "area") != 0 || x.count(t, "admin_log") != 0 {
			t.Fatalf("dry run: %+v, %v", dry, err)
		}
		if got := x.areas(t, country); got.Rows != 6 || got.Created != 6 || got.DryRun {
			t.Errorf("import: %+v", got)
		}
		if got, want := x.codes(t, registry.AreaQuery{Limit: 4}), []string{"NL", "NL-E", "NL-E-BAY", "NL-E-EAST", "NL-W", "NL-W-BAY"}; !slices.Equal(got, want) {
			t.Errorf("areas = %v, want %v", got, want)
		}
		two := 2
		if got, want := x.codes(t, registry.AreaQuery{Under: "NL-E", Level: &two}), []string{"NL-E-BAY", "NL-E-EAST"}; !slices.Equal(got, want) {
			t.Errorf("districts of the East = %v, want %v", got, want)
		}
		bay := x.area(t, "NL-W-BAY")
		if bay.Level != 2 || bay.Parent != "NL-W" || bay.Name["ar"] != "خليج" || !slices.Equal(bay.Path, []string{"NL", "NL-W", "NL-W-BAY"}) || !bay.Active || bay.Version != 1 {
			t.Errorf("bay = %+v", bay)
		}

		again := x.areas(t, country)
		if again.Unchanged != 6 || again.Created+again.Updated != 0 || x.count(t, "admin_log") != 6 {
			t.Errorf("the same file again: %+v", again)
		}
		// Blank cells leave what is there; a new area gets the level below its parent's.
		some := x.areas(t, "Code,Parent Code,Admin Level,Name EN,name-fr\nNL-W,,,The West,Ouest\nnl-w-hill,nl-w,,Hill,\n")
		if some.Updated != 1 || some.Created != 1 {
			t.Errorf("two rows: %+v", some)
		}
		if w := x.area(t, "NL-W"); w.Parent != "NL" || w.Level != 1 || w.Name["fr"] != "Ouest" || w.Name["ar"] != "غرب" || w.Version != 2 {
			t.Errorf("west = %+v", w)
		}
		if h := x.area(t, "NL-W-HILL"); h.Level != 2 {
			t.Errorf("hill = %+v", h)
		}
	})
}

func TestBadAreaFilesChangeNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		w := x.area(t, "NL-W")
		for _, code := range []string{"NL-W-BAY"} {
			if _, err := x.RetireArea(t.Context(), admin(), code, 1, "flooded"); err != nil {
				t.Fatal(err)
			}
		}
		before := x.count(t, "admin_log")
		const header = "code,parent,level,name_en\n"
		for name, c := range map[string]struct {
			file string
			want []string // line:column:code
		}{
			"code with a slash":        {header + "A/B,,,A\nC,,,C\n", []string{"2:code:bad_area_code"}},
			"code of 41":               {header + strings.Repeat("A", 41) + ",,,A\n", []string{"2:code:bad_area_code"}},
			"no code":                  {header + ",NL,,A\n", []string{"2:code:required"}},
			"twice":                    {header + "A,,,A\nb,,,B\na,,,A\n", []string{"4:code:doubled_in_file"}},
			"almost the same code":     {header + "NL.W,NL,,West\n", []string{"2:code:area_code_taken"}},
			"unknown parent":           {header + "A,B,,A\n", []string{"2:parent:unknown_parent"}},
			"retired parent":           {header + "A,NL-W-BAY,,A\n", []string{"2:parent:parent_retired"}},
			"own parent":               {header + "A,A,,A\n", []string{"2:parent:area_cycle"}},
			"circle of three":          {header + "A,B,,A\nB,C,,B\nC,A,,C\nD,A,,D\n", []string{"2:parent:area_cycle", "3:parent:area_cycle", "4:parent:area_cycle"}},
			"under its own part":       {header + "NL-E,NL-E-EAST,3,\n", []string{"2:parent:area_cycle"}},
			"level like the parent's":  {header + "A,NL-E,1,A\n", []string{"2:level:bad_level"}},
			"parent sinks too deep":    {header + "NL-E,,2,\n", []string{"2:level:bad_level", "2:level:bad_level"}},
			"level is no number":       {header + "A,NL,one,A\n", []string{"2:level:bad_level"}},
			"level 21":                 {header + "A,NL,21,A\n", []string{"2:level:bad_level"}},
			"negative level":           {header + "A,,-1,A\n", []string{"2:level:bad_level"}},
			"no name":                  {header + "A,NL,,\n", []string{"2:name_en:name_required"}},
			"name of 201":              {header + "A,NL,," + strings.Repeat("a", 201) + "\n", []string{"2:name_en:too_long"}},
			"control character":        {header + "A,NL,,\"a\x07b\"\n", []string{"2:name_en:control_character"}},
			"error of a spreadsheet":   {header + "A,NL,,#REF!\n", []string{"2:name_en:spreadsheet_error"}},
			"cells are missing":        {header + "A,NL\n", []string{"2::cell_count"}},
			"several mistakes at once": {header + "A,B,,A\nC,NL,99,\n", []string{"2:parent:unknown_parent", "3:level:bad_level", "3:name_en:name_required"}},
		} {
			result, err := x.ImportAreas(t.Context(), admin(), strings.NewReader(c.file), false, "")
			wantFault(t, err, fault.Invalid, "import_has_problems")
			var got []string
			for _, p := range result.Problems {
				got = append(got, fmt.Sprint(p.Line, ":", p.Column, ":", p.Code))
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) || result.ProblemCount != len(c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
			if dry, err := x.ImportAreas(t.Context(), admin(), strings.NewReader(c.file), true, ""); err != nil || dry.ProblemCount != len(c.want) {
				t.Errorf("%s, dry run: %d problems, %v", name, dry.ProblemCount, err)
			}
		}
		for code, file := range map[string]string{
			"empty_file": "", "missing_header": "parent,name_en\nNL,A\n", "encoding_not_utf8": "code,name_en\nA,\xe9t\xe9\n", "encoding_utf16": "\xff\xfec\x00",
			"wrong_separator": "code|parent|name_en\nA||A\n", "doubled_header": "code,name_en,name_en\nA,A,A\n", "no_known_header": "x,y\n1,2\n",
		} {
			result, err := x.ImportAreas(t.Context(), admin(), strings.NewReader(file), false, "")
			wantFault(t, err, fault.Invalid, code)
			if len(result.Problems) != 1 {
				t.Errorf("%s: %v", code, result.Problems)
			}
		}
		if x.area(t, "NL-W").Version != w.Version || x.count(t, "admin_log") != before || x.count(t, "area") != 6 {
			t.Error("something was changed")
		}
	})
}

// A circle is found in one walk, however long it is.
func TestALongCircleIsFoundQuickly(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const n = 20_000
		var file strings.Builder
		file.WriteString("code,parent,name_en\n")
		for i := range n {
			fmt.Fprintf(&file, "A%d,A%d,A\n", i, (i+1)%n)
		}
		result, err := x.ImportAreas(t.Context(), admin(), strings.NewReader(file.String()), true, "")
		if err != nil || result.ProblemCount != n {
			t.Errorf("%d problems, %v, want %d", result.ProblemCount, err, n)
		}
	})
}

func TestAnAreaMovesWithAllThatLiesInIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country+"3,NL-E-EAST,NL-E-EAST-1,Ward,\n")
		moved, err := x.MoveArea(t.Context(), admin(), "NL-E-EAST", "NL-W", 1, "reform")
		if err != nil || moved.Version != 2 || !slices.Equal(moved.Path, []string{"NL", "NL-W", "NL-E-EAST"}) {
			t.Fatalf("%+v, %v", moved, err)
		}
		if got := x.area(t, "NL-E-EAST-1").Path; !slices.Equal(got, []string{"NL", "NL-W", "NL-E-EAST", "NL-E-EAST-1"}) {
			t.Errorf("the ward lies in %v", got)
		}
		if top, err := x.MoveArea(t.Context(), admin(), "NL-E-EAST", "", 2, "freedom"); err != nil || !slices.Equal(top.Path, []string{"NL-E-EAST"}) {
			t.Errorf("%+v, %v", top, err)
		}
		if _, err := x.RetireArea(t.Context(), admin(), "NL-W-BAY", 1, ""); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct{ code, parent, want string }{
			"itself":          {"NL", "NL", "parent:area_cycle"},
			"own part":        {"NL", "NL-W", "parent:area_cycle"},
			"nowhere":         {"NL-W", "XX", "parent:unknown_parent"},
			"no code":         {"NL-W", "a b", "parent:unknown_parent"},
			"retired":         {"NL-E-EAST-1", "NL-W-BAY", "parent:parent_retired"},
			"the same level":  {"NL-W", "NL-E", "parent:bad_level"},
			"a greater level": {"NL-W", "NL-E-BAY", "parent:bad_level"},
		} {
			_, err := x.MoveArea(t.Context(), admin(), c.code, c.parent, 1, "")
			wantFault(t, err, fault.Invalid, "invalid_area")
			if got := fields(err); !slices.Equal(got, []string{c.want}) {
				t.Errorf("%s: %v, want %s", name, got, c.want)
			}
		}
		_, err = x.MoveArea(t.Context(), admin(), "NL-E", "", 2, "")
		wantFault(t, err, fault.Conflict, "version_conflict")
		_, err = x.MoveArea(t.Context(), admin(), "XX", "", 1, "")
		wantFault(t, err, fault.NotFound, "no_such_area")
		log, err := x.AdminHistory(t.Context(), admin(), "area:NL-E-EAST")
		if err != nil || len(log) != 3 || log[1].Reason != "reform" || !strings.Contains(string(log[1].New), `"parent":"NL-W"`) || !strings.Contains(string(log[1].Old), `"parent":"NL-E"`) {
			t.Errorf("history = %+v, %v", log, err)
		}
	})
}

// Of two moves at once, one has looked at a state that is no more.
func TestTwoMovesAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = x.MoveArea(t.Context(), admin(), "NL-E-EAST", []string{"NL-W", ""}[i%2], 1, "")
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
				continue
			}
			wantFault(t, err, fault.Conflict, "version_conflict")
		}
		if done != 1 {
			t.Errorf("%d moves were made, want 1", done)
		}
	})
}

func TestARetiredAreaKeepsWhatWas(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		p := x.register(t, map[string]string{"full_name": "Amina", "region": "nl-w-bay"})
		_, err := x.RetireArea(t.Context(), admin(), "NL-W", 1, "")
		wantFault(t, err, fault.Conflict, "area_in_use")
		office, err := x.OpenOffice(t.Context(), admin(), registry.Office{Code: "BAY-1", Label: label("Bay office"), Area: "NL-W-BAY"}, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.RetireArea(t.Context(), admin(), "NL-W-BAY", 1, "")
		wantFault(t, err, fault.Conflict, "area_in_use")
		office.Active = false
		if _, err = x.ChangeOffice(t.Context(), admin(), office, "closed"); err != nil {
			t.Fatal(err)
		}
		gone, err := x.RetireArea(t.Context(), admin(), "NL-W-BAY", 1, "flooded")
		if err != nil || gone.Active || gone.Version != 2 {
			t.Fatalf("%+v, %v", gone, err)
		}
		_, err = x.RetireArea(t.Context(), admin(), "NL-W-BAY", 2, "")
		wantFault(t, err, fault.Conflict, "area_retired")
		if slices.Contains(x.codes(t, registry.AreaQuery{}), "NL-W-BAY") || !slices.Contains(x.codes(t, registry.AreaQuery{Retired: true}), "NL-W-BAY") {
			t.Error("a retired area stands in the list, or is lost")
		}
		if p, err = x.Person(t.Context(), admin(), p.ID); err != nil || p.Area != "NL-W-BAY" {
			t.Errorf("area = %q, %v", p.Area, err)
		}
		if q := x.register(t, map[string]string{"full_name": "Berta", "region": "NL-W-BAY"}); q.Area != "" {
			t.Errorf("a new record lies in the retired area %q", q.Area)
		}
	})
}

func TestWhoMayKeepAreas(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		bounded := admin()
		bounded.Grants = []registry.Grant{{Role: registry.RoleAdmin, Area: "NL-W"}}
		for name, a := range map[string]registry.Actor{"registrar": registrar(), "attester": attester(), "auditor": actor(registry.RoleAuditor),
			"field worker": actor(registry.RoleFieldWorker), "registrant": actor(registry.RoleRegistrant), "admin of an area": bounded} {
			_, err := x.ImportAreas(t.Context(), a, strings.NewReader(country), true, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
			_, err = x.MoveArea(t.Context(), a, "NL-W", "", 1, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
			_, err = x.RetireArea(t.Context(), a, "NL-W-BAY", 1, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
			_, err = x.OpenOffice(t.Context(), a, registry.Office{Code: "A", Label: label("A"), Area: "NL"}, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
			if _, err = x.Areas(t.Context(), a, registry.AreaQuery{}); (err == nil) == (name == "registrant") {
				t.Errorf("%s reads areas: %v", name, err)
			}
			if _, err = x.Offices(t.Context(), a, registry.OfficeQuery{}); (err == nil) == (name == "registrant") {
				t.Errorf("%s reads offices: %v", name, err)
			}
		}
		_, err := x.Areas(t.Context(), registry.Actor{}, registry.AreaQuery{})
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
		_, err = x.Areas(t.Context(), admin(), registry.AreaQuery{Under: "XX"})
		wantFault(t, err, fault.NotFound, "no_such_area")
		_, err = x.Areas(t.Context(), admin(), registry.AreaQuery{After: "a/b"})
		wantFault(t, err, fault.Invalid, "bad_cursor")
	})
}

func FuzzAreaFile(f *testing.F) {
	f.Add([]byte(country))
	f.Add([]byte("code,parent,name_en\nA,B,A\nB,A,B\n"))
	f.Add([]byte("code\n\"A\nB\"\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		created, problems, err := registry.ReadAreaFile(file)
		if err == nil && problems == 0 && created < 0 {
			t.Errorf("%d areas", created)
		}
	})
}

// One area is added and renamed as by an import: records that name it lie in it.
func TestOneAreaIsAddedAndRenamed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		p := x.register(t, map[string]string{"full_name": "Amina", "region": "North"})
		q := x.register(t, map[string]string{"full_name": "Brian", "region": "Upland"})
		in := func(p registry.Person) string {
			found, err := x.Person(t.Context(), admin(), p.ID)
			if err != nil {
				t.Fatal(err)
			}
			return found.Area
		}
		a, err := x.AddArea(t.Context(), admin(), registry.NewArea{Code: "NL-N", Parent: "NL", Name: map[string]string{"en": "North"}}, "founded")
		if err != nil || a.Level != 1 || a.Version != 1 || in(p) != "NL-N" || in(q) != "" {
			t.Errorf("added: %+v (%v), in %q and %q", a, err, in(p), in(q))
		}
		_, err = x.AddArea(t.Context(), admin(), registry.NewArea{Code: "NL-N", Name: map[string]string{"en": "North"}}, "")
		wantFault(t, err, fault.Conflict, "area_exists")
		_, err = x.AddArea(t.Context(), registrar(), registry.NewArea{Code: "NL-S"}, "")
		wantFault(t, err, fault.Forbidden, "not_allowed")
		if a, err = x.RenameArea(t.Context(), admin(), "NL-N", map[string]string{"en": "Upland"}, 1, "by law"); err != nil || a.Version != 2 || in(q) != "NL-N" || in(p) != "NL-N" {
			t.Errorf("renamed: %+v (%v), in %q and %q", a, err, in(p), in(q))
		}
		if found := x.drift(t); len(found) != 0 {
			t.Errorf("drift: %v", found)
		}
	})
}
