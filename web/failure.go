package web

import (
	"net/http"
	"net/url"
	"strconv"

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
}

// Failure shows whatever went wrong: hand it to respond.Page. Who asked for a
// page without being signed in is shown the way in.
func (p *Pages) Failure(c *gin.Context, status int, code, detail, requestID string) {
	here := "/login?next=" + url.QueryEscape(c.Request.URL.RequestURI())
	if status == http.StatusUnauthorized && c.Request.Method == http.MethodGet {
		c.Redirect(http.StatusSeeOther, here)
		return
	}
	l := p.localeOf(c)
	v := failureView{Code: code, Text: faultText(l, code, detail), RequestID: requestID}
	if status == http.StatusUnauthorized {
		v.SignIn = "/login"
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
