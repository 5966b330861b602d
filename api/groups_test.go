package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const (
	groups     = "/api/v1/groups"
	groupKinds = "/api/v1/group-kinds"
)

// newPerson registers somebody and gives the id.
func (s *service) newPerson(t *testing.T, name string) uuid.UUID {
	t.Helper()
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": name}})
	must(t, err)
	return p.ID
}

// newHousehold makes a household with a head and a child, and gives its address.
func (s *service) newHousehold(t *testing.T) (path string, head, child uuid.UUID) {
	t.Helper()
	head, child = s.newPerson(t, "Amina Odhiambo"), s.newPerson(t, "Brian Odhiambo")
	g, err := s.deps.Registry.CreateGroup(t.Context(), staff(registry.RoleRegistrar), "household", registry.Change{Set: map[string]string{"rooms_count": "2"}},
		[]registry.NewMember{{MemberID: head, Role: "head", Start: "2020-01-01"}, {MemberID: child, Role: "child", Start: "2020-01-01"}})
	must(t, err)
	return groups + "/" + g.ID.String(), head, child
}

// newVillage makes a group of 51 members, too many to end at once, and gives its
// address.
func (s *service) newVillage(t *testing.T) string {
	t.Helper()
	file := "full_name\n"
	for n := range 51 {
		file += fmt.Sprintf("Villager %d\n", n)
	}
	_, err := s.deps.Registry.Import(t.Context(), staff(registry.RoleRegistrar), strings.NewReader(file), registry.ImportOptions{Mode: registry.ImportCreate})
	must(t, err)
	page, err := s.deps.Registry.Search(t.Context(), staff(registry.RoleRegistrar), registry.Query{Text: "Villager", Limit: 51})
	must(t, err)
	var members []registry.NewMember
	for _, p := range page.People {
		members = append(members, registry.NewMember{MemberID: p.ID, Role: "member", Start: "2020-01-01"})
	}
	g, err := s.deps.Registry.CreateGroup(t.Context(), staff(registry.RoleRegistrar), "community", registry.Change{}, members)
	must(t, err)
	return groups + "/" + g.ID.String()
}

// narrow gives a program whose token opens no read of registrants.
func (s *service) narrow(t *testing.T) []string {
	t.Helper()
	return s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
}

func (s *service) exerciseGroupKinds(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	run(exercise{"listGroupKinds", 200, call("GET", groupKinds, "", registrar), false})
	run(exercise{"listGroupKinds", 401, call("GET", groupKinds, "", nil), false})
	run(exercise{"listGroupKinds", 422, call("GET", groupKinds+"?x=1", "", registrar), true})

	const kind = `{"key":"crew","label":{"en":"Crew"},"roles":[{"key":"sailor","label":{"en":"Sailor"}}],"max_members":3,"reason":"fishing"}`
	define := func(as []string) *http.Request { return call("POST", groupKinds, kind, as) }
	run(exercise{"defineGroupKind", 201, define(admin), false})
	run(exercise{"defineGroupKind", 409, define(admin), false})
	exerciseGates(run, "defineGroupKind", registrar, define)
	exerciseBodies(run, "defineGroupKind", "POST", groupKinds, admin)
	run(exercise{"defineGroupKind", 422, call("POST", groupKinds, `{"key":"boat","label":{"en":"Boat"},"roles":[],"max_members":3}`, admin), false})

	run(exercise{"getGroupKind", 200, call("GET", groupKinds+"/crew", "", registrar), false})
	run(exercise{"getGroupKind", 401, call("GET", groupKinds+"/crew", "", nil), false})
	run(exercise{"getGroupKind", 404, call("GET", groupKinds+"/none", "", registrar), false})

	edit := func(path, body string, as []string, headers ...string) *http.Request {
		return call("PATCH", path, body, as, append([]string{"Content-Type", mergePatch}, headers...)...)
	}
	const patch = `{"max_members":4,"label":{"en":"Boat crew"},"reason":"a larger boat"}`
	run(exercise{"editGroupKind", 200, edit(groupKinds+"/crew", patch, admin, "If-Match", `"1"`), false})
	run(exercise{"editGroupKind", 412, edit(groupKinds+"/crew", patch, admin, "If-Match", `"1"`), false})
	run(exercise{"editGroupKind", 428, edit(groupKinds+"/crew", patch, admin), true})
	run(exercise{"editGroupKind", 404, edit(groupKinds+"/none", patch, admin, "If-Match", `"1"`), false})
	run(exercise{"editGroupKind", 422, edit(groupKinds+"/crew", `{"roles":[]}`, admin, "If-Match", `"2"`), false})
	exerciseGates(run, "editGroupKind", registrar, func(as []string) *http.Request { return edit(groupKinds+"/crew", patch, as, "If-Match", `"2"`) })
	exerciseBodies(run, "editGroupKind", "PATCH", groupKinds+"/crew", admin, "Content-Type", mergePatch, "If-Match", `"2"`)
}

