package issuer_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// editsOwn changes a record as its person does.
func (w *world) editsOwn(t *testing.T, id uuid.UUID, set map[string]string) {
	t.Helper()
	p, err := w.registry.Person(context.Background(), registrant(id), id)
	must(t, err)
	_, err = w.registry.Edit(context.Background(), registrant(id), id, registry.Change{Set: set, ExpectVersion: p.VersionNo})
	must(t, err)
}

// The old telephone and the old address are told when they are changed, by whomever,
// and whatever else the person wants to be told.
func TestTheOldContactIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		w.Issuer = w.withHook(t, d, "credential")
		id := w.person(t, reached("letter"))
		must(t, w.ChooseMessages(ctx, registrant(id), true))
		own := func(set map[string]string) {
			t.Helper()
			w.editsOwn(t, id, set)
			w.follow(t)
		}
		own(map[string]string{"phone_number": "+254700000002", "locality": "Maralal"})
		gateway := newReceiver(t)
		if got := deliver(t, w.Issuer, gateway.hook(t)); got["sent "] != 1 || len(got) != 1 {
			t.Fatalf("delivered %v", got)
		}
		m := gateway.got(t)[issuer.TellContact]
		if m.Data.Contacts.Phone != "+254700000001" || m.Data.Contacts.Email != "" || m.Data.Contacts.Address != nil || m.Data.Text != "details_contact||phone_number||sw" {
			t.Errorf("sent %+v", m)
		}
		w.edit(t, id, map[string]string{"email": "office@example.org"})
		w.follow(t)
		gateway = newReceiver(t)
		deliver(t, w.Issuer, gateway.hook(t))
		if m := gateway.got(t)[issuer.TellContact]; m.Data.Contacts.Email != "amina@example.org" || m.Data.Contacts.Phone != "" {
			t.Errorf("sent %+v", m)
		}
		own(map[string]string{"locality": "Wamba"})
		if kinds := w.told(t, id); len(kinds) != 2 || kinds[0] != issuer.TellContact || kinds[1] != issuer.TellContact {
			t.Errorf("told %v", kinds)
		}
		own(map[string]string{"email": ""})
		own(map[string]string{"email": "new@example.org"}) // there is no old one to tell
		if kinds := w.told(t, id); len(kinds) != 3 {
			t.Errorf("told %v", kinds)
		}
	})
}

// A code to sign in goes to no contact that its owner has just entered, unless the
// office stands for it.
func TestANewContactRests(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		w.Issuer = w.withHook(t, d)
		goes := func(id uuid.UUID) (phone, email string) {
			t.Helper()
			w.follow(t)
			gateway := newReceiver(t)
			must(t, w.SendSignInCode(ctx, id, "123456", w.clock.now().Add(10*time.Minute)))
			deliver(t, w.Issuer, gateway.hook(t))
			to := gateway.got(t)[issuer.KindSignInCode].Data.Contacts
			return to.Phone, to.Email
		}
		wants := func(what string, id uuid.UUID, wantPhone, wantEmail string) {
			t.Helper()
			if phone, email := goes(id); phone != wantPhone || email != wantEmail {
				t.Errorf("%s: sent to %q and %q, want %q and %q", what, phone, email, wantPhone, wantEmail)
			}
		}
		id := w.person(t, reached("sms"))
		wants("registered by the office just now", id, "+254700000001", "")
		w.editsOwn(t, id, map[string]string{"phone_number": "+254700000002"})
		wants("the telephone rests", id, "", "amina@example.org")
		w.editsOwn(t, id, map[string]string{"email": "new@example.org"})
		wants("both rest", id, "", "")
		w.decide(t, id, registry.StateAttested, "phone_number")
		wants("the telephone is attested", id, "+254700000002", "")
		w.editsOwn(t, id, map[string]string{"phone_number": "+254700000003"})
		wants("another one was attested", id, "", "")
		w.edit(t, id, map[string]string{"phone_number": "+254700000004"})
		wants("the office entered it", id, "+254700000004", "")
		w.editsOwn(t, id, map[string]string{"phone_number": "+254700000005"})
		w.clock.pass(24 * time.Hour)
		wants("after a day", id, "+254700000005", "")
	})
}
