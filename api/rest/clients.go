package rest

import (
	"context"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

const clientsPath = "/api/v1/clients"

// clientMetadata is what a client registers (RFC 7591 §2).
type clientMetadata struct {
	ID           string         `json:"client_id"`
	Name         string         `json:"client_name"`
	RedirectURIs []string       `json:"redirect_uris"`
	AuthMethod   string         `json:"token_endpoint_auth_method"`
	JWKS         map[string]any `json:"jwks,omitempty"`
	GrantTypes   []string       `json:"grant_types"`
	DPoPBound    bool           `json:"dpop_bound_access_tokens"` // RFC 9449 §5.2
}

func (m clientMetadata) client() ledger.Client {
	return ledger.Client{ID: m.ID, Name: m.Name, RedirectURIs: m.RedirectURIs, AuthMethod: m.AuthMethod, JWKS: m.JWKS,
		GrantTypes: m.GrantTypes, DPoPBound: m.DPoPBound}
}

// clientBody is a registered client.
type clientBody struct {
	clientMetadata
	Version    int       `json:"version"` // also the ETag
	CreatedAt  time.Time `json:"created_at"`
	ChangedAt  time.Time `json:"changed_at"`
	DisabledAt time.Time `json:"disabled_at,omitzero"`
}

func clientBodyOf(c ledger.Client) clientBody {
	m := clientMetadata{ID: c.ID, Name: c.Name, RedirectURIs: append([]string{}, c.RedirectURIs...), AuthMethod: c.AuthMethod, JWKS: c.JWKS,
		GrantTypes: append([]string{}, c.GrantTypes...), DPoPBound: c.DPoPBound}
	return clientBody{clientMetadata: m, Version: int(c.VersionNo), CreatedAt: c.CreatedAt, ChangedAt: c.ChangedAt, DisabledAt: c.DisabledAt}
}

// clientChange is the body of a write of a client.
type clientChange struct {
	clientMetadata
	Reason string `json:"reason"`
}

// Clients answers GET /clients.
func (h *Handlers) Clients(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	clients, err := h.iss.Clients(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, clients, clientBodyOf, "")
}

// RegisterClient answers POST /clients.
func (h *Handlers) RegisterClient(c *gin.Context) error {
	var body clientChange
	if err := decode(c, &body); err != nil {
		return err
	}
	client, err := h.iss.RegisterClient(c.Request.Context(), actorOf(c), body.client(), body.Reason)
	if err != nil {
		return err
	}
	setETag(c, int(client.VersionNo))
	return created(c, clientsPath+"/"+url.PathEscape(client.ID), clientBodyOf(client))
}

// Client answers GET /clients/{id}.
func (h *Handlers) Client(c *gin.Context) error {
	client, err := h.iss.RegisteredClient(c.Request.Context(), actorOf(c), c.Param("id"))
	return okClient(c, client, err)
}

// ChangeClient answers PUT /clients/{id}: If-Match is the version that is replaced.
func (h *Handlers) ChangeClient(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body clientChange
	if err := decode(c, &body); err != nil {
		return err
	}
	client := body.client()
	client.ID, client.VersionNo = c.Param("id"), int64(version)
	client, err = h.iss.ChangeClient(c.Request.Context(), actorOf(c), client, body.Reason)
	return okClient(c, client, err)
}

// DisableClient answers POST /clients/{id}/disable.
func (h *Handlers) DisableClient(c *gin.Context) error { return h.turnClient(c, h.iss.DisableClient) }

// EnableClient answers POST /clients/{id}/enable.
func (h *Handlers) EnableClient(c *gin.Context) error { return h.turnClient(c, h.iss.EnableClient) }

// turnClient takes a step for a reason and shows where the client stands after it.
func (h *Handlers) turnClient(c *gin.Context, step func(context.Context, registry.Actor, string, string) (ledger.Client, error)) error {
	var body struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	client, err := step(c.Request.Context(), actorOf(c), c.Param("id"), body.Reason)
	return okClient(c, client, err)
}

func okClient(c *gin.Context, client ledger.Client, err error) error {
	if err != nil {
		return err
	}
	setETag(c, int(client.VersionNo))
	return ok(c, clientBodyOf(client))
}

// ClientHistory answers GET /clients/{id}/history.
func (h *Handlers) ClientHistory(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	entries, err := h.iss.ClientLog(c.Request.Context(), actorOf(c), c.Param("id"))
	if err != nil {
		return err
	}
	return okList(c, entries, entryBodyOf, "")
}