func (s *service) exerciseGroups(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	registrant, _ := s.registrant(t)
	body := func(kind, role string) string {
		return fmt.Sprintf(`{"kind":%q,"values":{"group_name":"Otieno"},"members":[{"member":%q,"role":%q,"start":"2024-01-01"}],"reason":"survey"}`,
			kind, s.newPerson(t, "Head"), role)
	}
	good := body("household", "head")
	create := func(as []string) *http.Request { return call("POST", groups, good, as) }
	path := run(exercise{"createGroup", 201, create(registrar), false}).Header().Get("Location")
	run(exercise{"createGroup", 409, create(registrar), false}) // in a household already
	run(exercise{"createGroup", 404, call("POST", groups, body("none", "head"), registrar), false})
	run(exercise{"createGroup", 422, call("POST", groups, body("household", "child"), registrar), false})
	exerciseGates(run, "createGroup", attester, create)
	exerciseBodies(run, "createGroup", "POST", groups, registrar)

	search := func(as []string) *http.Request { return call("GET", groups+"?kind=household&q=otieno&limit=1", "", as) }
	run(exercise{"searchGroups", 200, search(attester), false})
	exerciseGates(run, "searchGroups", registrant, search)
	run(exercise{"searchGroups", 422, call("GET", groups+"?kind=none", "", registrar), false})

	for operation, at := range map[string]string{"getGroup": "", "getGroupFacts": "/facts", "listMembers": "/members", "listGroupMemberships": "/memberships"} {
		read := func(as []string) *http.Request { return call("GET", path+at, "", as) }
		run(exercise{operation, 200, read(attester), false})
		exerciseGates(run, operation, s.narrow(t), read)
		run(exercise{operation, 404, call("GET", groups+"/"+uuid.NewString()+at, "", attester), false})
	}
	run(exercise{"getGroupFacts", 422, call("GET", path+"/facts?as_of=soon", "", attester), true})
	run(exercise{"listMembers", 422, call("GET", path+"/members?all=1", "", attester), true})
	run(exercise{"listGroupMemberships", 422, call("GET", path+"/memberships?after=x", "", attester), false})
	s.exerciseEditGroup(t, run, path, registrar, attester)
}

