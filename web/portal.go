package web

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// pager leads through a list that has several pages.
type pager struct {
	Next  string // address of the next page; "" after the last
	First string // address of the first page; "" on it
}

// pagerOf is the pager of the page that a request asks for; next is the cursor behind
// it.
func pagerOf(c *gin.Context, next string) pager {
	var out pager
	if next != "" {
		out.Next = c.Request.URL.Path + "?after=" + url.QueryEscape(next)
	}
	if c.Query("after") != "" {
		out.First = c.Request.URL.Path
	}
	return out
}

// stage is one step of something that takes its time.
type stage struct {
	Class string // now, or next for what is still to come; "": it is over
	Text  string
	When  string // and by whom
	Words string // that somebody wrote about it
}

// fieldsByKey finds definitions by their keys.
func fieldsByKey(fields []registry.Field) map[string]registry.Field {
	out := make(map[string]registry.Field, len(fields))
	for _, f := range fields {
		out[f.Key] = f
	}
	return out
}

// fieldOf gives a definition; one that is gone shows its key.
func fieldOf(byKey map[string]registry.Field, key string) registry.Field {
	if f, ok := byKey[key]; ok {
		return f
	}
	return registry.Field{Key: key, Type: registry.TypeText}
}

// said is the words for what a form has done, by the address that it led to; "" for
// none that is known.
func said(c *gin.Context, l *locale, part string) string {
	if key := part + ".done_" + c.Query("done"); c.Query("done") != "" && l.has(key) {
		return l.t(key)
	}
	return ""
}
