package e2e_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// days is a server with days that are not like others: work that does not get on,
// figures that are old, a database that is away. What its database holds is
// changed behind its back, so it has one of its own, on PostgreSQL.
type days struct {
	t          *testing.T
	on         *server
	socket     string // folder of PostgreSQL's socket
	endData    func() // stops PostgreSQL
	admin, own *client
	sessions   map[string]string
}

// TestBadDays looks at pages while things are not as they should be.
func TestBadDays(t *testing.T) {
	d := startDays(t)
	d.notCounted()
	d.workWaits()
	d.oldFigures()
	d.offersOver()
	d.tooManyTries()
	d.databaseAway()
}

func startDays(t *testing.T) *days {
	t.Helper()
	dir, err := os.MkdirTemp("", "sr-e2e-days")
	if err == nil {
		err = os.Chmod(dir, 0o711) // PostgreSQL, as somebody else, has its folder in it
	}
	d := &days{t: t, socket: filepath.Join(dir, "cluster"), sessions: map[string]string{}}
	if err == nil {
		err = os.Mkdir(d.socket, 0o700)
	}
	d.must(err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	address, stop, err := startPostgres(d.socket)
	d.must(err)
	ended := false
	d.endData = func() {
		if !ended {
			ended = true
			stop()
		}
	}
	t.Cleanup(d.endData)
	d.on, err = startServer(dir, address)
	d.must(err)
	t.Cleanup(d.on.stop)
	d.admin, err = d.on.client()
	d.must(err)
	d.must(d.admin.signIn("admin", staffPassword))
	d.own, err = d.on.client()
	d.must(err)
	_, _, err = d.own.post("/activate", url.Values{"number": {d.on.number}, "code": {d.on.code}, "passphrase": {ownPassphrase}, "repeat": {ownPassphrase}})
	d.must(err)
	return d
}

func (d *days) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// behind changes the database behind the server's back.
func (d *days) behind(sql string) {
	d.t.Helper()
	out, err := exec.Command("psql", "-X", "-h", d.socket, "-U", "postgres", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", sql).CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s: %v\n%s", sql, err, out)
	}
}

// looks opens a page in the two variants and sees that the selector is there.
func (d *days) looks(who *client, path, name, selector string) {
	d.t.Helper()
	for _, v := range stateVariants() {
		x := d.tab(v)
		if who != nil {
			x.cookie("sr_session", who.session())
		}
		x.open(path)
		x.look(name, selector)
		x.free()
	}
}

// look checks the page that is open.
func (x *tab) look(name, selector string) {
	x.t.Helper()
	x.picture("day_" + name + ".")
	for _, finding := range append(x.inspect(), x.heard()...) {
		x.t.Errorf("%s, %s: %s", x.v, name, finding)
	}
	if !x.has(selector) {
		x.t.Errorf("%s, %s: no %s: %s", x.v, name, selector, x.text("main"))
	}
}

// tab is a window that visits this server, until it is freed.
func (d *days) tab(v variant) *tab {
	d.t.Helper()
	x := borrowTab(d.t, v)
	x.on = d.on
	x.signOut()
	return x
}

