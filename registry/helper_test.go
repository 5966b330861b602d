package registry_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fixture is a registry on a database of its own.
type fixture struct {
	*registry.Registry
	DB     *db.DB
	Clock  *clock
	Master secret.Master
}

func onEach(t *testing.T, f func(t *testing.T, x *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newFixture(t, d)) })
}

func newFixture(t testing.TB, d *db.DB) *fixture {
	t.Helper()
	x := &fixture{DB: d, Clock: newClock(), Master: secret.NewMaster()}
	r, err := registry.New(t.Context(), registry.Config{DB: d, Master: x.Master, Now: x.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	x.Registry = r
	return x
}

func actor(role registry.Role) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: string(role) + "-1", Roles: []registry.Role{role}}
}

func admin() registry.Actor     { return actor(registry.RoleAdmin) }
func registrar() registry.Actor { return actor(registry.RoleRegistrar) }
func attester() registry.Actor  { return actor(registry.RoleAttester) }

func self(id uuid.UUID) registry.Actor {
	a := actor(registry.RoleRegistrant)
	a.RegistrantID = id
	return a
}

// amina is a person with a value of every kind.
func amina() map[string]string {
	return map[string]string{
		"given_name": "Amina", "family_name": "Odhiambo", "local_script_name": "أمينة", "sex": "female", "birth_date": "1990-02-28",
		"birth_date_estimated": "false", "region": "Nyanza", "nationality": "KE", "email": "amina@example.org",
		"national_id": "KE-4471 220/9", "phone_number": "+254 711 220 998", "address_line_1": "12 Lake Road",
	}
}

func (x *fixture) register(t *testing.T, set map[string]string) registry.Person {
	t.Helper()
	p, err := x.Register(t.Context(), registrar(), registry.Change{Set: set, Reason: "first visit"})
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return p
}

func (x *fixture) edit(t *testing.T, p registry.Person, set map[string]string) registry.Person {
	t.Helper()
	p, err := x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: set, Reason: "correction", ExpectVersion: p.VersionNo})
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return p
}

func (x *fixture) attest(t *testing.T, p registry.Person, state registry.State, comment string, keys ...string) {
	t.Helper()
	var ds []registry.Decision
	for _, k := range keys {
		ds = append(ds, registry.Decision{Field: k, State: state, Comment: comment})
	}
	if err := x.Attest(t.Context(), attester(), p.ID, p.VersionNo, ds); err != nil {
		t.Fatal(err, fields(err))
	}
}

// fields gives the mistakes of an error as "field:code", in order.
func fields(err error) []string {
	var e *fault.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Name+":"+f.Code)
	}
	return out
}

// wantFault checks kind and code of an error.
func wantFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind || fault.CodeOf(err) != code {
		t.Errorf("error = %v, want kind %d and code %s", err, kind, code)
	}
}

// count is the number of rows of a table.
func (x *fixture) count(t *testing.T, table string) int {
	t.Helper()
	var n int
	if err := x.DB.WithContext(t.Context()).Raw("SELECT count(*) FROM " + table).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func (x *fixture) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if err := x.DB.WithContext(t.Context()).Exec(sql, args...).Error; err != nil {
		t.Fatal(err)
	}
}
