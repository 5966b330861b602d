package registry_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// given registers people by their given names.
func (x *fixture) given(t *testing.T, names ...string) (out []registry.Person) {
	t.Helper()
	for _, name := range names {
		out = append(out, x.register(t, map[string]string{"given_name": name}))
	}
	return out
}

// stood moves people about in programmes at random, and gives where each stands in
// the end: by programme and given name.
func (x *fixture) stood(t *testing.T, rng *rand.Rand, people []registry.Person, programmes ...string) map[string]map[string]registry.EnrolmentStatus {
	t.Helper()
	now := map[string]map[string]registry.EnrolmentStatus{}
	for _, code := range programmes {
		now[code] = map[string]registry.EnrolmentStatus{}
	}
	for range 8 {
		x.Clock.Add(24 * time.Hour)
		for _, p := range people {
			code, name := programmes[rng.IntN(len(programmes))], p.Values["given_name"].Text
			next := map[registry.EnrolmentStatus][]registry.EnrolmentStatus{"": {"APPLIED", "ENROLLED", ""}, "APPLIED": {"ENROLLED", "EXITED", ""}, "ENROLLED": {"SUSPENDED", "EXITED", ""},
				"SUSPENDED": {"ENROLLED", "EXITED", ""}, "EXITED": {"APPLIED", "ENROLLED", ""}}[now[code][name]]
			to := next[rng.IntN(len(next))]
			if to == "" {
				continue
			}
			v, err := x.CurrentVersion(t.Context(), registrar(), p.ID)
			if err == nil {
				_, err = x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: code, Status: to, Reason: "board", ExpectVersion: v})
			}
			if err != nil {
				t.Fatalf("%s in %s from %q to %q: %v", name, code, now[code][name], to, err)
			}
			now[code][name] = to
		}
	}
	return now
}

// Whatever way people went through programmes, a search by one finds who stands there
// now: the same on pages of any size, in its total, in the counts of the programme and
// in its list, in a file, and as a switch of their versions counts.
func TestPeopleAreFoundByProgramme(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		x.programme(t, registry.Programme{Code: "meals", Label: label("Meals"), Start: "2020-01-01"})
		var names []string
		for i := range 14 {
			names = append(names, fmt.Sprintf("%s%c", []string{"Amina", "Brian"}[i%2], 'a'+i))
		}
		people := x.given(t, names...)
		seed := uint64(time.Now().UnixNano())
		now := x.stood(t, rand.New(rand.NewPCG(seed, 1)), people, "cash", "meals")
		for code := range now {
			counts, err := x.EnrolledCounts(t.Context(), attester(), code)
			if err != nil {
				t.Fatal(err)
			}
			for _, status := range append(registry.EnrolmentStatuses(), "") {
				want := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
					is := now[code][name]
					return status == "" && (is == "" || is == registry.EnrolmentExited) || status != "" && is != status
				})
				q := registry.Query{Programme: code, Enrolment: status}
				x.foundTheSame(t, q, want)
				if status != "" && counts[status] != len(want) {
					t.Errorf("%s %s: counted %d, want %d", code, status, counts[status], len(want))
				}
				q.Text = "Amina"
				x.foundTheSame(t, q, slices.DeleteFunc(want, func(name string) bool { return !strings.HasPrefix(name, "Amina") }))
			}
		}
		if t.Failed() {
			t.Logf("seed %d: %v", seed, now)
		}
	})
}