// exerciseEditGroup changes a group, and ends it.
func (s *service) exerciseEditGroup(t *testing.T, run func(exercise) *httptest.ResponseRecorder, path string, registrar, attester []string) {
	nowhere := groups + "/" + uuid.NewString()
	edit := func(at, body string, as []string, headers ...string) *http.Request {
		return call("PATCH", at, body, as, append([]string{"Content-Type", mergePatch}, headers...)...)
	}
	const good = `{"values":{"rooms_count":"3"},"reason":"built"}`
	run(exercise{"editGroup", 200, edit(path, good, registrar, "If-Match", `"1"`), false})
	run(exercise{"editGroup", 412, edit(path, good, registrar, "If-Match", `"1"`), false})
	run(exercise{"editGroup", 428, edit(path, good, registrar), true})
	run(exercise{"editGroup", 404, edit(nowhere, good, registrar, "If-Match", `"1"`), false})
	run(exercise{"editGroup", 422, edit(path, `{"values":{"rooms_count":"many"}}`, registrar, "If-Match", `"2"`), false})
	exerciseGates(run, "editGroup", attester, func(as []string) *http.Request { return edit(path, good, as, "If-Match", `"2"`) })
	exerciseBodies(run, "editGroup", "PATCH", path, registrar, "Content-Type", mergePatch, "If-Match", `"2"`)

	end := func(at, body string, as []string, headers ...string) *http.Request {
		return call("POST", at+"/end", body, as, headers...)
	}
	exerciseGates(run, "endGroup", attester, func(as []string) *http.Request { return end(path, "{}", as, "If-Match", `"2"`) })
	exerciseBodies(run, "endGroup", "POST", path+"/end", registrar, "If-Match", `"2"`)
	run(exercise{"endGroup", 404, end(nowhere, "{}", registrar, "If-Match", `"2"`), false})
	run(exercise{"endGroup", 412, end(path, "{}", registrar, "If-Match", `"1"`), false})
	run(exercise{"endGroup", 422, end(path, `{"on":"2019-01-01"}`, registrar, "If-Match", `"2"`), false})
	run(exercise{"endGroup", 428, end(path, "{}", registrar), true})
	run(exercise{"endGroup", 204, end(path, `{"reason":"moved"}`, registrar, "If-Match", `"2"`), false})
	run(exercise{"endGroup", 409, end(path, "{}", registrar, "If-Match", `"2"`), false})
	run(exercise{"endGroup", 202, end(s.newVillage(t), "{}", registrar, "If-Match", `"1"`), false})
}

func (s *service) exerciseMembers(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	path, head, child := s.newHousehold(t)
	nowhere := groups + "/" + uuid.NewString()
	body := fmt.Sprintf(`{"members":[{"member":%q,"role":"member"}],"reason":"joined"}`, s.newPerson(t, "Chi"))
	add := func(as []string) *http.Request { return call("POST", path+"/members", body, as) }
	run(exercise{"addMembers", 201, add(registrar), false})
	run(exercise{"addMembers", 409, add(registrar), false})
	run(exercise{"addMembers", 404, call("POST", nowhere+"/members", body, registrar), false})
	run(exercise{"addMembers", 422, call("POST", path+"/members", `{"members":[]}`, registrar), true})
	exerciseGates(run, "addMembers", attester, add)
	exerciseBodies(run, "addMembers", "POST", path+"/members", registrar)

	for _, c := range []struct{ operation, at, good, conflict, invalid string }{
		{"changeRole", fmt.Sprintf("/members/%s/1/role", child), `{"role":"member","reason":"grown up"}`, `{"role":"head"}`, `{"role":"king"}`},
		{"endMembership", fmt.Sprintf("/members/%s/1/end", head), fmt.Sprintf(`{"next_head":%q,"reason":"died"}`, child), `{}`, `{"on":"2019-12-31"}`},
	} {
		do := func(as []string) *http.Request { return call("POST", path+c.at, c.good, as) }
		run(exercise{c.operation, 409, call("POST", path+c.at, c.conflict, registrar), false})
		run(exercise{c.operation, 422, call("POST", path+c.at, c.invalid, registrar), false})
		run(exercise{c.operation, 404, call("POST", nowhere+c.at, c.good, registrar), false})
		exerciseGates(run, c.operation, attester, do)
		exerciseBodies(run, c.operation, "POST", path+c.at, registrar)
		run(exercise{c.operation, 204, do(registrar), false})
	}

	own := func(as []string) *http.Request { return call("GET", people+"/"+child.String()+"/memberships", "", as) }
	run(exercise{"listPersonMemberships", 200, own(attester), false})
	exerciseGates(run, "listPersonMemberships", s.narrow(t), own)
	run(exercise{"listPersonMemberships", 404, call("GET", people+"/"+uuid.NewString()+"/memberships", "", attester), false})
	run(exercise{"listPersonMemberships", 422, call("GET", people+"/"+child.String()+"/memberships?after=x", "", attester), false})
}

