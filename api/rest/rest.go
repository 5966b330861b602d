package rest

import (
	"socialregistry/issuer"
	"socialregistry/registry"
)

// Handlers answers the requests of the REST interface.
type Handlers struct {
	reg *registry.Registry
	iss *issuer.Issuers
}

// New makes the handlers over a registry and its issuer.
func New(reg *registry.Registry, iss *issuer.Issuers) *Handlers { return &Handlers{reg, iss} }
