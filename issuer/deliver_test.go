package issuer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// A message leaves once, signed, by the way that the person prefers and no other, in
// the person's language, without a value of the record and without words of staff.
func TestMessagesLeaveThePortal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx, gateway := newWorld(t, d), context.Background(), newReceiver(t)
		w.Issuer = w.withHook(t, d)
		id := w.person(t, reached("sms"), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		must(t, w.Suspend(ctx, w.admin, w.live(t, id)[0].ID, "secretword"))
		w.edit(t, id, map[string]string{"locality": "Maralal"})
		w.follow(t)
		hook := gateway.hook(t)
		if got := deliver(t, w.Issuer, hook); got["sent "] != 4 || len(got) != 1 {
			t.Errorf("delivered %v, want 4 sent: attested, issued, suspended, changed", got)
		}
		if again := deliver(t, w.Issuer, hook); len(again) != 0 {
			t.Errorf("again %v", again)
		}
		m := gateway.got(t)["details_changed"]
		if m.Data.Registrant != id.String() || m.Data.Contacts.Phone != "+254700000001" || m.Data.Contacts.Email != "" || m.Data.Contacts.Address != nil ||
			m.Data.PreferredLanguage != "sw" || m.Data.Language != "en" || m.Data.Text != "details_changed||locality||sw" || m.Timestamp.IsZero() {
			t.Errorf("sent %+v", m)
		}
		for _, secret := range []string{"Maralal", "Amina", "Diallo", "1990", "secretword", "amina@", "Quay"} {
			if strings.Contains(gateway.all(), secret) {
				t.Errorf("%s leaves the portal", secret)
			}
		}
		list, err := w.Messages(ctx, registrant(id))
		must(t, err)
		for _, m := range list { // the id of the message is that of the post
			if gateway.posts[m.ID.String()] != 1 {
				t.Errorf("%s was posted %d times", m.Kind, gateway.posts[m.ID.String()])
			}
		}
	})
}

// Who wants messages in the portal alone, cannot be reached, or is no more on record,
// is sent nothing; kinds that are not chosen do not go; all stand in the portal.
func TestMessagesThatStay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx, gateway := newWorld(t, d), context.Background(), newReceiver(t)
		w.Issuer = w.withHook(t, d, "details")
		shy, nowhere, letter := w.person(t, reached("sms")), w.person(t, amina()), w.person(t, reached("letter"))
		must(t, w.ChooseMessages(ctx, registrant(shy), true))
		if can, only, err := w.MessageChoice(ctx, registrant(shy)); err != nil || !can || !only {
			t.Errorf("chosen: %v %v %v", can, only, err)
		}
		w.decide(t, letter, registry.StateAttested, mandatory()...)
		_, err := w.ask(ctx, w.token(t, letter, sd), sd, newHolder(t)) // its kind is not chosen
		must(t, err)
		for _, id := range []uuid.UUID{shy, nowhere, letter} {
			w.edit(t, id, map[string]string{"locality": "Maralal"})
		}
		w.follow(t)
		got := deliver(t, w.Issuer, gateway.hook(t))
		if got["dropped portal_only"] != 1 || got["dropped no_contact"] != 1 || got["sent "] != 2 {
			t.Errorf("delivered %v", got)
		}
		if m := gateway.got(t)["details_changed"]; strings.Join(m.Data.Contacts.Address, "/") != "Quay 7/Maralal/North" || m.Data.Contacts.Phone != "" {
			t.Errorf("the letter goes to %+v", m.Data.Contacts)
		}
		if kinds := w.told(t, shy); len(kinds) != 1 {
			t.Errorf("in the portal: %v", kinds)
		}
		counts, err := w.Deliveries(ctx, w.admin)
		must(t, err)
		n := map[string]int{}
		for _, c := range counts {
			n[string(c.State)+" "+c.Code] = c.Count
		}
		if n["sent "] != 2 || n["dropped no_contact"] != 1 || len(n) != 3 {
			t.Errorf("counted %v", n)
		}
		if _, err := w.Deliveries(ctx, staff(registry.RoleRegistrar)); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a registrar counts: %v", err)
		}
	})
}

