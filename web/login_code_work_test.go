package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/registry"
)

// statements writes down what is asked of a database, without the values.
func (w *world) statements(t *testing.T) (take func() []string) {
	t.Helper()
	var mu sync.Mutex
	var list []string
	note := func(tx *gorm.DB) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, tx.Statement.SQL.String())
	}
	on := w.db.Callback()
	for name, err := range map[string]error{"create": on.Create().After("*").Register("test:create", note), "query": on.Query().After("*").Register("test:query", note),
		"update": on.Update().After("*").Register("test:update", note), "delete": on.Delete().After("*").Register("test:delete", note),
		"row": on.Row().After("*").Register("test:row", note), "raw": on.Raw().After("*").Register("test:raw", note)} {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		out := list
		list = nil
		return out
	}
}

// The time of an answer tells nothing of whether anybody has a number, for the work is
// the same: statement by statement, and nothing is kept of a code for nobody.
func TestSendingACodeIsTheSameWorkForNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.registrant("en")
		b := w.browser("en")
		b.get("/login/code")
		take := w.statements(t)
		ask := func(number string) []string {
			take()
			b.post("/login/code", url.Values{"number": {number}}).want(t, http.StatusOK, "a code is on its way")
			return take()
		}
		known, soon, nobody, noAccount := ask(w.person.Number), ask(w.person.Number), ask("SR-00000000000"), ask("no number at all")
		if len(known) < 6 {
			t.Fatalf("%d statements were seen: %s", len(known), strings.Join(known, "\n"))
		}
		for what, other := range map[string][]string{"a minute too soon": soon, "a number of nobody": nobody, "no number": noAccount} {
			if !slices.Equal(known, other) {
				t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(other, "\n"), strings.Join(known, "\n"))
			}
		}
		var kept int64
		w.must(w.db.Raw("SELECT count(*) FROM delivery WHERE kind = 'sign_in_code'").Scan(&kept).Error)
		if kept != 1 {
			t.Errorf("%d codes are in the outbox, want one", kept)
		}
	})
}

// Whoever asks all day sends somebody few codes, and never keeps them out: the newest is
// good until the next may go.
func TestCodesOfADay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.registrant("en")
		b := w.browser("en")
		sent, newest := 0, ""
		for minute := range 24 * 60 {
			if minute%4 == 0 { // as often as is ever answered
				_, _ = w.registry.NewSignInCode(t.Context(), "SR-00000000000")
				if code, err := w.registry.NewSignInCode(t.Context(), w.person.Number); err == nil && code.RegistrantID == w.person.ID {
					sent, newest = sent+1, code.Code
				}
			}
			w.pass(time.Minute)
		}
		if most := registry.SignInCodesADay + 24; sent > most || sent < registry.SignInCodesADay+12 {
			t.Errorf("%d codes in a day, want at most %d", sent, most)
		}
		if p := b.post("/login/code/enter", url.Values{"number": {w.person.Number}, "code": {newest}}); p.path != "/me" {
			t.Errorf("the owner is kept out: at %s: %s", p.path, text(p.body))
		}
	})
}
