package issuer_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// ward makes an adult the guardian of somebody who was born on a day, and gives the
// adult a credential of the ward.
func (w *world) ward(t testing.TB, born, to string, more ...string) (ward, guardian uuid.UUID) {
	t.Helper()
	values := amina()
	values["birth_date"] = born
	ward, guardian = w.person(t, values, mandatory()...), w.person(t, amina(), mandatory()...)
	w.guardian(t, ward, guardian, to)
	_, err := w.ask(context.Background(), w.tokenBy(t, registrant(guardian), ward, sd), sd, newHolder(t))
	must(t, err)
	return ward, guardian
}

// Row 70: a guardianship that ends by the calendar alone ends what the guardian holds
// on that day, also if nobody follows for some days, and ends nothing else.
func TestRow70GuardianshipEndsByTheCalendar(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)                               // on the 22nd
		dated, _ := w.ward(t, "2019-04-05", "2026-11-23") // its last day
		grown, guardian := w.ward(t, "2008-11-24", "")    // comes of age
		adult, _ := w.ward(t, "1990-04-05", "")           // recorded for an adult: nothing ends
		late, _ := w.ward(t, "2008-11-30", "")
		_, err := w.ask(context.Background(), w.token(t, dated, sd), sd, newHolder(t)) // the ward's own
		must(t, err)
		left := func() (n []int) {
			for _, id := range []uuid.UUID{dated, grown, adult, late} {
				n = append(n, len(w.live(t, id)))
			}
			return n
		}
		for _, tc := range []struct {
			days, withdrawn int
			want            [4]int
		}{{0, 0, [4]int{2, 1, 1, 1}}, {1, 0, [4]int{2, 1, 1, 1}}, {1, 2, [4]int{1, 0, 1, 1}}, {0, 0, [4]int{1, 0, 1, 1}}, {9, 1, [4]int{1, 0, 1, 0}}} {
			w.clock.pass(time.Duration(tc.days) * 24 * time.Hour)
			if n, got := w.follow(t), [4]int(left()); n != tc.withdrawn || got != tc.want {
				t.Errorf("%s: %d withdrawn, want %d; %v are live, want %v", w.clock.now().Format(time.DateOnly), n, tc.withdrawn, got, tc.want)
			}
		}
		if _, err := w.CreateOffer(context.Background(), registrant(guardian), grown, []string{sd}, false); err == nil {
			t.Error("the guardian offers for somebody who came of age")
		}
		rows, err := w.Issued(context.Background(), w.admin, grown)
		must(t, err)
		if rows[0].Reason != "holder_no_longer_entitled" {
			t.Errorf("withdrawn for %q", rows[0].Reason)
		}
	})
}

// Row 70: where a later start has a lower age (SR_ADULT_AGE), what guardians hold about
// those who are of age by it ends, though their birthdays are days that were looked at.
func TestRow70TheAgeIsLowered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		start := func(age int) {
			var err error
			w.registry, err = registry.New(context.Background(), registry.Config{DB: d, Master: w.master, Now: w.clock.now, Kinship: registry.KinshipRules{AdultAge: age}})
			must(t, err)
			w.Issuer = w.issuer(t, d)
		}
		start(21)
		ward, guardian := w.ward(t, "2008-11-10", "") // 18 years old on the 10th
		minor, _ := w.ward(t, "2019-04-05", "")
		for _, tc := range []struct{ age, withdrawn, live int }{{21, 0, 1}, {18, 1, 0}, {18, 0, 0}, {21, 0, 1}, {18, 1, 0}} {
			if start(tc.age); tc.age == 21 && len(w.live(t, ward)) == 0 {
				_, err := w.ask(context.Background(), w.tokenBy(t, registrant(guardian), ward, sd), sd, newHolder(t))
				must(t, err)
			}
			if n := w.follow(t); n != tc.withdrawn || len(w.live(t, ward)) != tc.live || len(w.live(t, minor)) != 1 {
				t.Errorf("of age with %d: %d withdrawn, %d live, want %d, %d; %d of a minor, want 1", tc.age, n, len(w.live(t, ward)), tc.withdrawn, tc.live, len(w.live(t, minor)))
			}
		}
	})
}

// moment is when somebody has just been told that a person may hold a credential, and
// nothing is reserved yet.
type moment struct {
	once sync.Once
	do   func()
}

type momentKey struct{}

// Row 70: what happens between the answer that somebody may hold a credential and the
// reservation ends the issue, though nothing of the ward's own record changed and the
// follower is past it: the guardian's death, and the last day.
func TestRow70TheMomentBeforeTheReservation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.clock.pass(13*time.Hour + 29*time.Minute) // a minute before midnight
		_, err := w.registry.DefineField(context.Background(), w.admin, registry.Field{Key: "death_date", Section: "demography", Type: registry.TypeDate,
			Label: map[string]string{"en": "Date of death", "ar": "تاريخ الوفاة"}, Attestable: true}, "deaths are recorded")
		must(t, err)
		w.Issuer = w.issuer(t, d)
		must(t, d.Callback().Row().After("gorm:row").Register("test:moment", func(tx *gorm.DB) {
			if m, ok := tx.Statement.Context.Value(momentKey{}).(*moment); ok && strings.Contains(tx.Statement.SQL.String(), "FROM membership WHERE group_id") {
				m.once.Do(m.do)
			}
		}))
		for name, happens := range map[string]func(guardian uuid.UUID){
			"nothing": func(uuid.UUID) {},
			"death": func(guardian uuid.UUID) {
				w.edit(t, guardian, map[string]string{"death_date": "2026-11-20"})
				w.decide(t, guardian, registry.StateAttested, "death_date")
			},
			"last day": func(uuid.UUID) { w.clock.pass(time.Minute) },
		} {
			ward, guardian := w.ward(t, "2019-04-05", w.clock.now().Format(time.DateOnly))
			token := w.tokenBy(t, registrant(guardian), ward, sd)
			w.follow(t)
			m := &moment{do: func() {
				happens(guardian)
				for range 3 { // on PostgreSQL our own reading hides the newest changes
					if _, _, err := w.Follow(context.Background()); err != nil {
						t.Error(err)
					}
				}
			}}
			live := 0
			if name == "nothing" {
				live = 2
			}
			_, err := w.ask(context.WithValue(context.Background(), momentKey{}, m), token, sd, newHolder(t))
			if got := oauth.CodeOf(err); (got == "credential_request_denied") != (name != "nothing") {
				t.Errorf("%s: %v", name, err)
			}
			if w.follow(t); len(w.live(t, ward)) != live {
				t.Errorf("%s: %d live, want %d", name, len(w.live(t, ward)), live)
			}
		}
	})
}
