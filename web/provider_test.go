package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

// idp stands in for an OpenID Provider: it says what a test has put into it.
type idp struct {
	w      *world
	claims map[string]any
	err    error
	state  string    // of the sign-in that began last
	again  bool      // it asked for a proof that is new
	asked  time.Time // what the provider says of when it asked
}

func (i *idp) Name() string   { return "National ID" }
func (i *idp) Issuer() string { return "https://idp.example" }
func (i *idp) Rules() registry.ProviderRules {
	return registry.ProviderRules{Claim: "individual_id", Identifier: "national_id", StaffClaim: "email"}
}
func (i *idp) AskedAt(map[string]any) time.Time { return i.asked }
func (i *idp) Address(_ context.Context, f registry.ProviderFlow, again bool) (string, error) {
	i.state, i.again = f.State, again
	return i.w.URL + "/login?at=the-provider", nil
}
func (i *idp) Claims(context.Context, registry.ProviderFlow, url.Values) (map[string]any, error) {
	return i.claims, i.err
}
func (i *idp) JWKS() ([]byte, error) { return []byte(`{"keys":[]}`), nil }

// withProvider gives the world a provider.
func (w *world) withProvider() *idp {
	i := &idp{w: w}
	w.also = func(c *web.Config) { c.Provider = i }
	w.serve(issuer.Alone(w.issuer))
	return i
}

func callback(state string) string {
	return "/login/provider/callback?" + url.Values{"code": {"c"}, "state": {state}}.Encode()
}

func TestProviderSignsIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i := w.withProvider()
		i.claims = map[string]any{"sub": "s-1", "individual_id": "KE 44712209"}
		b := w.browser("en")
		b.get("/login?next=/me/history").want(t, http.StatusOK, "Sign in with", "National ID", "/login/provider?next=%2Fme%2Fhistory")
		b.get("/login/provider")
		b.get(callback(i.state)).want(t, http.StatusForbidden, "provider_not_linked", "Bring your document") // not attested yet
		w.attest(registry.StateAttested, "", "national_id")
		b.get("/login/provider?next=https://evil.example/me")
		if p := b.get(callback(i.state)); p.path != "/me" {
			t.Fatalf("at %s: %s", p.path, text(p.body))
		}
		b.get(callback(i.state)).want(t, http.StatusBadRequest, "provider_stale") // replayed
		b.get("/me/history").want(t, http.StatusOK, "Sign-in by another service linked")

		w.attest(registry.StateRejected, "no", "national_id") // what the link was made by is over
		b = w.browser("en")
		b.get("/login/provider?next=/me/messages")
		b.get(callback(i.state)).want(t, http.StatusForbidden, "provider_not_linked")
		w.attest(registry.StateAttested, "", "national_id")
		b.get("/login/provider?next=/me/messages")
		if p := b.get(callback(i.state)); p.path != "/me/messages" {
			t.Fatalf("at %s: %s", p.path, text(p.body))
		}
		i.claims = map[string]any{"sub": "s-2", "individual_id": "KE44712209"} // the account is another's there
		other := w.browser("en")
		other.get("/login/provider")
		other.get(callback(i.state)).want(t, http.StatusForbidden, "provider_not_linked")
	})
}

func TestProviderIsBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i := w.withProvider()
		i.claims = map[string]any{"sub": "s-1", "individual_id": "KE44712209"}
		w.attest(registry.StateAttested, "", "national_id")
		mine, theirs := w.browser("en"), w.browser("en")
		theirs.get("/login/provider")
		stolen := i.state
		mine.get(callback(stolen)).want(t, http.StatusBadRequest, "provider_stale") // no cookie
		mine.get("/login/provider")
		mine.get(callback(stolen)).want(t, http.StatusBadRequest, "provider_stale")  // another's state
		mine.get(callback(i.state)).want(t, http.StatusBadRequest, "provider_stale") // its cookie was used up by that
		mine.get(callback("")).want(t, http.StatusBadRequest, "provider_stale")
		for code, kind := range map[string]fault.Kind{"provider_refused": fault.Forbidden, "provider_untrusted": fault.Forbidden, "provider_away": fault.Unavailable} {
			i.err = fault.New(kind, code, "secret words of the provider")
			mine.get("/login/provider")
			p := mine.get(callback(i.state))
			if !strings.Contains(p.body, `data-code="`+code+`"`) || strings.Contains(p.body, "secret words") {
				t.Errorf("%s: %d %s", code, p.status, text(p.body))
			}
		}
		mine.get("/login/provider/jwks.json").want(t, http.StatusOK, "keys")
		if p := mine.get("/me"); p.path != "/login" {
			t.Errorf("signed in: at %s", p.path)
		}
	})
}

