package rest

import (
	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// QueryOf reads a search from the address.
func QueryOf(c *gin.Context) (registry.Query, error) { return queryOf(c) }
