package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// phone stands in for the hook: it keeps what was sent.
type phone struct{ sent []string }

func (p *phone) Post(_ context.Context, _ string, _ time.Time, body []byte) error {
	p.sent = append(p.sent, string(body))
	return nil
}

// codes delivers what waits, and gives the codes to sign in with among it.
func (w *world) codes(t *testing.T) (codes []string) {
	t.Helper()
	var to phone
	say := func(_ context.Context, _ string, n issuer.Notice) (string, string, error) { return n.TxCode, "en", nil }
	for {
		d, err := w.issuer.Deliver(t.Context(), &to, say)
		w.must(err)
		if !d.Found {
			break
		}
	}
	for _, body := range to.sent {
		var m struct {
			Type string
			Data struct {
				Text     string
				Contacts struct {
					Phone string `json:"phone_number"`
				}
			}
		}
		w.must(json.Unmarshal([]byte(body), &m))
		if m.Type == issuer.KindSignInCode {
			if m.Data.Contacts.Phone != "+254711220998" {
				t.Errorf("sent to %q", m.Data.Contacts.Phone)
			}
			codes = append(codes, m.Data.Text)
		}
	}
	return codes
}

func TestSignInByCode(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ask := func(b *browser, number string) page { return b.post("/login/code", url.Values{"number": {number}}) }
		enter := func(b *browser, number, code string) page {
			return b.post("/login/code/enter", url.Values{"number": {number}, "code": {code}, "next": {"https://evil.example/me"}})
		}
		b := w.browser("en")
		b.get("/login").want(t, http.StatusOK, "Send me a code instead", "/login/code")
		unknown, early := ask(b, "SR-00000000000"), ask(b, w.person.Number) // without an account
		if text(strings.ReplaceAll(unknown.body, "SR-00000000000", "")) != text(strings.ReplaceAll(early.body, w.person.Number, "")) || unknown.status != http.StatusOK {
			t.Errorf("who has no account is told: %s", text(early.body))
		}
		if codes := w.codes(t); codes != nil {
			t.Errorf("sent %v to nobody", codes)
		}
		w.registrant("en")
		known := ask(b, w.person.Number).want(t, http.StatusOK, "a code is on its way", "after 60 seconds")
		if text(strings.ReplaceAll(unknown.body, "SR-00000000000", "")) != text(strings.ReplaceAll(known.body, w.person.Number, "")) {
			t.Error("a number that is known is told")
		}
		ask(b, w.person.Number).want(t, http.StatusOK) // too soon: not another one
		codes := w.codes(t)
		if len(codes) != 1 || len(codes[0]) != registry.SignInCodeDigits {
			t.Fatalf("codes: %v", codes)
		}
		enter(b, "SR-00000000000", codes[0]).want(t, http.StatusUnprocessableEntity, "not right") // another's number
		wrong := "000000"
		if codes[0] == wrong {
			wrong = "111111"
		}
		enter(b, w.person.Number, wrong).want(t, http.StatusUnprocessableEntity, "not right", "4 tries")
		if p := enter(b, w.person.Number, codes[0][:3]+" "+codes[0][3:]); p.path != "/me" {
			t.Fatalf("at %s: %s", p.path, text(p.body))
		}
		enter(w.browser("en"), w.person.Number, codes[0]).want(t, http.StatusUnprocessableEntity, "not right") // once
		b.get("/me/messages").want(t, http.StatusOK)
		if strings.Contains(b.get("/me/messages").body, codes[0]) {
			t.Error("the code stands in the portal")
		}

		w.pass(time.Minute)
		ask(b, w.person.Number)
		code := w.codes(t)[0]
		w.pass(registry.SignInCodeLife)
		enter(w.browser("en"), w.person.Number, code).want(t, http.StatusUnprocessableEntity, "too old")
	})
}

// Guessing ends after five tries, whether or not anybody has the number, and so does
// asking for codes.
func TestCodeIsNotGuessed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.registrant("en")
		b := w.browser("en")
		for _, number := range []string{w.person.Number, "SR-00000000000"} {
			b.post("/login/code", url.Values{"number": {number}})
			for range registry.MaxFailures {
				b.post("/login/code/enter", url.Values{"number": {number}, "code": {"x"}}).want(t, http.StatusUnprocessableEntity)
			}
			b.post("/login/code/enter", url.Values{"number": {number}, "code": {"123456"}}).want(t, http.StatusUnprocessableEntity, "try again after")
			for range registry.MaxFailures {
				b.post("/login/code", url.Values{"number": {number}})
			}
			b.post("/login/code", url.Values{"number": {number}}).want(t, http.StatusUnprocessableEntity, "try again after")
		}
	})
}

// Without the hook there is no such way.
func TestNoCodeWithoutTheHook(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.config.Messages = issuer.MessagePolicy{}
		quiet, err := issuer.New(t.Context(), w.config)
		w.must(err)
		w.serve(issuer.Alone(quiet))
		b := w.browser("en")
		if p := b.get("/login"); strings.Contains(p.body, "/login/code") {
			t.Error("the way is shown")
		}
		b.get("/login/code").want(t, http.StatusNotFound)
		b.post("/login/code", url.Values{"number": {w.person.Number}}).want(t, http.StatusNotFound)
		b.post("/login/code/enter", url.Values{"number": {w.person.Number}, "code": {"1"}}).want(t, http.StatusNotFound)
	})
}