// exerciseGroupRecords drives what hangs on a group as on a person.
func (s *service) exerciseGroupRecords(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	attester, registrar := s.as(t, registry.RoleAttester), s.as(t, registry.RoleRegistrar)
	path, _, _ := s.newHousehold(t)
	nowhere := groups + "/" + uuid.NewString()
	for operation, at := range map[string]string{"listGroupAttestations": "/attestations", "listGroupVersions": "/versions", "getGroupVersion": "/versions/1", "listGroupHistory": "/history",
		"compareGroupVersions": "/comparison?from=1", "getGroupAsOf": "/as-of"} {
		read := func(as []string) *http.Request { return call("GET", path+at, "", as) }
		run(exercise{operation, 200, read(attester), false})
		exerciseGates(run, operation, s.narrow(t), read)
		run(exercise{operation, 404, call("GET", nowhere+at, "", attester), false})
	}
	for operation, at := range map[string]string{"listGroupVersions": "/versions?after=x", "listGroupHistory": "/history?after=x"} {
		run(exercise{operation, 422, call("GET", path+at, "", attester), false})
	}
	for operation, at := range map[string]string{"compareGroupVersions": "/comparison?from=1&sort=x", "getGroupAsOf": "/as-of?sort=x"} {
		run(exercise{operation, 422, call("GET", path+at, "", attester), true})
	}
	const good = `{"decisions":[{"field":"rooms_count","state":"ATTESTED"}]}`
	attest := func(as []string) *http.Request {
		return call("POST", path+"/attestations", good, as, "If-Match", `"1"`)
	}
	run(exercise{"attestGroup", 200, attest(attester), false})
	exerciseGates(run, "attestGroup", registrar, attest)
	run(exercise{"attestGroup", 404, call("POST", nowhere+"/attestations", good, attester, "If-Match", `"1"`), false})
	run(exercise{"attestGroup", 412, call("POST", path+"/attestations", good, attester, "If-Match", `"2"`), false})
	run(exercise{"attestGroup", 422, call("POST", path+"/attestations", `{"decisions":[{"field":"sex","state":"ATTESTED"}]}`, attester, "If-Match", `"1"`), false})
	run(exercise{"attestGroup", 428, call("POST", path+"/attestations", good, attester), true})
	exerciseBodies(run, "attestGroup", "POST", path+"/attestations", attester, "If-Match", `"1"`)
}

// TestHouseholdsThroughREST: a household is made, changes its head, is counted
// and remembered.
func TestHouseholdsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		registrar := s.as(t, registry.RoleRegistrar)
		path, head, child := s.newHousehold(t)
		rec := s.do(call("POST", fmt.Sprintf("%s/members/%s/1/end", path, head), fmt.Sprintf(`{"on":"2024-01-01","next_head":%q,"reason":"died"}`, child), registrar))
		if rec.Code != http.StatusNoContent {
			t.Fatalf("end: %d %s", rec.Code, rec.Body)
		}
		members := func(query string) []string {
			var got struct {
				Items []struct{ Name, Role, Start, End string }
			}
			decode(t, s.do(call("GET", path+"/members"+query, "", registrar)), &got)
			var out []string
			for _, m := range got.Items {
				out = append(out, fmt.Sprintf("%s %s %s/%s", m.Name, m.Role, m.Start, m.End))
			}
			slices.Sort(out)
			return out
		}
		for query, want := range map[string][]string{
			"":                  {"Brian Odhiambo head 2024-01-01/"},
			"?as_of=2023-12-31": {"Amina Odhiambo head 2020-01-01/2024-01-01", "Brian Odhiambo child 2020-01-01/2024-01-01"},
			"?all=true":         {"Amina Odhiambo head 2020-01-01/2024-01-01", "Brian Odhiambo child 2020-01-01/2024-01-01", "Brian Odhiambo head 2024-01-01/"},
		} {
			if got := members(query); !slices.Equal(got, want) {
				t.Errorf("members%s: %v", query, got)
			}
		}
		facts := func(query string) any {
			return member(t, s.do(call("GET", path+"/facts"+query, "", registrar)), "size")
		}
		if facts("") != 1.0 || facts("?as_of=2023-12-31") != 2.0 {
			t.Errorf("sizes: %v, %v", facts(""), facts("?as_of=2023-12-31"))
		}
		var log struct {
			Items []struct {
				Reason  string
				Changes []struct{ Kind, Old, New string }
			}
		}
		decode(t, s.do(call("GET", path+"/history", "", registrar)), &log)
		if last := log.Items[len(log.Items)-1]; last.Reason != "died" || len(last.Changes) != 3 || last.Changes[0].Kind != "membership" {
			t.Errorf("history: %+v", log)
		}
	})
}

