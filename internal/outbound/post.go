package outbound

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"socialregistry/internal/fault"
)

// Post sends a body once. It follows no redirect, and reads nothing of the answer but
// its head: any 2xx says that the body was taken. It returns Forbidden
// "host_not_allowed", "address_not_allowed", "redirect_refused" (any 3xx) or
// "source_denied" (4xx that tell of the address or the secret); Unavailable
// "source_unreachable", "source_timeout" or "source_error" (5xx, 408, 425, 429); and
// Invalid "source_refused" for what is refused for good (400, 409, 410, 413, 422).
func (c *Client) Post(ctx context.Context, u *url.URL, header http.Header, body []byte) error {
	if !c.Allows(u) {
		return fault.New(fault.Forbidden, "host_not_allowed", "This host is not on the list of those that may be reached.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("outbound: %w", err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "socialregistry")
	client := *c.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return failure(ctx, err)
	}
	res.Body.Close()
	return taken(res.StatusCode)
}

// taken reads the status of the answer to a post.
func taken(status int) error {
	refused := []int{http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}
	later := []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 500, slices.Contains(later, status):
		return fault.New(fault.Unavailable, "source_error", fmt.Sprintf("The other system answered with status %d.", status))
	case slices.Contains(refused, status):
		return fault.New(fault.Invalid, "source_refused", fmt.Sprintf("The other system refused with status %d.", status))
	case status >= 300 && status < 400:
		return fault.New(fault.Forbidden, "redirect_refused", fmt.Sprintf("The other system sends on (status %d): name its last address.", status))
	}
	return fault.New(fault.Forbidden, "source_denied", fmt.Sprintf("The other system does not take it (status %d): look at the address and the secret.", status))
}
