package rest

import (
	"socialregistry/issuer"
	"socialregistry/registry"
)

// Handlers answers the requests of the REST interface.
type Handlers struct {
	reg *registry.Registry
	iss *issuer.Issuers

	checkURL string // of the page that checks papers
}

// New makes the handlers over a registry and its issuer. checkURL is where people check
// what is printed.
func New(reg *registry.Registry, iss *issuer.Issuers, checkURL string) *Handlers {
	return &Handlers{reg, iss, checkURL}
}
