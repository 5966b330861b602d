package issuer_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/webhook"
	"socialregistry/issuer"
)

// receiver stands in for a gateway that sends SMS, mail and letters: a server over
// TLS that checks each signature in its own way and keeps what it was sent.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	key    []byte
	wrong  []string          // why what it was sent is not good
	posts  map[string]int    // by webhook-id
	bodies map[string]string // the last one, by webhook-id
	answer http.HandlerFunc  // nil: 204
}

// sent is the body of a post, as docs/operations.md describes it.
type sent struct {
	ID, Type  string
	Timestamp time.Time
	Data      struct {
		Registrant string `json:"registrant_id"`
		Contacts   struct {
			Preferred, Email string
			Phone            string `json:"phone_number"`
			Address          []string
		}
		PreferredLanguage string `json:"preferred_language"`
		Language, Text    string
		ExpiresAt         time.Time `json:"expires_at"`
	}
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{key: []byte(strings.Repeat("k", 32)), posts: map[string]int{}, bodies: map[string]string{}}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	id, at := req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(id + "." + at + "." + string(body)))
	r.mu.Lock()
	if got, want := req.Header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want || id == "" {
		r.wrong = append(r.wrong, "the signature does not fit")
	}
	r.posts[id]++
	r.bodies[id] = string(body)
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, req)
}

// got gives what was sent, by its type.
func (r *receiver) got(t testing.TB) map[string]sent {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]sent{}
	for id, body := range r.bodies {
		var s sent
		must(t, json.Unmarshal([]byte(body), &s))
		if s.ID != id {
			t.Errorf("the body names %s, its header %s", s.ID, id)
		}
		out[s.Type] = s
	}
	for _, why := range r.wrong {
		t.Error(why)
	}
	return out
}

func (r *receiver) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(slices.Collect(maps.Values(r.bodies)), "\n")
}

// hook opens a hook to the receiver, whose certificate it trusts.
func (r *receiver) hook(t testing.TB) *webhook.Hook {
	t.Helper()
	return r.hookWithin(t, 20*time.Second)
}

// hookWithin is hook with another patience.
func (r *receiver) hookWithin(t testing.TB, patience time.Duration) *webhook.Hook {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(r.Certificate())
	return hookTo(t, r.URL+"/messages", roots, patience)
}

func hookTo(t testing.TB, url string, roots *x509.CertPool, patience time.Duration) *webhook.Hook {
	t.Helper()
	h, err := webhook.New(webhook.Config{URL: url, Secret: "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), Timeout: patience, Roots: roots})
	must(t, err)
	return h
}

// words is the wording of these tests: the kind, and what a page would name.
func words(_ context.Context, language string, n issuer.Notice) (text, used string, err error) {
	return strings.Join([]string{n.Kind, n.ConfigID, strings.Join(n.Fields, " "), n.TxCode, language}, "|"), "en", nil
}

// withHook starts an issuer whose messages leave the portal.
func (w *world) withHook(t testing.TB, d *db.DB, kinds ...string) *issuer.Issuer {
	t.Helper()
	c := w.config(d)
	c.Messages = issuer.MessagePolicy{Hook: true, Kinds: kinds}
	i, err := issuer.New(context.Background(), c)
	must(t, err)
	return i
}

// deliver takes everything out that is due, and gives what became of it by code.
func deliver(t testing.TB, i *issuer.Issuer, to issuer.Courier) map[string]int {
	t.Helper()
	out := map[string]int{}
	for range 100 {
		d, err := i.Deliver(context.Background(), to, words)
		must(t, err)
		if !d.Found {
			return out
		}
		out[string(d.State)+" "+d.Code]++
	}
	t.Fatal("it does not end")
	return nil
}

// reached is a person who gave every way to be reached and prefers one.
func reached(preferred string) map[string]string {
	v := amina()
	maps.Copy(v, map[string]string{"phone_number": "+254700000001", "email": "amina@example.org", "address_line_1": "Quay 7", "language": "sw", "preferred_contact_method": preferred})
	return v
}

var _ issuer.Courier = (*webhook.Hook)(nil)