// TestARegistrantsGroupsThroughREST: a member sees the group and its size, the
// head the members too, everybody else nothing.
func TestARegistrantsGroupsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		asHead, head := s.registrant(t)
		asChild, child := s.registrant(t)
		stranger, _ := s.registrant(t)
		g, err := s.deps.Registry.CreateGroup(t.Context(), staff(registry.RoleRegistrar), "household", registry.Change{},
			[]registry.NewMember{{MemberID: head, Role: "head"}, {MemberID: child, Role: "child"}})
		must(t, err)
		path := groups + "/" + g.ID.String()
		for who, c := range map[string]struct {
			as                     []string
			group, members, others int
		}{"head": {asHead, 200, 200, 404}, "child": {asChild, 200, 404, 404}, "stranger": {stranger, 404, 404, 404}} {
			for at, want := range map[string]int{"": c.group, "/members": c.members, "/facts": c.members, "/history": c.others, "/versions": c.others, "/comparison?from=1": c.others, "/as-of": c.others, "/attestations": c.others, "/enrolments": c.others} {
				if rec := s.do(call("GET", path+at, "", c.as)); rec.Code != want {
					t.Errorf("%s reads %s: %d, want %d", who, at, rec.Code, want)
				}
			}
			if rec := s.do(call("POST", path+"/end", "{}", c.as, "If-Match", `"1"`)); rec.Code != http.StatusForbidden {
				t.Errorf("%s ends the household: %d", who, rec.Code)
			}
		}
		if rec := s.do(call("GET", people+"/"+child.String()+"/memberships", "", asHead)); rec.Code != http.StatusNotFound {
			t.Errorf("the head reads a member's memberships: %d", rec.Code)
		}
	})
}

// TestAGreatGroupEndsThroughREST: its end is a job that the registrar follows, and
// after which nobody is in it.
func TestAGreatGroupEndsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		registrar := s.as(t, registry.RoleRegistrar)
		path := s.newVillage(t)
		end := s.do(call("POST", path+"/end", `{"on":"2024-01-01","reason":"the dam"}`, registrar, "If-Match", `"1"`))
		if got := text(t, s.followed(t, end, registrar), "state"); got != "queued" {
			t.Errorf("before anybody works: %s", got)
		}
		s.work(t, d)
		job := s.followed(t, end, registrar)
		if text(t, job, "state") != "done" || !strings.Contains(strings.ReplaceAll(job.Body.String(), " ", ""), `"result":{"ended":51}`) {
			t.Errorf("the job: %s", job.Body)
		}
		var g struct {
			Status string
			Size   int
		}
		decode(t, s.do(call("GET", path, "", registrar)), &g)
		if g.Status != "INACTIVE" || g.Size != 0 {
			t.Errorf("the group: %+v", g)
		}
	})
}
