package respond_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/issuer/oauth"
)

const leak = "Amina Diallo 1990-04-02"

// run sends req through Begin and Handle around h; it gives the answer and what
// was logged.
func run(t *testing.T, render respond.Renderer, req *http.Request, h func(*gin.Context) error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(respond.Begin(slog.New(slog.NewJSONHandler(&log, nil))))
	engine.Any("/x", respond.Handle(render, h))
	rec := httptest.NewRecorder()
	engine.ServeHTTP(rec, req)
	return rec, log.String()
}

func get() *http.Request { return httptest.NewRequest(http.MethodGet, "/x", nil) }

func showPage(c *gin.Context, status int, code, detail, requestID string) {
	c.Data(status, "text/html; charset=utf-8", []byte("<h1>"+detail+"</h1><p>"+code+" "+requestID+"</p>"))
}

// want is how each kind looks in each format: status in problem and page, then
// status and word in the OAuth family.
var want = map[fault.Kind]struct {
	status, oauthStatus int
	oauthCode           string
}{
	fault.Internal:        {500, 500, "server_error"},
	fault.Invalid:         {422, 400, "invalid_request"},
	fault.Unauthenticated: {401, 401, "invalid_token"},
	fault.Forbidden:       {403, 403, "insufficient_scope"},
	fault.NotFound:        {404, 404, "invalid_request"},
	fault.Conflict:        {409, 409, "invalid_request"},
	fault.Gone:            {410, 410, "invalid_request"},
	fault.Limited:         {429, 429, "temporarily_unavailable"},
	fault.TooLarge:        {413, 413, "invalid_request"},
	fault.Unavailable:     {503, 503, "temporarily_unavailable"},
}

func TestEveryKindThroughEveryRenderer(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		w, ok := want[kind]
		if !ok {
			t.Fatalf("kind %d has no expectation: add it", kind)
		}
		err := fmt.Errorf("try: %w", fault.Wrap(kind, "some_code", "Safe words.", errors.New(leak)))
		h := func(*gin.Context) error { return err }
		for name, render := range map[string]respond.Renderer{
			"problem": respond.Problem, "oauth": respond.OAuth, "page": respond.Page(showPage),
		} {
			t.Run(fmt.Sprintf("%s/%d", name, kind), func(t *testing.T) {
				rec, log := run(t, render, get(), h)
				status := w.status
				if name == "oauth" {
					status = w.oauthStatus
				}
				if rec.Code != status {
					t.Errorf("status = %d, want %d", rec.Code, status)
				}
				if strings.Contains(rec.Body.String(), "Amina") {
					t.Errorf("the cause got out: %s", rec.Body)
				}
				if kind == fault.Internal && strings.Contains(rec.Body.String(), "Safe words") {
					t.Error("the words of an internal fault got out")
				}
				checkHeaders(t, rec, kind)
				checkLog(t, log, rec)
			})
		}
	}
}

func checkHeaders(t *testing.T, rec *httptest.ResponseRecorder, kind fault.Kind) {
	t.Helper()
	if got := rec.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q, want no-store", got)
	}
	wait, _ := strconv.Atoi(rec.Header().Get("Retry-After"))
	if wants := kind == fault.Limited || kind == fault.Unavailable; (wait > 0) != wants {
		t.Errorf("Retry-After = %d, wanted: %v", wait, wants)
	}
}

func checkLog(t *testing.T, log string, rec *httptest.ResponseRecorder) {
	t.Helper()
	lines := strings.Count(log, "\n")
	if rec.Code < 500 && lines != 0 {
		t.Errorf("a %d was logged as a failure: %s", rec.Code, log)
	}
	if rec.Code >= 500 && (lines != 1 || !strings.Contains(log, rec.Header().Get("X-Request-Id"))) {
		t.Errorf("a %d must be logged once with its request id: %q", rec.Code, log)
	}
}

func TestProblemBody(t *testing.T) {
	t.Parallel()
	rec, _ := run(t, respond.Problem, get(), func(*gin.Context) error {
		return fault.InvalidFields("invalid_person", "Some fields are wrong.", []fault.Field{{Name: "birth_date", Code: "in_future", Detail: "The date is in the future."}})
	})
	if got := rec.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type = %q", got)
	}
	var got map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	wantBody := map[string]any{
		"type": "/problems/invalid_person", "title": "Some of the input is wrong", "status": 422.0, "detail": "Some fields are wrong.",
		"code": "invalid_person", "request_id": rec.Header().Get("X-Request-Id"),
		"errors": []any{map[string]any{"field": "birth_date", "code": "in_future", "detail": "The date is in the future."}},
	}
	if fmt.Sprint(got) != fmt.Sprint(wantBody) {
		t.Errorf("got  %v\nwant %v", got, wantBody)
	}
}

