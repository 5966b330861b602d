package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"socialregistry/registry"
)

// A queue goes by age, page by page, and is worked through in that order; what is
// skipped stays, and who has left the queue keeps the place on the page.
func TestAQueueGoesByAge(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		var csv strings.Builder
		csv.WriteString("given_name,family_name\n")
		for i := range 30 {
			csv.WriteString("Person" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ",Testova\n")
		}
		_, err := w.registry.Import(t.Context(), w.actor(registry.RoleAdmin), strings.NewReader(csv.String()), registry.ImportOptions{Mode: registry.ImportCreate})
		w.must(err)
		late, err := w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Set: map[string]string{"given_name": "Zawadi"}, Reason: "visit"})
		w.must(err)
		b := w.staff("en", registry.RoleAttester)
		page := b.get("/admin/queues/undecided").want(t, http.StatusOK, "Who has waited longest comes first.", "32", "Lekuton")
		if strings.Contains(page.body, "Zawadi") || strings.Index(page.body, "Lekuton") > strings.Index(page.body, "Testova") {
			t.Errorf("the order is another: %s", text(page.body))
		}
		next := regexp.MustCompile(`href="(/admin/queues/undecided\?after=[^"]+)"`).FindStringSubmatch(page.body)
		if len(next) == 0 {
			t.Fatal("no second page")
		}
		places := regexp.MustCompile(`<th scope="row"><a href="([^"]+)"`).FindAllStringSubmatch(page.body, -1)
		first, second, third := unescape(places[0][1]), unescape(places[1][1]), unescape(places[2][1])
		opened := b.get(second).want(t, http.StatusOK, "data-next") // the first is skipped
		if !strings.Contains(unescape(opened.body), third) {
			t.Errorf("after the second comes another than the third: %s", third)
		}
		form := opened.hidden(map[string]string{"decision": "attest"})
		form["field"] = []string{"given_name", "family_name"}
		path, _, _ := strings.Cut(second, "?")
		done := b.post(path, form).want(t, http.StatusOK, "The decisions are saved.")
		if !strings.Contains(unescape(done.body), third) {
			t.Errorf("after the second was decided on comes another than the third: %s", third)
		}
		b.get(unescape(next[1])).want(t, http.StatusOK, "Zawadi", late.Number)
		b.get("/admin/queues/undecided").want(t, http.StatusOK, "31", first[:len(first)-40])
		b.get("/admin/queues/undecided?after=nonsense").want(t, http.StatusUnprocessableEntity)
		b.get(path+"?queue=undecided&spot=nonsense").want(t, http.StatusOK, "data-next")
		b.get("/admin/queues/expired").want(t, http.StatusOK)
	})
}

// Awaiting counts and lists whoever has a detail that nobody has decided on, and
// nobody else; what the reader is not told of is no reason to stand there.
func TestAwaitingIsWhoHasSomethingUndecided(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAttester)
		count := func() string {
			page := b.get("/admin").want(t, http.StatusOK)
			m := regexp.MustCompile(`href="/admin/queues/undecided">.*?class="count">(\d+)<`).FindStringSubmatch(page.body)
			if len(m) == 0 {
				t.Fatal("no count")
			}
			return m[1]
		}
		keys := w.decidable(t)
		w.attest(registry.StateAttested, "", keys[:len(keys)-1]...)
		if n := count(); n != "1" {
			t.Errorf("%s wait while one detail is left", n)
		}
		w.attest(registry.StateAttested, "", keys[len(keys)-1])
		if n := count(); n != "0" {
			t.Errorf("%s wait while none is left", n)
		}
		b.get("/admin/queues/undecided").want(t, http.StatusOK, "Nothing waits here.")
	})
}

// decidable lists the details of the person that are attested.
func (w *world) decidable(t *testing.T) (keys []string) {
	t.Helper()
	p, err := w.registry.Person(t.Context(), w.actor(registry.RoleAdmin), w.person.ID)
	w.must(err)
	fields, err := w.registry.Fields(t.Context())
	w.must(err)
	for _, f := range fields {
		if f.Attestable && p.Values[f.Key].Text != "" {
			keys = append(keys, f.Key)
		}
	}
	return keys
}
