package respond_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
)

func post(contentType, body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	return req
}

func TestBindJSON(t *testing.T) {
	t.Parallel()
	nest := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for _, tc := range []struct {
		name, contentType, body string
		want                    int
	}{
		{"good", "application/json", `{"a":1}`, 200},
		{"charset", "application/json; charset=utf-8", `{"a":1}`, 200},
		{"text", "text/plain", `{"a":1}`, 415},
		{"no type", "", `{"a":1}`, 415},
		{"empty", "application/json", ``, 400},
		{"cut", "application/json", `{"a":`, 400},
		{"unknown member", "application/json", `{"b":1}`, 400},
		{"doubled member", "application/json", `{"a":1,"a":2}`, 400},
		{"doubled inside", "application/json", `{"a":{"x":1,"x":2}}`, 400},
		{"two values", "application/json", `{"a":1}{"a":1}`, 400},
		{"trailing space", "application/json", "{\"a\":1} \n", 200},
		{"bad utf-8", "application/json", "{\"a\":\"\xff\"}", 400},
		{"depth 32", "application/json", nest(31), 200},
		{"depth 33", "application/json", nest(32), 400},
		{"depth 500", "application/json", nest(500), 400},
		{"at the limit", "application/json", `{"a":"` + strings.Repeat("x", 1<<10-8) + `"}`, 200},
		{"over the limit", "application/json", `{"a":"` + strings.Repeat("x", 1<<10-7) + `"}`, 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			rec, _ := run(t, respond.Problem, post(tc.contentType, tc.body), func(c *gin.Context) error {
				c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, 1<<10)
				var v struct{ A any }
				if err := respond.BindJSON(c, &v); err != nil {
					return err
				}
				c.Status(200)
				return nil
			})
			if rec.Code != tc.want {
				t.Errorf("got %d %s, want %d", rec.Code, rec.Body, tc.want)
			}
		})
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, contentType, body string
		want                    int
	}{
		{"good", "application/x-www-form-urlencoded", "a=1&b=%C3%A9", 200},
		{"json", "application/json", `{}`, 415},
		{"bad escape", "application/x-www-form-urlencoded", "a=%zz", 400},
		{"bad utf-8", "application/x-www-form-urlencoded", "a=%ff", 400},
		{"semicolon", "application/x-www-form-urlencoded", "a=1;b=2", 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			req := post(tc.contentType, tc.body)
			req.URL.RawQuery = "a=from-query"
			rec, _ := run(t, respond.OAuth, req, func(c *gin.Context) error {
				form, err := respond.Form(c)
				if err != nil {
					return err
				}
				if got := form["a"]; len(got) != 1 || got[0] != "1" {
					t.Errorf("a = %q, want only what the body says", got)
				}
				c.Status(200)
				return nil
			})
			if rec.Code != tc.want {
				t.Errorf("got %d %s, want %d", rec.Code, rec.Body, tc.want)
			}
		})
	}
}

func FuzzBindJSON(f *testing.F) {
	f.Add(`{"a":1}`)
	f.Add(`{"a":{"a":[{}]}}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, body string) {
		rec, _ := run(t, respond.Problem, post("application/json", body), func(c *gin.Context) error {
			var v struct{ A any }
			return respond.BindJSON(c, &v)
		})
		if rec.Code >= 500 {
			t.Errorf("%q gave %d", body, rec.Code)
		}
	})
}

// FuzzBindMergePatch: of whatever is sent, a member that is null is told from one
// that is absent, and what was understood is understood again.
func FuzzBindMergePatch(f *testing.F) {
	f.Add(`{"a":null,"b":{"c":"d"}}`)
	f.Add(`{"b":{"c":null}}`)
	f.Add(`{"a":1,"a":2}`)
	f.Add("{\"\xff\":null}")
	f.Fuzz(func(t *testing.T, body string) {
		var v struct {
			A *string            `json:"a"`
			B map[string]*string `json:"b"`
		}
		rec, _ := run(t, respond.Problem, post("application/merge-patch+json", body), func(c *gin.Context) error {
			if err := respond.BindMergePatch(c, &v); err != nil {
				return err
			}
			c.Status(204)
			return nil
		})
		if rec.Code >= 500 {
			t.Fatalf("%q gave %d", body, rec.Code)
		}
		if rec.Code >= 300 {
			return
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		first := v
		again, _ := run(t, respond.Problem, post("application/merge-patch+json", string(text)), func(c *gin.Context) error { return respond.BindMergePatch(c, &v) })
		if again.Code >= 400 || len(v.B) != len(first.B) {
			t.Fatalf("%q, written again as %s: %d", body, text, again.Code)
		}
	})
}

// TestIfMatch: one strong tag is taken; what is no tag matches nothing.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]struct {
		status int
		tag    string
	}{
		"": {428, ""}, "*": {428, ""}, `"7"`: {200, "7"}, ` "7" `: {200, "7"}, `W/"7"`: {200, ""}, `"7", "8"`: {200, ""}, `7`: {200, ""}, `"`: {200, ""}, `""`: {200, ""},
	} {
		req := post("application/json", "{}")
		req.Header.Set("If-Match", header)
		rec, _ := run(t, respond.Problem, req, func(c *gin.Context) error {
			tag, err := respond.IfMatch(c)
			if err == nil && tag != want.tag {
				t.Errorf("%s: tag %q, want %q", header, tag, want.tag)
			}
			c.Status(200)
			return err
		})
		if rec.Code != want.status {
			t.Errorf("%s: got %d %s, want %d", header, rec.Code, rec.Body, want.status)
		}
	}
}

// TestStaleIsAFailedPrecondition: with If-Match only, and only what is stale.
func TestStaleIsAFailedPrecondition(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		header, code string
		want         int
	}{{`"1"`, "version_conflict", 412}, {"", "version_conflict", 409}, {`"1"`, "identifier_taken", 409}} {
		req := post("application/json", "{}")
		req.Header.Set("If-Match", tc.header)
		rec, _ := run(t, respond.Problem, req, func(*gin.Context) error { return fault.New(fault.Conflict, tc.code, "No.") })
		if rec.Code != tc.want {
			t.Errorf("%s with %q: got %d, want %d", tc.code, tc.header, rec.Code, tc.want)
		}
	}
}

func TestBindMergePatch(t *testing.T) {
	t.Parallel()
	for mediaType, want := range map[string]int{"application/merge-patch+json": 200, "application/merge-patch+json; charset=utf-8": 200, "application/json": 415, "": 415} {
		rec, _ := run(t, respond.Problem, post(mediaType, `{"A":null}`), func(c *gin.Context) error {
			var v struct{ A *string }
			err := respond.BindMergePatch(c, &v)
			c.Status(200)
			return err
		})
		if rec.Code != want || (want == 415) != (rec.Header().Get("Accept-Patch") != "") {
			t.Errorf("%s: got %d %v, want %d", mediaType, rec.Code, rec.Header(), want)
		}
	}
}
