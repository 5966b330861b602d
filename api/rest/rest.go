package rest

import "socialregistry/registry"

// Handlers answers the requests of the REST interface.
type Handlers struct{ reg *registry.Registry }

// New makes the handlers over a registry.
func New(reg *registry.Registry) *Handlers { return &Handlers{reg: reg} }
