package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
)

// sensitive tells whether a route asks for a fresh proof of who its caller is. Pages ask
// before the form is shown, and again when it is sent; REST asks when something is done
// or printed, of who comes with the cookie of a session. What is under one of these addresses asks
// from its first day.
func sensitive(method, path string) bool {
	reads := method == http.MethodGet || method == http.MethodHead
	if slices.Contains(sensitivePages(), path) || under(path, "/api/v1/papers") { // a paper is what it proves
		return true
	}
	if slices.ContainsFunc(sensitiveREST(), func(at string) bool { return under(path, at) }) {
		return !reads
	}
	if slices.ContainsFunc(sensitiveParts(), func(at string) bool { return under(path, at) }) {
		return !reads || isForm(path)
	}
	return !reads && slices.Contains(sensitivePosts(), path)
}

// sensitivePages ask whatever the method.
func sensitivePages() []string {
	return []string{"/admin/people/:id/code",
		"/me/security/passkeys", "/me/security/passkeys/new", "/me/security/passkeys/begin", "/me/security/passkeys/:id",
		"/admin/security/passkeys", "/admin/security/passkeys/new", "/admin/security/passkeys/begin", "/admin/security/passkeys/:id",
		"/admin/security/app", "/admin/security/app/codes", "/admin/security/app/remove",
		"/me/data", "/me/data.json", "/me/data.csv", "/me/authorize/:decision",
		"/me/credentials/:id/print/:paper", "/admin/people/:id/papers/:paper", "/admin/groups/:id/papers/:paper"}
}

// sensitiveParts are parts of the console: their forms ask, their lists do not.
func sensitiveParts() []string {
	return []string{"/admin/staff", "/admin/keys", "/admin/trust", "/admin/clients", "/admin/wallet-providers", "/admin/exports", "/admin/tokens"}
}

// sensitivePosts are what is sent from a page that only reads.
func sensitivePosts() []string {
	return []string{"/admin/people/:id/credentials", "/admin/groups/:id/credentials", "/admin/people/:id/offers", "/admin/groups/:id/offers",
		"/admin/people/:id/credentials/:credential/reissue", "/admin/groups/:id/credentials/:credential/reissue", "/admin/issued/:id", "/admin/issuers", "/me/security/provider",
		"/me/credentials/:id/print", "/admin/people/:id/papers", "/admin/groups/:id/papers",
		"/me/credentials/:id/offer", "/me/credentials/:id/reissue"}
}

// sensitiveREST are operations: reading asks for nothing.
func sensitiveREST() []string {
	return []string{"/api/v1/staff", "/api/v1/keys", "/api/v1/clients", "/api/v1/wallet-providers", "/api/v1/exports", "/api/v1/tokens",
		"/api/v1/people/:id/offers", "/api/v1/registrants/:id/papers", "/api/v1/credentials/:id/reissue", "/api/v1/credentials/:id/withdraw", "/api/v1/credentials/:id/suspend", "/api/v1/credentials/:id/restore"}
}

func under(path, at string) bool { return path == at || strings.HasPrefix(path, at+"/") }

// isForm tells whether a page of a part is a form: its last word is no id, and no list.
func isForm(path string) bool {
	word := path[strings.LastIndex(path, "/")+1:]
	lists := []string{"staff", "keys", "clients", "wallet-providers", "exports", "tokens", "history", "log", "matrix"}
	return !strings.HasPrefix(word, ":") && !slices.Contains(lists, word) && !strings.Contains(word, ".")
}

// fresh is the check before a sensitive route, nil before any other.
func (g group) fresh(method, path string) gin.HandlerFunc {
	if !sensitive(method, path) {
		return nil
	}
	var ask func(*gin.Context) (bool, error)
	if !strings.HasPrefix(path, "/api/") {
		ask = g.server.deps.Pages.AskAgain
	}
	return auth.Fresh(g.server.deps.Registry, ask, g.policy.render)
}
