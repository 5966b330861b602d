package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// logLines gives the lines of a log as they are written.
type logLines chan string

func (l logLines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// A server posts what people are told, in words and in their language; of what fails
// the log has the code, and nothing of the person or the gateway.
func TestMessagesAreDelivered(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		posts := make(chan string, 8)
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // stands in for one that sends SMS
			var body bytes.Buffer
			_, _ = body.ReadFrom(r.Body)
			w.WriteHeader(http.StatusInternalServerError)
			posts <- body.String()
		}))
		t.Cleanup(gateway.Close)
		secret := filepath.Join(t.TempDir(), "hook.secret")
		if err := os.WriteFile(secret, []byte("whsec_"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		lines := make(logLines, 8)
		config := Config{DatabaseURL: url, MasterKey: testMaster, PublicURL: "https://registry.example", MessageHook: gateway.URL + "/secretpath", MessageSecretFile: secret}
		a := &app{config: config, log: newLog(lines, config), now: time.Now}
		p, err := a.open(t.Context(), mustBeThere)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		clerk := registry.Actor{AccountID: uuid.New(), Name: "clerk", Roles: []registry.Role{registry.RoleRegistrar}, Channel: registry.ChannelStaff}
		person, err := p.registry.Register(t.Context(), clerk, registry.Change{Reason: "test", Set: map[string]string{
			"given_name": "Amina", "family_name": "Diallo", "birth_date": "1990-04-05", "phone_number": "+254700000001", "language": "ar"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.registry.Person(t.Context(), clerk, person.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.issuer.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		pages, err := p.pages(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.deliver(ctx, config, a.log, pages.Notice) }()
		refused, log := <-posts, <-lines
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"type":"record_read"`, `"language":"ar"`, `"phone_number":"+254700000001"`, "https://registry.example/me/messages", "تم الاطلاع على سجلك"} {
			if !strings.Contains(refused, want) {
				t.Errorf("posted %s, want %s in it", refused, want)
			}
		}
		if strings.Contains(refused, "\u2068") {
			t.Errorf("posted %s with marks of direction", refused)
		}
		for _, secret := range []string{"Amina", "+254", "700000001", person.ID.String(), person.Number, "secretpath", "clerk"} {
			if strings.Contains(log, secret) {
				t.Errorf("the log tells %s:\n%s", secret, log)
			}
		}
		if !strings.Contains(log, "source_error") {
			t.Errorf("the log does not say what failed:\n%s", log)
		}
	})
}

// The courier rests where no message would go, and not for one that is not taken.
func TestTheCourierRestsForTheHookAlone(t *testing.T) {
	t.Parallel()
	waits := func(code string) issuer.Dispatch {
		return issuer.Dispatch{Found: true, State: ledger.DeliveryWaiting, Code: code, Attempts: 1}
	}
	for name, tc := range map[string]struct {
		after issuer.Dispatch
		want  time.Duration
	}{
		"nothing is due":       {issuer.Dispatch{}, deliverEvery},
		"sent":                 {issuer.Dispatch{Found: true, State: ledger.DeliverySent}, 0},
		"refused for good":     {issuer.Dispatch{Found: true, State: ledger.DeliveryFailed, Code: "source_refused"}, 0},
		"for nobody":           {issuer.Dispatch{Found: true, State: ledger.DeliveryDropped, Code: "no_contact"}, 0},
		"an answer of 5xx":     {waits("source_error"), 0},
		"one that nobody says": {waits("internal"), 0},
		"down":                 {waits("source_unreachable"), deliverAgain},
		"slow":                 {waits("source_timeout"), deliverAgain},
		"shut":                 {waits("source_denied"), deliverAgain},
		"moved":                {waits("redirect_refused"), deliverAgain},
	} {
		if got := restAfter(tc.after); got != tc.want {
			t.Errorf("%s: rests %s, want %s", name, got, tc.want)
		}
	}
}
