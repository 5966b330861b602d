package api_test

import (
	"net/http"
	"strconv"
	"testing"

	"socialregistry/api"
	"socialregistry/internal/dbtest"
)

func TestParseProxies(t *testing.T) {
	t.Parallel()
	for text, n := range map[string]int{"": 0, " 127.0.0.1 , 10.1.0.0/16,fd00::/8,": 3, "::1": 1} {
		if got, err := api.ParseProxies(text); err != nil || len(got) != n {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"everybody", "0.0.0.0/0", "::/0", "10.1.0.0/33", "10.1.0.0/16;10.2.0.0/16", "proxy.example"} {
		if got, err := api.ParseProxies(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

// The limits count who comes through our proxies by the address that the last of them
// saw; nobody says of themselves who they are.
func TestWhoIsCounted(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	proxies, err := api.ParseProxies("127.0.0.0/8,10.1.0.0/16,fd00::/8")
	must(t, err)
	s.deps.Proxies = proxies
	fresh := func() {
		t.Helper()
		handler, err := api.New(s.deps)
		must(t, err)
		s.Handler = handler
	}
	refused := func(from string, forwarded ...string) int {
		bad := form("/login", "username", "nobody-at-all", "password", "wrong")
		bad.RemoteAddr = from
		for _, f := range forwarded {
			bad.Header.Add("X-Forwarded-For", f)
		}
		return s.do(bad).Code
	}
	for what, tc := range map[string]struct {
		from  string
		first func(n int) []string // of the thirty that are refused
		next  []string
		want  int // of the next
	}{
		"two behind one proxy":            {"127.0.0.1:1", func(int) []string { return []string{"203.0.113.9"} }, []string{"203.0.113.10"}, 422},
		"the same behind one proxy":       {"127.0.0.1:1", func(int) []string { return []string{"203.0.113.9"} }, []string{"203.0.113.9"}, 429},
		"the same, with a port":           {"127.0.0.1:1", func(n int) []string { return []string{"203.0.113.9:" + strconv.Itoa(n+1)} }, []string{"203.0.113.9"}, 429},
		"behind two proxies":              {"[fd00::1]:1", func(int) []string { return []string{"203.0.113.9, 10.1.2.3"} }, []string{"203.0.113.10, 10.1.2.3"}, 422},
		"who writes entries of their own": {"127.0.0.1:1", func(n int) []string { return []string{"198.51.100." + strconv.Itoa(n) + ", 203.0.113.9"} }, []string{"198.51.100.99, 203.0.113.9"}, 429},
		"in another header line":          {"127.0.0.1:1", func(n int) []string { return []string{"198.51.100." + strconv.Itoa(n), "203.0.113.9"} }, []string{"203.0.113.9"}, 429},
		"who writes nonsense":             {"127.0.0.1:1", func(n int) []string { return []string{"198.51.100." + strconv.Itoa(n) + ", x"} }, []string{"y"}, 429},
		"who is no proxy of ours":         {"203.0.113.7:1", func(n int) []string { return []string{"198.51.100." + strconv.Itoa(n)} }, []string{"198.51.100.99"}, 429},
		"one network of IPv6":             {"127.0.0.1:1", func(n int) []string { return []string{"2001:db8::" + strconv.Itoa(n)} }, []string{"2001:db8::ffff"}, 429},
		"IPv4 in IPv6":                    {"[::ffff:127.0.0.1]:1", func(int) []string { return []string{"::ffff:203.0.113.9"} }, []string{"203.0.113.9"}, 429},
	} {
		fresh()
		for n := range 30 {
			if code := refused(tc.from, tc.first(n)...); code != http.StatusUnprocessableEntity && code != http.StatusTooManyRequests {
				t.Fatalf("%s: try %d: %d", what, n, code)
			}
		}
		// The name itself is locked by now, which is answered 422 as well.
		if code := refused(tc.from, tc.next...); code != tc.want {
			t.Errorf("%s: %d, want %d", what, code, tc.want)
		}
	}
}
