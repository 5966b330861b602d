package web_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
	"socialregistry/registry/demodata"
)

// What `make bench-pages` asks for.
const (
	benchPeople  = 1_000_000 // another number by SR_BENCH_ROWS
	benchUsers   = 32        // at once, each with a session of its own
	benchRounds  = 5         // of every page, in turn
	benchVisits  = 20        // of one user in one round
	benchBuffers = "shared_buffers=3GB"
	// benchMost is how many times the median of the plain page a page may take.
	benchMost = 25.0
)

// benchPage is a page, as one of the users opens it.
type benchPage struct {
	name string
	by   func(p *pagesBench) []*browser
	path func(owner registry.Person) string
}

func benchPages() []benchPage {
	at := func(path string) func(registry.Person) string {
		return func(registry.Person) string { return path }
	}
	guest := func(p *pagesBench) []*browser { return p.guests }
	owner := func(p *pagesBench) []*browser { return p.people }
	staff := func(p *pagesBench) []*browser { return p.staff }
	return []benchPage{
		{"plain page (/login)", guest, at("/login")},
		{"/me", owner, at("/me")},
		{"/me/credentials", owner, at("/me/credentials")},
		{"/me/history", owner, at("/me/history")},
		{"a record", staff, func(p registry.Person) string { return "/admin/people/" + p.ID.String() }},
		{"filtered list: a detail in a state", staff, at("/admin/people?field=given_name&state=ATTESTED")},
		{"filtered list: a name", staff, func(p registry.Person) string {
			return "/admin/people?" + url.Values{"q": {p.Values["family_name"].Text}}.Encode()
		}},
		{"work queue", staff, at("/admin/queues/undecided")},
		{"work queues (/admin)", staff, at("/admin")},
	}
}

// BenchmarkPages measures how long the server takes for pages of portal and console,
// with a million people on PostgreSQL and 32 users at once: median and 99th percentile,
// and as a multiple of a plain page that reads nothing, in the same run. It fails if a
// page takes more than benchMost times the plain one.
func BenchmarkPages(b *testing.B) {
	cluster, err := dbtest.Start(b.Context(), benchBuffers)
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	p := pagesBench{b: b, took: map[string][]time.Duration{}}
	p.open(cluster)
	p.sitDown()
	for range benchRounds {
		for _, page := range benchPages() {
			p.visit(page)
		}
	}
	p.report()
}

type pagesBench struct {
	b      *testing.B
	w      *world
	owners []registry.Person // one of each user
	guests []*browser
	people []*browser // the owners, signed in
	staff  []*browser
	mu     sync.Mutex
	took   map[string][]time.Duration
}

func (p *pagesBench) must(err error) {
	p.b.Helper()
	if err != nil {
		p.b.Fatal(err)
	}
}

// open fills a database by the product's own import.
func (p *pagesBench) open(cluster *dbtest.Cluster) {
	p.b.Helper()
	ctx := p.b.Context()
	conn, err := pgx.Connect(ctx, cluster.URL("postgres"))
	p.must(err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE people")
	p.must(err)
	d, err := db.Open(ctx, cluster.URL("people"))
	p.must(err)
	p.b.Cleanup(func() { d.Close() })
	p.must(db.Migrate(ctx, d))
	p.w = newWorld(p.b, d)
	in, out := io.Pipe()
	go func() {
		out.CloseWithError(demodata.Write(out, demodata.Options{People: p.count(), Seed: 7, AsOf: p.w.Now()}))
	}()
	res, err := p.w.registry.Import(ctx, p.w.actor(registry.RoleAdmin), in, registry.ImportOptions{Mode: registry.ImportCreate, Reason: "benchmark",
		Progress: func(registry.ImportProgress) {}})
	if err != nil || res.Created != p.count() {
		p.b.Fatalf("imported %d of %d people: %v", res.Created, p.count(), err)
	}
	_, err = d.SQL.ExecContext(ctx, "VACUUM (ANALYZE)")
	p.must(err)
}

func (p *pagesBench) count() int {
	p.b.Helper()
	text := os.Getenv("SR_BENCH_ROWS")
	if text == "" {
		return benchPeople
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100*benchUsers {
		p.b.Fatalf("SR_BENCH_ROWS=%s: at least %d people", text, 100*benchUsers)
	}
	return n
}

// sitDown signs in the users: people from anywhere in the registry, with details that
// are attested, and attesters.
func (p *pagesBench) sitDown() {
	p.b.Helper()
	var ids []uuid.UUID
	p.must(p.w.db.Raw("SELECT id FROM registrant WHERE kind = ? ORDER BY random() LIMIT ?", registry.PersonKind, benchUsers).Scan(&ids).Error)
	for _, id := range ids {
		person, err := p.w.registry.Person(p.b.Context(), registry.System(), id)
		p.must(err)
		p.w.person = person
		p.w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		p.owners = append(p.owners, person)
		p.guests = append(p.guests, p.w.browser("en"))
		p.people = append(p.people, p.w.registrant("en"))
		p.staff = append(p.staff, p.w.staff("en", registry.RoleAttester))
	}
	for _, b := range slices.Concat(p.guests, p.people, p.staff) {
		b.http.Transport = &http.Transport{} // a connection of its own
	}
}

// visit lets all users open a page at once, again and again.
func (p *pagesBench) visit(page benchPage) {
	p.b.Helper()
	var all sync.WaitGroup
	for _, user := range page.by(p) {
		all.Go(func() {
			others := slices.Clone(p.owners)
			rand.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
			for visit := range benchVisits {
				began := time.Now()
				if got := user.get(page.path(others[visit%len(others)])); got.status != http.StatusOK {
					p.b.Errorf("%s: %d", page.name, got.status)
					return
				}
				p.note(page.name, time.Since(began))
			}
		})
	}
	all.Wait()
}

func (p *pagesBench) note(name string, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took[name] = append(p.took[name], took)
}

func (p *pagesBench) report() {
	p.b.Helper()
	at := func(name string, share float64) float64 {
		sorted := slices.Sorted(slices.Values(p.took[name]))
		return sorted[int(share*float64(len(sorted)-1))].Seconds() * 1000
	}
	plain := benchPages()[0].name
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "page\tp50 ms\tp99 ms\ttimes the plain page, p50\tp99\t")
	for _, page := range benchPages() {
		p50, p99 := at(page.name, 0.5), at(page.name, 0.99)
		fmt.Fprintf(out, "%s\t%.1f\t%.1f\t%.1f\t%.1f\t\n", page.name, p50, p99, p50/at(plain, 0.5), p99/at(plain, 0.99))
		if p50 > benchMost*at(plain, 0.5) {
			p.b.Errorf("%s: the median is %.1f times that of a plain page, the limit is %.0f", page.name, p50/at(plain, 0.5), benchMost)
		}
	}
	out.Flush()
}
