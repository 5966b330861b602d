package verifier_test

import (
	"strings"
	"testing"
)

// Whatever the module is given, it answers, and believes nothing; only a time that is
// none is refused at once.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	_, name := file(t)
	for _, script := range [][]string{{"hostile.mjs", name}, {"hostile.mjs", name, "../js/vendor/verifier.min.js"}} {
		lines := node(t, nil, script...)
		if len(lines) != 12 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			var got struct {
				Name, Outcome, Error string
				Claims               map[string]any
			}
			decode(t, line, &got)
			want, wrong := "unreadable_code", ""
			switch {
			case got.Name == "as it should be":
				want = "genuine"
			case got.Name == "shards that cannot be had":
				want = "genuine_status_unknown"
			case strings.HasPrefix(got.Name, "no such time"):
				want, wrong = "", "Error"
			case strings.HasPrefix(got.Name, "key of a bundle"):
				want, wrong = "", "Error malformed"
			}
			if got.Outcome != want || !strings.HasSuffix(got.Error, wrong) || (got.Error == "") != (wrong == "") || want == "unreadable_code" && got.Claims != nil {
				t.Errorf("%s: %+v, want %s %s", script[len(script)-1], got, want, wrong)
			}
		}
	}
}