// Whatever is wrong with the hook, a message waits for it, later and later, and goes
// as soon as it is mended; what is refused for good, or nobody took for three days,
// is given up, and staff see it.
func TestAHookThatFails(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	behaviours := []struct {
		name, want string
		answer     http.HandlerFunc
	}{
		{"broken", "source_error", status(500)},
		{"busy", "source_error", status(429)},
		{"shut", "source_denied", status(401)},
		{"moved", "redirect_refused", http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect).ServeHTTP},
		{"slow", "source_timeout", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"endless head", "source_unreachable", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 128<<10))
			w.WriteHeader(204)
		}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx, gateway := newWorld(t, d), context.Background(), newReceiver(t)
		w.Issuer = w.withHook(t, d)
		id := w.person(t, reached("email"))
		w.edit(t, id, map[string]string{"locality": "Maralal"})
		w.follow(t)
		attempts := 0
		try := func(name string, to issuer.Courier, state ledger.DeliveryState, code string) {
			t.Helper()
			attempts++
			got, err := w.Deliver(ctx, to, words)
			if err != nil || got != (issuer.Dispatch{Found: true, State: state, Code: code, Attempts: attempts}) {
				t.Errorf("%s: %+v, %v, want %s %s at attempt %d", name, got, err, state, code, attempts)
			}
			if soon, err := w.Deliver(ctx, to, words); err != nil || soon.Found {
				t.Errorf("%s: at once again %+v %v", name, soon, err)
			}
			w.clock.pass(2 * time.Hour)
		}
		for _, b := range behaviours {
			gateway.answer = b.answer
			patience := 20 * time.Second
			if b.name == "slow" {
				patience = 500 * time.Millisecond
			}
			try(b.name, gateway.hookWithin(t, patience), ledger.DeliveryWaiting, b.want)
		}
		try("a certificate of nobody", hookTo(t, gateway.URL, nil, 20*time.Second), ledger.DeliveryWaiting, "source_unreachable")
		down := newReceiver(t)
		down.Close()
		try("down", down.hook(t), ledger.DeliveryWaiting, "source_unreachable")
		gateway.answer = func(w http.ResponseWriter, _ *http.Request) { // a long answer is not read
			for range 64 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
			t.Error("an answer of 64 MB was read")
		}
		try("mended, and talkative", gateway.hook(t), ledger.DeliverySent, "")

		attempts = 0
		gateway.answer = status(422)
		w.edit(t, id, map[string]string{"locality": "Wamba"})
		w.follow(t)
		try("refused for good", gateway.hook(t), ledger.DeliveryFailed, "source_refused")
		w.edit(t, id, map[string]string{"locality": "Kisima"})
		w.follow(t)
		w.clock.pass(72 * time.Hour)
		if late := deliver(t, w.Issuer, gateway.hook(t)); len(late) != 0 {
			t.Errorf("after three days: %v", late)
		}
		counts, err := w.Deliveries(ctx, w.admin)
		must(t, err)
		failed := map[string]int{}
		for _, c := range counts {
			if c.State == issuer.DeliveryFailed {
				failed[c.Code] = c.Count
			}
		}
		if failed["source_refused"] != 1 || failed[ledger.DeliveryLate] != 1 || len(failed) != 2 {
			t.Errorf("staff see %v", failed)
		}
	})
}

