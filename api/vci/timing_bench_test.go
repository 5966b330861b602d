package vci_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

const (
	timingLimit   = 2.576 // |z| of the rank test: p < 0.01, two-sided
	timingSamples = 1000  // of each of two questions
	timingSlow    = 100 * time.Microsecond
)

// BenchmarkTiming asks whether the time of a refusal tells what the refusal does
// not say (openid4vci.md row 80). Two questions with the same answer are asked in
// turns of random order, timingSamples times each, over HTTP against PostgreSQL;
// then the rank-sum test of Mann and Whitney says whether one takes longer. What
// differs with p < 0.01 is measured anew, for one of a hundred does so by chance; it
// fails if it differs again, in the same direction. Two controls are about the
// bench itself: a question against itself must not differ, and one that is
// answered timingSlow later must; they too have a second chance.
func BenchmarkTiming(b *testing.B) {
	cluster, err := dbtest.Start(b.Context(), "synchronous_commit=on")
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Stop()
	t := newTimingBench(b, cluster)
	fmt.Printf("%-72s %12s %12s %8s %8s\n", "question", "median µs", "median µs", "longer", "z")
	for _, q := range t.controls() {
		told := q.as(t.measure(q))
		if !told {
			told = q.as(t.measure(q))
		}
		if !told {
			b.Errorf("the bench cannot tell: %s", q.name)
		}
	}
	for _, q := range t.questions() {
		z := t.measure(q)
		if math.Abs(z) < timingLimit {
			continue
		}
		if again := t.measure(q); math.Abs(again) >= timingLimit && again*z > 0 {
			b.Errorf("%s: the time tells (z = %.1f, then %.1f)", q.name, z, again)
		}
	}
}

// timed is two questions that must look alike. ask makes a request of the first or
// the second; before that, prepare may do what is not measured. Every answer must have
// the status: what another refuses (a limit, a mistake of the bench) tells nothing.
type timed struct {
	name    string
	status  int
	samples int
	prepare func()
	ask     func(second bool) *http.Request
	differs bool // a control that must differ
}

// as tells whether z is what is known of a control.
func (q timed) as(z float64) bool { return math.Abs(z) >= timingLimit == q.differs }

type timingBench struct {
	*flowBench
	url    string
	client *http.Client
	from   uint32 // counts the connections: each comes from an address of its own
}

// newTimingBench starts the product behind a listener.
func newTimingBench(b *testing.B, cluster *dbtest.Cluster) *timingBench {
	b.Helper()
	t := &timingBench{flowBench: newFlowBench(b, cluster)}
	d, err := db.Open(b.Context(), t.database)
	t.must(err)
	b.Cleanup(func() { d.Close() })
	handler, err := productHandler(b.Context(), d, t.master)
	t.must(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Slow") != "" { // the control
			for began := time.Now(); time.Since(began) < timingSlow; {
			}
		}
		handler.ServeHTTP(w, r)
	}))
	b.Cleanup(server.Close)
	t.url = server.URL
	t.client = &http.Client{Transport: &http.Transport{DialContext: t.dial}}
	return t
}

// dial takes a new address of 127.0.0.0/8, so that the limits, which are per
// address, are not what is measured.
func (t *timingBench) dial(ctx context.Context, network, address string) (net.Conn, error) {
	t.from++
	local := net.IPv4(127, 1+byte(t.from>>16), byte(t.from>>8), byte(t.from))
	return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: local}}).DialContext(ctx, network, address)
}

// measure asks both questions in turns and gives z of the rank test: positive if
// the second takes longer.
func (t *timingBench) measure(q timed) float64 {
	t.b.Helper()
	const warm = 40
	took := [2][]time.Duration{}
	var said [2]string
	others := map[int]int{} // answers of another status, by that
	for k := range q.samples + warm {
		if k%10 == 0 {
			t.client.CloseIdleConnections()
		}
		for _, which := range rand.Perm(2) {
			d, status, answer := t.time(q, which == 1)
			if status != q.status {
				others[status]++
			}
			if k >= warm {
				took[which] = append(took[which], d)
			}
			said[which] = answer
		}
	}
	if len(others) > 0 {
		t.b.Errorf("%s: answers other than %d, by their status: %v", q.name, q.status, others)
	}
	if said[0] != said[1] {
		t.b.Errorf("%s: the answers are not the same: %s and %s", q.name, said[0], said[1])
	}
	z, longer := ranks(took[0], took[1])
	fmt.Printf("%-72s %12.1f %12.1f %8.3f %8.1f\n", q.name, micros(took[0]), micros(took[1]), longer, z)
	return z
}

// time asks one question. The connection is there before the clock runs.
func (t *timingBench) time(q timed, second bool) (took time.Duration, status int, answer string) {
	t.b.Helper()
	if q.prepare != nil {
		q.prepare()
	}
	ready, err := t.client.Get(t.url + "/healthz")
	t.must(err)
	_, err = io.Copy(io.Discard, ready.Body)
	t.must(err)
	ready.Body.Close()
	req := q.ask(second)
	began := time.Now()
	res, err := t.client.Do(req)
	t.must(err)
	raw, err := io.ReadAll(res.Body)
	took = time.Since(began)
	t.must(err)
	res.Body.Close()
	if res.Header.Get("Content-Type") != "application/json" {
		raw = nil // a page repeats what was typed
	}
	return took, res.StatusCode, fmt.Sprintf("%d %s", res.StatusCode, raw)
}

// ranks is the rank-sum test: z, which is standard normal if a and b are alike,
// and how likely one of b is longer than one of a.
func ranks(a, b []time.Duration) (z, longer float64) {
	type value struct {
		d      time.Duration
		second bool
	}
	var all []value
	for _, d := range a {
		all = append(all, value{d, false})
	}
	for _, d := range b {
		all = append(all, value{d, true})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.d, y.d) })
	sum := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].d == all[i].d {
			j++
		}
		for _, v := range all[i:j] { // equal ones share their ranks
			if v.second {
				sum += float64(i+j+1) / 2
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	u := sum - m*(m+1)/2
	return (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12), u / (n * m)
}

func micros(d []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(d))
	return float64(sorted[len(sorted)/2].Nanoseconds()) / 1000
}

func TestRanks(t *testing.T) {
	t.Parallel()
	a, b := []time.Duration{1, 2, 3, 4, 5}, []time.Duration{6, 7, 8, 9, 10}
	for name, c := range map[string]struct {
		a, b      []time.Duration
		z, longer float64
	}{
		"alike":        {a, a, 0, 0.5},
		"all longer":   {a, b, 2.611, 1},
		"all shorter":  {b, a, -2.611, 0},
		"equal values": {[]time.Duration{1, 1, 1}, []time.Duration{1, 1, 1}, 0, 0.5},
	} {
		if z, longer := ranks(c.a, c.b); math.Abs(z-c.z) > 0.001 || longer != c.longer {
			t.Errorf("%s: z %.3f, longer %.3f; want %.3f, %.3f", name, z, longer, c.z, c.longer)
		}
	}
}
