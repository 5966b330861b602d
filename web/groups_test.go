package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// someone registers a person with a name, born in 1980.
func (w *world) someone(name string) registry.Person {
	w.t.Helper()
	p, err := w.registry.Register(w.t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "visit",
		Set: map[string]string{"given_name": name, "family_name": "Otieno", "birth_date": "1980-05-01", "sex": "male"}})
	w.must(err)
	return p
}

// household makes a household with the person of the world as its head.
func (w *world) household(members ...registry.NewMember) registry.Group {
	w.t.Helper()
	head := registry.NewMember{MemberID: w.person.ID, Role: registry.HeadRole, Start: "2020-01-01"}
	g, err := w.registry.CreateGroup(w.t.Context(), w.actor(registry.RoleRegistrar), "household",
		registry.Change{Reason: "visit", Set: map[string]string{"group_name": "<Yusuf> home", "dwelling_type": "house"}}, append([]registry.NewMember{head}, members...))
	w.must(err)
	return g
}

// groupsTour opens the pages about groups for TestEveryTemplate.
func groupsTour(t *testing.T, w *world, admin *browser) []page {
	brother := w.someone("Brian")
	g, err := w.registry.CreateGroup(w.t.Context(), w.actor(registry.RoleRegistrar), "family", registry.Change{Reason: "visit", Set: map[string]string{"group_name": "<Yusuf>"}},
		[]registry.NewMember{{MemberID: w.person.ID, Role: registry.HeadRole}, {MemberID: brother.ID, Role: "member"}})
	w.must(err)
	at := "/admin/groups/" + g.ID.String()
	var out []page
	for _, path := range []string{"/admin/groups", "/admin/groups/new", "/admin/groups/new?kind=household&member=" + w.person.ID.String(), at, at + "/edit", at + "/end", at + "/members?q=amina",
		at + "/members/" + w.person.ID.String() + "/1", at + "/members?all=1", "/admin/people/" + w.person.ID.String() + "/household?tie=spouse&q=brian"} {
		out = append(out, admin.get(path).want(t, http.StatusOK))
	}
	return out
}

var rowID = regexp.MustCompile(`id="m-([0-9a-f-]{36})"`)

// A household is made from its form alone: the head is found, the mistake of having
// none is told, and what was typed stays.
func TestHouseholdIsMade(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		b.get("/admin/groups").want(t, http.StatusOK, "There is no group yet.")
		b.get("/admin/groups/new").want(t, http.StatusOK, "Household", "kind=household")
		form := b.get("/admin/groups/new?kind=household").want(t, http.StatusOK, "New group:").hidden(map[string]string{"find": "Amina", "step": "find", "f_group_name": "Lekuton home"})
		found := b.post("/admin/groups/new", form).want(t, http.StatusOK, w.person.Number, `value="Lekuton home"`)
		id := rowID.FindStringSubmatch(found.body)
		if id == nil || id[1] != w.person.ID.String() {
			t.Fatalf("nobody was found:\n%s", text(found.body))
		}
		with := func(p page, role, reason string) url.Values {
			return p.hidden(map[string]string{"step": "save", "f_group_name": "Lekuton home", "member": id[1], "role_" + id[1]: role, "reason": reason})
		}
		p := b.post("/admin/groups/new", with(found, "member", "first visit")).want(t, http.StatusUnprocessableEntity, "begins with a head", `value="Lekuton home"`, "checked")
		p = b.post("/admin/groups/new", with(p, "head", " ")).want(t, http.StatusUnprocessableEntity, "Say why")
		p = b.post("/admin/groups/new", with(p, "head", "first visit")).want(t, http.StatusOK, "The group is made.", "Lekuton home", "1 member", "One person")
		b.get(p.path+"/members").want(t, http.StatusOK, "<Yusuf> & Lekuton", "Head")
		b.get("/admin/groups?q=lekuton&kind=household").want(t, http.StatusOK, "Lekuton home")
		b.get("/admin/groups?kind=family").want(t, http.StatusOK, "No group was found.")
		b.get("/admin/groups?field=group_name").want(t, http.StatusUnprocessableEntity, "Choose the state")
	})
}

