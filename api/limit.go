package api

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
)

// How often one address may ask for what is not there, and how often it may be
// refused as it signs in or activates, before it has to wait; and how many
// addresses are remembered.
const (
	missBurst      = 30
	tryBurst       = 30
	slowEvery      = 2 * time.Second // one more of either
	limitedClients = 10_000
)

// How many requests an account may make at once, and how often one more.
const (
	callBurst = 1000
	callEvery = 20 * time.Millisecond
)

// How many requests one address may send at once to the endpoints where codes,
// client secrets and pushed requests go in, and how often one more. It is far more
// than people behind one proxy send.
const (
	floodBurst = 1000
	floodEvery = 5 * time.Millisecond
)

// misses slows down whoever guesses identifiers (an offer's id is a secret): each
// look at what is not there costs one token of the client's bucket, and with an
// empty bucket a miss is answered 429. What is there is always answered, so that
// clients behind one proxy cannot lock each other out.
type misses struct{ *buckets[netip.Prefix] }

func newMisses(now func() time.Time) misses {
	return misses{newBuckets[netip.Prefix](now, missBurst, slowEvery)}
}

// count is h whose misses count.
func (m misses) count(h func(*gin.Context) error) func(*gin.Context) error {
	return func(c *gin.Context) error {
		err := h(c)
		if err == nil || fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Gone {
			return err
		}
		if !m.take(clientOf(c)) {
			return fault.Wrap(fault.Limited, "too_many_misses", "Too many tries. Wait a moment.", err)
		}
		return err
	}
}

// tries slows down whoever guesses passwords and activation codes at many names:
// registry locks one name at a time. Only a try that is refused costs a token,
// but with an empty bucket every try is answered 429, before any work.
type tries struct{ *buckets[netip.Prefix] }

func newTries(now func() time.Time) tries {
	return tries{newBuckets[netip.Prefix](now, tryBurst, slowEvery)}
}

// count is h, a page with a form for passwords, whose refusals count. Such a page
// answers a refusal itself, by its status. Error: Limited "sign_in_locked".
func (t tries) count(h func(*gin.Context) error) func(*gin.Context) error {
	return func(c *gin.Context) error {
		client := clientOf(c)
		if t.empty(client) {
			return fault.New(fault.Limited, "sign_in_locked", "Too many wrong tries. Wait a while, then try again.")
		}
		err := h(c)
		if err != nil || c.Writer.Status() >= http.StatusBadRequest {
			t.take(client)
		}
		return err
	}
}

// each is h whose every request costs a token: it sends something to somebody. Error:
// Limited "too_many_requests".
func (t tries) each(h func(*gin.Context) error) func(*gin.Context) error {
	return func(c *gin.Context) error {
		if !t.take(clientOf(c)) {
			return fault.New(fault.Limited, "too_many_requests", "Too many requests. Wait a moment.")
		}
		return h(c)
	}
}

// floods keeps one address from keeping an endpoint busy: every request costs a
// token, and with an empty bucket it is answered 429 before any work.
type floods struct{ *buckets[netip.Prefix] }

func newFloods(now func() time.Time) floods {
	return floods{newBuckets[netip.Prefix](now, floodBurst, floodEvery)}
}

// count is h whose requests count.
func (f floods) count(h func(*gin.Context) error) func(*gin.Context) error {
	return func(c *gin.Context) error {
		if !f.take(clientOf(c)) {
			return fault.New(fault.Limited, "too_many_requests", "Too many requests. Wait a moment.")
		}
		return h(c)
	}
}

// calls keeps one account from taking the interface for programs from all
// others: each request costs a token of the account's bucket, and with an empty
// bucket it is answered 429.
type calls struct{ *buckets[uuid.UUID] }

func newCalls(now func() time.Time) calls {
	return calls{newBuckets[uuid.UUID](now, callBurst, callEvery)}
}

// limit is the middleware; it comes after the one that finds out who calls.
func (l calls) limit(c *gin.Context) {
	if !l.take(auth.Actor(c.Request.Context()).AccountID) {
		respond.Fail(c, respond.Problem, fault.New(fault.Limited, "too_many_requests", "Too many requests. Wait a moment."))
	}
}

// buckets holds one bucket of tokens per client. It fills by one token every
// every.
type buckets[K comparable] struct {
	now   func() time.Time
	burst int
	every time.Duration

	mu  sync.Mutex // guards all
	all map[K]*rate.Limiter
}

func newBuckets[K comparable](now func() time.Time, burst int, every time.Duration) *buckets[K] {
	return &buckets[K]{now: now, burst: burst, every: every, all: map[K]*rate.Limiter{}}
}

// take takes a token out of the client's bucket, if there is one.
func (b *buckets[K]) take(client K) bool { return b.of(client).AllowN(b.now(), 1) }

// empty tells whether the client's bucket holds no token.
func (b *buckets[K]) empty(client K) bool { return b.of(client).TokensAt(b.now()) < 1 }

func (b *buckets[K]) of(client K) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l, ok := b.all[client]; ok {
		return l
	}
	if len(b.all) >= limitedClients {
		b.forget()
	}
	l := rate.NewLimiter(rate.Every(b.every), b.burst)
	b.all[client] = l
	return l
}

// forget drops the clients whose bucket is full again. If that frees nothing,
// somebody has very many addresses, and all start anew.
func (b *buckets[K]) forget() {
	for client, l := range b.all {
		if l.TokensAt(b.now()) >= float64(b.burst) {
			delete(b.all, client)
		}
	}
	if len(b.all) >= limitedClients {
		clear(b.all)
	}
}