// Two servers on one database post every message once; what one of them died with
// goes by the other, under the same id.
func TestTwoServersDeliverOnce(t *testing.T) {
	t.Parallel()
	const people = 12
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		one, two := openURL(t, url), openAt(t, url)
		w, gateway := newWorld(t, one), newReceiver(t)
		servers := []*issuer.Issuer{w.withHook(t, one), w.withHook(t, two)}
		w.Issuer = servers[0]
		for range people {
			w.edit(t, w.person(t, reached("sms")), map[string]string{"locality": "Maralal"})
		}
		w.follow(t)
		hook := gateway.hook(t)
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				for {
					d, err := servers[n%2].Deliver(ctx, hook, words)
					if err != nil || !d.Found {
						if err != nil {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		wg.Wait()
		for id, n := range gateway.posts {
			if n != 1 {
				t.Errorf("%s was posted %d times", id, n)
			}
		}
		if len(gateway.posts) != people {
			t.Errorf("%d were posted, want %d", len(gateway.posts), people)
		}

		w.edit(t, w.person(t, reached("sms")), map[string]string{"locality": "Maralal"})
		w.follow(t)
		dead, cancel := context.WithCancel(ctx)
		cancelled := courier(func() error { cancel(); return context.Canceled })
		if _, err := servers[0].Deliver(dead, cancelled, words); !errors.Is(err, context.Canceled) {
			t.Fatalf("the server that dies: %v", err)
		}
		if early := deliver(t, servers[1], hook); len(early) != 0 {
			t.Errorf("the other takes it while it may live: %v", early)
		}
		w.clock.pass(time.Minute)
		if got := deliver(t, servers[1], hook); got["sent "] != 1 {
			t.Errorf("the other: %v", got)
		}
	})
}

// courier stands in for a hook that never answers its server.
type courier func() error

func (c courier) Post(context.Context, string, time.Time, []byte) error { return c() }

func openAt(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// The transaction code of an offer that staff make goes to the person by the hook, and
// to nobody else: not to staff, not with the offer. Both modes, five tries each.
func TestTransactionCodeByTheSecondChannel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		w.Issuer = w.withHook(t, d, "details") // codes go whatever is chosen
		id := w.person(t, reached("letter"), mandatory()...)
		must(t, w.ChooseMessages(ctx, registrant(id), true))
		for mode, charset := range map[string]string{"numeric": "0123456789", "text": "0123456789ABCDEFGHJKMNPQRSTVWXYZ"} {
			gateway := newReceiver(t)
			n := issuer.NewOffer{RegistrantID: id, ConfigIDs: []string{sd}, GrantTypes: []ledger.GrantKind{ledger.PreAuthorizedCode}, TxCodeMode: mode}
			o, err := w.MakeOffer(ctx, w.admin, n)
			must(t, err)
			if o.TxCode != "" || !o.TxCodeSent {
				t.Errorf("%s: staff are told %q, sent %v", mode, o.TxCode, o.TxCodeSent)
			}
			if got := deliver(t, w.Issuer, gateway.hook(t)); got["sent "] != 1 || len(got) != 1 {
				t.Fatalf("%s: delivered %v", mode, got)
			}
			m := gateway.got(t)["transaction_code"]
			code := strings.Split(m.Data.Text, "|")[3]
			if len(code) != 6 || strings.Trim(code, charset) != "" || m.Data.Contacts.Phone == "" || m.Data.Contacts.Address != nil || !m.Data.ExpiresAt.Equal(o.ExpiresAt) {
				t.Errorf("%s: sent %+v", mode, m)
			}
			doc, err := w.OfferDocument(ctx, o.ID)
			must(t, err)
			if strings.Contains(string(doc), code) || !strings.Contains(string(doc), `"input_mode":"`+mode+`"`) || !strings.Contains(string(doc), `"length":6`) || !strings.Contains(string(doc), `"description"`) {
				t.Errorf("%s: the offer is %s", mode, doc)
			}
			var left int64
			must(t, d.Raw("SELECT count(*) FROM delivery WHERE sealed <> ''").Scan(&left).Error)
			if left != 0 {
				t.Errorf("%s: the outbox keeps the code", mode)
			}
			typed := code
			if mode == "text" {
				typed = strings.ToLower(code) // people type letters as they like
			}
			if _, err := w.Token(ctx, tokenCall(), tokenForm(w.code(t, o.ID), typed)); err != nil {
				t.Errorf("%s: %v", mode, err)
			}
			w.fiveTries(t, n)
		}
		own, err := w.CreateOffer(ctx, registrant(id), id, []string{sd}, true)
		if err != nil || own.TxCode == "" || own.TxCodeSent {
			t.Errorf("whoever makes an offer for themselves: %q sent %v, %v", own.TxCode, own.TxCodeSent, err)
		}
		unreached := w.person(t, amina(), mandatory()...)
		if _, err := w.CreateOffer(ctx, w.admin, unreached, []string{sd}, true); fault.CodeOf(err) != "no_contact" || fault.KindOf(err) != fault.Conflict {
			t.Errorf("a code for somebody who cannot be reached: %v", err)
		}
		if o, err := w.CreateOffer(ctx, w.admin, unreached, []string{sd}, false); err != nil || o.TxCodeSent {
			t.Errorf("an offer without a code: %v", err)
		}
		_, err = w.CreateOffer(ctx, w.admin, id, []string{sd}, true)
		must(t, err)
		w.clock.pass(11 * time.Minute)
		if late := deliver(t, w.Issuer, newReceiver(t).hook(t)); len(late) != 0 {
			t.Errorf("a code of an offer that is over: %v", late)
		}
	})
}

