package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestFirstRun begins where nobody of the staff has an account: the first page leads
// to the three steps, and after them they are gone.
func TestFirstRun(t *testing.T) {
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			dir := t.TempDir()
			s, err := startServer(dir, "sqlite:"+filepath.Join(dir, "registry.db"), "SR_DEMO=false")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.stop)
			x := newTab(t, v)
			x.on = s
			x.open("/")
			x.at("/setup")
			x.check("first_look")
			x.fill("#name", "Registry of the North")
			x.press("main form button[type=submit]")
			x.at("/setup/account")
			if !strings.Contains(x.text("header"), "Registry of the North") {
				t.Errorf("%s: the name is not in the header: %s", v, x.text("header"))
			}
			x.check("first_account")
			x.fill("#username", "nasra")
			x.fill("#password", staffPassword)
			x.fill("#repeat", "another word")
			x.press("main form button[type=submit]")
			x.check("first_account_refused")
			x.wants("#repeat[aria-invalid=true]")
			x.fill("#password", staffPassword)
			x.fill("#repeat", staffPassword)
			x.press("main form button[type=submit]")
			x.at("/setup/data")
			x.check("first_people")
			x.wants("button[value=sample]")
			x.press("button[value=empty]")
			x.at("/admin")
			x.check("first_console")
			if !strings.Contains(x.text("header"), "nasra") {
				t.Errorf("%s: the administrator is not in: %s", v, x.text("header"))
			}
			x.firstRunIsOver()
			x.open("/setup/data")
			x.press("button[value=sample]") // an upload, checked by a job
			x.wants("main .job, #apply")
		})
	}
}

// firstRunIsOver looks for the steps again, as the administrator and as anybody.
func (x *tab) firstRunIsOver() {
	x.t.Helper()
	x.open("/setup")
	x.check("first_over")
	for _, path := range []string{"/setup", "/setup/account"} {
		x.open(path)
		c, err := x.on.client()
		if err == nil {
			_, err = c.get(path)
		}
		if err == nil || !strings.HasSuffix(err.Error(), "404 Not Found") || !x.has("#failure") {
			x.t.Errorf("%s: %s is still there: %v", x.v, path, err)
		}
	}
	x.signOut()
	x.open("/")
	x.at("/")
	x.open("/login")
	x.fill("#username", "nasra")
	x.fill("#password", staffPassword)
	x.press("main form button[type=submit]")
	x.at("/admin")
}
