package registry_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

// policy gives a field that comes with the program a policy.
func (x *fixture) policy(t *testing.T, key string, p attestation.Policy) {
	t.Helper()
	f, err := x.Field(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	f.Attestation = p
	if _, err := x.UpdateField(t.Context(), admin(), f, "policy"); err != nil {
		t.Fatal(err, fields(err))
	}
}

// decide decides on one field as somebody, and gives what is refused as "field:code".
func (x *fixture) decide(t *testing.T, a registry.Actor, p registry.Person, d registry.Decision) []string {
	t.Helper()
	err := x.Attest(t.Context(), a, p.ID, p.VersionNo, []registry.Decision{d})
	if err != nil && fault.CodeOf(err) != "invalid_decisions" {
		t.Fatal(err)
	}
	return fields(err)
}

// called is an actor of a role by another name.
func called(name string, role registry.Role) registry.Actor {
	a := actor(role)
	a.Name = name
	return a
}

func TestMovesOfAnAttestation(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		step := func(state registry.State, comment, wrong string) {
			t.Helper()
			got := x.decide(t, attester(), p, registry.Decision{Field: "region", State: state, Comment: comment})
			if wrong == "" && len(got) > 0 || wrong != "" && !slices.Equal(got, []string{"region:" + wrong}) {
				t.Errorf("%s: refused with %v, want %q", state, got, wrong)
			}
		}
		step(registry.StateNew, "", "bad_move") // there is nothing to take back
		step(registry.StateRevoked, "forged", "bad_move")
		step(registry.StateExpired, "old", "bad_state")
		step(registry.StateRejected, "The paper says Kisumu", "")
		step(registry.StateNew, "", "")
		step(registry.StateAttested, "", "")
		step(registry.StateRevoked, " ", "comment_required")
		step(registry.StateRevoked, "the paper was forged", "")
		if got := x.attested(t, p); len(got) != 0 {
			t.Errorf("attested = %v after it was revoked", got)
		}
		step(registry.StateAttested, "", "bad_move")
		if s := x.states(t, p)["region"]; s.State != registry.StateRevoked || s.Comment != "the paper was forged" || s.Changed {
			t.Errorf("state = %+v", s)
		}
		step(registry.StateNew, "", "")
		step(registry.StateAttested, "", "")
		if got := x.attested(t, p); got["region"] != "Nyanza" {
			t.Errorf("attested = %v", got)
		}
		found, err := x.Search(t.Context(), admin(), registry.Query{Field: "region", State: registry.StateRevoked})
		if err != nil || len(found.People) != 0 {
			t.Errorf("found %d revoked, %v", len(found.People), err)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoAttesters(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.policy(t, "region", attestation.Policy{Attesters: 2})
		p := x.register(t, amina())
		first, second := called("first", registry.RoleAttester), called("second", registry.RoleAttester)
		yes := registry.Decision{Field: "region", State: registry.StateAttested, Comment: "seen"}
		refuse := func(a registry.Actor, d registry.Decision, want ...string) {
			t.Helper()
			if got := x.decide(t, a, p, d); !slices.Equal(got, want) {
				t.Errorf("refused with %v, want %v", got, want)
			}
		}
		refuse(first, yes)
		s := x.states(t, p)["region"]
		if s.State != registry.StateNew || s.Changed || s.By != "" || s.Proposal.By != "first" || s.Proposal.State != registry.StateAttested || s.Proposal.Comment != "seen" {
			t.Errorf("after the first: %+v", s)
		}
		counts, err := x.QueueCounts(t.Context(), admin())
		if err != nil || counts[registry.QueueProposed] != 1 || counts[registry.QueueUndecided] != 1 {
			t.Errorf("queues = %v, %v", counts, err)
		}
		refuse(first, yes, "region:same_attester")

		// another value in between voids it, and so it stays when the first value returns
		p = x.edit(t, p, map[string]string{"region": "Kisumu"})
		p = x.edit(t, p, map[string]string{"region": "Nyanza"})
		if s := x.states(t, p)["region"]; s.Proposal.By != "" {
			t.Errorf("the proposal stands: %+v", s.Proposal)
		}
		refuse(second, yes) // is the first one now
		if got := x.attested(t, p); len(got) != 0 {
			t.Fatalf("attested = %v by one", got)
		}
		refuse(first, yes)
		if s := x.states(t, p)["region"]; s.State != registry.StateAttested || s.By != "first" || s.Proposal.By != "" {
			t.Errorf("after both: %+v", s)
		}
		// one says no; a proposal of somebody is taken back
		refuse(second, registry.Decision{Field: "region", State: registry.StateRejected, Comment: "no"})
		refuse(second, registry.Decision{Field: "region", State: registry.StateNew})
		refuse(second, yes)
		refuse(first, registry.Decision{Field: "region", State: registry.StateNew})
		refuse(second, yes)
		if got := x.attested(t, p); len(got) != 0 {
			t.Errorf("attested = %v", got)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestNobodyAttestsTheOwnEdit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.policy(t, "region", attestation.Policy{OwnEdit: attestation.OwnEditRefused})
		boss, other := called("boss", registry.RoleAdmin), called("other", registry.RoleAdmin)
		p, err := x.Register(t.Context(), boss, registry.Change{Set: amina()})
		if err != nil {
			t.Fatal(err)
		}
		yes := registry.Decision{Field: "region", State: registry.StateAttested}
		if got := x.decide(t, boss, p, yes); !slices.Equal(got, []string{"region:own_edit"}) {
			t.Errorf("refused with %v", got)
		}
		if got := x.decide(t, boss, p, registry.Decision{Field: "sex", State: registry.StateAttested}); len(got) > 0 {
			t.Errorf("a field without the policy: %v", got)
		}
		if got := x.decide(t, boss, p, registry.Decision{Field: "region", State: registry.StateRejected, Comment: "no"}); len(got) > 0 {
			t.Errorf("a rejection of the own edit: %v", got)
		}
		// the registry as a whole refuses what no policy speaks of, and a policy wins
		x.policy(t, "given_name", attestation.Policy{OwnEdit: attestation.OwnEditAllowed})
		strict := x.again(t, registry.Config{OwnEdit: attestation.OwnEditRefused})
		err = strict.Attest(t.Context(), boss, p.ID, p.VersionNo, []registry.Decision{{Field: "family_name", State: registry.StateAttested}})
		if got := fields(err); !slices.Equal(got, []string{"family_name:own_edit"}) {
			t.Errorf("refused with %v", got)
		}
		if err := strict.Attest(t.Context(), boss, p.ID, p.VersionNo, []registry.Decision{{Field: "given_name", State: registry.StateAttested}}); err != nil {
			t.Error(err, fields(err))
		}
		// an edit of something else by another does not make the value another's
		x.Clock.Add(time.Minute)
		p, err = x.Edit(t.Context(), other, p.ID, registry.Change{Set: map[string]string{"locality": "Quay"}, ExpectVersion: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := x.decide(t, boss, p, yes); !slices.Equal(got, []string{"region:own_edit"}) {
			t.Errorf("refused with %v", got)
		}
		// the last edit counts
		x.Clock.Add(time.Minute)
		p, err = x.Edit(t.Context(), other, p.ID, registry.Change{Set: map[string]string{"region": "Kisumu"}, ExpectVersion: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := x.decide(t, other, p, yes); !slices.Equal(got, []string{"region:own_edit"}) {
			t.Errorf("refused with %v", got)
		}
		if got := x.decide(t, boss, p, yes); len(got) > 0 {
			t.Errorf("refused with %v", got)
		}
		// an import is an edit by whoever imports
		x.Clock.Add(time.Minute)
		file := strings.NewReader("registration number,region\n" + p.Number + ",Coast\n")
		if _, err := x.Import(t.Context(), boss, file, update()); err != nil {
			t.Fatal(err)
		}
		if p, err = x.Person(t.Context(), boss, p.ID); err != nil || p.Values["region"].Text != "Coast" {
			t.Fatalf("%v, %v", p.Values["region"], err)
		}
		if got := x.decide(t, boss, p, yes); !slices.Equal(got, []string{"region:own_edit"}) {
			t.Errorf("refused with %v after the own import", got)
		}
		if got := x.decide(t, other, p, yes); len(got) > 0 {
			t.Errorf("refused with %v", got)
		}
	})
}

func TestAnAttestationExpires(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.policy(t, "region", attestation.Policy{ValidDays: 30})
		p := x.register(t, amina())
		start := x.Clock.Now()
		x.attest(t, p, registry.StateAttested, "", "region", "sex")
		if s := x.states(t, p); !s["region"].ExpiresAt.Equal(start.AddDate(0, 0, 30)) || !s["sex"].ExpiresAt.IsZero() {
			t.Errorf("expires at %v and %v", s["region"].ExpiresAt, s["sex"].ExpiresAt)
		}
		all := func(want registry.State, queue int) {
			t.Helper()
			if got := x.states(t, p)["region"].State; got != want {
				t.Errorf("state = %s, want %s", got, want)
			}
			if _, ok := x.attested(t, p)["region"]; ok != (want == registry.StateAttested) {
				t.Errorf("it goes into a credential: %v", ok)
			}
			for _, state := range attestation.States() {
				page, err := x.Search(t.Context(), admin(), registry.Query{Field: "region", State: state})
				if err != nil || len(page.People) == 1 != (state == want) {
					t.Errorf("found %d %s, %v", len(page.People), state, err)
				}
			}
			counts, err := x.QueueCounts(t.Context(), admin())
			if err != nil || counts[registry.QueueExpired] != queue {
				t.Errorf("%d in the queue, %v", counts[registry.QueueExpired], err)
			}
		}
		x.Clock.Add(30*24*time.Hour - time.Microsecond)
		all(registry.StateAttested, 0)
		x.Clock.Add(time.Microsecond)
		all(registry.StateExpired, 1) // at once, before anybody wrote so
		log := x.count(t, "change_log")
		for want := 1; want >= 0; want-- {
			if n, err := x.ExpireAttestations(t.Context(), registry.System()); err != nil || n != want {
				t.Errorf("expired %d, %v, want %d", n, err, want)
			}
		}
		all(registry.StateExpired, 1)
		if n := x.count(t, "change_log"); n != log+1 {
			t.Errorf("%d entries of the change log", n-log)
		}
		if s := x.states(t, p)["region"]; s.By != "system" || s.AttestedText != "Nyanza" {
			t.Errorf("state = %+v", s)
		}
		x.attest(t, p, registry.StateAttested, "", "region")
		all(registry.StateAttested, 0)
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		_, err := x.ExpireAttestations(t.Context(), attester())
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}

// TestTwoSweepsExpireOnce: two servers that sweep one database at once write each
// end once, whoever of them is quicker, and count what they wrote.
func TestTwoSweepsExpireOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.policy(t, "region", attestation.Policy{ValidDays: 30})
		other := x.again(t, registry.Config{})
		var all []registry.Person
		for range 6 {
			p := x.register(t, map[string]string{"given_name": "Amina", "region": "Nyanza", "sex": "female"})
			x.attest(t, p, registry.StateAttested, "", "region", "sex")
			all = append(all, p)
		}
		x.Clock.Add(30 * 24 * time.Hour)
		log := x.count(t, "change_log")
		var wrote [2]int
		var both sync.WaitGroup
		for i, r := range []*registry.Registry{x.Registry, other} {
			both.Go(func() {
				var err error
				if wrote[i], err = r.ExpireAttestations(t.Context(), registry.System()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if wrote[0]+wrote[1] != len(all) || x.count(t, "change_log") != log+len(all) {
			t.Errorf("wrote %v and %d entries, want %d", wrote, x.count(t, "change_log")-log, len(all))
		}
		for _, p := range all {
			page, err := x.AttestationHistory(t.Context(), admin(), p.ID, "region", "", 0)
			if err != nil || len(page.Decisions) != 2 || page.Decisions[1].State != registry.StateExpired {
				t.Errorf("decisions = %+v, %v", page.Decisions, err)
			}
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
		}
	})
}

// again is another registry on the same database, with what c says beside.
func (x *fixture) again(t *testing.T, c registry.Config) *registry.Registry {
	t.Helper()
	c.DB, c.Master, c.Now = x.DB, x.Master, x.Clock.Now
	r, err := registry.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAValueIsOverdue(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.policy(t, "region", attestation.Policy{DeadlineDays: 7})
		p := x.register(t, amina())
		q := x.register(t, map[string]string{"given_name": "Berta", "region": "Coast"})
		overdue := func(want ...string) {
			t.Helper()
			page, err := x.QueuePage(t.Context(), admin(), registry.QueueOverdue, "", 10)
			var got []string
			for _, person := range page.People {
				got = append(got, person.Values["given_name"].Text)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("overdue = %v, %v, want %v", got, err, want)
			}
		}
		x.Clock.Add(7 * 24 * time.Hour)
		overdue()
		x.Clock.Add(time.Microsecond)
		overdue("Amina", "Berta")
		if _, err := x.RefreshStatistics(t.Context(), admin(), 0); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := x.DB.WithContext(t.Context()).Raw(`SELECT people FROM stat_queue WHERE queue = 'overdue' AND days = '1-7'`).Scan(&n).Error; err != nil || n != 2 {
			t.Errorf("statistics count %d, %v", n, err)
		}
		x.attest(t, q, registry.StateAttested, "", "region")
		overdue("Amina")
		x.edit(t, p, map[string]string{"region": "Kisumu"})
		overdue()
	})
}

func TestAPolicyByArea(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, "code,parent,name\nN,,North\nN-A,N,Ayr\nS,,South\n")
		x.policy(t, "sex", attestation.Policy{Area: true})
		p := x.register(t, map[string]string{"given_name": "Amina", "sex": "female", "region": "N-A"})
		within := func(area string) registry.Actor {
			a := attester()
			a.Grants = []registry.Grant{{Role: registry.RoleAttester, Area: area}}
			return a
		}
		yes := registry.Decision{Field: "sex", State: registry.StateAttested}
		if got := x.decide(t, attester(), p, yes); !slices.Equal(got, []string{"sex:outside_area"}) {
			t.Errorf("an attester of everywhere: %v", got)
		}
		err := x.Attest(t.Context(), within("S"), p.ID, 1, []registry.Decision{yes})
		wantFault(t, err, fault.NotFound, "no_such_person")
		if got := x.decide(t, within("N"), p, yes); len(got) > 0 {
			t.Errorf("an attester of the area: %v", got)
		}
	})
}
