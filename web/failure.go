package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
)

// failureView is an error page: what happened, what helps, where to go.
type failureView struct {
	Code      string // stable, for programs that drive a browser
	Text      string
	Roles     []string // each would do
	RequestID string
	SignIn    string // the way in, for who is not signed in
	Wait      string // when to try again
	Back      string // the form that was sent, or where one came from
}

// Failure shows whatever went wrong: hand it to respond.Page. Who asked for a
// page without being signed in is shown the way in; a form that was sent so waits.
func (p *Pages) Failure(c *gin.Context, status int, code, detail, requestID string) {
	here := "/login?next=" + url.QueryEscape(c.Request.URL.RequestURI())
	if status == http.StatusUnauthorized && c.Request.Method == http.MethodGet && !byHTMX(c.Request) {
		if strings.HasPrefix(c.Request.URL.Path, "/admin") && p.beginning(c.Request.Context()) {
			here = setupPath
		}
		c.Redirect(http.StatusSeeOther, here)
		return
	}
	if status == http.StatusUnauthorized && !byHTMX(c.Request) && p.showSignInAgain(c) { // who asks by htmx sends the form again
		return
	}
	l := p.localeOf(c)
	v := failureView{Code: code, Text: faultText(l, code, detail), RequestID: requestID}
	v.Wait, v.Back = waitText(l, c.Writer.Header().Get("Retry-After")), cameFrom(c.Request)
	if status == http.StatusUnauthorized {
		v.SignIn, v.Back = withNext("/login", v.Back), ""
	}
	for _, role := range auth.Needed(c) {
		v.Roles = append(v.Roles, l.t("role."+string(role)))
	}
	title := l.t("failure.other")
	if key := "failure." + code; l.has(key) {
		title = l.t(key)
	} else if key := "failure." + strconv.Itoa(status); l.has(key) {
		title = l.t(key)
	}
	look := look{page: "failure", title: title}
	if c.Request.Method != http.MethodGet {
		look.here = "/" // not every form's address can be opened
	}
	if err := p.show(c, status, look, v); err != nil {
		c.Data(status, "text/plain; charset=utf-8", []byte(code+"\n"))
	}
}

// waitText says in words how long Retry-After is.
func waitText(l *locale, header string) string {
	seconds, err := strconv.Atoi(header)
	switch {
	case err != nil || seconds <= 0:
		return ""
	case seconds < 90:
		return l.t("failure.wait_seconds", "n", seconds)
	default:
		return l.t("failure.wait_minutes", "n", (seconds+59)/60)
	}
}

// cameFrom is the page of ours that led to a failure, if the browser says so.
func cameFrom(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host || from.Path == "" || from.RequestURI() == r.URL.RequestURI() && r.Method == http.MethodGet {
		return ""
	}
	return localPath(from.RequestURI())
}
