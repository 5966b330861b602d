package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

// work works off the jobs that are due, as a server does.
func (w *world) work() {
	w.t.Helper()
	runner, err := jobs.New(jobs.Config{DB: w.db, Handlers: w.registry.JobHandlers(), Ended: w.registry.JobEnded, Now: w.Now})
	w.must(err)
	_, err = runner.Drain(w.t.Context())
	w.must(err)
}

// worked is a page whose job has been done since.
func (b *browser) worked(p page) page {
	b.w.t.Helper()
	if p.status != http.StatusOK {
		return p
	}
	b.w.work()
	return b.get(p.path)
}

func TestUploadIsCheckedThenSaved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		status := registrar.upload("visit.csv", "Given name,Date of birth,Colour\nOtieno,1980-02-03,red\nZawadi,2999-01-01,blue\n")
		status.want(t, http.StatusOK, "Nothing is saved until you confirm", "1 would be new", "1 row has problems", "Colour", "Save 1 row", "Date of birth")
		if found, err := w.registry.Search(t.Context(), registry.System(), registry.Query{Text: "Otieno"}); err != nil || len(found.People) != 0 {
			t.Errorf("the check has saved: %d, %v", len(found.People), err)
		}
		registrar.get(status.path+"/problems.csv").want(t, http.StatusOK, "3,Date of birth,")
		form := status.hidden(nil)
		registrar.worked(registrar.post(status.path+"/apply", form)).want(t, http.StatusOK, "The file was saved", "1 is new")
		registrar.worked(registrar.post(status.path+"/apply", form)).want(t, http.StatusOK, "The file was saved")
		registrar.get("/admin/people?q=otieno").want(t, http.StatusOK, "Otieno")
		registrar.get("/admin/uploads/template.csv").want(t, http.StatusOK, "given_name,")

		registrar.upload("broken.csv", "no,known,header\n1,2,3\n").want(t, http.StatusOK, "Cannot be used", "1 problem")
		registrar.upload("", "x").want(t, http.StatusUnprocessableEntity, "Choose a file")
		w.staff("en", registry.RoleAttester).get(status.path).want(t, http.StatusForbidden)
		registrar.get("/admin/uploads/nonsense").want(t, http.StatusNotFound)
		w.staff("en", registry.RoleAuditor).get("/admin/uploads").want(t, http.StatusForbidden, "Registrar")
		registrar.get("/admin/uploads").want(t, http.StatusOK, "visit.csv", "broken.csv", "Saved")
		registrar.get("/admin/uploads?after=nonsense").want(t, http.StatusUnprocessableEntity)
		registrar.get("/admin/uploads/template.xlsx?template_kind=person").want(t, http.StatusOK, "PK")
		registrar.get("/admin/uploads/template.csv?template_kind=nonsense").want(t, http.StatusUnprocessableEntity)
		registrar.get("/admin/uploads/template.csv?template_carries=values").want(t, http.StatusOK, "registration_number,version_no")
	})
}