func TestUnknownErrorAndPanicAreInternal(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(*gin.Context) error{
		"error":         func(*gin.Context) error { return errors.New(leak) },
		"panic value":   func(*gin.Context) error { panic(leak) },
		"runtime panic": func(*gin.Context) error { var list []int; list[len(leak)]++; return nil },
	} {
		for format, render := range map[string]respond.Renderer{"problem": respond.Problem, "oauth": respond.OAuth} {
			t.Run(name+"/"+format, func(t *testing.T) {
				rec, log := run(t, render, get(), h)
				if rec.Code != 500 || strings.Contains(rec.Body.String(), "Amina") || !strings.Contains(rec.Body.String(), rec.Header().Get("X-Request-Id")) {
					t.Errorf("got %d %s", rec.Code, rec.Body)
				}
				if strings.HasPrefix(name, "panic") && strings.Contains(log, "Amina") {
					t.Errorf("the value of a panic was logged: %s", log)
				}
				if strings.Contains(name, "panic") && !strings.Contains(log, "respond_test.go") {
					t.Error("the log does not say where it panicked")
				}
			})
		}
	}
}

func TestNothingForAClientThatLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec, log := run(t, respond.Problem, get().WithContext(ctx), func(c *gin.Context) error {
		return fmt.Errorf("query: %w", c.Request.Context().Err())
	})
	if rec.Body.Len() != 0 || log != "" {
		t.Errorf("wrote %q, logged %q", rec.Body, log)
	}
}

func TestOAuthDescriptionKeepsTheCharset(t *testing.T) {
	t.Parallel()
	rec, _ := run(t, respond.OAuth, get(), func(*gin.Context) error {
		return fault.New(fault.Invalid, "x", "say \"é\n\\\n\" now")
	})
	var got map[string]string
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	// RFC 6749 §5.2: no double quote, no backslash, ASCII only.
	if want := "say '??/?' now"; got["error_description"] != want || len(got) != 2 {
		t.Errorf("got %v, want description %q", got, want)
	}
}

func TestProtocolErrorKeepsItsWords(t *testing.T) {
	t.Parallel()
	const bare = `Bearer realm="credential issuer"`
	for _, tc := range []struct {
		err                    error
		status                 int
		body, challengeHasBare string
	}{
		{oauth.InvalidGrant("The code was used."), 400, `{"error":"invalid_grant","error_description":"The code was used."}`, ""},
		{fmt.Errorf("redeem: %w", oauth.InvalidGrant("Used.").Because(errors.New(leak))), 400, `{"error":"invalid_grant","error_description":"Used."}`, ""},
		{oauth.NoToken(), 401, `"error":"invalid_token"`, bare},
		{oauth.InvalidToken("Expired."), 401, `"error":"invalid_token"`, bare + `, error="invalid_token"`},
	} {
		rec, log := run(t, respond.OAuth, get(), func(*gin.Context) error { return tc.err })
		if rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.body) || strings.Contains(rec.Body.String(), "Amina") || log != "" {
			t.Errorf("%v: got %d %s, logged %q", tc.err, rec.Code, rec.Body, log)
		}
		if got := rec.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, tc.challengeHasBare) || (tc.challengeHasBare == "") != (got == "") {
			t.Errorf("%v: challenge %q", tc.err, got)
		}
		problem, _ := run(t, respond.Problem, get(), func(*gin.Context) error { return tc.err })
		if problem.Code != tc.status || !strings.Contains(problem.Body.String(), "/problems/invalid_") {
			t.Errorf("%v as a problem: %d %s", tc.err, problem.Code, problem.Body)
		}
	}
}

// What any client can ask for is no trouble of ours: only that is logged.
func TestOnlyOurTroubleIsLogged(t *testing.T) {
	t.Parallel()
	for status, logged := range map[int]bool{400: false, 500: true, 501: false, 503: true} {
		err := oauth.NewError("some_code", "Some words.", status)
		rec, log := run(t, respond.Problem, get(), func(*gin.Context) error { return err })
		if rec.Code != status || (log != "") != logged {
			t.Errorf("%d: answered %d, logged %q, want logged %v", status, rec.Code, log, logged)
		}
		if want := `"title":"` + http.StatusText(status) + `"`; !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%d: %s, want %s", status, rec.Body, want)
		}
	}
}

func TestUnencodableAnswerIsA500(t *testing.T) {
	t.Parallel()
	rec, log := run(t, respond.Problem, get(), func(c *gin.Context) error {
		return respond.JSON(c, 200, map[string]any{"f": func() {}})
	})
	if rec.Code != 500 || strings.Count(log, "\n") != 1 {
		t.Errorf("got %d %s, log %q", rec.Code, rec.Body, log)
	}
}

func TestDocumentIsCachedByItsTag(t *testing.T) {
	t.Parallel()
	h := func(c *gin.Context) error {
		return respond.Document(c, respond.Doc{Body: []byte("{}"), ContentType: "application/json", ETag: "v1", MaxAge: 60e9})
	}
	for header, want := range map[string]int{"": 200, `"v1"`: 304, `W/"v1"`: 304, `"v0", "v1"`: 304, `"v0"`: 200, `v1`: 200} {
		req := get()
		req.Header.Set("If-None-Match", header)
		rec, _ := run(t, respond.Problem, req, h)
		if rec.Code != want || rec.Header().Get("Cache-Control") != "public, max-age=60" {
			t.Errorf("If-None-Match %s: got %d %v, want %d", header, rec.Code, rec.Header(), want)
		}
	}
}