// Staff are known by a verified address that an administrator wrote down, and no longer
// than it stands there.
func TestProviderStaff(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i := w.withProvider()
		try := func(verified any) page {
			i.claims = map[string]any{"sub": "staff-1", "email": "Amina@office.example", "email_verified": verified}
			b := w.browser("en")
			b.get("/login/provider?next=/admin")
			return b.get(callback(i.state))
		}
		try(true).want(t, http.StatusForbidden, "provider_not_linked")
		ctx, admin := t.Context(), w.actor(registry.RoleAdmin)
		w.must(w.registry.SetStaffClaim(ctx, admin, "auditor", "amina@OFFICE.example", "new way to sign in"))
		for _, no := range []any{false, "true", nil} {
			try(no).want(t, http.StatusForbidden, "provider_not_linked")
		}
		if p := try(true); p.path != "/admin" {
			t.Errorf("at %s: %s", p.path, text(p.body))
		}
		if err := w.registry.SetStaffClaim(ctx, admin, "attester", "amina@office.example", "twice"); fault.CodeOf(err) != "claim_taken" {
			t.Errorf("two accounts are known by one address: %v", err)
		}
		if err := w.registry.SetStaffClaim(ctx, w.actor(registry.RoleRegistrar), "attester", "x@office.example", "may not"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a registrar keeps accounts: %v", err)
		}
		w.must(w.registry.SetStaffClaim(ctx, admin, "auditor", "", "left"))
		try(true).want(t, http.StatusForbidden, "provider_not_linked")
	})
}

func TestProviderLinkIsTakenAway(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i := w.withProvider()
		i.claims = map[string]any{"sub": "s-1", "individual_id": "KE44712209"}
		w.attest(registry.StateAttested, "", "national_id")
		me := w.registrant("en")
		b := w.browser("en")
		b.get("/login/provider")
		b.get(callback(i.state)).want(t, http.StatusOK)
		actor := w.signedIn(me)
		links, err := w.registry.ProviderLinks(t.Context(), actor)
		w.must(err)
		if len(links) != 1 {
			t.Fatalf("links: %v", links)
		}
		form := me.get("/me/messages").hidden(nil).Get("form")
		me.post("/me/security/provider", url.Values{"form": {form}, "link": {links[0].ID.String()}})
		b = w.browser("en")
		b.get("/login/provider")
		b.get(callback(i.state)).want(t, http.StatusForbidden, "provider_link_removed")
		w.must(w.registry.AllowProviderLink(t.Context(), actor, links[0].ID, true))
		b.get("/login/provider")
		if p := b.get(callback(i.state)); p.path != "/me" {
			t.Errorf("at %s", p.path)
		}
		other := actorOf(w.ward(t, "Ibou", w.person.ID))
		if err := w.registry.AllowProviderLink(t.Context(), other, links[0].ID, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else's link: %v", err)
		}
	})
}

