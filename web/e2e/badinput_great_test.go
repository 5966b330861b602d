package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// manyMembers is how many belong to the great household.
const manyMembers = 5000

// TestAHouseholdOfFiveThousand: the pages of such a group, and of its head, open as fast
// as any and page by page; each member is found, and the head can be another one.
func TestAHouseholdOfFiveThousand(t *testing.T) {
	dir := t.TempDir()
	own, err := startServer(dir, "sqlite:"+filepath.Join(dir, "registry.db")) // so that no other test meets so many
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.stop)
	head := own.person(t, url.Values{"f_given_name": {"Ewoi"}, "f_family_name": {"Nobody"}})
	group, last := own.greatGroup(t, head)
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.on = own
	for _, page := range []struct{ who, passphrase, path string }{
		{"registrar", staffPassword, group}, {"registrar", staffPassword, group + "/members"}, {"registrar", staffPassword, group + "/members?all=1"},
		{"registrar", staffPassword, group + "/members?q=fivethousand"}, {"registrar", staffPassword, group + "/end"}, {"registrar", staffPassword, "/admin/people/" + head.id + "/household"},
		{head.number, head.passphrase, "/me/household"},
	} {
		x.asThere(page.who, page.passphrase)
		x.weigh(page.path)
		if strings.HasSuffix(page.path, "/members") || page.who == head.number {
			x.check("bad_many")
		}
		if n := eval[int](x, `document.querySelectorAll("main tbody tr").length`); n > 60 {
			t.Errorf("%s: %d rows on one page", page.path, n)
		}
	}
	x.press("main a[href*='after=']") // of the portal
	x.at("/me/household")
	x.wants("main tbody tr")

	x.asThere("registrar", staffPassword)
	x.open(group + "/members")
	x.press("nav a[href*='after=']")
	x.wants("main tbody tr")
	x.open(group + "/members")
	x.fill("#who", last)
	x.press("main form:has(#who) button")
	x.wants("main tbody tr", last)
	x.open(group + "/members?in_role=head")
	x.wants("main tbody tr", head.number)
	x.press("main tbody a[href*='/members/']")
	x.check("bad_many_head")
	x.fill("#next_head", last)
	x.fill("#why", "Moved to the town")
	x.press("button[value=end]")
	x.wants(".notice.ok")
	x.open(group + "/members?in_role=head")
	x.wants("main tbody tr", last)
}

// asThere signs the window in on the server that it visits.
func (x *tab) asThere(name, password string) {
	x.t.Helper()
	c, err := x.on.client()
	if err == nil {
		err = c.signIn(name, password)
	}
	if err != nil {
		x.t.Fatalf("sign in as %s: %v", name, err)
	}
	x.signOut()
	x.cookie("sr_session", c.session())
}

// weigh opens a page with an empty cache and with a full one, and holds the limits.
func (x *tab) weigh(path string) {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, network.ClearBrowserCache, cdp.Empty{}); err != nil {
		x.t.Fatal(err)
	}
	x.open(path)
	cold := eval[int](x, transferred)
	x.open(path)
	if warm := eval[int](x, transferred); cold > firstWeight || warm > laterWeight {
		x.t.Errorf("%s: %d bytes at first and %d after; the limits are %d and %d", path, cold, warm, firstWeight, laterWeight)
	}
}

// greatGroup makes a group of many members, of a kind that has so many, and gives its
// address and the number of one who stands far behind.
func (s *server) greatGroup(t *testing.T, head somebody) (path, last string) {
	t.Helper()
	admin, err := s.client()
	if err == nil {
		err = admin.signIn("admin", staffPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	numbers, ids := admin.many(t)
	role := func(key, label string) any {
		return map[string]any{"key": key, "label": map[string]string{"en": label}, "unique": key == "head"}
	}
	var made struct{ ID string }
	err = admin.create("/api/v1/group-kinds", map[string]any{"key": "great_house", "label": map[string]string{"en": "Great house"}, "needs_head": true, "roles": []any{role("head", "Head"), role("member", "Member")},
		"member_kinds": []string{"person"}, "max_members": 6000, "reason": "trial"}, nil)
	if err == nil {
		err = admin.create("/api/v1/groups", map[string]any{"kind": "great_house", "reason": "trial", "values": map[string]string{"group_name": "House of five thousand"},
			"members": []any{map[string]string{"member": head.id, "role": "head", "start": "2024-01-01"}}}, &made)
	}
	for some := range slices.Chunk(ids, 500) {
		members := make([]any, len(some))
		for i, id := range some {
			members[i] = map[string]string{"member": id, "role": "member", "start": "2024-01-01"}
		}
		if err == nil {
			err = admin.create("/api/v1/groups/"+made.ID+"/members", map[string]any{"members": members, "reason": "trial"}, nil)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return "/admin/groups/" + made.ID, numbers[len(numbers)-1]
}

// many registers people by a file, and gives their numbers and ids in the order of
// registration.
func (c *client) many(t *testing.T) (numbers, ids []string) {
	t.Helper()
	var rows strings.Builder
	rows.WriteString("given_name,family_name,birth_date\n")
	for i := range manyMembers - 1 {
		fmt.Fprintf(&rows, "Fivethousand %s,Otieno,%d-%02d-%02d\n", letters(i), 1950+i%60, 1+i%12, 1+i%28)
	}
	at := c.sendUpload(t, rows.String())
	c.finished(t, at)
	if _, _, err := c.send(at, at+"/apply", url.Values{"count": {strconv.Itoa(manyMembers - 1)}}); err != nil {
		t.Fatal(err)
	}
	c.finished(t, at)
	next := "/api/v1/people?limit=200&q=fivethousand&as_written=true"
	for next != "" {
		res, err := c.http.Get(c.base + next)
		if err != nil {
			t.Fatal(err)
		}
		var page struct{ Items []struct{ ID, Number string } }
		err = json.NewDecoder(res.Body).Decode(&page)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", next, res.Status, err)
		}
		for _, p := range page.Items {
			numbers, ids = append(numbers, p.Number), append(ids, p.ID)
		}
		next = ""
		if m := regexp.MustCompile(`<(?:https?://[^/>]+)?([^>]+)>; *rel="next"`).FindStringSubmatch(res.Header.Get("Link")); m != nil {
			next = m[1]
		}
	}
	if len(ids) != manyMembers-1 {
		t.Fatalf("%d people are there, want %d", len(ids), manyMembers-1)
	}
	return numbers, ids
}

// letters writes a number in letters, which names are made of.
func letters(n int) string {
	out := []byte{}
	for range 4 {
		out = append(out, byte('a'+n%26))
		n /= 26
	}
	return string(out)
}