// Groups are found by all that the interface for programs knows, are counted, and go
// into a download as they were found.
func TestGroupsAreFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		g := w.household()
		other, err := w.registry.CreateGroup(w.t.Context(), w.actor(registry.RoleRegistrar), "family", registry.Change{Reason: "visit", Set: map[string]string{"group_name": "Kisima family"}},
			[]registry.NewMember{{MemberID: w.person.ID, Role: registry.HeadRole}})
		w.must(err)
		b.get("/admin/groups").want(t, http.StatusOK, "2 groups", g.Number, other.Number)
		only := func(query string, want, not registry.Group) page {
			t.Helper()
			p := b.get("/admin/groups?"+query).want(t, http.StatusOK, "One group", want.Number)
			if strings.Contains(p.body, not.Number) {
				t.Errorf("%s finds others, too", query)
			}
			return p
		}
		only("kind=household&field=dwelling_type&state=NEW", g, other)
		only("kind=family", other, g).want(t, http.StatusOK, "Export these", "/admin/exports/new?kind=family")
		only("q=kisima&as_written=true", other, g)
		b.get("/admin/groups?version=Survey+2026").want(t, http.StatusOK, "No group was found")
		b.get("/admin/groups?default_version=Survey+2026").want(t, http.StatusOK, "No group was found")
		b.get("/admin/groups?changed_since=2999-01-01").want(t, http.StatusOK, "No group was found")
		b.get("/admin/groups?changed_since=yesterday").want(t, http.StatusUnprocessableEntity, "changed_since-wrong")
		b.get("/admin/groups?area=NOWHERE").want(t, http.StatusOK, "No group was found")
		b.get("/admin/groups?kind=nonsense").want(t, http.StatusUnprocessableEntity)
		b.get("/admin/exports/new?kind=family&q=kisima").want(t, http.StatusOK, `value="kisima"`, `value="family" selected`)
		if p := w.staff("en", registry.RoleAuditor).get("/admin/groups?kind=family").want(t, http.StatusOK, other.Number); strings.Contains(p.body, "Export these") {
			t.Error("an auditor is offered a download")
		}
	})
}

// Members come, get another role and leave; the head cannot leave without a successor.
func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		g, brian := w.household(), w.someone("Brian")
		at := "/admin/groups/" + g.ID.String()
		p := b.get(at+"/members?q=brian").want(t, http.StatusOK, brian.Number)
		form := p.hidden(map[string]string{"member": brian.ID.String(), "role": "child", "start": "1970-01-01", "reason": "came back"})
		p = b.post(at+"/members", form).want(t, http.StatusUnprocessableEntity, "before a birth", `value="1970-01-01"`)
		form = p.hidden(map[string]string{"member": brian.ID.String(), "role": "child", "start": "2026-01-01", "reason": "came back"})
		b.post(at+"/members", form).want(t, http.StatusOK, "The members are added.", "Brian Otieno", "Child")
		again := b.get(at + "/members?q=brian").hidden(map[string]string{"member": brian.ID.String(), "role": "child", "reason": "again"})
		b.post(at+"/members", again).want(t, http.StatusUnprocessableEntity, "in the group already")
		b.post(at+"/members", b.get(at+"/members?q=brian").hidden(map[string]string{"role": "child", "reason": "again"})).want(t, http.StatusUnprocessableEntity, "Tick at least one.")

		head, child := at+"/members/"+w.person.ID.String()+"/1", at+"/members/"+brian.ID.String()+"/1"
		p = b.get(head).want(t, http.StatusOK, "Next head", "Brian Otieno")
		p = b.post(head, p.hidden(map[string]string{"step": "end", "why": "moved away"})).want(t, http.StatusUnprocessableEntity, "without a head", "moved away")
		b.post(head, p.hidden(map[string]string{"step": "end", "why": " ", "next_head": brian.ID.String()})).want(t, http.StatusUnprocessableEntity, "Say why")
		p = b.get(child)
		p = b.post(child, p.hidden(map[string]string{"step": "role", "role": "head", "reason": "took over"})).want(t, http.StatusUnprocessableEntity, "Another member has this role")
		b.post(child, p.hidden(map[string]string{"step": "role", "role": "head", "former": "member", "reason": "took over"})).want(t, http.StatusOK, "The role is changed.")
		b.get(child).want(t, http.StatusOK, "Child", "Became:")
		second := at + "/members/" + w.person.ID.String() + "/2"
		b.post(second, b.get(second).hidden(map[string]string{"step": "end", "why": "moved away"})).want(t, http.StatusOK, "The membership has an end.")
		b.get(at+"/members?all=1").want(t, http.StatusOK, "<Yusuf>")
		b.get(at+"/members?as_of=2025-06-01").want(t, http.StatusOK, "<Yusuf>")
		b.get(at+"/members?as_of=nonsense").want(t, http.StatusUnprocessableEntity)
		b.get(at+"/members/"+uuid.NewString()+"/1").want(t, http.StatusNotFound)
		b.get(at+"/members/x/y").want(t, http.StatusNotFound)
	})
}

