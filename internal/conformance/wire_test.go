package conformance_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/vciclient"
)

// change is one change of the bytes of a request.
type change func([]byte) []byte

// instead writes another text in the place of one that must be there.
func instead(of, text string) change {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(of), []byte(text), 1) }
}

// another writes one more header field.
func another(field string) change { return instead("\r\n\r\n", "\r\n"+field+"\r\n\r\n") }

// without takes a header field away.
func without(name string) change {
	return func(b []byte) []byte {
		head, body, _ := bytes.Cut(b, []byte("\r\n\r\n"))
		lines := slices.DeleteFunc(strings.Split(string(head), "\r\n"), func(line string) bool {
			return strings.HasPrefix(strings.ToLower(line), strings.ToLower(name)+":")
		})
		return append([]byte(strings.Join(lines, "\r\n")+"\r\n\r\n"), body...)
	}
}

// form changes the members of a form: given twice in a list, it stands twice; nil
// takes it away.
func form(name string, values ...string) change {
	return func(b []byte) []byte {
		head, body, _ := bytes.Cut(b, []byte("\r\n\r\n"))
		members, err := url.ParseQuery(string(body))
		if err != nil {
			panic(err) // the good request is ours
		}
		members[name] = values
		if len(values) == 0 {
			delete(members, name)
		}
		return append(append(head, "\r\n\r\n"...), members.Encode()...)
	}
}

// send writes a good request with changes to a TLS connection of its own and
// reads the answer. A change that changes nothing fails the test.
func (s *suite) send(t *testing.T, r vciclient.Request, changes ...change) vciclient.Answer {
	t.Helper()
	wire, err := r.Bytes()
	must(t, err)
	for n, c := range changes {
		changed := c(bytes.Clone(wire))
		if bytes.Equal(changed, wire) {
			t.Fatalf("change %d changes nothing in\n%s", n, wire)
		}
		wire = measured(changed)
	}
	u, err := url.Parse(r.URL)
	must(t, err)
	connection, err := tls.Dial("tcp", u.Host, s.tls())
	must(t, err)
	defer connection.Close()
	must(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = connection.Write(wire)
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: r.Method})
	if err != nil {
		t.Fatalf("no answer: %v, to\n%s", err, wire)
	}
	defer res.Body.Close()
	a, err := vciclient.ReadAnswer(r.URL, res)
	must(t, err)
	return a
}

// measured gives the bytes the Content-Length that they have.
func measured(wire []byte) []byte {
	head, body, _ := bytes.Cut(wire, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	for n, line := range lines {
		if strings.HasPrefix(line, "Content-Length:") {
			lines[n] = fmt.Sprintf("Content-Length: %d", len(body))
		}
	}
	return append([]byte(strings.Join(lines, "\r\n")+"\r\n\r\n"), body...)
}

// refused expects a refusal by one of the statuses and one of the codes, in the
// form that RFC 6749 §5.2 and OID4VCI 1.0 §8.3.1.2 fix: JSON, of error and
// error_description alone, that no cache keeps.
func refused(t *testing.T, a vciclient.Answer, statuses []int, codes ...string) {
	t.Helper()
	if !slices.Contains(statuses, a.Status) || !slices.Contains(codes, a.Code()) {
		t.Errorf("%d %s %q, want %v %v", a.Status, a.Body, a.Header.Get("WWW-Authenticate"), statuses, codes)
	}
	for name := range a.Members {
		if name != "error" && name != "error_description" && name != "interval" {
			t.Errorf("the refusal has the member %s", name)
		}
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers of a refusal: %v", a.Header)
	}
	words, _ := a.Members["error_description"].(string)
	if strings.ContainsFunc(words, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		t.Errorf("error_description has characters that RFC 6749 §5.2 excludes: %q", words)
	}
}

// badRequest are the statuses of most refusals.
func badRequest() []int { return []int{http.StatusBadRequest} }

// unauthorized is the status of refusals at a protected resource.
func unauthorized() []int { return []int{http.StatusUnauthorized} }

// eitherWay are the statuses between which RFC 6749 §5.2 leaves the choice.
func eitherWay() []int { return []int{http.StatusBadRequest, http.StatusUnauthorized} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
