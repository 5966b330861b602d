package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
)

//go:embed static
var staticFiles embed.FS

// oneYear is how long a browser keeps a file: its address has its hash.
const oneYear = 365 * 24 * time.Hour

// asset is one file that pages load.
type asset struct {
	body        []byte
	small       []byte // the same in gzip; nil: no smaller
	contentType string
	hash        string // first 12 hex digits of its SHA-256
}

// styleSheet is the one sheet of all pages. It is put together from css/*.css in
// the order of their names, one file for each kind of thing on a page.
const styleSheet = "app.css"

// loadAssets reads the embedded files by name.
func loadAssets(files fs.FS) (map[string]asset, error) {
	assets := map[string]asset{}
	var sheet []byte
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if _, ok := forVerifier(name); ok { // a megabyte, for the verifier page alone
			assets[name] = asset{body: body}
			return nil
		}
		if strings.HasPrefix(name, "css/") { // in the order of names
			sheet = append(sheet, body...)
			return nil
		}
		assets[name] = newAsset(name, body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	assets[styleSheet] = newAsset(styleSheet, sheet)
	assets["gallery.css"] = newAsset("gallery.css", slices.Concat(gallerySheet(sheet), assets["gallery.css"].body))
	return assets, nil
}

func newAsset(name string, body []byte) asset {
	sum := sha256.Sum256(body)
	a := asset{body: body, contentType: contentTypeOf(name), hash: hex.EncodeToString(sum[:6])}
	if small, err := squashed(body, nil); err == nil && len(small) < len(body) {
		a.small = small
	}
	return a
}

// contentTypeOf does not ask the machine's own table for what we serve.
func contentTypeOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".html":
		return "text/html; charset=utf-8"
	case ".json":
		return "application/json"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// assetURL is the address of a file; it changes with the file.
func (p *Pages) assetURL(name string) (string, error) {
	a, ok := p.asset(name)
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return "/static/" + a.hash + "/" + name, nil
}

// hasAsset tells whether a file is there: those of others are only where npm was.
func (p *Pages) hasAsset(name string) bool {
	_, ok := p.asset(name)
	return ok
}

// Static serves GET /static/:hash/*name. Another hash than today's is not found:
// an old page asks for a file that is gone.
func (p *Pages) Static(c *gin.Context) error {
	p.freshen(c.Request.Context())
	a, ok := p.asset(strings.TrimPrefix(c.Param("name"), "/"))
	if !ok || a.hash != c.Param("hash") {
		return respond.NoRoute()
	}
	c.Header("Cache-Control", fmt.Sprintf("public, max-age=%d, immutable", int(oneYear.Seconds())))
	c.Header("Vary", "Accept-Encoding")
	if a.small != nil && takesGzip(c.GetHeader("Accept-Encoding")) {
		c.Header("Content-Encoding", "gzip")
		c.Data(http.StatusOK, a.contentType, a.small)
		return nil
	}
	c.Data(http.StatusOK, a.contentType, a.body)
	return nil
}
