package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

// Deps is what the HTTP face needs; all but MetricsToken and Ready.
type Deps struct {
	Registry     *registry.Registry
	Issuer       *issuer.Issuers
	Pages        *web.Pages
	PublicURL    string // the only source of our own URLs
	Log          *slog.Logger
	Now          func() time.Time
	MetricsToken string  // "" closes /metrics to other machines
	Proxies      Proxies // in front of the service; nil: none, and no header is believed
	Ready        []Check // what /readyz asks
}

// server is the state that the routes share.
type server struct {
	deps    Deps
	engine  *gin.Engine
	issuers endpoints
	metrics *metrics
	misses  misses
	tries   tries
	sends   tries // of codes
	floods  floods
	calls   calls
	origins *http.CrossOriginProtection
	show    respond.Renderer // failures as pages
}

// New builds the handler of the whole service.
func New(d Deps) (http.Handler, error) {
	s, err := newServer(d)
	if err != nil {
		return nil, err
	}
	return s.engine, nil
}

func newServer(d Deps) (*server, error) {
	if d.Registry == nil || d.Issuer == nil || d.Pages == nil || d.Log == nil || d.Now == nil {
		return nil, errors.New("build the HTTP handler: a part is missing")
	}
	s := &server{deps: d, engine: newEngine(), issuers: newEndpoints(d.Issuer.All()), metrics: newMetrics(), misses: newMisses(d.Now), tries: newTries(d.Now), sends: newTries(d.Now), floods: newFloods(d.Now), calls: newCalls(d.Now), origins: http.NewCrossOriginProtection()}
	if err := s.origins.AddTrustedOrigin(d.PublicURL); err != nil {
		return nil, fmt.Errorf("build the HTTP handler: %w", err)
	}
	s.show = respond.Page(d.Pages.Failure)
	s.engine.Use(respond.Begin(d.Log), s.findClient, s.observe, s.secure, respond.Recover(s.anyone))
	s.engine.NoRoute(func(c *gin.Context) { respond.Fail(c, s.anyone, respond.NoRoute()) })
	s.engine.NoMethod(func(c *gin.Context) { respond.Fail(c, s.anyone, respond.NoMethod()) })
	s.routes()
	return s, nil
}

// newEngine is a gin engine that guesses nothing: no redirects to similar paths,
// no address taken from a header (Proxies does that), no slash in a path where the client wrote %2F.
func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.UseRawPath = true
	e.ForwardedByClientIP = false
	return e
}

// anyone renders a failure where no route says how: by the path, then by what the
// client can read.
func (s *server) anyone(c *gin.Context, f respond.Failure) {
	path := c.Request.URL.Path
	switch {
	case strings.HasPrefix(path, "/oid4vci/"), strings.HasPrefix(path, "/issuers/") && strings.Contains(path, "/oid4vci/"):
		respond.OAuth(c, f)
	case strings.HasPrefix(path, "/api/"):
		respond.Problem(c, f)
	case strings.Contains(c.GetHeader("Accept"), "text/html"):
		s.show(c, f)
	default:
		respond.Problem(c, f)
	}
}

// policy is what a group of routes has in common.
type policy struct {
	render  respond.Renderer
	body    int64         // most bytes of a request body
	time    time.Duration // more time than the server's timeouts, 0 for none
	wallets bool          // pages of any origin may call it, without cookies
	bearer  bool          // a token in the Authorization header takes the place of the cookie
	use     []gin.HandlerFunc
	once    func(handler) handler // around every POST, so that it can be repeated; nil: none
}

type handler = func(*gin.Context) error

// group is a set of routes under one policy.
type group struct {
	server *server
	policy policy
	chain  []gin.HandlerFunc
}

func (s *server) group(p policy) group {
	var chain []gin.HandlerFunc
	switch {
	case p.wallets:
		chain = append(chain, openToWallets)
	case p.bearer:
		chain = append(chain, unlessBearer(s.sameSite(p.render)))
	default:
		chain = append(chain, s.sameSite(p.render))
	}
	chain = append(chain, limitBody(p.render, p.body))
	if p.time > 0 {
		chain = append(chain, s.patient(p.time))
	}
	return group{s, p, append(chain, p.use...)}
}

// get adds a route for GET and HEAD.
func (g group) get(path string, h handler) {
	g.add(http.MethodGet, path, h)
	g.server.engine.HEAD(path, g.handlers(http.MethodHead, path, h)...)
}

func (g group) post(path string, h handler) {
	if g.policy.once != nil {
		h = g.policy.once(h)
	}
	g.add(http.MethodPost, path, h)
}

func (g group) put(path string, h handler)    { g.add(http.MethodPut, path, h) }
func (g group) patch(path string, h handler)  { g.add(http.MethodPatch, path, h) }
func (g group) delete(path string, h handler) { g.add(http.MethodDelete, path, h) }

func (g group) add(method, path string, h handler) {
	g.server.engine.Handle(method, path, g.handlers(method, path, h)...)
	if g.policy.wallets {
		g.server.engine.OPTIONS(path, openToWallets, preflight(method))
	}
}

func (g group) handlers(method, path string, h handler) []gin.HandlerFunc {
	chain := append([]gin.HandlerFunc{}, g.chain...)
	if fresh := g.fresh(method, path); fresh != nil {
		chain = append(chain, fresh)
	}
	return append(chain, respond.Handle(g.policy.render, h))
}