// foundTheSame asks in every way whom a query finds.
func (x *fixture) foundTheSame(t *testing.T, q registry.Query, want []string) {
	t.Helper()
	for _, limit := range []int{1, 3, 50} {
		q.Limit = limit
		if got := x.foundAll(t, attester(), q); !slices.Equal(got, want) {
			t.Errorf("%+v found %v, want %v", q, got, want)
		}
	}
	q.Limit, q.Total = 1, true
	if page, err := x.Search(t.Context(), attester(), q); err != nil || page.Total != (registry.Total{Count: len(want), Exact: true}) {
		t.Errorf("%+v: total %+v, %v, want %d", q, page.Total, err, len(want))
	}
	var got []string
	for _, row := range x.export(t, registrar(), registry.ExportRequest{Fields: []string{"given_name"}, Query: q, Format: registry.ExportCSV})[1:] {
		got = append(got, row[len(row)-1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v: the file has %v, want %v", q, got, want)
	}
	n, err := x.CountEnrolMany(t.Context(), registrar(), registry.EnrolMany{Programme: "meals", Status: registry.EnrolmentEnrolled, Reason: "x", Query: &q})
	if err != nil || n.ToMove+n.Already != len(want) {
		t.Errorf("%+v: %+v, %v would be enrolled, want %d", q, n, err, len(want))
	}
	if q.Text != "" || q.Enrolment == "" {
		return
	}
	page, err := x.Enrolled(t.Context(), attester(), registry.EnrolledQuery{Programme: q.Programme, Status: q.Enrolment})
	if err != nil || len(page.Enrolments) != len(want) {
		t.Errorf("%+v: %d are listed, %v, want %d", q, len(page.Enrolments), err, len(want))
	}
}

// Who stands in one programme is enrolled in another, and moved on within the same,
// while the search that found them finds them no more.
func TestWhoIsFoundByProgrammeIsEnrolled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, a := t.Context(), x.employee(t, registry.RoleRegistrar)
		x.programme(t, cash())
		x.programme(t, registry.Programme{Code: "meals", Label: label("Meals"), Start: "2020-01-01"})
		people := x.given(t, "A", "B", "C", "D")
		for i, status := range []registry.EnrolmentStatus{"APPLIED", "APPLIED", "ENROLLED"} {
			x.enrol(t, people[i], status, "", 1)
		}
		for _, step := range []struct {
			into  string
			where registry.EnrolmentStatus
			moved int
		}{{"meals", "", 3}, {"cash", "APPLIED", 2}, {"cash", "", 0}} {
			q := registry.Query{Programme: "cash", Enrolment: step.where}
			many := registry.EnrolMany{Programme: step.into, Status: registry.EnrolmentEnrolled, Reason: "all of them", Query: &q}
			n, err := x.CountEnrolMany(ctx, a, many)
			if err != nil || n.ToMove != step.moved {
				t.Fatalf("%+v: %+v, %v", step, n, err)
			}
			many.ExpectCount = n.ToMove
			j, err := x.StartEnrolMany(ctx, a, many)
			if err != nil {
				t.Fatal(err)
			}
			x.drain(t, "enrol_many", x.JobHandlers()["enrol_many"])
			var got registry.EnrolManyResult
			if err := json.Unmarshal(x.jobIn(t, j.ID, registry.JobDone).Result, &got); err != nil || got.Moved != step.moved || len(got.Refused) != 0 {
				t.Errorf("%+v: %+v, %v", step, got, err)
			}
		}
		for _, code := range []string{"cash", "meals"} {
			x.foundTheSame(t, registry.Query{Programme: code, Enrolment: registry.EnrolmentEnrolled}, []string{"A", "B", "C"})
		}
	})
}

// Nobody is found by a programme that is not there or by a state that is none, and
// nobody by who may not search.
func TestASearchByProgrammeIsChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		x.programme(t, cash())
		x.programme(t, registry.Programme{Code: "shelter", Label: label("Shelter"), Start: "2020-01-01", Kinds: []string{"household"}})
		p := x.people(t, "A")[0]
		g := x.group(t, "household", as("head", p, ""))
		if _, err := x.Enrol(ctx, registrar(), g.ID, registry.EnrolmentChange{Programme: "shelter", Status: "ENROLLED", ExpectVersion: 1}); err != nil {
			t.Fatal(err)
		}
		sheltered := registry.Query{Programme: "shelter"}
		if page, err := x.Groups(ctx, attester(), sheltered); err != nil || len(page.Groups) != 1 {
			t.Errorf("groups of a programme: %+v, %v", page.Groups, err)
		}
		if page, err := x.Search(ctx, attester(), sheltered); err != nil || len(page.People) != 0 {
			t.Errorf("people of a programme for households: %+v, %v", page.People, err)
		}
		for member, list := range map[string][]registry.Query{
			"programme": {{Programme: "none"}, {Programme: "Cash'--"}, {Programme: "\x00\xff"}, {Enrolment: "ENROLLED"}},
			"enrolment": {{Programme: "cash", Enrolment: "enrolled"}, {Enrolment: "\x00"}},
		} {
			for _, q := range list {
				_, err := x.Search(ctx, admin(), q)
				wantFault(t, err, fault.Invalid, "bad_query")
				if got := fields(err); !slices.Equal(got, []string{member + ":bad_" + member}) {
					t.Errorf("%+v: %v", q, got)
				}
			}
		}
		_, err := x.Search(ctx, self(p.ID), registry.Query{Programme: "cash"})
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}
