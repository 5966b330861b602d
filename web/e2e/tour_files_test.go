package e2e_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// preparedFiles is what the pages of files and of work show.
type preparedFiles struct {
	job, export string
	run         string // of a pull from a source
}

// prepareFiles makes a download and the check of the records.
func prepareFiles(t *testing.T, admin *client) (p preparedFiles) {
	t.Helper()
	form := url.Values{"kind": {"person"}, "fields": {"given_name", "family_name"}, "format": {"csv"}, "purpose": {"A letter to everybody in the northern villages"}, "step": {"count"}}
	body, _, err := admin.send("/admin/exports/new", "/admin/exports", form)
	if err != nil {
		t.Fatal(err)
	}
	form.Set("step", "start")
	form.Set("counted", match(t, body, `name="counted" value="(\d+)"`))
	_, at, err := admin.send("/admin/exports/new", "/admin/exports", form)
	if err != nil {
		t.Fatal(err)
	}
	p.job = strings.TrimPrefix(at.Path, "/admin/jobs/")
	p.export = match(t, admin.finished(t, at.Path), `/admin/exports/([0-9a-f-]{36})`)
	preparePlaces(t, admin)
	source := url.Values{"key": {"hospital"}, "label_en": {"Hospital"}, "mapping": {"census"}, "url": {"https://people.example/rows"}, "every": {"0"}, "reason": {"first"}}
	if _, _, err := admin.send("/admin/sources/new", "/admin/sources", source); err != nil {
		t.Fatal(err)
	}
	if _, _, err := admin.send("/admin/sources/hospital", "/admin/sources/hospital/pull", url.Values{}); err != nil { // nobody is there
		t.Fatal(err)
	}
	for range 100 {
		if body, err = admin.get("/admin/sources/hospital"); err != nil || strings.Contains(body, "/runs/") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.run = match(t, body, `/runs/([0-9a-f-]{36})`)
	return p
}

// preparePlaces makes two areas, an office and a mapping, and counts.
func preparePlaces(t *testing.T, admin *client) {
	t.Helper()
	for _, x := range []struct {
		page, to string
		form     url.Values
	}{
		{"/admin/areas/new", "/admin/areas", url.Values{"code": {"XA"}, "level": {"0"}, "name_en": {"The United Northern Provinces"}, "name_ar": {"المقاطعات الشمالية المتحدة"}, "reason": {"first"}}},
		{"/admin/areas/new", "/admin/areas", url.Values{"code": {"XA-1"}, "parent": {"XA"}, "name_en": {"Upper valley"}, "reason": {"first"}}},
		{"/admin/offices/new", "/admin/offices", url.Values{"code": {"XA-HQ"}, "area": {"XA"}, "label_en": {"Head office"}, "reason": {"first"}}},
		{"/admin/mappings/new", "/admin/mappings", url.Values{"key": {"census"}, "label_en": {"Census of 2026"}, "kind": {"person"}, "mode": {"create"}, "headers": {"First name = given_name\nThe colour of the house = "}, "reason": {"first"}}},
	} {
		body, at, err := admin.send(x.page, x.to, x.form)
		if err != nil || at.Query().Get("done") == "" {
			t.Fatalf("%s: %v at %s\n%s", x.to, err, at, body)
		}
	}
	_, at, err := admin.send("/admin/statistics", "/admin/statistics/count", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	admin.finished(t, at.Path)
}

// finished waits for the job that a page shows, and gives the page after it.
func (c *client) finished(t *testing.T, path string) string {
	t.Helper()
	for range 300 {
		body, err := c.get(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(body, "hx-trigger") {
			return body
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s is at work without an end", path)
	return ""
}

// filesTour: uploads, downloads, jobs and logs.
func (p prepared) filesTour() []stop {
	return []stop{
		{"/admin/uploads", "/admin/uploads", "registrar"}, {"/admin/uploads/new", "/admin/uploads/new", "registrar"}, {"/admin/uploads/:id", "/admin/uploads/" + p.upload, "registrar"},
		{"/admin/exports", "/admin/exports", "admin"}, {"/admin/exports/new", "/admin/exports/new?q=a", "registrar"}, {"/admin/exports/:id", "/admin/exports/" + p.files.export, "admin"},
		{"/admin/jobs", "/admin/jobs", "admin"}, {"/admin/jobs/:id", "/admin/jobs/" + p.files.job, "admin"},
		{"/admin/sources", "/admin/sources", "auditor"}, {"/admin/sources/new", "/admin/sources/new", "admin"}, {"/admin/sources/:key", "/admin/sources/hospital", "admin"},
		{"/admin/sources/:key/edit", "/admin/sources/hospital/edit", "admin"}, {"/admin/sources/:key/runs/:id", "/admin/sources/hospital/runs/" + p.files.run, "admin"},
		{"/admin/mappings", "/admin/mappings", "registrar"}, {"/admin/mappings/new", "/admin/mappings/new", "admin"},
		{"/admin/mappings/:key", "/admin/mappings/census", "admin"}, {"/admin/mappings/:key/edit", "/admin/mappings/census/edit", "admin"},
		{"/admin/areas", "/admin/areas", "admin"}, {"/admin/areas/new", "/admin/areas/new?parent=XA", "admin"}, {"/admin/areas/import", "/admin/areas/import", "admin"}, {"/admin/areas/:code", "/admin/areas/XA", "admin"},
		{"/admin/areas/:code/rename", "/admin/areas/XA-1/rename", "admin"}, {"/admin/areas/:code/move", "/admin/areas/XA-1/move", "admin"},
		{"/admin/offices", "/admin/offices", "auditor"}, {"/admin/offices/new", "/admin/offices/new", "admin"}, {"/admin/offices/:code", "/admin/offices/XA-HQ", "admin"}, {"/admin/offices/:code/edit", "/admin/offices/XA-HQ/edit", "admin"},
		{"", "/admin/statistics?area=XA", "auditor"}, {"/admin/statistics", "/admin/statistics", "admin"},
		{"/admin/changes", "/admin/changes", "auditor"}, {"/admin/audit", "/admin/audit", "auditor"},
		{"/admin/audit/sign-ins", "/admin/audit/sign-ins", "auditor"}, {"/admin/audit/credentials", "/admin/audit/credentials", "auditor"},
	}
}
