package issuer_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "seed of the property test; 0 picks one")
	stepsFlag = flag.Int("steps", 10_000, "least number of random steps of the property test, per database")
)

// What a credential says equals what is attested at that moment, never more and
// never less. The test keeps its own model of every record: what each field
// holds, and what was last decided about which value.
func TestPropertyClaimsEqualWhatIsAttested(t *testing.T) {
	t.Parallel()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d: run again with -run %s -args -seed=%d", seed, t.Name(), seed)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := newModel(t, d, seed)
		least := *stepsFlag / 10 // credentials of each format
		for step := 0; step < *stepsFlag || m.made[ldp] < least || m.made[sd] < least; step++ {
			if err := m.step(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
			if step > 4**stepsFlag {
				t.Fatalf("seed %d: only %v credentials in %d steps", seed, m.made, step)
			}
		}
		must(t, m.follow())
		must(t, m.compareStates())
		t.Logf("%d steps; credentials made: %v, denied %d, withdrawn %d", m.steps, m.made, m.denied, m.withdrawn)
		if m.denied == 0 || m.withdrawn == 0 {
			t.Errorf("denied %d, withdrawn %d: the walk misses a part", m.denied, m.withdrawn)
		}
	})
}

// subject is the model of one record.
type subject struct {
	id      uuid.UUID
	version int
	values  map[string]string
	decided map[string]decision
	live    []modelCredential
	tokens  map[string]string // by configuration
	used    map[string]int    // how many credentials the token led to
}

type decision struct {
	state registry.State
	value string
}

type modelCredential struct {
	config string
	claims map[string]any
}

// attested: the last decision was ATTESTED, and on the value that is there now.
func (s *subject) attested(field string) bool {
	d := s.decided[field]
	return d.state == registry.StateAttested && s.values[field] != "" && d.value == s.values[field]
}

// model drives the registry and the issuer, and knows what must come out.
type model struct {
	t         *testing.T
	w         *world
	rnd       *rand.Rand
	people    []*subject
	fields    []string
	claims    map[string]map[string]string // configuration → field → claim
	holders   map[string]holder
	made      map[string]int
	steps     int
	denied    int
	withdrawn int
}

func newModel(t *testing.T, d *db.DB, seed uint64) *model {
	m := &model{t: t, w: newWorld(t, d), rnd: rand.New(rand.NewPCG(seed, 1)), made: map[string]int{}, claims: map[string]map[string]string{},
		holders: map[string]holder{ldp: newDIDHolder(t), sd: newHolder(t)}}
	ready, err := m.w.Readiness(context.Background(), m.w.admin, m.w.person(t, amina()))
	must(t, err)
	fields := map[string]bool{}
	for _, r := range ready {
		m.claims[r.Config.ID] = map[string]string{}
		for _, f := range r.Config.Fields {
			m.claims[r.Config.ID][f.Field] = f.Claim
			fields[f.Field] = true
		}
	}
	m.fields = slices.Sorted(maps.Keys(fields))
	for range 12 {
		m.register()
	}
	return m
}

func (m *model) register() {
	s := &subject{version: 1, values: amina(), decided: map[string]decision{}, tokens: map[string]string{}, used: map[string]int{}}
	s.values["national_id"] = fmt.Sprintf("77%08d", len(m.people))
	s.id = m.w.person(m.t, s.values)
	m.people = append(m.people, s)
	for _, f := range mandatory() {
		must(m.t, m.decideOne(s, f, registry.StateAttested))
	}
}

// step does one random thing and compares.
func (m *model) step() error {
	m.steps++
	s := m.people[m.rnd.IntN(len(m.people))]
	switch n := m.rnd.IntN(100); {
	case n < 28:
		return m.edit(s)
	case n < 73:
		return m.decide(s)
	case n < 99:
		return m.issue(s, []string{ldp, sd}[m.rnd.IntN(2)])
	}
	return m.follow()
}

// pool holds few values per field, so that walks return to old ones.
func pool(field string) []string {
	switch field {
	case "birth_date":
		return []string{"1990-04-05", "1991-04-05", "1990-05-04"}
	case "sex":
		return []string{"female", "male", "unknown", ""}
	case "phone_number":
		return []string{"+221771234567", "+221779876543", ""}
	case "email":
		return []string{"amina@example.org", "a.diallo@example.org", ""}
	case "given_name", "family_name":
		return []string{"Amina", "Aminata", "أمينة"}
	case "nationality":
		return []string{"SN", "ML", ""}
	}
	return []string{"North <&> \"quoted\"", "South", "Élan \\ 東", ""}
}