// A link moves with the identifier that it was made by, ends with what the office does to
// the account, and gives its place to a new one when its owner has ended it.
func TestProviderLinkFollowsTheIdentifier(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i, ctx, office := w.withProvider(), t.Context(), w.actor(registry.RoleRegistrar)
		by := func(subject, id string) page {
			i.claims = map[string]any{"sub": subject, "individual_id": id}
			b := w.browser("en")
			b.get("/login/provider?next=/me/history")
			return b.get(callback(i.state))
		}
		w.attest(registry.StateAttested, "", "national_id")
		by("s-1", "KE44712209").want(t, http.StatusOK, w.person.Number)
		by("s-1", "KE00000000").want(t, http.StatusForbidden, "provider_not_linked") // another identifier than it was linked by

		p, err := w.registry.Edit(ctx, office, w.person.ID, registry.Change{Set: map[string]string{"national_id": "KE99"}, Reason: "was another's", ExpectVersion: w.person.VersionNo})
		w.must(err)
		by("s-1", "KE44712209").want(t, http.StatusForbidden, "provider_not_linked")
		other, err := w.registry.Register(ctx, office, registry.Change{Reason: "first visit", Set: map[string]string{"given_name": "Fatou", "birth_date": "1990-01-01", "national_id": "KE44712209"}})
		w.must(err)
		w.must(w.registry.Attest(ctx, w.actor(registry.RoleAttester), other.ID, other.VersionNo, []registry.Decision{{Field: "national_id", State: registry.StateAttested}}))
		by("s-1", "KE44712209").want(t, http.StatusOK, other.Number) // whose identifier it is

		w.must(w.registry.Attest(ctx, w.actor(registry.RoleAttester), p.ID, p.VersionNo, []registry.Decision{{Field: "national_id", State: registry.StateAttested}}))
		by("s-2", "KE99").want(t, http.StatusOK, w.person.Number)
		me := w.registrant("en") // by a code of the office, which ends what opened the account before
		by("s-3", "KE99").want(t, http.StatusOK, w.person.Number)
		by("s-2", "KE99").want(t, http.StatusForbidden, "provider_not_linked")
		actor := w.signedIn(me)
		links, err := w.registry.ProviderLinks(ctx, actor)
		w.must(err)
		w.must(w.registry.AllowProviderLink(ctx, actor, links[0].ID, false))
		by("s-3", "KE99").want(t, http.StatusForbidden, "provider_link_removed")
		by("s-4", "KE99").want(t, http.StatusOK, w.person.Number)
	})
}

// Who takes a link away ends what began by it, elsewhere.
func TestSessionsEndWithTheirLink(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i := w.withProvider()
		i.claims = map[string]any{"sub": "s-1", "individual_id": "KE44712209"}
		w.attest(registry.StateAttested, "", "national_id")
		me, thief := w.registrant("en"), w.browser("en")
		thief.get("/login/provider")
		thief.get(callback(i.state)).want(t, http.StatusOK)
		links, err := w.registry.ProviderLinks(t.Context(), w.signedIn(me))
		w.must(err)
		w.must(w.registry.AllowProviderLink(t.Context(), w.signedIn(me), links[0].ID, false))
		if p := thief.get("/me"); p.path != "/login" {
			t.Errorf("still signed in: at %s", p.path)
		}
		me.get("/me").want(t, http.StatusOK)

		w.must(w.registry.SetStaffClaim(t.Context(), w.actor(registry.RoleAdmin), "auditor", "a@office.example", "begins"))
		i.claims = map[string]any{"sub": "s-9", "email": "a@office.example", "email_verified": true}
		staff := w.browser("en")
		staff.get("/login/provider?next=/admin")
		staff.get(callback(i.state)).want(t, http.StatusOK)
		w.must(w.registry.SetStaffClaim(t.Context(), w.actor(registry.RoleAdmin), "auditor", "", "left"))
		if p := staff.get("/admin"); p.path != "/login" {
			t.Errorf("still signed in: at %s", p.path)
		}
	})
}