// An undo is asked for with a reason, and of many rows the number is typed.
func TestUploadOfManyIsTyped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		p := registrar.upload("many.csv", "Given name\n"+strings.Repeat("Otieno\n", 1001)).want(t, http.StatusOK, "Type 1,001 to confirm")
		registrar.post(p.path+"/apply", p.hidden(nil)).want(t, http.StatusUnprocessableEntity, "This is not the number")
		registrar.post(p.path+"/apply", p.hidden(map[string]string{"count": "1001 <b>"})).want(t, http.StatusUnprocessableEntity, "This is not the number")
		live := registrar.post(p.path+"/apply", p.hidden(map[string]string{"count": "١٬٠٠١"})).want(t, http.StatusOK, "Waiting", "Look again", "hx-trigger")
		done := registrar.worked(live).want(t, http.StatusOK, "1,001 are new", "See these changes", "Take this upload back")
		registrar.post(p.path+"/undo", done.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Give a reason")
		undo := registrar.worked(registrar.post(p.path+"/undo", done.hidden(map[string]string{"reason": "the wrong file"})))
		undo.want(t, http.StatusOK, "1,001 would be made inactive", "takes an upload back")
		ask := url.Values{"kind": {"person"}, "fields": {"given_name"}, "format": {"csv"}, "purpose": {"a survey"}, "step": {"count"}}
		send := func(count string) page {
			ask.Set("form", registrar.get("/admin/exports/new").hidden(nil).Get("form"))
			ask.Set("count", count)
			return registrar.post("/admin/exports", ask)
		}
		send("").want(t, http.StatusOK, "Type 1,002 to confirm")
		ask.Set("step", "start")
		ask.Set("counted", "1002")
		send("1001 <b>").want(t, http.StatusUnprocessableEntity, "This is not the number", "count-wrong", "Type 1,002 to confirm")
		registrar.worked(send("1 002")).want(t, http.StatusOK, "Done")
		registrar.get("/admin/exports").want(t, http.StatusOK, "KB")
		registrar.post(undo.path+"/discard", undo.hidden(nil)).want(t, http.StatusOK, "Given up")

		auditor := w.staff("en", registry.RoleAuditor)
		auditor.get("/admin/changes").want(t, http.StatusOK, `value="dwelling_type"`, "1,001 records in one go", "many.csv", w.person.Number)
		of := strings.TrimPrefix(p.path, "/admin/uploads/")
		auditor.get("/admin/changes?import="+of).want(t, http.StatusOK, "Changes of one upload", "Next page")
	})
}

// What an upload made is taken back on its page, also where that was interrupted.
func TestAnUploadIsTakenBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar, actor := w.staff("en", registry.RoleRegistrar), w.actor(registry.RoleRegistrar)
		source := registrar.upload("visit.csv", "Given name\n"+strings.Repeat("Otieno\n", 200)) // one batch of an undo
		source = registrar.worked(registrar.post(source.path+"/apply", source.hidden(nil))).want(t, http.StatusOK, "The file was saved", "200 are new")
		of, err := uuid.Parse(strings.TrimPrefix(source.path, "/admin/uploads/"))
		w.must(err)
		undo, err := w.registry.UndoImport(t.Context(), actor, of, "the wrong file")
		w.must(err)
		_, err = w.registry.CheckImport(t.Context(), actor, undo, nil)
		w.must(err)
		at := "/admin/uploads/" + undo.String()
		registrar.get(at).want(t, http.StatusOK, "200 would be made inactive", "Save 200 rows", "Delete this file")

		ctx, cut := context.WithCancel(t.Context())
		_, err = w.registry.ApplyImport(ctx, actor, undo, func(registry.ImportProgress) { cut() })
		if err == nil {
			t.Fatal("the undo was not interrupted")
		}
		half := registrar.get(at).want(t, http.StatusOK, "Being taken back", "200 were made inactive", "Go on")
		if strings.Contains(half.body, "would be") || strings.Contains(half.body, "/discard") {
			t.Errorf("what is half done is told as not begun:\n%s", text(half.body))
		}
		registrar.worked(registrar.post(at+"/apply", half.hidden(nil))).want(t, http.StatusOK, "200 were made inactive", "Saved")
		registrar.get(source.path).want(t, http.StatusOK, "Taken back")
	})
}

