package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// startPhones starts what sends SMS: it hands on the codes that it is to send, each
// with the number that it goes to.
func startPhones(t *testing.T) (address string, codes chan [2]string) {
	t.Helper()
	codes = make(chan [2]string, 100)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Type string
			Data struct {
				Text     string
				Contacts struct {
					Phone string `json:"phone_number"`
				}
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil || r.Header.Get("webhook-signature") == "" {
			t.Errorf("not a message: %v, %v", err, r.Header)
		}
		if code := regexp.MustCompile(`\b\d{6}\b`).FindString(m.Data.Text); m.Type == "sign_in_code" {
			codes <- [2]string{m.Data.Contacts.Phone, code}
		}
	}))
	t.Cleanup(gateway.Close)
	return gateway.URL, codes
}

// TestCodeWalk: somebody asks for a code, gets it on the telephone, mistypes it, and
// signs in with it.
func TestCodeWalk(t *testing.T) {
	hook, codes := startPhones(t)
	dir := t.TempDir()
	s, err := startServer(dir, "sqlite:"+filepath.Join(dir, "registry.db"), "SR_MESSAGE_HOOK="+hook)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	for i, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			phone := []string{"+254711220991", "+254711220992"}[i]
			who := s.person(t, url.Values{"f_given_name": {"Saruni " + strings.ToUpper(v.lang)}, "f_family_name": {"Nobody"}, "f_phone_number": {phone}})
			x := newTab(t, v)
			x.on = s
			x.open("/login")
			x.press("main a[href^='/login/code']")
			x.at("/login/code")
			x.check("code_ask")
			x.press("#code-send") // without a number
			x.wants("#number[aria-invalid=true]")
			x.check("code_ask_refused")
			x.fill("#number", who.number)
			x.press("#code-send")
			x.check("code_sent")
			x.enterCode(codeFor(t, codes, phone))
			x.at("/me")
			if !strings.Contains(x.text("header")+x.text("main"), who.number) {
				t.Errorf("%s: somebody else is signed in: %s", v, x.text("main"))
			}
			x.check("code_me")
		})
	}
}

// enterCode types another code first, and is told how many tries are left.
func (x *tab) enterCode(code string) {
	x.t.Helper()
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	x.fill("#code", wrong)
	x.press("#code-submit")
	x.wants("#code[aria-invalid=true]", map[string]string{"en": "4 tries are left", "ar": "بقيت"}[x.v.lang])
	x.check("code_wrong")
	x.fill("#code", code)
	x.press("#code-submit")
}

// codeFor waits for the code that goes to a telephone.
func codeFor(t *testing.T, codes chan [2]string, phone string) string {
	t.Helper()
	for {
		select {
		case got := <-codes:
			if got[0] == phone && got[1] != "" {
				return got[1]
			}
			t.Errorf("a code %q went to %q", got[1], got[0])
		case <-time.After(time.Minute):
			t.Fatal("no code came")
		}
	}
}