// A group is edited with a check page; who was slower sees both values.
func TestGroupIsEdited(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		at := "/admin/groups/" + w.household().ID.String()
		form := b.get(at+"/edit").want(t, http.StatusOK).hidden(map[string]string{"f_rooms_count": "4", "reason": "counted", "step": "check"})
		check := b.post(at+"/edit", form).want(t, http.StatusOK, "One detail changes")
		b.post(at+"/edit", check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "The record is saved.", "4")
		form.Set("step", "check")
		form.Set("f_rooms_count", "5")
		b.post(at+"/edit", form).want(t, http.StatusConflict, "Somebody was quicker")
		bad := b.get(at + "/edit").hidden(map[string]string{"f_rooms_count": "many", "reason": "counted", "step": "check"})
		b.post(at+"/edit", bad).want(t, http.StatusUnprocessableEntity, "many")
	})
}

// A group ends with all memberships; a great one by a job that its page tells of.
func TestGroupEnds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		at := "/admin/groups/" + w.household().ID.String()
		p := b.get(at+"/end").want(t, http.StatusOK, "One membership ends")
		p = b.post(at+"/end", p.hidden(map[string]string{"on": "2999-01-01", "reason": "gone"})).want(t, http.StatusUnprocessableEntity, "not come yet", "gone")
		stale := p.hidden(map[string]string{"reason": "gone"})
		stale.Set("version", "7")
		b.post(at+"/end", stale).want(t, http.StatusConflict, "Somebody changed the group")
		p = b.get(at + "/end")
		b.post(at+"/end", p.hidden(map[string]string{"reason": "gone"})).want(t, http.StatusOK, "The group has ended.", "Ended")
		b.get(at+"/end").want(t, http.StatusOK, "ended already")
		b.get(at+"/members").want(t, http.StatusOK, "There is nobody in it.")

		var many []registry.NewMember
		for i := range 60 {
			many = append(many, registry.NewMember{MemberID: w.someone(fmt.Sprintf("Neighbour %c%c", 'a'+i/26, 'a'+i%26)).ID, Role: "member"})
		}
		g, err := w.registry.CreateGroup(t.Context(), w.actor(registry.RoleRegistrar), "community", registry.Change{Reason: "visit", Set: map[string]string{"group_name": "Kisima"}}, many)
		w.must(err)
		at = "/admin/groups/" + g.ID.String()
		first := b.get(at+"/members").want(t, http.StatusOK, "Next page")
		if n := strings.Count(first.body, "/members/"); n != 50 {
			t.Errorf("%d members on a page", n)
		}
		p = b.get(at+"/end").want(t, http.StatusOK, "goes on for a while")
		b.post(at+"/end", p.hidden(map[string]string{"reason": "gone"})).want(t, http.StatusOK, "The work waits for its turn.")
	})
}

