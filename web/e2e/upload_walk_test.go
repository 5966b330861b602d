package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestUploadWalk goes the whole way of a file through the forms alone: template,
// check, problems, saving, the log, and taking it back, with scripts and without.
func TestUploadWalk(t *testing.T) {
	prepare(t)
	for i, v := range []variant{{lang: "en", width: 1280, scripts: true}, {lang: "ar", width: 360}} {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			x.cookie("sr_session", sessionOf(t, "admin", staffPassword))
			x.uploadFile(fmt.Sprintf("Walker%d", i))
			x.saveAndUndo()
		})
	}
}

// uploadFile sends a file with good rows and bad ones, and reads what is wrong.
func (x *tab) uploadFile(name string) {
	x.t.Helper()
	x.open("/admin/uploads/new")
	x.press("#upload button[type=submit]")
	x.check("walk_upload_refused")
	x.wants("main .notice.bad")
	file := filepath.Join(x.t.TempDir(), "visit.csv")
	rows := "given_name,birth_date,colour\n" + name + ",1980-02-03,red\n" + name + ",2999-01-01,blue\n" + strings.Repeat(name+",1990-01-01,\n", 3)
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		x.t.Fatal(err)
	}
	x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	x.press("#upload button[type=submit]")
	x.picture("walk_upload_running")
	x.worked()
	x.wants("#apply", "birth_date", "colour")
	x.check("walk_upload_checked")
}

// saveAndUndo saves the good rows, sees them in the log and takes them back.
func (x *tab) saveAndUndo() {
	x.t.Helper()
	x.press("#apply button[type=submit]")
	x.worked()
	x.wants("#form-undo")
	x.check("walk_upload_saved")
	at := eval[string](x, "location.pathname")
	x.press("main a[href^='/admin/changes?import=']")
	x.wants("main table", "SR-")
	x.check("walk_upload_changes")
	x.open(at)
	x.press("#form-undo button[type=submit]")
	x.wants("#reason[aria-invalid=true]")
	x.fill("#reason", "The wrong file")
	x.press("#form-undo button[type=submit]")
	x.worked()
	x.wants("#apply")
	x.check("walk_undo_checked")
	x.press("#apply button[type=submit]")
	x.worked()
	x.open(at)
	if x.has("#form-undo") {
		x.t.Errorf("%s: what was taken back is offered to be taken back: %s", x.v, x.text("main"))
	}
}

// worked waits for the job that the page shows: a page with scripts sees its end by
// itself, one without is opened again.
func (x *tab) worked() {
	x.t.Helper()
	if x.v.scripts {
		x.until(`!document.querySelector("[hx-trigger]")`)
		return
	}
	for deadline := time.Now().Add(30 * time.Second); x.has("[hx-trigger]"); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			x.t.Fatalf("%s: the job has no end: %s", x.v, x.text("main"))
		}
		x.open(strings.TrimPrefix(x.where(), x.on.url))
	}
}
