package registry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// signedIn opens a staff account and gives who signs in to it.
func (x *fixture) signedIn(t *testing.T, name string, roles ...registry.Role) registry.Actor {
	t.Helper()
	x.staff(t, name, roles...)
	a, err := x.Session(t.Context(), x.signIn(t, name, goodPassword))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (x *fixture) tokenRequest(scopes ...registry.Scope) registry.TokenRequest {
	return registry.TokenRequest{Name: "nightly export", Scopes: scopes, ExpiresAt: x.Clock.Now().Add(48 * time.Hour), Reason: "asked for"}
}

func (x *fixture) newToken(t *testing.T, a registry.Actor, scopes ...registry.Scope) (string, registry.Token) {
	t.Helper()
	secret, made, err := x.CreateToken(t.Context(), a, x.tokenRequest(scopes...))
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return secret, made
}

// TestATokenNarrowsItsAccount: what the roles allow and a scope opens, and
// nothing else.
func TestATokenNarrowsItsAccount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		owner := x.signedIn(t, "berta", registry.RoleRegistrar)
		secret, made := x.newToken(t, owner, registry.ScopePeopleRead, registry.ScopeFieldsWrite)
		if !strings.HasPrefix(secret, registry.TokenPrefix) || len(secret) != len(registry.TokenPrefix)+43 || made.CreatedBy != "berta" || !made.LastUsed.IsZero() {
			t.Errorf("made %q, %+v", secret, made)
		}
		a, err := x.ByToken(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		if a.AccountID != owner.AccountID || a.Name != "berta" || !slices.Equal(a.Scopes, made.Scopes) || a.Channel != registry.ChannelStaff {
			t.Errorf("actor %+v", a)
		}
		if _, err := x.Person(t.Context(), a, p.ID); err != nil {
			t.Error(err)
		}
		_, err = x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"locality": "A"}, ExpectVersion: 1})
		wantFault(t, err, fault.Forbidden, "insufficient_scope") // the role would do
		_, err = x.DefineField(t.Context(), a, registry.Field{Key: "extra", Type: registry.TypeText, Label: map[string]string{"en": "Extra"}}, "")
		wantFault(t, err, fault.Forbidden, "not_allowed") // the scope would do
		for _, act := range []func() error{
			func() error { _, err := x.Tokens(t.Context(), a); return err },
			func() error {
				_, _, err := x.CreateToken(t.Context(), a, x.tokenRequest(registry.ScopePeopleRead))
				return err
			},
			func() error { return x.RevokeToken(t.Context(), a, made.ID) },
		} {
			wantFault(t, act(), fault.Forbidden, "insufficient_scope")
		}
	})
}

// TestATokenEnds: with its time, by its owner, with its account, with its
// account's password. It never comes back.
func TestATokenEnds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		owner := x.signedIn(t, "berta", registry.RoleRegistrar)
		gone := func(secret string) {
			t.Helper()
			_, err := x.ByToken(t.Context(), secret)
			wantFault(t, err, fault.Unauthenticated, "invalid_token")
		}
		revoked, made := x.newToken(t, owner, registry.ScopePeopleRead)
		for range 2 { // twice is no error
			if err := x.RevokeToken(t.Context(), owner, made.ID); err != nil {
				t.Error(err)
			}
		}
		gone(revoked)
		other := x.signedIn(t, "carol", registry.RoleAdmin)
		_, theirs := x.newToken(t, owner, registry.ScopePeopleRead)
		wantFault(t, x.RevokeToken(t.Context(), other, theirs.ID), fault.NotFound, "no_such_token")

		timed, _ := x.newToken(t, owner, registry.ScopePeopleRead)
		x.Clock.Add(48*time.Hour - time.Microsecond)
		if _, err := x.ByToken(t.Context(), timed); err != nil {
			t.Error(err)
		}
		x.Clock.Add(time.Microsecond)
		gone(timed)

		closed, _ := x.newToken(t, owner, registry.ScopePeopleRead)
		if err := x.DisableStaff(t.Context(), admin(), "berta"); err != nil {
			t.Fatal(err)
		}
		gone(closed)
		if err := x.SetStaffPassword(t.Context(), admin(), "berta", "seven blue lanterns"); err != nil { // opens the account again
			t.Fatal(err)
		}
		gone(closed)
		for _, bad := range []string{"", "x", registry.TokenPrefix, closed + "A", closed[:len(closed)-1], strings.Repeat("sr_pat_", 5000), "sr_pat_\x00\xff"} {
			gone(bad)
		}
	})
}