// notCounted asks for figures before there are any: those that the server counts
// when it starts are taken away.
func (d *days) notCounted() {
	d.t.Helper()
	for tries := 0; ; tries++ {
		if tries == 600 {
			d.t.Fatal("the server does not count by itself")
		}
		body, err := d.admin.get("/admin/statistics")
		d.must(err)
		if strings.Contains(body, "/admin/statistics/people.csv") && !strings.Contains(body, `class="job"`) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.behind(`UPDATE stat_refresh SET as_of = '1970-01-01T00:00:00Z'`)
	d.looks(d.admin, "/admin/statistics/people.csv", "not_counted", "#failure")
	d.looks(d.admin, "/admin/statistics", "no_figures", "main .card")
}

// workWaits starts every kind of work that a page follows, while nobody takes it
// up; then it runs and does not end.
func (d *days) workWaits() {
	d.t.Helper()
	d.behind(`CREATE FUNCTION nobody() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
		CREATE TRIGGER nobody BEFORE UPDATE ON job FOR EACH ROW WHEN (NEW.state = 'running' AND NEW.worker <> 'nobody') EXECUTE FUNCTION nobody()`)
	upload := d.admin.sendUpload(d.t, badCSV)
	_, count, err := d.admin.send("/admin/statistics", "/admin/statistics/count", url.Values{})
	d.must(err)
	d.must(d.admin.create("/api/v1/programmes", map[string]any{"code": "school_meals", "label": map[string]string{"en": "School meals"}, "kinds": []string{"person"}, "start": "2020-01-01", "reason": "trial"}, nil))
	_, enrol, err := d.admin.send("/admin/programmes/school_meals/list", "/admin/programmes/school_meals/list", url.Values{"numbers": {d.on.number}, "status": {"APPLIED"}, "counted": {"1"}, "reason": {"a list from the school"}})
	d.must(err)
	var made struct{ ID string }
	d.must(d.admin.create("/api/v1/groups", map[string]any{"kind": "community", "reason": "trial", "values": map[string]string{"group_name": "A village of thousands"}}, &made))
	form := url.Values{"kind": {"person"}, "fields": {"given_name"}, "format": {"csv"}, "purpose": {"A letter to everybody in the north"}, "step": {"count"}}
	body, _, err := d.admin.send("/admin/exports/new", "/admin/exports", form)
	d.must(err)
	form.Set("step", "start")
	form.Set("counted", match(d.t, body, `name="counted" value="(\d+)"`))
	_, _, err = d.admin.send("/admin/exports/new", "/admin/exports", form)
	d.must(err)
	body, err = d.admin.get("/admin/exports")
	d.must(err)
	pages := map[string]string{"upload": upload, "statistics": "/admin/statistics", "job": count.Path, "jobs": "/admin/jobs", "enrol": enrol.RequestURI(), "group": "/admin/groups/" + made.ID + "?" + enrol.RawQuery, // it follows the job that its address names

		"export": "/admin/exports/" + match(d.t, body, `/admin/exports/([0-9a-f-]{36})`)}
	for name, path := range pages {
		d.looks(d.admin, path, name+"_waits", "main :is(.job[data-state=queued], #job.wait, table)")
	}
	d.behind(`UPDATE job SET state = 'running', worker = 'nobody', attempts = 1, fence = fence + 1, progress = 412345, total = 1000000, lease_until = 9000000000000000 WHERE state = 'queued'`)
	for name, path := range pages {
		d.looks(d.admin, path, name+"_runs", "main :is(.job[data-state=running], #job.wait, table)")
	}
	d.behind(`DROP TRIGGER nobody ON job; UPDATE job SET state = 'queued', worker = '', progress = 0, total = 0, lease_until = 0 WHERE worker = 'nobody'`)
	d.admin.finished(d.t, count.Path)
	d.admin.finished(d.t, pages["export"])
	d.behind(`DELETE FROM blob WHERE expires_at IS NOT NULL`) // as after its time
	d.looks(d.admin, pages["export"]+"/file.csv", "file_gone", "#failure")
}

// oldFigures are figures that nobody has counted for a long time, and messages
// that did not get out.
func (d *days) oldFigures() {
	d.t.Helper()
	d.behind(`UPDATE stat_refresh SET as_of = as_of - interval '3 days'`)
	d.looks(d.admin, "/admin/statistics", "old_figures", "#stale")
	d.behind(`INSERT INTO delivery (id, registrant_id, kind, params, sealed, urgent, at, until, state, attempts, due_at, ended_at, code)
		SELECT gen_random_uuid(), id, 'record', '{}', '', false, now(), now() + interval '1 day', 'failed', 5, now(), now(), 'hook_away' FROM registrant LIMIT 3`)
	d.looks(d.admin, "/admin", "undelivered", "#undelivered")
	d.looks(d.admin, "/admin/audit", "undelivered_audit", "[data-degraded]")
}

// offersOver looks at an offer in the states that no wallet brings it into.
func (d *days) offersOver() {
	d.t.Helper()
	body, err := d.own.get("/me/credentials")
	d.must(err)
	page := "/me/credentials/" + match(d.t, body, `/me/credentials/([^/"]+)/offer`) + "/offer"
	_, at, err := d.own.send(page, page, url.Values{})
	d.must(err)
	for state, change := range map[string]string{
		"redeemed": "state = 'redeemed'", "cancelled": "state = 'cancelled'",
		"expired": "state = 'waiting', created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'",
	} {
		d.behind("UPDATE credential_offer SET " + change)
		d.looks(d.own, at.Path, "offer_"+state, `#offer[data-state="`+state+`"]`)
	}
}

// tooManyTries guesses passphrases until the server asks to wait.
func (d *days) tooManyTries() {
	d.t.Helper()
	for _, v := range stateVariants() {
		x := d.tab(v)
		x.open("/login")
		guesser, err := d.on.client()
		d.must(err)
		for range 100 {
			if _, _, err = guesser.post("/login", url.Values{"username": {"nobody"}, "password": {"a guess"}}); err != nil && strings.Contains(err.Error(), "429") {
				break
			}
		}
		x.fill("#username", "nobody")
		x.fill("#password", "another guess")
		x.press("main form button[type=submit]")
		x.look("too_many", "main")
		if status := eval[int](x, `performance.getEntriesByType("navigation")[0].responseStatus`); status != 429 {
			d.t.Errorf("%s: a hundred guesses are answered %d", v, status)
		}
		x.free()
	}
}

// databaseAway takes a table away, and then the whole database: a page says that
// it is not the reader's fault, with a number to report, and no cause.
func (d *days) databaseAway() {
	d.t.Helper()
	d.behind("ALTER TABLE programme RENAME TO programme_away")
	d.looks(d.admin, "/admin/programmes", "table_away", "#failure")
	d.behind("ALTER TABLE programme_away RENAME TO programme")
	d.looks(d.admin, "/admin/programmes", "table_back", "main table")
	d.endData()
	for name, path := range map[string]string{"database_away": "/admin", "database_away_own": "/me", "database_away_login": "/login"} {
		for _, v := range stateVariants() {
			x := d.tab(v)
			x.cookie("sr_session", d.admin.session())
			x.open(path)
			x.look(name, "main h1")
			for _, cause := range []string{"SQL", "postgres", "socket", "dial", "goroutine"} {
				if strings.Contains(x.text("main"), cause) {
					d.t.Errorf("%s: %s tells the cause: %s", v, path, x.text("main"))
				}
			}
			x.free()
		}
	}
}

// TestFailures meets every error page that a person can come to by an address or
// an old form.
func TestFailures(t *testing.T) {
	p := prepare(t)
	admin := sessionOf(t, "admin", staffPassword)
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			for _, f := range []struct {
				name, path string
				form       map[string]string // sent; nil: the page is opened
				status     int
			}{
				{"signed_out", "/admin/jobs/" + p.files.job + "/cancel", map[string]string{"session": "none"}, 401},
				{"not_found", "/admin/people/00000000-0000-7000-8000-000000000000", nil, 404},
				{"no_page", "/no/such/page", nil, 404},
				{"method", "/logout", nil, 405},
				{"bad_id", "/admin/people/7", nil, 404},
				{"no_token", "/admin/jobs/" + p.files.job + "/cancel", map[string]string{}, 422},
				{"great", "/admin/people/new", map[string]string{"reason": great}, 413},
			} {
				x.signOut()
				x.cookie("sr_session", admin)
				if f.form == nil {
					x.open(f.path)
				} else {
					x.open("/admin/uploads/new")
					if f.form["session"] == "none" {
						x.signOut()
					}
					x.sends(f.path, f.form)
				}
				x.fails("failure_"+f.name, f.status)
			}
			x.sendsForAnother(p)
		})
	}
}