// fiveTries: the fifth wrong code ends the offer, also for the right one.
func (w *world) fiveTries(t *testing.T, n issuer.NewOffer) {
	t.Helper()
	o, err := w.MakeOffer(context.Background(), w.admin, n)
	must(t, err)
	gateway, code := newReceiver(t), w.code(t, o.ID)
	deliver(t, w.Issuer, gateway.hook(t))
	right := strings.Split(gateway.got(t)["transaction_code"].Data.Text, "|")[3]
	wrong := strings.Repeat("9", 6)
	if wrong == right {
		wrong = strings.Repeat("8", 6)
	}
	for range 5 {
		if _, err := w.Token(context.Background(), tokenCall(), tokenForm(code, wrong)); err == nil {
			t.Error("a wrong code opens the offer")
		}
	}
	if _, err := w.Token(context.Background(), tokenCall(), tokenForm(code, right)); err == nil {
		t.Errorf("%s: the right code opens the offer after five wrong ones", n.TxCodeMode)
	}
}

// A transaction code that the gateway does not take is tried later and later until its
// offer is over, and the messages behind it go.
func TestACodeThatCannotGoHoldsUpNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx, gateway := newWorld(t, d), context.Background(), newReceiver(t)
		w.Issuer = w.withHook(t, d)
		id, other := w.person(t, reached("sms"), mandatory()...), w.person(t, reached("sms"))
		w.follow(t)
		hook := gateway.hook(t)
		deliver(t, w.Issuer, hook)
		_, err := w.CreateOffer(ctx, w.admin, id, []string{sd}, true)
		must(t, err)
		gateway.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
		for n, wait := range []time.Duration{5, 10, 20, 40, 40} {
			got, err := w.Deliver(ctx, hook, words)
			want := issuer.Dispatch{Found: true, State: ledger.DeliveryWaiting, Code: "source_error", Attempts: n + 1}
			if err != nil || got != want || got.HookFailed() {
				t.Fatalf("%+v, %v, hook failed %v; want %+v and a hook that works", got, err, got.HookFailed(), want)
			}
			w.clock.pass(wait*time.Second - time.Millisecond)
			if early, err := w.Deliver(ctx, hook, words); err != nil || early.Found {
				t.Errorf("try %d: again before %d s: %+v, %v", n+1, wait, early, err)
			}
			w.clock.pass(time.Millisecond)
		}
		w.edit(t, other, map[string]string{"locality": "Maralal"})
		w.follow(t)
		deliver(t, w.Issuer, hook)
		gateway.answer = nil
		w.clock.pass(firstWaitOfMessages)
		if got := deliver(t, w.Issuer, hook); got["sent "] != 1 || len(got) != 1 {
			t.Errorf("delivered %v, want the message past the code that waits", got)
		}
	})
}

// firstWaitOfMessages is how long a message rests that failed once.
const firstWaitOfMessages = 15 * time.Second
