package api

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
)

// readyTimeout is how long all checks of readiness may take together.
const readyTimeout = 3 * time.Second

// Check is one thing that must work before the service takes requests.
type Check struct {
	Name string // shown to whoever asks: "database"
	Run  func(context.Context) error
}

type health struct {
	Status string   `json:"status"`
	Checks []string `json:"checks,omitempty"`
}

// healthz says that the process answers; it asks nobody else.
func (s *server) healthz(c *gin.Context) error {
	return respond.JSON(c, http.StatusOK, health{Status: "ok"})
}

// readyz says whether the service can do its work now: 503 not_ready if not.
func (s *server) readyz(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), readyTimeout)
	defer cancel()
	ready := health{Status: "ready"}
	for _, check := range s.deps.Ready {
		if err := check.Run(ctx); err != nil {
			return fault.Wrap(fault.Unavailable, "not_ready", "The check of the "+check.Name+" failed.", fmt.Errorf("check %s: %w", check.Name, err))
		}
		ready.Checks = append(ready.Checks, check.Name)
	}
	return respond.JSON(c, http.StatusOK, ready)
}

// metrics counts requests for Prometheus, in a registry of its own.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "socialregistry_http_requests_total", Help: "Requests by method, route template and status.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "socialregistry_http_request_duration_seconds", Help: "Time to answer, by method and route template.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(method, route).Observe(took.Seconds())
}

// showMetrics answers Prometheus: a client on this machine, or one that has the
// token of the settings.
func (s *server) showMetrics(c *gin.Context) error {
	if !onThisMachine(c.Request) && !s.hasMetricsToken(c.GetHeader("Authorization")) {
		return fault.New(fault.Forbidden, "metrics_closed", "Metrics are for this machine, or for whoever has their token.")
	}
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(c.Writer, c.Request)
	return nil
}

// onThisMachine tells whether the request began here: a proxy on this machine
// passes on what others ask, and says so in a header.
func onThisMachine(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && address.Addr().Unmap().IsLoopback()
}

func (s *server) hasMetricsToken(authorization string) bool {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	want := s.deps.MetricsToken
	return ok && want != "" && subtle.ConstantTimeCompare([]byte(token), []byte(want)) == 1
}