// fails looks at an error page.
func (x *tab) fails(name string, status int) {
	x.t.Helper()
	x.look(name, "#failure")
	if got := eval[int](x, `performance.getEntriesByType("navigation")[0].responseStatus`); got != status {
		x.t.Errorf("%s, %s: the answer is %d, want %d", x.v, name, got, status)
	}
}

// sendsForAnother sends a form of one's own after one began to act for a ward.
func (x *tab) sendsForAnother(p prepared) {
	x.t.Helper()
	c, err := world.server.client()
	if err == nil {
		err = c.signIn(world.server.number, p.passphrase)
	}
	if err != nil {
		x.t.Fatal(err)
	}
	x.signOut()
	x.cookie("sr_session", c.session())
	x.open("/me/edit/contact")
	if _, _, err := c.send("/me/acting", "/me/acting", url.Values{"ward": {p.ward}}); err != nil {
		x.t.Fatal(err)
	}
	x.press("button[value=check]")
	x.fails("failure_other_record", 409)
}

// What sends puts in the place of a value: four megabytes, and the token of a form
// on the page that is open.
const great, fresh = "\x00great", "\x00fresh"

// sends posts a form that no page has.
func (x *tab) sends(path string, form map[string]string) {
	x.t.Helper()
	token := eval[string](x, `document.querySelector("main input[name=form]")?.value ?? ""`)
	inputs := &strings.Builder{}
	for name, value := range form {
		switch value {
		case great:
			fmt.Fprintf(inputs, "add(%s, 'x'.repeat(4 << 20));", quote(name))
		case fresh:
			fmt.Fprintf(inputs, "add(%s, %s);", quote(name), quote(token))
		default:
			fmt.Fprintf(inputs, "add(%s, %s);", quote(name), quote(value))
		}
	}
	eval[string](x, `(() => {
  const form = document.createElement("form"), main = document.querySelector("main");
  const add = (name, value) => { const i = document.createElement("textarea"); i.name = name; i.value = value; form.append(i); };
  form.method = "post"; form.action = `+quote(path)+`;`+inputs.String()+`
  const b = document.createElement("button"); b.id = "send-it"; b.type = "submit"; b.textContent = "send"; form.append(b);
  main.prepend(form);
  return "";
})()`)
	x.press("#send-it")
}