// Who comes by a provider is as fresh as the provider says: one that knew the person
// already proves nothing for sensitive acts until it has asked anew.
func TestProviderStepUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i := w.withProvider()
		i.claims = map[string]any{"sub": "s-1", "individual_id": "KE44712209"}
		w.attest(registry.StateAttested, "", "national_id")
		b := w.browser("en")
		comes := func(path string, asked time.Time) page {
			t.Helper()
			i.asked = asked
			b.get(path)
			return b.get(callback(i.state))
		}
		at := "/me/security/passkeys/new"
		for what, asked := range map[string]time.Time{"does not say": {}, "long ago": w.Now().Add(-registry.DefaultStepUp), "long ago, indeed": w.Now().Add(-30 * 24 * time.Hour)} {
			comes("/login/provider", asked).want(t, http.StatusOK)
			if p := b.get(at); p.path != "/step-up" || i.again {
				t.Fatalf("%s: at %s", what, p.path)
			}
		}
		page := b.get(at).want(t, http.StatusOK, "Show it with", "National ID")
		if strings.Contains(page.body, "step_up_password") {
			t.Error("asks for a password that there is not")
		}
		again := "/login/provider?again=1&next=" + url.QueryEscape(at)
		if !strings.Contains(unescape(page.body), again) {
			t.Fatalf("no way to %s:\n%s", again, page.body)
		}
		if p := comes(again, w.Now().Add(-time.Hour)).want(t, http.StatusOK, "did not ask you again"); p.path != "/step-up" || !i.again {
			t.Errorf("an old proof: at %s, asked again: %v", p.path, i.again)
		}
		if p := b.get(at); p.path != "/step-up" {
			t.Errorf("after an old proof at %s", p.path)
		}
		if p := comes(again, w.Now().Add(time.Minute)); p.path != at { // its clock is before ours
			t.Errorf("after a new proof at %s: %s", p.path, text(p.body))
		}
		w.pass(registry.DefaultStepUp)
		if p := b.get(at); p.path != "/step-up" {
			t.Errorf("later at %s", p.path)
		}
		if p := comes("/login/provider?again=1&next=https://evil.example/me", w.Now()); p.path != "/me" {
			t.Errorf("at %s", p.path)
		}
	})
}

// Why a provider failed stands in the log of the operator; what a person does, or who it
// is, does not.
func TestProviderFailuresAreLogged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		var log bytes.Buffer
		w.log = slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})
		i := w.withProvider()
		i.claims = map[string]any{"sub": "s-1", "individual_id": "KE44712209", "name": "Amina"}
		b := w.browser("en")
		try := func(err error) string {
			t.Helper()
			log.Reset()
			i.err = err
			b.get("/login/provider")
			b.get(callback(i.state))
			return log.String()
		}
		cause := errors.New("the signature does not fit")
		for code, kind := range map[string]fault.Kind{"provider_untrusted": fault.Forbidden, "provider_away": fault.Unavailable, "provider_refused": fault.Forbidden} {
			if got := try(fault.Wrap(kind, code, "words", cause)); strings.Count(got, "\n") != 1 || !strings.Contains(got, code) || !strings.Contains(got, cause.Error()) || !strings.Contains(got, "/login/provider/callback") {
				t.Errorf("%s: the log says %q", code, got)
			}
		}
		if got := try(fault.New(fault.Forbidden, "provider_refused", "The person said no.")); got != "" {
			t.Errorf("a no is logged: %q", got)
		}
		if got := try(nil); got != "" { // nobody here is known by that
			t.Errorf("who is not known is logged: %q", got)
		}
	})
}

// signedIn is the actor of a browser's session.
func (w *world) signedIn(b *browser) registry.Actor {
	w.t.Helper()
	at, err := url.Parse(w.URL)
	w.must(err)
	for _, c := range b.http.Jar.Cookies(at) {
		if c.Name == "sr_session" {
			a, err := w.registry.Session(w.t.Context(), c.Value)
			w.must(err)
			return a
		}
	}
	w.t.Fatal("not signed in")
	return registry.Actor{}
}

// providerTour shows the page that says why nobody was signed in.
func providerTour(add func(page), b *browser, i *idp) {
	b.get("/login/provider")
	add(b.get(callback("forged")))
	add(b.get("/login"))
}