// In a great group a member is found by name, number and role; more are added at once than
// a page shows; and the next head goes by the number.
func TestAGreatGroup(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		ids := make([]string, 210)
		var last registry.Person
		for i := range ids {
			last = w.someone(fmt.Sprintf("Neighbour %c%c", 'a'+i/26, 'a'+i%26))
			ids[i] = last.ID.String()
		}
		at := "/admin/groups/" + w.household().ID.String()
		form := b.get(at + "/members?q=neighbour").hidden(map[string]string{"role": "other_relative", "reason": "a great house"})
		form["member"] = ids
		form.Del("reason")
		refused := b.post(at+"/members", form).want(t, http.StatusUnprocessableEntity, "Say why", last.Number)
		if n := strings.Count(refused.body, " checked"); n != len(ids) {
			t.Errorf("%d are ticked still, want %d", n, len(ids))
		}
		form.Set("reason", "a great house")
		b.post(at+"/members", form).want(t, http.StatusOK, "The members are added.", "211 members")
		for _, query := range []string{"who=" + last.Number, "who=Neighbour+" + last.Values["given_name"].Text[len("Neighbour "):]} {
			found := b.get(at+"/members?"+query).want(t, http.StatusOK, last.Number)
			if n := strings.Count(found.body, `data-label="Role"`); n != 1 {
				t.Errorf("%s: %d members", query, n)
			}
		}
		heads := b.get(at+"/members?in_role=head").want(t, http.StatusOK, w.person.Number)
		if n := strings.Count(heads.body, `data-label="Role"`); n != 1 {
			t.Errorf("%d heads", n)
		}
		b.get(at+"/members?who=nobody+here").want(t, http.StatusOK, "Nobody")
		head := at + "/members/" + w.person.ID.String() + "/1"
		p := b.get(head).want(t, http.StatusOK, "write the registration number")
		p = b.post(head, p.hidden(map[string]string{"step": "end", "why": "moved", "next_head": "SR-00000000000"})).want(t, http.StatusUnprocessableEntity, "no such person", `value="SR-00000000000"`)
		b.post(head, p.hidden(map[string]string{"step": "end", "why": "moved", "next_head": " " + strings.ToLower(last.Number)})).want(t, http.StatusOK, "The membership has an end.")
		b.get(at+"/members?in_role=head").want(t, http.StatusOK, last.Number)
	})
}

// Who only reads groups changes none; who is not there is not found.
func TestGroupsAreKeptByTheirKeepers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		at := "/admin/groups/" + w.household().ID.String()
		auditor := w.staff("en", registry.RoleAuditor)
		for _, path := range []string{at, at + "/members", "/admin/groups", at + "/members/" + w.person.ID.String() + "/1"} {
			if p := auditor.get(path).want(t, http.StatusOK); strings.Contains(p.body, `action="`+at) && strings.Contains(p.body, `method="post" action="`+at) {
				t.Errorf("%s has a form", path)
			}
		}
		for _, path := range []string{"/admin/groups/new", at + "/edit", at + "/end"} {
			auditor.get(path).want(t, http.StatusForbidden, "Registrar", "Field worker")
		}
		auditor.post(at+"/members", url.Values{"member": {w.person.ID.String()}, "reason": {"x"}}).want(t, http.StatusForbidden)
		auditor.post(at+"/end", url.Values{"reason": {"x"}, "version": {"1"}}).want(t, http.StatusForbidden)
		w.registrant("en").get(at).want(t, http.StatusForbidden)
		for _, path := range []string{"/admin/groups/x", "/admin/groups/" + uuid.NewString(), "/admin/groups/" + w.person.ID.String(), "/admin/groups/new?kind=none"} {
			w.staff("en", registry.RoleRegistrar).get(path).want(t, http.StatusNotFound)
		}
	})
}

