package registry_test

import (
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// whereIs reads the area of a person.
func (x *fixture) whereIs(t *testing.T, id uuid.UUID) string {
	t.Helper()
	p, err := x.Person(t.Context(), admin(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p.Area
}

func TestARecordLiesInTheAreaThatItNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		for said, want := range map[string]string{
			"NL-W": "NL-W", "nl-w": "NL-W", " nl w ": "NL-W", "West": "NL-W", "WEST": "NL-W", "غرب": "NL-W", "غَرب": "NL-W",
			"East": "NL-E", // one East lies in the other
			"Bay":  "",     // there are two
			"خليج": "NL-W-BAY", "nl-e-bay": "NL-E-BAY", "Atlantis": "", "-": "", "": "",
		} {
			set := map[string]string{"full_name": "Amina", "region": said}
			p := x.register(t, set)
			if p.Area != want || x.whereIs(t, p.ID) != want {
				t.Errorf("%q lies in %q, want %q", said, p.Area, want)
			}
		}
		p := x.register(t, map[string]string{"full_name": "Amina"})
		for _, step := range []struct{ field, text, want string }{
			{"region", "West", "NL-W"}, {"email", "a@example.org", "NL-W"}, {"region", "Atlantis", ""}, {"region", "NL", "NL"}, {"region", "", ""},
		} {
			if p = x.edit(t, p, map[string]string{step.field: step.text}); p.Area != step.want || x.whereIs(t, p.ID) != step.want {
				t.Errorf("after %s = %q the record lies in %q, want %q", step.field, step.text, p.Area, step.want)
			}
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		// A field that says it outright goes before the region.
		x.define(t, registry.Field{Key: "area", Type: registry.TypeText, Label: label("Area")})
		p = x.edit(t, p, map[string]string{"area": "NL-E-BAY", "region": "West"})
		if p.Area != "NL-E-BAY" {
			t.Errorf("the record lies in %q", p.Area)
		}
		if p = x.edit(t, p, map[string]string{"area": ""}); p.Area != "NL-W" {
			t.Errorf("without it the record lies in %q", p.Area)
		}
	})
}

func TestAnImportPutsRecordsIntoTheirAreas(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		x.load(t, "national_id,full_name,region\nKE-1001,A,West\nKE-1002,B,NL-E\nKE-1003,C,Atlantis\nKE-1004,D,\n", create(), "4 0 0 0")
		want := map[string]string{"KE-1001": "NL-W", "KE-1002": "NL-E", "KE-1003": "", "KE-1004": ""}
		for id, p := range x.everybody(t) {
			if p.Area != want[id] {
				t.Errorf("%s lies in %q, want %q", id, p.Area, want[id])
			}
		}
		x.load(t, "national_id,full_name,region\nKE-1001,A2,\nKE-1002,,nl-w-bay\nKE-1003,,West\n", registry.ImportOptions{Mode: registry.ImportUpdate}, "0 3 0 0")
		want = map[string]string{"KE-1001": "NL-W", "KE-1002": "NL-W-BAY", "KE-1003": "NL-W", "KE-1004": ""}
		for id, p := range x.everybody(t) {
			if p.Area != want[id] {
				t.Errorf("after the update %s lies in %q, want %q", id, p.Area, want[id])
			}
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
		}
	})
}

// Areas may come after the people.
func TestAreasFindTheRecordsThatNameThem(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		west := x.register(t, map[string]string{"full_name": "A", "region": "West"})
		bay := x.register(t, map[string]string{"full_name": "B", "region": "Bay"})
		none := x.register(t, map[string]string{"full_name": "C"})
		if got := x.areas(t, "code,name_en\nNL-W,West\n"); got.Placed != 1 {
			t.Errorf("%d records were placed", got.Placed)
		}
		if got := x.areas(t, "code,parent,name_en\nNL-W-BAY,NL-W,Bay\n"); got.Placed != 1 {
			t.Errorf("%d records were placed", got.Placed)
		}
		// Another Bay makes the name mean nothing, but takes nobody out.
		if got := x.areas(t, "code,name_en\nNL-E,Bay\n"); got.Placed != 0 {
			t.Errorf("%d records were placed", got.Placed)
		}
		for want, p := range map[string]registry.Person{"NL-W": west, "NL-W-BAY": bay, "": none} {
			if got := x.whereIs(t, p.ID); got != want {
				t.Errorf("%s lies in %q, want %q", p.Values["full_name"].Text, got, want)
			}
			now, err := x.Person(t.Context(), admin(), p.ID)
			if err != nil || now.VersionNo != 1 || now.ChainNo != 1 {
				t.Errorf("version %d, entry %d, %v: the area is no value", now.VersionNo, now.ChainNo, err)
			}
		}
	})
}

func TestSearchByArea(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		for _, region := range []string{"NL", "NL-W", "NL-W-BAY", "NL-E", "Atlantis"} {
			x.register(t, map[string]string{"full_name": "In " + region, "region": region})
		}
		for area, want := range map[string]int{"": 5, "NL": 4, "NL-W": 2, "NL-W-BAY": 1, "NL-E": 1, "XX": 0} {
			page, err := x.Search(t.Context(), admin(), registry.Query{Area: area})
			if err != nil || len(page.People) != want {
				t.Errorf("%d people in %q, %v, want %d", len(page.People), area, err, want)
			}
		}
		_, err := x.Search(t.Context(), admin(), registry.Query{Area: "NL/%"})
		if got := fields(err); len(got) != 1 || got[0] != "area:bad_area" {
			t.Errorf("a code that cannot be: %v", err)
		}
	})
}
