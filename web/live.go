package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

// seenParam is what a page that follows something knows of it already.
const seenParam = "seen"

// byHTMX tells a request that is answered with the main part of a page alone. On the way
// back in its history htmx asks for a whole page.
func byHTMX(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-History-Restore-Request") != "true"
}

// following is what a page that follows something has seen of it; "" where a page is
// opened.
func following(r *http.Request) string {
	if !byHTMX(r) {
		return ""
	}
	return r.URL.Query().Get(seenParam)
}

// turned tells whether what a page follows is not any more as the page has it. Then
// its whole main part is to be replaced.
func turned(c *gin.Context, now string) bool {
	seen := following(c.Request)
	if seen == "" || seen == now {
		return false
	}
	c.Header("HX-Retarget", "#main")
	c.Header("HX-Reselect", "#main")
	c.Header("HX-Reswap", "outerHTML")
	return true
}

// progress answers a page that follows a job with how far it is, as long as it is at
// work; done is false where the page is to be shown.
func (p *Pages) progress(c *gin.Context, page string, row *jobRow) (done bool, err error) {
	now := "over"
	if row != nil {
		now = row.seen()
	}
	if following(c.Request) == "" || turned(c, now) {
		return false, nil
	}
	l := p.localeOf(c)
	t, err := p.template(l, page)
	if err != nil {
		return false, err
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "jobrow", row); err != nil {
		return false, fmt.Errorf("show progress on %s: %w", page, err)
	}
	c.Header("Cache-Control", "no-store")
	write(c, http.StatusOK, "text/html; charset=utf-8", body.Bytes())
	return true, nil
}

// seen is how the job stands, for the page that follows it.
func (v *jobRow) seen() string { return v.ID + "." + v.State }

// Poll is where the page asks how the job stands.
func (v *jobRow) Poll() string { return pollAt(v.Again, "job", v.ID, seenParam, v.seen()) }

// pollAt is an address of ours with more in its query.
func pollAt(address string, pairs ...string) string {
	path, text, _ := strings.Cut(address, "?")
	query, err := url.ParseQuery(text)
	if err != nil {
		return address
	}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return addressOf(path, query)
}