func (m *model) edit(s *subject) error {
	set := map[string]string{}
	for range 1 + m.rnd.IntN(2) {
		f := m.fields[m.rnd.IntN(len(m.fields))]
		if f == "national_id" {
			continue // unique; it stays as it is
		}
		p := pool(f)
		set[f] = p[m.rnd.IntN(len(p))]
	}
	if len(set) == 0 {
		return nil
	}
	p, err := m.w.registry.Edit(context.Background(), m.w.admin, s.id, registry.Change{Set: set, ExpectVersion: s.version})
	if err != nil {
		return fmt.Errorf("edit %v: %w", set, err)
	}
	maps.Copy(s.values, set)
	s.version = p.VersionNo
	return nil
}

func (m *model) decide(s *subject) error {
	f := m.fields[m.rnd.IntN(len(m.fields))]
	if i := slices.IndexFunc(mandatory(), func(f string) bool { return !s.attested(f) }); i >= 0 && m.rnd.IntN(4) > 0 {
		f = mandatory()[i] // else hardly anybody could ever be issued anything
	}
	if s.values[f] == "" {
		return nil
	}
	state := registry.StateAttested
	switch m.rnd.IntN(20) {
	case 0:
		state = registry.StateRejected
	case 1:
		if d := s.decided[f]; d.state == "" || d.state == registry.StateNew {
			return nil // there is nothing to take back
		}
		state = registry.StateNew
	}
	return m.decideOne(s, f, state)
}

func (m *model) decideOne(s *subject, field string, state registry.State) error {
	d := registry.Decision{Field: field, State: state, Comment: "seen the papers"}
	if err := m.w.registry.Attest(context.Background(), m.w.admin, s.id, s.version, []registry.Decision{d}); err != nil {
		return fmt.Errorf("decide %s %s: %w", field, state, err)
	}
	s.decided[field] = decision{state, s.values[field]}
	return nil
}

// issue asks for a credential and holds the answer to the model.
func (m *model) issue(s *subject, config string) error {
	if m.rnd.IntN(20) == 0 || s.tokens[config] == "" || s.used[config] == ledger.MaxPerGrant {
		s.tokens[config], s.used[config] = m.w.token(m.t, s.id, config), 0
	}
	want := map[string]any{}
	for field, claim := range m.claims[config] {
		if s.attested(field) {
			want[claim] = s.values[field]
		}
	}
	ready := !slices.ContainsFunc(mandatory(), func(f string) bool { return !s.attested(f) })
	credential, err := m.w.ask(context.Background(), s.tokens[config], config, m.holders[config])
	switch {
	case !ready && oauth.CodeOf(err) == "credential_request_denied":
		m.denied++
		return nil
	case !ready:
		return fmt.Errorf("%s with unattested mandatory fields: %v", config, err)
	case err != nil:
		return fmt.Errorf("%s refused, though all is attested: %w", config, err)
	}
	if got := claimsOf(m.t, credential); !maps.Equal(got, want) {
		return fmt.Errorf("%s says %v, attested is %v", config, got, want)
	}
	m.made[config]++
	s.used[config]++
	s.live = append(s.live, modelCredential{config, want})
	if m.made[config]%50 == 1 {
		m.w.verify(m.t, credential, m.holders[config])
	}
	return nil
}

// follow runs the follower and expects exactly the stale credentials gone.
func (m *model) follow() error {
	want := 0
	for _, s := range m.people {
		s.live = slices.DeleteFunc(s.live, func(c modelCredential) bool {
			stale := m.stale(s, c)
			if stale {
				want++
			}
			return stale
		})
	}
	got := m.w.follow(m.t)
	m.withdrawn += got
	if got != want {
		return fmt.Errorf("the follower withdrew %d credentials, want %d", got, want)
	}
	return nil
}

func (m *model) stale(s *subject, c modelCredential) bool {
	for field, claim := range m.claims[c.config] {
		if v, issued := c.claims[claim]; issued && (!s.attested(field) || s.values[field] != v) {
			return true
		}
	}
	return false
}

func (m *model) compareStates() error {
	for _, s := range m.people {
		issued, err := ledger.New(m.w.db, m.w.clock.now).Issuances(context.Background(), s.id)
		if err != nil {
			return err
		}
		live := 0
		for _, c := range issued {
			if c.State == ledger.Issued {
				live++
			}
		}
		if live != len(s.live) {
			return fmt.Errorf("%d credentials are valid, want %d", live, len(s.live))
		}
	}
	return nil
}
