package api

import (
	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/api/vci"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
)

// issuerPath is where the endpoints of an issuer with a name are. Those of the one at
// the root are at the same addresses without it.
const issuerPath = "/issuers/:issuer"

// endpoints are the endpoints of all issuers, by name: "" is the one at the root.
type endpoints map[string]*vci.Handlers

func newEndpoints(all []*issuer.Issuer) endpoints {
	e := endpoints{}
	for _, i := range all {
		e[i.IssuerName()] = vci.New(i)
	}
	return e
}

// of finds the endpoints of the issuer that a request is to.
func (e endpoints) of(c *gin.Context) (*vci.Handlers, error) {
	name, below := c.Params.Get("issuer")
	h, ok := e[name]
	if !ok || below && name == "" { // a path with an empty part is not that of the one at the root
		return nil, fault.New(fault.NotFound, "issuer_not_found", "There is no such credential issuer.")
	}
	return h, nil
}

// at serves an endpoint of whichever issuer a request is to.
func (e endpoints) at(serve func(*vci.Handlers, *gin.Context) error) handler {
	return func(c *gin.Context) error {
		h, err := e.of(c)
		if err != nil {
			return err
		}
		return serve(h, c)
	}
}

// fresh is vci.Handlers.Fresh of whichever issuer a request is to.
func (e endpoints) fresh(c *gin.Context) {
	h, err := e.of(c)
	if err != nil {
		respond.Fail(c, respond.OAuth, err)
		return
	}
	h.Fresh(c)
}
