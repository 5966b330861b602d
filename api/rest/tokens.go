package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const tokensPath = "/api/v1/tokens"

// tokenBody is a personal access token; Token, the secret, is there once.
type tokenBody struct {
	ID        uuid.UUID        `json:"id"`
	Token     string           `json:"token,omitempty"`
	Name      string           `json:"name"`
	Scopes    []registry.Scope `json:"scopes"`
	CreatedBy string           `json:"created_by"`
	CreatedAt time.Time        `json:"created_at"`
	ExpiresAt time.Time        `json:"expires_at"`
	LastUsed  time.Time        `json:"last_used,omitzero"`
	RevokedAt time.Time        `json:"revoked_at,omitzero"`
}

func tokenBodyOf(t registry.Token) tokenBody {
	return tokenBody{ID: t.ID, Name: t.Name, Scopes: t.Scopes, CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt,
		ExpiresAt: t.ExpiresAt, LastUsed: t.LastUsed, RevokedAt: t.RevokedAt}
}

// tokenRequest is the body of POST /tokens.
type tokenRequest struct {
	Name      string           `json:"name"`
	Scopes    []registry.Scope `json:"scopes"`
	ExpiresAt time.Time        `json:"expires_at"`
	Reason    string           `json:"reason"`
}

// Tokens answers GET /tokens: those of the own account.
func (h *Handlers) Tokens(c *gin.Context) error {
	tokens, err := h.reg.Tokens(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, tokens, tokenBodyOf, "")
}

// CreateToken answers POST /tokens.
func (h *Handlers) CreateToken(c *gin.Context) error {
	var body tokenRequest
	if err := decode(c, &body); err != nil {
		return err
	}
	secret, t, err := h.reg.CreateToken(c.Request.Context(), actorOf(c), registry.TokenRequest(body))
	if err != nil {
		return err
	}
	out := tokenBodyOf(t)
	out.Token = secret
	return created(c, tokensPath+"/"+t.ID.String(), out)
}

// RevokeToken answers DELETE /tokens/{id}.
func (h *Handlers) RevokeToken(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := h.reg.RevokeToken(c.Request.Context(), actorOf(c), id); err != nil {
		return err
	}
	return noContent(c)
}
