package api

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
)

// contentSecurity lets a page load nothing but our own files: no inline script,
// no inline style, no frame around us.
const contentSecurity = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"

// observe writes one line per request to the access log and counts it. The route
// template stands for the path, so that no id or token in a path is ever kept.
func (s *server) observe(c *gin.Context) {
	start := s.deps.Now()
	c.Next()
	took := s.deps.Now().Sub(start)
	method, route, status := knownMethod(c.Request.Method), c.FullPath(), c.Writer.Status()
	if route == "" {
		route = "none"
	}
	s.metrics.observe(method, route, status, took)
	s.deps.Log.LogAttrs(c.Request.Context(), slog.LevelInfo, "request",
		slog.String("method", method), slog.String("route", route), slog.Int("status", status),
		slog.Duration("duration", took), slog.String("request_id", respond.RequestID(c)))
}

// knownMethod keeps made-up methods out of the log and of the metrics.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// secure sets the headers that hold for every answer. A handler of a public
// document replaces Cache-Control; everything else is not stored anywhere.
func (s *server) secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentSecurity)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(s.deps.PublicURL, "https:") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	c.Next()
}

// limitBody cuts the request body at n bytes; a longer one that says so is
// refused before anything is read.
func limitBody(render respond.Renderer, n int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength > n {
			respond.Fail(c, render, fault.New(fault.TooLarge, "too_large", "The request is over the size limit."))
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, n)
		c.Next()
	}
}

// patient gives an upload and its answer more time than the server's timeouts.
func (s *server) patient(limit time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		control := http.NewResponseController(c.Writer)
		deadline := time.Now().Add(limit) // of the connection: wall time, not the clock of the registry
		// A writer without deadlines (in tests) has no timeout to extend.
		_ = control.SetReadDeadline(deadline)
		_ = control.SetWriteDeadline(deadline)
		c.Next()
	}
}

// sameSite refuses what another site's page makes a browser send.
func (s *server) sameSite(render respond.Renderer) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := s.origins.Check(c.Request); err != nil {
			respond.Fail(c, render, respond.CrossSite(err))
			return
		}
		c.Next()
	}
}

// unlessBearer skips check for a request with an Authorization header: its
// cookies are not looked at, and no other site's page can send that header.
func unlessBearer(check gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.GetHeader("Authorization") == "" {
			check(c)
		}
	}
}

// openToWallets lets the pages of any site call a route from a browser, without
// cookies: web wallets and verifiers need metadata, status and the protocol.
func openToWallets(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "DPoP-Nonce, ETag, OAuth-Client-Attestation-Challenge, Retry-After, WWW-Authenticate, X-Request-Id")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	c.Next()
}

// preflight answers the question of a browser before it sends the request
// (Fetch standard, CORS-preflight).
func preflight(method string) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Access-Control-Allow-Methods", method)
		c.Header("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP, OAuth-Client-Attestation, OAuth-Client-Attestation-PoP")
		c.Header("Access-Control-Max-Age", "86400")
		c.Status(http.StatusNoContent)
	}
}