// TestTokensAreListedAndWrittenDown: without what is secret, and with their
// history.
func TestTokensAreListedAndWrittenDown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		owner, other := x.signedIn(t, "berta", registry.RoleRegistrar), x.signedIn(t, "carol", registry.RoleAuditor)
		secret, made := x.newToken(t, owner, registry.ScopePeopleRead)
		used := x.Clock.Now()
		if _, err := x.ByToken(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		x.Clock.Add(30 * time.Second) // too soon for another write
		if _, err := x.ByToken(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		if err := x.RevokeToken(t.Context(), owner, made.ID); err != nil {
			t.Fatal(err)
		}
		list, err := x.Tokens(t.Context(), owner)
		if err != nil || len(list) != 1 || list[0].ID != made.ID || !list[0].LastUsed.Equal(used) || !list[0].RevokedAt.Equal(x.Clock.Now()) {
			t.Errorf("list %+v, %v", list, err)
		}
		if list, err := x.Tokens(t.Context(), other); err != nil || len(list) != 0 {
			t.Errorf("somebody else's list %+v, %v", list, err)
		}
		entries, err := x.AdminHistory(t.Context(), other, "token:"+made.ID.String())
		if err != nil || len(entries) != 2 || entries[0].Reason != "asked for" || !strings.Contains(string(entries[0].New), "people:read") || string(entries[1].New) != "null" {
			t.Errorf("history %+v, %v", entries, err)
		}
		x.Clock.Add(91 * 24 * time.Hour)
		x.newToken(t, owner, registry.ScopePeopleRead)
		if list, err := x.Tokens(t.Context(), owner); err != nil || len(list) != 1 || list[0].ID == made.ID {
			t.Errorf("90 days later %+v, %v", list, err)
		}
	})
}

// TestTheEndOfEachTokenIsWrittenDown: also of those that end with the account or
// its password, by whoever did that.
func TestTheEndOfEachTokenIsWrittenDown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ends := func(reason, actor string, tokens ...registry.Token) {
			t.Helper()
			for _, made := range tokens {
				log, err := x.AdminHistory(t.Context(), admin(), "token:"+made.ID.String())
				if err != nil || len(log) != 2 || log[1].Reason != reason || log[1].Actor != actor || string(log[1].New) != "null" {
					t.Errorf("want %s by %s: %+v, %v", reason, actor, log, err)
				}
			}
		}
		owner := x.signedIn(t, "berta", registry.RoleRegistrar)
		_, one := x.newToken(t, owner, registry.ScopePeopleRead)
		_, two := x.newToken(t, owner, registry.ScopePeopleRead)
		if err := x.DisableStaff(t.Context(), admin(), "berta"); err != nil {
			t.Fatal(err)
		}
		if err := x.DisableStaff(t.Context(), admin(), "berta"); err != nil { // ends them once
			t.Fatal(err)
		}
		ends("account closed", "admin-1", one, two)

		other := x.signedIn(t, "carol", registry.RoleRegistrar)
		_, three := x.newToken(t, other, registry.ScopePeopleRead)
		if err := x.SetStaffPassword(t.Context(), registry.System(), "carol", "seven blue lanterns"); err != nil {
			t.Fatal(err)
		}
		ends("another password", "system", three)

		p := x.register(t, amina())
		session, _, err := x.Activate(t.Context(), p.Number, x.code(t, p.ID), goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		self, err := x.Session(t.Context(), session)
		if err != nil {
			t.Fatal(err)
		}
		_, four := x.newToken(t, self, registry.ScopePeopleRead)
		if _, _, err := x.Activate(t.Context(), p.Number, x.code(t, p.ID), "seven blue lanterns"); err != nil {
			t.Fatal(err)
		}
		ends("another password", p.Number, four)
		log, err := x.AdminHistory(t.Context(), admin(), "token:"+four.ID.String())
		if err != nil || log[0].Reason != "made by its owner" { // not the words of the request
			t.Errorf("made: %+v, %v", log, err)
		}
	})
}

