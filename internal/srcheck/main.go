// Command srcheck holds the tree and the test results to docs/compliance:
//
//	srcheck tree      what the Makefile's check runs
//	srcheck results   reads `go test -json` from standard input, ends with the counts
//
// It runs in the root of the project. With SR_SHARED set, the requirement lines
// are compared with those of the reference folder, and no test may be skipped.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"socialregistry/internal/compliance"
)

const (
	module    = "socialregistry"
	server    = "./cmd/socialregistry"
	founding  = "docs/compliance/social-registry.md"
	reference = "specs/social-registry.md"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	tree, shared := os.DirFS("."), os.Getenv("SR_SHARED")
	switch {
	case len(args) == 1 && args[0] == "tree":
		return checkTree(tree, shared, out)
	case len(args) == 1 && args[0] == "results":
		return results(tree, shared != "", in, out)
	}
	return errors.New("usage: srcheck tree | srcheck results < stream")
}

// checkTree prints every fault and how many rows are open.
func checkTree(tree fs.FS, shared string, out io.Writer) error {
	required := compliance.Founding()
	linked, err := modulesOf(server)
	if err != nil {
		return err
	}
	wrong := slices.Concat(
		compliance.CheckEntries(tree, required.Entries),
		compliance.CheckModules(linked, required.Modules),
		compliance.CheckWhereIs(tree),
		checkReference(required.Lines, shared),
	)
	pages, err := compliance.Pages(tree)
	if err != nil {
		return err
	}
	for _, page := range pages {
		rows, err := compliance.Rows(tree, page)
		if err != nil {
			return err
		}
		var lines []string
		if page == founding {
			lines = required.Lines
		}
		wrong = append(wrong, compliance.CheckRows(tree, rows, lines)...)
		count(out, page, rows)
	}
	return told(wrong, out)
}

// count says aloud what is open.
func count(out io.Writer, page string, rows []compliance.Row) {
	var shown, part, open []string
	for _, row := range rows {
		switch {
		case row.Open == "":
			shown = append(shown, row.Line)
		case len(row.Tests) > 0:
			part = append(part, row.Line)
		default:
			open = append(open, row.Line)
		}
	}
	fmt.Fprintf(out, "%s: %d rows: %d shown by tests, %d in part (%s), %d open (%s)\n", page, len(rows),
		len(shown), len(part), strings.Join(part, " "), len(open), strings.Join(open, " "))
}

func told(wrong []error, out io.Writer) error {
	for _, err := range wrong {
		fmt.Fprintln(out, "-", err)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("compliance: %d faults", len(wrong))
	}
	return nil
}

// modulesOf lists the modules that a command links.
func modulesOf(command string) ([]string, error) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", command)
	list.Stderr = os.Stderr
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list what %s links: %w", command, err)
	}
	modules := strings.Fields(string(text))
	slices.Sort(modules)
	return slices.Compact(modules), nil
}

// checkReference compares our list of lines with the reference, where there is one.
func checkReference(lines []string, shared string) []error {
	if shared == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(shared, reference))
	if err != nil {
		return []error{err}
	}
	var wrong []error
	for _, row := range regexp.MustCompile(`(?m)^\| ([PR][0-9]+) \|`).FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(lines, row[1]) {
			wrong = append(wrong, fmt.Errorf("line %s of the reference is not among ours", row[1]))
		}
	}
	return wrong
}

// results reads a run, and fails when a test failed, when a test that the
// documents name did not run, or when strict and something was skipped.
func results(tree fs.FS, strict bool, in io.Reader, out io.Writer) error {
	r, err := compliance.ReadResults(module, in, out)
	if err != nil {
		return err
	}
	named, err := namedTests(tree)
	if err != nil {
		return err
	}
	var wrong []error
	for _, pkg := range r.Broken() {
		wrong = append(wrong, fmt.Errorf("failed: %s", pkg))
	}
	for _, ref := range r.NotRun(named) {
		if strict || !r.OnlySkipped(ref) {
			wrong = append(wrong, fmt.Errorf("named in docs/compliance, but did not run and pass: %s", ref))
		}
	}
	for _, ref := range r.Skipped() {
		if strict {
			wrong = append(wrong, fmt.Errorf("skipped, though SR_SHARED is set: %s", ref))
		}
	}
	passed, failed, skipped := r.Counts()
	fmt.Fprintf(out, "\n%d tests are named in docs/compliance.\n", len(named))
	if skipped > 0 {
		fmt.Fprintf(out, "not run: %d (they need SR_SHARED)\n", skipped)
	}
	if passed+failed == 0 {
		wrong = append(wrong, errors.New("no test ran"))
	}
	err = told(wrong, out)
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return err
}

// namedTests lists every test that a page of docs/compliance names.
func namedTests(tree fs.FS) ([]compliance.TestRef, error) {
	pages, err := compliance.Pages(tree)
	if err != nil {
		return nil, err
	}
	var named []compliance.TestRef
	for _, page := range pages {
		rows, err := compliance.Rows(tree, page)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			for _, ref := range row.Tests {
				if !slices.Contains(named, ref) {
					named = append(named, ref)
				}
			}
		}
	}
	return named, nil
}
