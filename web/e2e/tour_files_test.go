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
	return p
}

// finished waits for the job that a page shows, and gives the page after it.
func (c *client) finished(t *testing.T, path string) string {
	t.Helper()
	for range 300 {
		body, err := c.get(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(body, "data-live") {
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
		{"", "/admin/uploads/new", "attester"}, {"", "/admin/uploads/new", "auditor"},
		{"/admin/exports", "/admin/exports", "admin"}, {"/admin/exports/new", "/admin/exports/new?q=a", "registrar"}, {"/admin/exports/:id", "/admin/exports/" + p.files.export, "admin"},
		{"/admin/jobs", "/admin/jobs", "admin"}, {"/admin/jobs/:id", "/admin/jobs/" + p.files.job, "admin"}, {"", "/admin/jobs", "attester"},
		{"/admin/changes", "/admin/changes", "auditor"}, {"/admin/audit", "/admin/audit", "auditor"},
	}
}
