package registry_test

import (
	"fmt"
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// Edits that change no indexed value, and decisions, are HOT updates of the
// live row on PostgreSQL, also of an added searchable field: they write no index and leave no bloat behind. Not in
// parallel: an open transaction of another test in the cluster, even in another
// database, keeps pages from being tidied up.
func TestEditsAreHotUpdates(t *testing.T) {
	x := newFixture(t, dbtest.New(t, "postgres"))
	x.DB.SQL.SetMaxOpenConns(1) // one session, whose counters are reported at once below
	x.define(t, registry.Field{Key: "ward", Type: registry.TypeText, Searchable: true, Label: label("Ward")})
	const people, rounds = 25, 3
	var all []registry.Person
	for i := range people {
		set := amina()
		set["national_id"] = fmt.Sprint("KE-", 1000+i)
		all = append(all, x.register(t, set))
	}
	for n := range rounds {
		for i, p := range all {
			all[i] = x.edit(t, p, map[string]string{"region": fmt.Sprint("Region ", n), "sex": []string{"male", "female"}[n%2],
				"email": fmt.Sprintf("a%d@example.org", n), "phone_number": fmt.Sprint("+25471122099", n), "birth_date": fmt.Sprint("1990-01-0", n+1),
				"ward": fmt.Sprint("Ward ", n)})
			x.attest(t, all[i], registry.StateAttested, "", "region")
		}
	}
	const want = people * rounds * 2
	updates, hot := x.updates(t, "registrant", want)
	if updates != want || hot != want {
		t.Errorf("%d of %d updates were HOT, want %d of %d", hot, updates, want, want)
	}

	// the twin that must not pass: a change of the indexed name
	x.edit(t, all[0], map[string]string{"given_name": "Zawadi"})
	if updates, hot := x.updates(t, "registrant", want+1); updates != want+1 || hot != want {
		t.Errorf("%d of %d updates were HOT, want %d of %d", hot, updates, want, want+1)
	}
}

// updates reads the counters of a table once they have reached want.
func (x *fixture) updates(t *testing.T, table string, want int) (updates, hot int) {
	t.Helper()
	for reads := 0; ; reads++ {
		x.exec(t, "SELECT pg_stat_force_next_flush()")
		x.exec(t, "SELECT pg_stat_clear_snapshot()")
		row := x.DB.SQL.QueryRowContext(t.Context(), "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = $1", table)
		if err := row.Scan(&updates, &hot); err != nil {
			t.Fatal(err)
		}
		if updates >= want || reads == 10_000 {
			return updates, hot
		}
	}
}
