package registry

import (
	"slices"
	"strings"

	"socialregistry/internal/fault"
)

// Scope is a part of what an account may do, to which a personal access token
// narrows it. What each opens stands in ruleFor.
type Scope string

// The scopes.
const (
	ScopePeopleRead        Scope = "people:read"
	ScopePeopleWrite       Scope = "people:write"
	ScopeAttestationsWrite Scope = "attestations:write"
	ScopeFieldsWrite       Scope = "fields:write"
	ScopeImportsWrite      Scope = "imports:write"
	ScopeExportsRead       Scope = "exports:read"
	ScopeSettingsRead      Scope = "settings:read"
	ScopeSettingsWrite     Scope = "settings:write"
	ScopeStaffRead         Scope = "staff:read"
	ScopeStaffWrite        Scope = "staff:write"
	ScopeCredentialsWrite  Scope = "credentials:write" // what becomes of credentials: see package issuer
)

// Scopes lists all scopes.
func Scopes() []Scope {
	return []Scope{ScopePeopleRead, ScopePeopleWrite, ScopeAttestationsWrite, ScopeFieldsWrite, ScopeImportsWrite, ScopeExportsRead,
		ScopeSettingsRead, ScopeSettingsWrite, ScopeStaffRead, ScopeStaffWrite, ScopeCredentialsWrite}
}

// ByToken tells whether the actor came by a personal access token, and so has no
// more than its scopes.
func (a Actor) ByToken() bool { return a.Scopes != nil }

// inScope holds an actor that came by a token to the token's scopes: an action
// that no scope opens is closed to all tokens. Error: Forbidden
// "insufficient_scope". What is of the own account is closed to who acts for
// somebody else: Forbidden "not_while_acting".
func (a Actor) inScope(act action) error {
	if a.Acting() && closedToGuardians(act) {
		return fault.New(fault.Forbidden, "not_while_acting", "This is not open while you act for somebody else. Go back to your own record first.")
	}
	if scope := scopeFor(act); !a.ByToken() || scope != "" && slices.Contains(a.Scopes, scope) {
		return nil
	}
	return fault.New(fault.Forbidden, "insufficient_scope", "This token is not allowed to "+string(act)+".")
}

func joinScopes(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, " ")
}

// splitScopes reads what joinScopes wrote. It is never nil, which would mean
// that there is no token.
func splitScopes(text string) []Scope {
	scopes := []Scope{}
	for name := range strings.FieldsSeq(text) {
		scopes = append(scopes, Scope(name))
	}
	return scopes
}
