package web

import (
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
)

// verifierPath is where the verifier page stands.
const verifierPath = "/verify/"

// What the verifier page may do and others may not: use the camera; and, in the worker
// that reads codes and nowhere else, compile WebAssembly. A worker has the policy of
// its own answer (CSP 3 §6.1.2.1), and that one can reach nothing but its own files.
const (
	cameraHere     = "camera=(self), geolocation=(), microphone=()"
	readerSecurity = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
)

// VerifierHome is GET /verify: the page's addresses are relative, so it ends with a slash.
func (p *Pages) VerifierHome(c *gin.Context) error {
	return seeOther(c, verifierPath)
}

// Verifier is GET /verify/: what anybody checks a credential with.
func (p *Pages) Verifier(c *gin.Context) error {
	return p.verifierIn(c, "")
}

// VerifierTrust is GET /verify/trust: whom the page trusts, and how old that is.
func (p *Pages) VerifierTrust(c *gin.Context) error {
	return p.verifierIn(c, "trust.")
}

// verifierIn gives a page in the language of the visitor.
func (p *Pages) verifierIn(c *gin.Context, prefix string) error {
	c.Header("Vary", "Cookie, Accept-Language")
	return p.verifierFile(c, prefix+p.localeOf(c).code+".html")
}

// VerifierFile is GET /verify/:file, and of its folders.
func (p *Pages) VerifierFile(c *gin.Context) error {
	name := strings.TrimPrefix(c.Request.URL.Path, verifierPath)
	switch name { // as the pages call each other
	case "index.html":
		return p.Verifier(c)
	case "trust.html":
		return p.VerifierTrust(c)
	}
	if code := strings.TrimPrefix(strings.TrimSuffix(name, ".html"), "trust."); path.Ext(name) == ".html" && c.GetHeader("Sec-Fetch-Dest") == "document" {
		p.keepLocale(c, code) // somebody chose it; the worker that keeps all of them did not
	}
	return p.verifierFile(c, name)
}

// verifierFile gives a file of the folder. Its address is always the same, so that it
// is asked about each time: the answer is mostly that it is still so.
func (p *Pages) verifierFile(c *gin.Context, name string) error {
	p.freshen(c.Request.Context())
	f, err := p.verifierFolder(verifierWay{})
	if err != nil {
		return err
	}
	a, ok := f.files[name]
	if !ok {
		return respond.NoRoute()
	}
	tag := `"` + a.hash + `"`
	c.Header("Cache-Control", "no-cache")
	c.Header("ETag", tag)
	c.Writer.Header().Add("Vary", "Accept-Encoding")
	switch {
	case name == verifierReader:
		c.Header("Content-Security-Policy", readerSecurity)
	case path.Ext(name) == ".html":
		c.Header("Permissions-Policy", cameraHere)
		c.Header("Content-Language", strings.TrimPrefix(strings.TrimSuffix(name, ".html"), "trust."))
	}
	body := a.body
	if a.small != nil && takesGzip(c.GetHeader("Accept-Encoding")) {
		c.Header("Content-Encoding", "gzip")
		body = a.small
	}
	if strings.Contains(c.GetHeader("If-None-Match"), tag) {
		c.Status(http.StatusNotModified)
		return nil
	}
	c.Data(http.StatusOK, a.contentType, body)
	return nil
}
