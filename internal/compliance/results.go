package compliance

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of `go test -json` (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Elapsed    float64
	Output     string
}

// Results is what a run of `go test -json` said.
type Results struct {
	module  string
	tests   map[TestRef]string // last action: run, pass, fail, skip
	parents map[TestRef]bool   // tests that have subtests
	running map[string]bool    // packages that have not ended
	broken  []string           // packages that failed, built badly or never ended
	output  map[TestRef]*strings.Builder
}

// ReadResults reads the stream of one or several runs and writes, as it goes, one
// line per package and the output of what failed. Lines that are not events are
// written as they are.
func ReadResults(module string, stream io.Reader, out io.Writer) (*Results, error) {
	r := &Results{module: module, tests: map[TestRef]string{}, parents: map[TestRef]bool{}, running: map[string]bool{}, output: map[TestRef]*strings.Builder{}}
	lines := bufio.NewReader(stream)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				r.add(e, out)
			} else {
				fmt.Fprint(out, line)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read test results: %w", err)
		}
	}
	for pkg := range r.running {
		r.broken = append(r.broken, pkg+" (did not end)")
	}
	slices.Sort(r.broken)
	return r, nil
}

func (r *Results) add(e event, out io.Writer) {
	ref := TestRef{r.dir(e.Package), e.Test}
	switch {
	case e.Action == "build-output":
		fmt.Fprint(out, e.Output)
	case e.Action == "output":
		r.keep(ref, e.Output)
	case e.Test != "":
		r.tests[ref] = e.Action
		for parent := parentOf(e.Test); parent != ""; parent = parentOf(parent) {
			r.parents[TestRef{ref.Dir, parent}] = true
		}
		if e.Action == "fail" {
			fmt.Fprint(out, r.taken(ref))
		}
		if e.Action == "pass" {
			delete(r.output, ref)
		}
	case e.Action == "start":
		r.running[ref.Dir] = true
	case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
		r.end(ref, e, out)
	}
}

// end closes a package.
func (r *Results) end(ref TestRef, e event, out io.Writer) {
	delete(r.running, ref.Dir)
	switch e.Action {
	case "fail":
		r.broken = append(r.broken, ref.Dir)
		fmt.Fprint(out, r.taken(ref))
		fmt.Fprintf(out, "FAIL  %-28s %6.1f s\n", ref.Dir, e.Elapsed)
	case "pass":
		fmt.Fprintf(out, "ok    %-28s %6.1f s\n", ref.Dir, e.Elapsed)
	}
}

func (r *Results) keep(ref TestRef, text string) {
	if r.output[ref] == nil {
		r.output[ref] = &strings.Builder{}
	}
	r.output[ref].WriteString(text)
}

func (r *Results) taken(ref TestRef) string {
	kept := r.output[ref]
	delete(r.output, ref)
	if kept == nil {
		return ""
	}
	return kept.String()
}

func (r *Results) dir(pkg string) string {
	if pkg == r.module {
		return "."
	}
	return strings.TrimPrefix(pkg, r.module+"/")
}

func parentOf(test string) string {
	i := strings.LastIndexByte(test, '/')
	return test[:max(i, 0)]
}

// Counts gives how many tests passed, failed and were skipped. A test with
// subtests is counted by them. A package that broke outside of any test counts
// as one failure, a test that did not end too.
func (r *Results) Counts() (passed, failed, skipped int) {
	failedIn := map[string]bool{}
	for ref, action := range r.tests {
		if action != "pass" && action != "skip" {
			failedIn[ref.Dir] = true
		}
		switch {
		case r.parents[ref] && (action == "pass" || r.under(ref, "fail")):
			// its subtests are counted
		case action == "pass":
			passed++
		case action == "skip":
			skipped++
		default:
			failed++
		}
	}
	for _, pkg := range r.broken {
		if !failedIn[strings.TrimSuffix(pkg, " (did not end)")] {
			failed++
		}
	}
	return passed, failed, skipped
}

// Broken lists the packages that failed.
func (r *Results) Broken() []string { return r.broken }

// Skipped lists the tests that were skipped.
func (r *Results) Skipped() []TestRef {
	var out []TestRef
	for ref, action := range r.tests {
		if action == "skip" {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, func(a, b TestRef) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// NotRun lists those of the named tests that did not pass in this run; a test
// that was skipped, or whose every subtest was, has not run.
func (r *Results) NotRun(named []TestRef) []TestRef {
	var out []TestRef
	for _, ref := range named {
		if r.tests[ref] != "pass" || r.hollow(ref) {
			out = append(out, ref)
		}
	}
	return out
}

// OnlySkipped tells of a test of which nothing failed and nothing passed, because
// it, or each of its subtests, was skipped.
func (r *Results) OnlySkipped(ref TestRef) bool {
	return r.tests[ref] == "skip" || r.tests[ref] == "pass" && r.hollow(ref) && r.under(ref, "skip")
}

// hollow tells of a test with subtests of which none passed.
func (r *Results) hollow(ref TestRef) bool { return r.parents[ref] && !r.under(ref, "pass") }

// under tells whether a subtest of ref ended so.
func (r *Results) under(ref TestRef, action string) bool {
	for sub, got := range r.tests {
		if sub.Dir == ref.Dir && strings.HasPrefix(sub.Name, ref.Name+"/") && got == action {
			return true
		}
	}
	return false
}