// A family is recorded from the household page: whoever is found is chosen, mistakes
// are told at the input, and what has ended or was wrong is ended or taken back.
func TestFamilyIsRecorded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		at := "/admin/people/" + w.person.ID.String() + "/household"
		brian, child := w.someone("Brian"), w.someone("Chebet")
		b.get(at).want(t, http.StatusOK, "belongs to no group", "Nothing is recorded of this family.", "No relatives follow")
		p := b.get(at+"?tie=spouse&q=brian").want(t, http.StatusOK, "New spouse or partner", brian.Number)
		p = b.post(at, p.hidden(map[string]string{"is_married": "1", "married_on": "1970-01-01", "spouse_id": brian.ID.String(), "reason": "certificate"})).
			want(t, http.StatusUnprocessableEntity, "before a birth", `value="1970-01-01"`, brian.Number)
		b.post(at, p.hidden(map[string]string{"is_married": "1", "spouse_id": brian.ID.String(), "reason": " "})).want(t, http.StatusUnprocessableEntity, "Say why")
		b.post(at, p.hidden(map[string]string{"is_married": "1", "reason": "certificate"})).want(t, http.StatusUnprocessableEntity, "This is needed.")
		p = b.post(at, p.hidden(map[string]string{"is_married": "1", "married_on": "2015-06-01", "spouse_id": brian.ID.String(), "reason": "certificate"})).
			want(t, http.StatusOK, "The family is saved.", "married on", "Brian Otieno")

		marriage := unescape(regexp.MustCompile(`\?tie=marriage[^"#]+`).FindString(p.body))
		p = b.get(at+marriage).want(t, http.StatusOK, "Marriage or partnership", `value="2015-06-01"`)
		p = b.post(at, p.hidden(map[string]string{"step": "save", "is_married": "1", "married_on": "2015-06-01", "is_separated": "1", "separated_on": "2010-01-01", "reason": "court"})).
			want(t, http.StatusUnprocessableEntity, "before the marriage")
		stale := p.hidden(map[string]string{"step": "save", "is_married": "1", "married_on": "2015-06-01", "is_separated": "1", "reason": "court"})
		stale.Set("expect", "0")
		b.post(at, stale).want(t, http.StatusConflict, "Somebody changed this record meanwhile")
		b.post(at, p.hidden(map[string]string{"step": "save", "is_married": "1", "married_on": "2015-06-01", "is_separated": "1", "reason": "court"})).want(t, http.StatusOK, "separated")
		p = b.get(at + marriage)
		b.post(at, p.hidden(map[string]string{"step": "remove", "reason": "wrong person"})).want(t, http.StatusOK, "Nothing is recorded of this family.")

		w.childAndGuardian(t, b, child)
		b.get(at).want(t, http.StatusOK, "Chebet Otieno", "Child", "by adoption")
		own := b.get(at+"?tie=parents&q=chebet").want(t, http.StatusOK, child.Number)
		b.post(at, own.hidden(map[string]string{"parent1_id": child.ID.String(), "age_reason": "x", "reason": "form"})).want(t, http.StatusUnprocessableEntity, "descends from the child")
	})
}

