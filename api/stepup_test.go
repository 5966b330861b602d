package api

import (
	"net/http"
	"testing"
)

func TestWhatAsksForAFreshProof(t *testing.T) {
	t.Parallel()
	const get, post = http.MethodGet, http.MethodPost
	for _, row := range []struct {
		method, path string
		want         bool
	}{
		{get, "/admin/people/:id/code", true}, {post, "/admin/people/:id/code", true},
		{get, "/admin/staff", false}, {get, "/admin/staff/:name", false}, {get, "/admin/staff/new", true}, {post, "/admin/staff/:name/password", true},
		{get, "/admin/keys", false}, {post, "/admin/keys/:kid/revoke", true}, {get, "/admin/keys/:kid/history", false},
		{get, "/admin/exports/new", true}, {get, "/admin/exports/:id/file.csv", false}, {post, "/admin/exports", true},
		{get, "/admin/people/:id/credentials", false}, {post, "/admin/people/:id/credentials", true},
		{post, "/admin/people/:id/offers", true}, {post, "/admin/groups/:id/offers", true}, {get, "/admin/people/:id/offers/:offer", false},
		{post, "/admin/people/:id/credentials/:credential/reissue", true}, {post, "/admin/groups/:id/credentials/:credential/reissue", true},
		{get, "/admin/issued/:id", false}, {post, "/admin/issued/:id", true}, {post, "/admin/issuers", true}, {get, "/admin/trust", true}, {post, "/admin/trust", true}, {post, "/admin/trust/drop", true}, {post, "/me/security/provider", true},
		{get, "/me/data", true}, {get, "/me/data.json", true}, {get, "/me/data.csv", true}, {get, "/me/authorize/:decision", true}, {post, "/me/authorize/:decision", true},
		{get, "/me/credentials/:id/offer", false}, {post, "/me/credentials/:id/offer", true}, {post, "/me/credentials/:id/reissue", true},
		{get, "/me/credentials/:id/print", false}, {post, "/me/credentials/:id/print", true}, {get, "/me/credentials/:id/print/:paper", true}, {post, "/me/credentials/:id/lost", false},
		{get, "/admin/people/:id/papers/new", false}, {post, "/admin/people/:id/papers", true}, {get, "/admin/groups/:id/papers/:paper", true},
		{post, "/api/v1/registrants/:id/papers", true}, {get, "/api/v1/registrants/:id/papers", false}, {get, "/api/v1/registrants/:id/paper-fields", false}, {get, "/api/v1/papers/:id", true}, {get, "/api/v1/papers/:id/code.svg", true},
		{post, "/api/v1/people/:id/offers", true}, {post, "/api/v1/credentials/:id/reissue", true}, {get, "/api/v1/people/:id/credentials", false},
		{get, "/me/security", false}, {get, "/me/security/passkeys/new", true}, {post, "/me/security/passkeys/begin", true},
		{post, "/me/security/passphrase", false}, {post, "/admin/security/sessions", false}, {get, "/admin/security/app", true},
		{post, "/api/v1/staff", true}, {get, "/api/v1/staff", false}, {http.MethodDelete, "/api/v1/staff/:name/roles/:id", true}, {http.MethodPut, "/api/v1/clients/:id", true},
		{post, "/api/v1/credentials/:id/withdraw", true}, {post, "/api/v1/keys/:kid/revoke", true},
		{post, "/api/v1/people", false}, {post, "/me/edit/:section", false}, {post, "/api/v1/staffroom", false},
	} {
		if got := sensitive(row.method, row.path); got != row.want {
			t.Errorf("%s %s: %v, want %v", row.method, row.path, got, row.want)
		}
	}
}
