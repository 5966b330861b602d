package auth_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// gate is a router with one open page, one for attesters, and what it saw.
type gate struct {
	*gin.Engine
	registry *registry.Registry
	db       *db.DB
	actor    registry.Actor
	failure  respond.Failure
	needed   []registry.Role
}

func newGate(t *testing.T, d *db.DB) *gate {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	reg, err := registry.New(t.Context(), registry.Config{DB: d, Master: secret.NewMaster(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = reg.CreateStaff(t.Context(), registry.System(), "amina", "six green kettles", []registry.Role{registry.RoleAttester})
	if err != nil {
		t.Fatal(err)
	}
	gin.SetMode(gin.ReleaseMode)
	g := &gate{Engine: gin.New(), registry: reg, db: d}
	render := func(c *gin.Context, f respond.Failure) {
		g.failure, g.needed = f, auth.Needed(c)
		c.Status(f.Status)
	}
	page := func(c *gin.Context) { g.actor = auth.Actor(c.Request.Context()); c.Status(http.StatusOK) }
	g.GET("/", auth.Session(reg, render), page)
	g.GET("/attest", auth.Session(reg, render), auth.Require(render, registry.RoleAdmin, registry.RoleAttester), page)
	g.GET("/register", auth.Session(reg, render), auth.Require(render, registry.RoleAdmin, registry.RoleRegistrar), page)
	return g
}

func (g *gate) get(path, token string) *httptest.ResponseRecorder {
	g.actor, g.failure, g.needed = registry.Actor{}, respond.Failure{}, nil
	req := httptest.NewRequest(http.MethodGet, path, nil)
	if token != "" {
		req.AddCookie(&http.Cookie{Name: "sr_session", Value: token})
	}
	rec := httptest.NewRecorder()
	g.ServeHTTP(rec, req)
	return rec
}

func (g *gate) signIn(t *testing.T) string {
	t.Helper()
	token, _, err := g.registry.SignIn(t.Context(), "amina", "six green kettles")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSessionPutsTheActorIntoTheContext(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGate(t, d)
		if rec := g.get("/", ""); rec.Code != http.StatusOK || len(g.actor.Roles) != 0 {
			t.Errorf("nobody: %d, %+v", rec.Code, g.actor)
		}
		token := g.signIn(t)
		if g.get("/", token); g.actor.Name != "amina" || !g.actor.Has(registry.RoleAttester) {
			t.Errorf("signed in: %+v", g.actor)
		}
		rec := g.get("/", "planted")
		if rec.Code != http.StatusOK || len(g.actor.Roles) != 0 {
			t.Errorf("unknown token: %d, %+v", rec.Code, g.actor)
		}
		if c := rec.Header().Get("Set-Cookie"); !strings.HasPrefix(c, "sr_session=;") || !strings.Contains(c, "Max-Age=0") {
			t.Errorf("the dead cookie is not taken back: %q", c)
		}
	})
}

func TestRequireKeepsToRoles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGate(t, d)
		token := g.signIn(t)
		if rec := g.get("/attest", token); rec.Code != http.StatusOK || g.actor.Name != "amina" {
			t.Errorf("attester at /attest: %d", rec.Code)
		}
		if g.get("/register", token); g.failure.Kind != fault.Forbidden || g.failure.Code != "role_needed" || g.actor.Name != "" {
			t.Errorf("attester at /register: %+v", g.failure)
		}
		if want := []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}; !slices.Equal(g.needed, want) {
			t.Errorf("needed %v, want %v", g.needed, want)
		}
		if g.get("/attest", ""); g.failure.Kind != fault.Unauthenticated || g.failure.Code != "sign_in_required" || g.needed != nil {
			t.Errorf("nobody at /attest: %+v", g.failure)
		}
	})
}

// A session that cannot be read is not the same as nobody: the request ends.
func TestUnreadableSessionIsAFailure(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGate(t, d)
		token := g.signIn(t)
		if err := d.WithContext(t.Context()).Exec("DROP TABLE session").Error; err != nil {
			t.Fatal(err)
		}
		if rec := g.get("/", token); rec.Code != http.StatusInternalServerError || g.actor.Name != "" {
			t.Errorf("%d, actor %q", rec.Code, g.actor.Name)
		}
	})
}

func TestCookieRules(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		rec := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(rec)
		c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
		auth.Keep(c, "token", secure)
		cookie, err := http.ParseSetCookie(rec.Header().Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Secure != secure || cookie.MaxAge != 0 || !cookie.Expires.IsZero() || cookie.Domain != "" {
			t.Errorf("secure %v: %+v", secure, cookie)
		}
	}
}

// An old proof does not do for what matters; a token, and a new proof, do.
func TestFreshAsksForAProof(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGate(t, d)
		asked, let := 0, false
		render := func(c *gin.Context, f respond.Failure) { g.failure = f; c.Status(f.Status) }
		ask := func(*gin.Context) (bool, error) { asked++; return let, nil }
		page := func(c *gin.Context) { g.actor = auth.Actor(c.Request.Context()) }
		g.GET("/asks", auth.Session(g.registry, render), auth.Fresh(g.registry, ask, render), page)
		g.GET("/refuses", auth.Session(g.registry, render), auth.Fresh(g.registry, nil, render), page)
		token := g.signIn(t)
		for _, path := range []string{"/asks", "/refuses"} {
			if g.get(path, token); g.actor.Name != "amina" || asked != 0 {
				t.Errorf("%s after signing in: %+v", path, g.failure)
			}
		}
		old := db.TimeOf(time.Date(2026, 11, 22, 11, 45, 0, 0, time.UTC))
		if err := d.WithContext(t.Context()).Exec("UPDATE session SET proved_at = ?", old).Error; err != nil {
			t.Fatal(err)
		}
		if g.get("/asks", token); g.actor.Name != "" || asked != 1 {
			t.Errorf("an old proof passes: asked %d times", asked)
		}
		let = true
		if g.get("/asks", token); g.actor.Name != "amina" || asked != 2 {
			t.Error("what ask lets pass does not pass")
		}
		if g.get("/refuses", token); g.actor.Name != "" || g.failure.Code != "step_up_needed" || g.failure.Status != http.StatusForbidden {
			t.Errorf("%+v", g.failure)
		}
		if g.get("/refuses", ""); g.failure.Code != "" {
			t.Errorf("nobody is asked to prove again: %+v", g.failure)
		}
	})
}
