package compliance_test

import (
	"fmt"
	"strings"
	"testing"

	"socialregistry/internal/compliance"
)

// stream makes the lines of `go test -json` for one package. Each step is
// "Name action"; the package ends with the last word, "" for never.
func stream(pkg, end string, steps ...string) string {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line(`{"Action":"start","Package":%q}`, pkg)
	for _, step := range steps {
		test, action, _ := strings.Cut(step, " ")
		line(`{"Action":"run","Package":%q,"Test":%q}`, pkg, test)
		if action != "hang" {
			line(`{"Action":"output","Package":%q,"Test":%q,"Output":"says %s\n"}`, pkg, test, test)
			line(`{"Action":%q,"Package":%q,"Test":%q}`, action, pkg, test)
		}
	}
	if end != "" {
		line(`{"Action":%q,"Package":%q,"Elapsed":1.5}`, end, pkg)
	}
	return out.String()
}

func read(t *testing.T, text string) (*compliance.Results, string) {
	t.Helper()
	var out strings.Builder
	r, err := compliance.ReadResults("m", strings.NewReader(text), &out)
	if err != nil {
		t.Fatal(err)
	}
	return r, out.String()
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stream string
		want   string // passed failed skipped broken
	}{
		"plain":             {stream("m/a", "pass", "TestA pass", "TestB pass", "TestC skip"), "2 0 1 0"},
		"subtests":          {stream("m/a", "pass", "TestA/x pass", "TestA/y pass", "TestA pass"), "2 0 0 0"},
		"subtest fails":     {stream("m/a", "fail", "TestA/x pass", "TestA/y fail", "TestA fail"), "1 1 0 1"},
		"parent fails":      {stream("m/a", "fail", "TestA/x pass", "TestA fail"), "1 1 0 1"},
		"does not build":    {stream("m/a", "fail"), "0 1 0 1"},
		"no tests":          {stream("m/a", "skip") + stream("m/b", "pass", "TestA pass"), "1 0 0 0"},
		"cut off":           {stream("m/a", "", "TestA pass"), "1 1 0 1"},
		"hangs":             {stream("m/a", "fail", "TestA pass", "TestB hang"), "1 1 0 1"},
		"passed then broke": {stream("m/a", "fail", "TestA pass"), "1 1 0 1"},
	} {
		r, _ := read(t, tc.stream)
		p, f, s := r.Counts()
		if got := fmt.Sprint(p, f, s, len(r.Broken())); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func TestNamedTestsMustHaveRun(t *testing.T) {
	t.Parallel()
	r, _ := read(t, stream("m/a", "fail", "TestPass pass", "TestSkip skip", "TestFail fail", "TestHollow/x skip", "TestHollow pass", "TestSub/21 pass", "TestSub pass"))
	for name, ran := range map[string]bool{
		"TestPass": true, "TestSub": true, "TestSub/21": true,
		"TestSub/22": false, "TestSkip": false, "TestFail": false, "TestHollow": false, "TestGone": false,
	} {
		ref := compliance.TestRef{Dir: "a", Name: name}
		if got := len(r.NotRun([]compliance.TestRef{ref})) == 0; got != ran {
			t.Errorf("%s: ran = %v, want %v", ref, got, ran)
		}
	}
	for name, want := range map[string]bool{"TestSkip": true, "TestHollow": true, "TestPass": false, "TestFail": false, "TestSub": false, "TestGone": false} {
		if got := r.OnlySkipped(compliance.TestRef{Dir: "a", Name: name}); got != want {
			t.Errorf("%s: only skipped = %v, want %v", name, got, want)
		}
	}
	if got := fmt.Sprint(r.Skipped()); got != "[a.TestHollow/x a.TestSkip]" {
		t.Errorf("skipped: %s", got)
	}
}

func TestOutputShowsOnlyWhatFailed(t *testing.T) {
	t.Parallel()
	_, out := read(t, "not an event\n"+stream("m/a", "fail", "TestPass pass", "TestFail fail")+stream("m", "pass", "TestRoot pass"))
	for _, want := range []string{"not an event\n", "says TestFail\n", "FAIL  a ", "ok    . "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "says TestPass") {
		t.Errorf("the output of a passing test is shown:\n%s", out)
	}
}