// childAndGuardian records the person of the world as parent and as guardian.
func (w *world) childAndGuardian(t *testing.T, b *browser, child registry.Person) {
	t.Helper()
	at := "/admin/people/" + child.ID.String() + "/household"
	p := b.get(at+"?tie=parents&q=amina").want(t, http.StatusOK, w.person.Number)
	p = b.post(at, p.hidden(map[string]string{"parent1_id": w.person.ID.String(), "is_adopted": "1", "reason": "form"})).want(t, http.StatusUnprocessableEntity, "hardly older than the child", "checked")
	b.post(at, p.hidden(map[string]string{"parent1_id": w.person.ID.String(), "is_adopted": "1", "age_reason": "adopted late", "reason": "form"})).want(t, http.StatusOK, "adopted")
	p = b.get(at + "?tie=guardian&q=amina")
	p = b.post(at, p.hidden(map[string]string{"guardian_id": w.person.ID.String(), "from": "1995-01-01", "reason": "court"})).want(t, http.StatusUnprocessableEntity, "not yet of age")
	p = b.post(at, p.hidden(map[string]string{"guardian_id": w.person.ID.String(), "from": "2020-01-01", "reason": "court"})).want(t, http.StatusOK, "since")
	guardianship := unescape(regexp.MustCompile(`\?tie=guardianship[^"#]+`).FindString(p.body))
	p = b.get(at + guardianship)
	p = b.post(at, p.hidden(map[string]string{"step": "save", "to": "2019-01-01", "reason": "court"})).want(t, http.StatusUnprocessableEntity, "before the first")
	b.post(at, p.hidden(map[string]string{"step": "save", "to": "2026-01-01", "reason": "court"})).want(t, http.StatusOK, "1 January 2026")
	b.post(at, b.get(at+guardianship).hidden(map[string]string{"step": "remove", "reason": "mistake"})).want(t, http.StatusOK, "The family is saved.")
}

// Who only reads a family has no form for it.
func TestFamilyIsKeptByItsKeepers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		at := "/admin/people/" + w.person.ID.String() + "/household"
		auditor := w.staff("en", registry.RoleAuditor)
		if p := auditor.get(at+"?tie=spouse&q=brian").want(t, http.StatusOK); strings.Contains(p.body, "Record a relation") {
			t.Error("an auditor has the form")
		}
		auditor.post(at, url.Values{"tie": {"spouse"}}).want(t, http.StatusForbidden)
		registrar := w.staff("en", registry.RoleRegistrar)
		registrar.get("/admin/people/"+uuid.NewString()+"/household").want(t, http.StatusNotFound)
		registrar.get(at+"?tie=nonsense&degree=99").want(t, http.StatusOK)
		registrar.post(at, registrar.get(at+"?tie=spouse&q=x").hidden(map[string]string{"tie": "nonsense", "reason": "x"})).want(t, http.StatusUnprocessableEntity)
	})
}

// A group has the pages of a record that a person has: decisions, versions, log,
// documents and identifiers, each with the head of the group.
func TestGroupIsARecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		g := w.household()
		at := "/admin/groups/" + g.ID.String()
		b := w.staff("en", registry.RoleAttester)
		for _, path := range []string{"/attest", "/versions", "/versions/1", "/compare?from=1&to=1", "/as-of?day=2026-11-22", "/log", "/documents", "/identifiers", "/attestations/group_name"} {
			p := b.get(at+path).want(t, http.StatusOK, "<Yusuf> home", `href="`+at+`/members"`)
			if strings.Contains(p.body, `href="/admin/people/`+g.ID.String()) {
				t.Errorf("%s leads to a person's page", path)
			}
		}
		p := b.get(at + "/attest")
		b.post(at+"/attest", p.hidden(map[string]string{"field": "dwelling_type", "decision": "reject"})).want(t, http.StatusUnprocessableEntity, "comment")
		p = b.post(at+"/attest", p.hidden(map[string]string{"field": "dwelling_type", "decision": "attest"})).want(t, http.StatusOK, "The decisions are saved.", "Attested")
		if p.path != at+"/attest" {
			t.Errorf("at %s", p.path)
		}
		w.staff("en", registry.RoleAuditor).post(at+"/attest", url.Values{"field": {"dwelling_type"}, "decision": {"attest"}, "version": {"1"}}).want(t, http.StatusForbidden)
	})
}