// Jobs are seen by who asked for them, and by who may see all; they are cancelled
// once.
func TestJobsAreFollowedAndCancelled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar, attester, admin := w.staff("en", registry.RoleRegistrar), w.staff("en", registry.RoleAttester), w.staff("en", registry.RoleAdmin)
		registrar.get("/admin/jobs").want(t, http.StatusOK, "There is no job here")
		form := registrar.get("/admin/exports/new?q=amina").want(t, http.StatusOK, `value="amina"`, "Count the rows", "Family name").hidden(nil)
		form.Set("kind", "person")
		registrar.post("/admin/exports", form).want(t, http.StatusUnprocessableEntity, "Details")
		form["fields"], form["q"], form["format"], form["step"] = []string{"given_name", "family_name"}, []string{"amina"}, []string{"csv"}, []string{"count"}
		form.Set("step", "start")
		form.Set("counted", "1")
		registrar.post("/admin/exports", form).want(t, http.StatusUnprocessableEntity, "needed")
		form.Set("step", "count")
		form.Set("purpose", "<b>a survey</b>")
		form.Set("changed_since", "yesterday")
		registrar.post("/admin/exports", form).want(t, http.StatusUnprocessableEntity, "Write the date", `value="yesterday"`)
		form.Set("changed_since", "")
		counted := registrar.post("/admin/exports", form).want(t, http.StatusOK, "It would have 1 row.", "&lt;b&gt;a survey")
		form.Set("form", counted.hidden(nil).Get("form"))
		form.Set("counted", "1")
		form.Set("step", "start")
		job := registrar.post("/admin/exports", form).want(t, http.StatusOK, "Download", "Waiting", "Cancel this job")
		attester.get(job.path).want(t, http.StatusNotFound)
		admin.get(job.path).want(t, http.StatusOK, "Asked by", "registrar")
		admin.get("/admin/jobs?kind=export&state=queued").want(t, http.StatusOK, job.path)
		admin.get("/admin/jobs?state=nonsense").want(t, http.StatusUnprocessableEntity)
		admin.get("/admin/jobs/nonsense").want(t, http.StatusNotFound)
		done := registrar.worked(job).want(t, http.StatusOK, "Done", "Go to the download")
		file := regexp.MustCompile(`/admin/exports/[0-9a-f-]{36}`).FindString(done.body)
		at := registrar.get(file).want(t, http.StatusOK, "Download the file", "Given name")
		registrar.get(file+"/file.csv").want(t, http.StatusOK, "Amina")
		attester.get(file).want(t, http.StatusNotFound)
		w.staff("en", registry.RoleAuditor).get("/admin/exports/new").want(t, http.StatusForbidden, "Registrar")
		registrar.post(file+"/drop", at.hidden(nil)).want(t, http.StatusOK, "The file is deleted", "the file is gone")
		registrar.get(file+"/file.csv").want(t, http.StatusGone)
		registrar.get("/admin/exports").want(t, http.StatusOK, "a survey")

		audit := admin.get("/admin/audit").want(t, http.StatusOK, "Check the records")
		check := admin.post("/admin/audit/check", audit.hidden(map[string]string{"chains": "1"})).want(t, http.StatusOK, "Cancel this job")
		admin.post(check.path+"/cancel", check.hidden(nil)).want(t, http.StatusOK, "Cancelled")
		admin.get("/admin/audit?sort=job").want(t, http.StatusOK, "Job", "cancelled")
		audit = admin.get("/admin/audit")
		admin.worked(admin.post("/admin/audit/check", audit.hidden(nil))).want(t, http.StatusOK, "Everything fits together")
		registrar.get("/admin/audit").want(t, http.StatusForbidden, "Auditor")
		registrar.get("/admin/changes").want(t, http.StatusForbidden, "Auditor")
		registrar.post("/admin/audit/check", url.Values{"form": audit.hidden(nil)["form"]}).want(t, http.StatusForbidden)
	})
}

// The log of everybody tells who, what and where, and no value.
func TestChangesOfEverybody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "sex")
		auditor := w.staff("en", registry.RoleAuditor)
		p := auditor.get("/admin/changes").want(t, http.StatusOK, "first visit", "Sex: Attested", "/admin/people/"+w.person.ID.String()+"/log")
		if strings.Contains(p.body, "Amina") || strings.Contains(p.body, "KE44712209") {
			t.Error("the log of everybody tells values")
		}
		auditor.get("/admin/changes?actor=nobody").want(t, http.StatusOK, "No change fits here")
		if p := auditor.get("/admin/changes?actor=attester&field=sex&channel=staff&since=2026-01-01"); !strings.Contains(p.body, "Attested") || strings.Contains(p.body, "first visit") {
			t.Errorf("the filter: %s", text(p.body))
		}
		auditor.get("/admin/changes?since=nonsense").want(t, http.StatusUnprocessableEntity)
		auditor.get("/admin/changes?after=nonsense").want(t, http.StatusUnprocessableEntity)
		auditor.get("/admin/changes?import=nonsense").want(t, http.StatusNotFound)
		auditor.get("/admin/audit?subject=account:admin").want(t, http.StatusOK, "All settings", "Account")
		auditor.get("/admin/audit?after=nonsense").want(t, http.StatusUnprocessableEntity)
	})
}

