package ariesvdr

import (
	"net/http"
	"time"
)

// IsPublic is the dial guard's rule.
var IsPublic = isPublic

// MaxDocument is the largest document that is read, in bytes.
const MaxDocument = maxDocument

// Unguarded gives a registry that fetches did:web documents through base, which
// may reach this machine, and waits no longer than wait.
func Unguarded(r *Registry, base http.RoundTripper, wait time.Duration) *Registry {
	return &Registry{aries: r.aries, hosts: r.hosts, base: base, wait: wait}
}
