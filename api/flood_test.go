package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// Row 16: a flood of pushes from one address is slowed by 429 and Retry-After, also
// with a good client's assertion, before any of it is looked at; it stores nothing.
// Others are answered.
func TestRow16PushFlood(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		key := s.walletKey(t, "wallet-1")
		push := func(address, body string) *httptest.ResponseRecorder {
			r := request("POST", "/oid4vci/par", body, "Content-Type", "application/x-www-form-urlencoded")
			r.RemoteAddr = address
			return s.do(r)
		}
		good := func() string {
			form := s.assertion(t, "wallet-1", key)
			for name, value := range map[string]string{"response_type": "code", "redirect_uri": "https://wallet.example/cb", "scope": sdJWTConfig,
				"code_challenge": strings.Repeat("a", 43), "code_challenge_method": "S256"} {
				form.Set(name, value)
			}
			return form.Encode()
		}
		if rec := push("192.0.2.7:1", good()); rec.Code != http.StatusCreated {
			t.Fatalf("before: %d %s", rec.Code, rec.Body)
		}
		before := rowsOf(t, d)
		slowed := 0
		for range 2000 {
			switch rec := push("192.0.2.7:1", ""); rec.Code {
			case http.StatusTooManyRequests:
				slowed++
			case http.StatusUnauthorized, http.StatusBadRequest:
			default:
				t.Fatalf("flood: %d %s", rec.Code, rec.Body)
			}
		}
		rec := push("192.0.2.7:1", good())
		if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" || slowed == 0 {
			t.Errorf("afterwards: %d, Retry-After %q, %d slowed", rec.Code, rec.Header().Get("Retry-After"), slowed)
		}
		if after := rowsOf(t, d); after != before {
			t.Errorf("%d rows, %d before", after, before)
		}
		if rec := push("198.51.100.7:1", good()); rec.Code != http.StatusCreated {
			t.Errorf("another address: %d %s", rec.Code, rec.Body)
		}
	})
}

// rowsOf counts what a push could leave behind.
func rowsOf(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	must(t, d.Raw("SELECT (SELECT count(*) FROM pushed_request) + (SELECT count(*) FROM used_id)").Scan(&n).Error)
	return n
}
