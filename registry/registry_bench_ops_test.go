package registry_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// The operations that are measured.
const (
	pointRead        = "point read"
	identifierLookUp = "identifier look-up"
	filteredList     = "filtered list"
	nameSearch       = "name search"
	oneChange        = "one change"
	defaultSwitch    = "default switch, per person"
	statisticsCount  = "statistics, counted"
	statisticsRead   = "statistics, read"
)

// operation is one of the product's methods, called for some person; i tells the
// calls apart.
type operation struct {
	name string
	call func(i int) error
}

func (m *registryBench) operations(x *fixture, ids []uuid.UUID) []operation {
	ctx, n := m.b.Context(), len(ids)
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	return []operation{
		{pointRead, func(int) error {
			_, err := x.Person(ctx, registrar(), ids[rnd.IntN(n)])
			return err
		}},
		{identifierLookUp, func(int) error {
			found, err := x.FindByIdentifier(ctx, registrar(), "tax_number", taxNumber(rnd.IntN(n)))
			return wantSome(len(found), err)
		}},
		{filteredList, func(int) error {
			page, err := x.Search(ctx, registrar(), registry.Query{Field: "region", State: registry.StateNew, Equals: map[string]string{"ward": wardOf(rnd.IntN(n), n)}, Names: true})
			return wantSome(len(page.People), err)
		}},
		{nameSearch, func(i int) error {
			name := benchNames()[i%len(benchNames())]
			page, err := x.Search(ctx, registrar(), registry.Query{Text: name, Names: true})
			return wantSome(len(page.People), err)
		}},
		{oneChange, func(i int) error { return m.change(x, ids[(i*7919)%n]) }},
	}
}

// benchNames are searched for: parts and other spellings of invented names.
func benchNames() []string { return []string{"mohamed", "amina", "fatuma hassan", "abdi"} }

func wantSome(found int, err error) error {
	if err == nil && found == 0 {
		err = fmt.Errorf("nobody was found")
	}
	return err
}

// change edits a value that no index is on.
func (m *registryBench) change(x *fixture, id uuid.UUID) error {
	p, err := x.Person(m.b.Context(), registrar(), id)
	if err != nil {
		return err
	}
	set := map[string]string{"locality": fmt.Sprint("Quay ", p.LatestNo)}
	_, err = x.Edit(m.b.Context(), registrar(), id, registry.Change{Set: set, Reason: "benchmark", ExpectVersion: p.VersionNo})
	return err
}

// measure runs every operation at one size.
func (m *registryBench) measure(x *fixture, n int) {
	m.b.Helper()
	var ids []uuid.UUID
	if err := x.DB.WithContext(m.b.Context()).Raw(`SELECT id FROM registrant ORDER BY id`).Scan(&ids).Error; err != nil {
		m.b.Fatal(err)
	}
	updates, hot := m.updates(x)
	for _, op := range m.operations(x, ids) {
		row := measured{rate: m.rate(op)}
		e, end := m.explain(x)
		row.pages = e.medianPages(func(i int) { m.try(op, -1-i) })
		end()
		m.note(n, op.name, row)
	}
	after, hotAfter := m.updates(x)
	m.hot[n] = [2]int{after - updates, hotAfter - hot}
	m.measureCounts(x, n)
	m.measureSwitch(x, n)
}

func (m *registryBench) try(op operation, i int) {
	m.b.Helper()
	if i < 0 {
		i = 1_000_000 - i
	}
	if err := op.call(i); err != nil {
		m.b.Fatalf("%s: %v", op.name, err)
	}
}

// rate is how often per second one client can do it.
func (m *registryBench) rate(op operation) float64 {
	m.b.Helper()
	m.try(op, 0) // statements are prepared, definitions read
	begin, done := time.Now(), 0
	for time.Since(begin) < timedFor {
		done++
		m.try(op, done)
	}
	return float64(done) / time.Since(begin).Seconds()
}

// measureCounts measures the statistics: counted once, and read.
func (m *registryBench) measureCounts(x *fixture, n int) {
	m.b.Helper()
	count := operation{statisticsCount, func(int) error {
		counted, err := x.RefreshStatistics(m.b.Context(), registry.System(), 0)
		if err == nil && !counted {
			err = fmt.Errorf("nothing was counted")
		}
		return err
	}}
	read := operation{statisticsRead, func(int) error { _, err := x.Statistics(m.b.Context(), registry.System()); return err }}
	e, end := m.explain(x)
	defer end()
	begin := time.Now()
	pages := e.pages(func() { m.try(count, 0) }) // once: it reads everything
	m.note(n, count.name, measured{rate: 1 / time.Since(begin).Seconds(), pages: pages})
	m.note(n, read.name, measured{rate: m.rate(read), pages: e.pages(func() { m.try(read, 0) })})
}

// measureSwitch measures the default switch of up to switchedPeople people. Its
// statements are too many to be explained one by one: the server's own counters
// say what they touch.
func (m *registryBench) measureSwitch(x *fixture, n int) {
	m.b.Helper()
	ctx := m.b.Context()
	count, err := x.CountDefaultSwitch(ctx, admin(), "Survey", registry.Query{})
	if err != nil || count.ToSwitch != min(n, switchedPeople) {
		m.b.Fatalf("%+v people to switch, %v; want %d", count, err, min(n, switchedPeople))
	}
	before, begin := m.touched(x), time.Now()
	done, err := x.SetDefaultByLabel(ctx, admin(), registry.DefaultSwitch{Label: "Survey", ExpectCount: count.ToSwitch, Reason: "benchmark"})
	if err != nil || done.Switched != count.ToSwitch {
		m.b.Fatalf("switched %+v, %v; want %d", done, err, count.ToSwitch)
	}
	took := time.Since(begin).Seconds()
	people := float64(count.ToSwitch)
	m.note(n, defaultSwitch, measured{rate: people / took, pages: float64(m.touched(x)-before) / people})
}

// touched is how many pages the sessions of the database have touched so far.
func (m *registryBench) touched(x *fixture) (pages int64) {
	m.b.Helper()
	x.DB.SQL.SetMaxOpenConns(1) // one session, whose counters are flushed here
	defer x.DB.SQL.SetMaxOpenConns(0)
	m.exec(x, "SELECT pg_stat_force_next_flush()")
	m.exec(x, "SELECT pg_stat_clear_snapshot()")
	err := x.DB.SQL.QueryRowContext(m.b.Context(), `SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0)) FROM pg_statio_user_tables`).Scan(&pages)
	if err != nil {
		m.b.Fatal(err)
	}
	return pages
}

// updates reads the counters of the live rows.
func (m *registryBench) updates(x *fixture) (updates, hot int) {
	m.b.Helper()
	m.touched(x)
	err := x.DB.SQL.QueryRowContext(m.b.Context(), `SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'registrant'`).Scan(&updates, &hot)
	if err != nil {
		m.b.Fatal(err)
	}
	return updates, hot
}
