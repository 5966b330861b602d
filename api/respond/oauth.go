package respond

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/issuer/oauth"
)

// OAuth renders a failure as RFC 6749 §5.2 wants it, for the endpoints that
// wallets call. A fault that is no protocol error gets the nearest word of the
// OAuth family.
func OAuth(c *gin.Context, f Failure) {
	e := f.protocol
	if e == nil {
		e = nearest(f)
	}
	for _, challenge := range e.Challenges() {
		c.Writer.Header().Add("WWW-Authenticate", challenge)
	}
	writeJSON(c, e.Status, "application/json", e)
}

// nearest makes a protocol error of a failure that carries none.
func nearest(f Failure) *oauth.Error {
	switch f.Kind {
	case fault.Internal:
		return oauth.NewError("server_error", "Internal error. Request id: "+f.RequestID, f.Status)
	case fault.Limited, fault.Unavailable:
		return oauth.NewError("temporarily_unavailable", f.Detail, f.Status)
	case fault.Unauthenticated:
		return oauth.InvalidToken(f.Detail)
	case fault.Forbidden:
		return oauth.InsufficientScope(f.Detail)
	}
	if f.Status == http.StatusUnprocessableEntity {
		return oauth.InvalidRequest(f.Detail) // RFC 6749 §5.2 knows no 422
	}
	return oauth.NewError(oauth.CodeInvalidRequest, f.Detail, f.Status)
}

// ofProtocol is a failure of the OAuth family, whose words and status its
// specification fixes.
func ofProtocol(e *oauth.Error) Failure {
	return Failure{Status: e.Status, Kind: fault.Invalid, Code: e.Code, Detail: e.Description, protocol: e}
}
