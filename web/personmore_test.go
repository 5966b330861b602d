package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"socialregistry/registry"
)

// What was found is what the forms of a download and of a default version take over:
// whole values, names as they are written, areas in small letters.
func TestTheSearchIsTakenOverWhole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		_, err := w.registry.DefineField(t.Context(), w.actor(registry.RoleAdmin), registry.Field{Key: "ward", Section: "contact", Type: registry.TypeText, Label: map[string]string{"en": "Town ward"}, Searchable: true}, "census")
		w.must(err)
		var numbers []string
		for _, set := range []map[string]string{{"given_name": "Amina", "ward": "North"}, {"given_name": "Amena", "ward": "South"}} {
			person, err := w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "first visit", Set: set})
			w.must(err)
			numbers = append(numbers, person.Number)
		}
		b, key := w.staff("en", registry.RoleRegistrar), url.QueryEscape("value[ward]")
		list := b.get("/admin/people?q=amina&as_written=true&"+key+"=North").want(t, http.StatusOK, numbers[0], "/admin/exports/new?as_written=true&q=amina&"+key+"=North", "/admin/people/default?as_written=true&q=amina&"+key+"=North")
		if strings.Contains(list.body, numbers[1]) {
			t.Error("a name that only sounds alike is listed")
		}
		form := b.get("/admin/exports/new?q=amina&as_written=true&"+key+"=North").want(t, http.StatusOK, `name="value[ward]" type="text" value="North"`, `name="as_written" value="true" checked`).hidden(nil)
		form["fields"], form["kind"], form["format"], form["purpose"], form["step"] = []string{"given_name"}, []string{"person"}, []string{"csv"}, []string{"a letter"}, []string{"count"}
		count := func(want string, set ...string) {
			t.Helper()
			sent := maps.Clone(form)
			for i := 0; i < len(set); i += 2 {
				sent.Set(set[i], set[i+1])
			}
			status := http.StatusOK
			if !strings.HasPrefix(want, "It would have") {
				status = http.StatusUnprocessableEntity
			}
			b.post("/admin/exports", sent).want(t, status, want)
		}
		count("It would have 3 rows.", "q", "amina")
		count("It would have 2 rows.", "q", "amina", "as_written", "1")
		count("It would have 1 row.", "q", "amina", "as_written", "1", "value[ward]", "North")
		count("It would have 1 row.", "value[ward]", "South")
		count("This part of the search cannot be understood", "value[nonsense]", "x")
		count("It would have 0 rows.", "area", "ke-xx")
		count(`value="ke?"`, "area", "ke?")
		b.get("/admin/people?area=ke-xx").want(t, http.StatusOK, "Nobody was found.")
		b.get("/admin/people/default?as_written=true&q=amina&"+key+"=North").want(t, http.StatusOK, "Only names that are spelt like this", "Town ward", "North", `name="value[ward]" value="North"`)
	})
}

// Staff say why they look at a record, and the person reads it.
func TestWhyARecordIsLookedAt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, at := w.staff("en", registry.RoleAttester), "/admin/people/"+w.person.ID.String()
		form := b.get(at).want(t, http.StatusOK, "Why do you look?")
		b.post(at+"/why", form.hidden(map[string]string{"purpose": " "})).want(t, http.StatusUnprocessableEntity, "needed")
		b.post(at+"/why", form.hidden(map[string]string{"purpose": strings.Repeat("x", 201)})).want(t, http.StatusUnprocessableEntity, "at most 200", strings.Repeat("x", 201))
		b.post(at+"/why", form.hidden(map[string]string{"purpose": "<i>she asked at the desk</i>"})).want(t, http.StatusOK, "Your reason is kept", "Today you said:", "&lt;i&gt;she asked")
		w.registrant("en").get("/me/looks").want(t, http.StatusOK, "Why:", "she asked at the desk")
		w.staff("en", registry.RoleAuditor).get(at+"/looks").want(t, http.StatusOK, "attester", "she asked at the desk")
		b.post("/admin/people/nonsense/why", form.hidden(nil)).want(t, http.StatusNotFound)
	})
}

// What a person was told, which files held the record, and what was asked for and
// decided about it are parts of the record.
func TestMessagesDownloadsAndRequestsOfARecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, at := w.staff("en", registry.RoleAdmin), "/admin/people/"+w.person.ID.String()
		admin.get(at+"/messages").want(t, http.StatusOK, "This person was told nothing yet")
		admin.get(at+"/looks").want(t, http.StatusOK, "No file with this record was made yet.")
		admin.get(at+"/requests").want(t, http.StatusOK, "Nobody has asked for a change")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		w.issue(t, w.person.ID)
		w.attest(registry.StateRejected, "no", "given_name")
		w.follow(t)
		admin.get(at+"/messages").want(t, http.StatusOK, "not read yet")
		attester := w.staff("en", registry.RoleAttester)
		attester.get(at+"/messages").want(t, http.StatusForbidden, "Registrar")
		if p := attester.get(at); strings.Contains(p.body, at+"/messages") {
			t.Error("a tab leads where one may not go")
		}
		_, err := w.registry.Export(t.Context(), w.actor(registry.RoleRegistrar), new(strings.Builder), registry.ExportRequest{Fields: []string{"given_name"}, Purpose: "a <letter>"}, nil)
		w.must(err)
		admin.get(at+"/looks").want(t, http.StatusOK, "a &lt;letter&gt;", "Given name", "registrar", "/admin/exports/")
		me := w.registrant("en")
		if p := me.get("/me/looks").want(t, http.StatusOK, "Files that held this record", "a &lt;letter&gt;", "Given name"); strings.Contains(p.body, "/admin/") {
			t.Error("the person is led to a page of the console")
		}
		me.get("/me/data.json").want(t, http.StatusOK, `"downloads"`, "a \\u003cletter")
		me.get("/me/looks?downloads=nonsense").want(t, http.StatusUnprocessableEntity)
	})
}

// A request that was decided stays on the record, and is found by the record's number.
func TestDecidedRequestsOfARecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		q := w.asks(t, w.person.ID, map[string]string{"family_name": "Ochieng"})[0]
		_, err := w.registry.RejectRequest(t.Context(), w.actor(registry.RoleAdmin), registry.RequestVersion{ID: q.ID, Version: q.Version}, "not proved")
		w.must(err)
		b, at := w.staff("en", registry.RoleRegistrar), "/admin/people/"+w.person.ID.String()
		b.get(at+"/requests").want(t, http.StatusOK, "not proved", "/admin/requests/"+q.ID.String())
		b.get(at+"/requests?state=APPROVED").want(t, http.StatusOK, "Nothing fits this choice.")
		b.get(at+"/requests?state=nonsense").want(t, http.StatusUnprocessableEntity)
		b.get("/admin/requests?state=&number="+strings.ToLower(w.person.Number)).want(t, http.StatusOK, q.ID.String())
		if p := b.get("/admin/requests?state=&number=SR-1").want(t, http.StatusOK); strings.Contains(p.body, q.ID.String()) {
			t.Error("the number is not looked at")
		}
	})
}