// TestABadTokenRequestIsRefused: every mistake is named.
func TestABadTokenRequestIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		owner := x.signedIn(t, "berta", registry.RoleRegistrar)
		now := x.Clock.Now()
		for name, tc := range map[string]struct {
			change func(*registry.TokenRequest)
			want   string // "" is good
		}{
			"as it is":        {func(*registry.TokenRequest) {}, ""},
			"no name":         {func(r *registry.TokenRequest) { r.Name = " " }, "name:required"},
			"100 characters":  {func(r *registry.TokenRequest) { r.Name = strings.Repeat("é", 100) }, ""},
			"101 characters":  {func(r *registry.TokenRequest) { r.Name = strings.Repeat("é", 101) }, "name:too_long"},
			"no scope":        {func(r *registry.TokenRequest) { r.Scopes = nil }, "scopes:required"},
			"unknown scope":   {func(r *registry.TokenRequest) { r.Scopes = []registry.Scope{"root"} }, "scopes:unknown_scope"},
			"doubled scope":   {func(r *registry.TokenRequest) { r.Scopes = append(r.Scopes, r.Scopes[0]) }, "scopes:doubled"},
			"over already":    {func(r *registry.TokenRequest) { r.ExpiresAt = now }, "expires_at:in_the_past"},
			"no end":          {func(r *registry.TokenRequest) { r.ExpiresAt = time.Time{} }, "expires_at:in_the_past"},
			"longest":         {func(r *registry.TokenRequest) { r.ExpiresAt = now.Add(registry.MaxTokenLife) }, ""},
			"too long":        {func(r *registry.TokenRequest) { r.ExpiresAt = now.Add(registry.MaxTokenLife + 1) }, "expires_at:too_late"},
			"reason too long": {func(r *registry.TokenRequest) { r.Reason = strings.Repeat("a", 501) }, "reason:too_long"},
		} {
			req := x.tokenRequest(registry.ScopePeopleRead)
			tc.change(&req)
			_, _, err := x.CreateToken(t.Context(), owner, req)
			if got := strings.Join(fields(err), " "); got != tc.want || tc.want == "" && err != nil {
				t.Errorf("%s: %v %q, want %q", name, err, got, tc.want)
			}
		}
		_, _, err := x.CreateToken(t.Context(), registry.Actor{}, x.tokenRequest(registry.ScopePeopleRead))
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
		_, _, err = x.CreateToken(t.Context(), registrar(), x.tokenRequest(registry.ScopePeopleRead)) // there is no such account
		wantFault(t, err, fault.NotFound, "no_such_account")
		_, _, err = x.CreateTokenFor(t.Context(), owner, "berta", x.tokenRequest(registry.ScopePeopleRead))
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, _, err = x.CreateTokenFor(t.Context(), admin(), "nobody", x.tokenRequest(registry.ScopePeopleRead))
		wantFault(t, err, fault.NotFound, "no_such_account")
	})
}

// TestAnAccountHasAFewTokens: at most MaxTokens, whoever asks at once.
func TestAnAccountHasAFewTokens(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		owner := x.signedIn(t, "berta", registry.RoleRegistrar)
		for range registry.MaxTokens - 1 {
			x.newToken(t, owner, registry.ScopePeopleRead)
		}
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, _, errs[i] = x.CreateToken(t.Context(), owner, x.tokenRequest(registry.ScopePeopleRead)) })
		}
		all.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			wantFault(t, err, fault.Conflict, "too_many_tokens")
		}
		if made != 1 {
			t.Errorf("%d of 4 at once were made, want 1", made)
		}
		list, err := x.Tokens(t.Context(), owner)
		if err != nil || len(list) != registry.MaxTokens {
			t.Fatalf("%d tokens, %v", len(list), err)
		}
		if err := x.RevokeToken(t.Context(), owner, list[0].ID); err != nil {
			t.Fatal(err)
		}
		x.newToken(t, owner, registry.ScopePeopleRead)
	})
}

// TestARegistrantsTokenSeesTheOwnRecord: and ends when a new passphrase is set.
func TestARegistrantsTokenSeesTheOwnRecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		activate := func() registry.Actor {
			code, _, err := x.NewActivationCode(t.Context(), registrar(), p.ID)
			if err != nil {
				t.Fatal(err)
			}
			session, _, err := x.Activate(t.Context(), p.Number, code, goodPassword)
			if err != nil {
				t.Fatal(err)
			}
			a, err := x.Session(t.Context(), session)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		secret, _ := x.newToken(t, activate(), registry.ScopePeopleRead)
		a, err := x.ByToken(t.Context(), secret)
		if err != nil || a.Channel != registry.ChannelSelf {
			t.Fatalf("%+v, %v", a, err)
		}
		if _, err := x.Person(t.Context(), a, p.ID); err != nil {
			t.Error(err)
		}
		_, theirs := x.Person(t.Context(), a, other.ID)
		_, nobodys := x.Person(t.Context(), a, uuid.New())
		wantFault(t, theirs, fault.NotFound, "no_such_person")
		wantFault(t, nobodys, fault.NotFound, "no_such_person")
		_, err = x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"locality": "A"}, ExpectVersion: 1})
		wantFault(t, err, fault.Forbidden, "insufficient_scope")
		activate()
		_, err = x.ByToken(t.Context(), secret)
		wantFault(t, err, fault.Unauthenticated, "invalid_token")
	})
}

// TestEveryActionHasAScope reads the source: an action without a scope is closed
// to tokens, and must be meant to be.
func TestEveryActionHasAScope(t *testing.T) {
	t.Parallel()
	closed := map[string]bool{
		"make, list and revoke personal access tokens": true, // no token makes another
		"follow work that was asked for":               true, // by whatever token
	}
	actions := declaredActions(t)
	if len(actions) < 10 {
		t.Fatalf("only %d actions found: the test is hollow", len(actions))
	}
	for _, act := range actions {
		scope := registry.ScopeFor(act)
		if scope == "" != closed[act] || scope != "" && !slices.Contains(registry.Scopes(), scope) {
			t.Errorf("%q has the scope %q", act, scope)
		}
	}
	if scope := registry.ScopeFor("something that nobody has heard of"); scope != "" {
		t.Errorf("an unknown action has the scope %q", scope)
	}
}

// declaredActions gives the value of every constant of type action.
func declaredActions(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "action" {
				return true
			}
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found[text] = true
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}