// filesTour is every page of files, of what they make and of the logs.
func (w *world) filesTour(admin *browser) (pages []page) {
	pages = append(pages, admin.upload("people.csv", "Given name,Colour\nOtieno,red\n,blue\n"))
	for _, path := range []string{"/admin/uploads", "/admin/uploads/new", "/admin/exports", "/admin/exports/new", "/admin/jobs", "/admin/changes", "/admin/audit"} {
		pages = append(pages, admin.get(path))
	}
	pages = append(append(pages, w.placesTour(admin)...), auditTour(admin)...)
	jobs := admin.get("/admin/jobs")
	return append(pages, admin.get(regexp.MustCompile(`/admin/jobs/[0-9a-f-]{36}`).FindString(jobs.body)))
}

// A file of a survey becomes named versions, of the day on which it was made; its
// headers and the order of its dates are told on the form.
func TestAnUploadOfASurvey(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		form := registrar.get("/admin/uploads/new").want(t, http.StatusOK, ".xlsx", "At most 1,000,000 rows of people", "At most 20,000 rows of groups").hidden(map[string]string{"kind": "person", "carries": "values", "mode": "update", "rule": "good",
			"label": "Survey 2026", "collected_at": "2999-01-01", "dates": "dmy", "map": "Name as told = full_name\nRoof =\n"})
		csv := "registration_number,Name as told,Date of birth,Roof\n" + w.person.Number + ",Amina of the survey,05/03/1990,tin\n"
		send := func(name, value string) page {
			t.Helper()
			if name != "" {
				form.Set(name, value)
			}
			form.Set("form", registrar.get("/admin/uploads/new").hidden(nil).Get("form"))
			return registrar.multipart("/admin/uploads", form, "survey.csv", csv)
		}
		send("", "").want(t, http.StatusUnprocessableEntity, "in the future", "details open", "Name as told = full_name", "Survey 2026")
		send("collected_at", "yesterday").want(t, http.StatusUnprocessableEntity, "collected_at-wrong")
		send("collected_at", "2026-01-31")
		send("dates", "ymd").want(t, http.StatusUnprocessableEntity, "dates-wrong")
		send("dates", "dmy")
		send("label", "7").want(t, http.StatusUnprocessableEntity, "label-wrong", "not a number alone")
		status := registrar.worked(send("label", "Survey 2026")).want(t, http.StatusOK, "1 would change", "Roof")
		registrar.worked(registrar.post(status.path+"/apply", status.hidden(nil))).want(t, http.StatusOK, "The file was saved", "1 was changed")
		registrar.get(w.address()+"/versions").want(t, http.StatusOK, "Survey 2026")
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		w.must(err)
		if p.Values["birth_date"].Text != "1990-03-05" {
			t.Errorf("the date is %q", p.Values["birth_date"].Text)
		}
	})
}

// An upload of groups says that nothing takes it back.
func TestAnUploadOfGroupsIsForGood(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		form := registrar.get("/admin/uploads/new").hidden(map[string]string{"kind": "household", "carries": "values", "mode": "create", "rule": "good"})
		csv := "group,group_name,member,role,start\nA,Household of Kisima," + w.person.Number + ",head,2020-01-01\n"
		status := registrar.worked(registrar.multipart("/admin/uploads", form, "groups.csv", csv)).want(t, http.StatusOK, "1 would be new", "cannot be taken back")
		done := registrar.worked(registrar.post(status.path+"/apply", status.hidden(nil))).want(t, http.StatusOK, "The file was saved", "cannot be taken back")
		if strings.Contains(done.body, "Take this upload back") {
			t.Error("an undo is offered that there is not")
		}
	})
}
