package rest_test

import (
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"socialregistry/api/rest"
	"socialregistry/internal/fault"
)

// FuzzQueryOf reads any query string: it is understood, or the part that is wrong
// is named; pages are never longer than they may be.
func FuzzQueryOf(f *testing.F) {
	for _, query := range []string{"q=amina&limit=2", "value[sex]=female&field=sex&state=ATTESTED", "changed_since=2026-01-01T00:00:00Z&as_written=true",
		"limit=-1", "limit=201", "area=NL&area=NL", "q=%00%ff", "value[]=x", "value[a]=1&value[a]=2", "changed_since=-1", "%"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		req := httptest.NewRequest("GET", "/people", nil)
		req.URL.RawQuery = query
		q, err := rest.QueryOf(&gin.Context{Request: req})
		switch {
		case err == nil && (q.Limit < 0 || q.Limit > 200):
			t.Errorf("%q asks for %d at once", query, q.Limit)
		case err != nil && (fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) == ""):
			t.Errorf("%q: %v", query, err)
		}
	})
}
