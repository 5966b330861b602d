package imports

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Violation is one import, or one package, that the lattice does not allow.
type Violation struct {
	File string // "" for a whole package
	Text string
}

func (v Violation) String() string {
	if v.File == "" {
		return v.Text
	}
	return v.File + ": " + v.Text
}

// Check reads the module whose root is tree and lists what breaks the rules and
// the locks, in the order of the files. Folders of other modules, testdata and
// folders that begin with a dot or an underscore are not part of it.
func Check(tree fs.FS, rules []Rule, locks []Lock) ([]Violation, error) {
	module, err := moduleName(tree)
	if err != nil {
		return nil, err
	}
	c := checker{module: module, rules: rules, locks: locks}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(tree, name)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return c.file(tree, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	return c.found, nil
}

// moduleName reads the module line of go.mod.
func moduleName(tree fs.FS) (string, error) {
	text, err := fs.ReadFile(tree, "go.mod")
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", errors.New("go.mod has no module line")
}

// skip tells WalkDir which folders hold no package of this module.
func skip(tree fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if base == "testdata" || base == "node_modules" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(tree, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

type checker struct {
	module   string
	rules    []Rule
	locks    []Lock
	found    []Violation
	unlisted []string // packages already reported
}

func (c *checker) file(tree fs.FS, name string) error {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		return err
	}
	pkg := path.Dir(name)
	rule, listed := c.rule(pkg)
	if !listed && !slices.Contains(c.unlisted, pkg) {
		c.unlisted = append(c.unlisted, pkg)
		c.found = append(c.found, Violation{Text: "package " + pkg + " is not in the lattice"})
	}
	for _, spec := range parsed.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		c.check(name, pkg, target, rule, listed)
	}
	return nil
}

func (c *checker) check(file, pkg, target string, rule Rule, listed bool) {
	for _, lock := range c.locks {
		if under(target, lock.Path) && !slices.ContainsFunc(lock.Only, func(p string) bool { return match(p, pkg) }) {
			c.found = append(c.found, Violation{file, fmt.Sprintf("%s may not import %s (%s)", pkg, target, lock.Why)})
		}
	}
	local, ours := strings.CutPrefix(target, c.module+"/")
	if !ours || !listed {
		return
	}
	if !slices.ContainsFunc(rule.May, func(p string) bool { return match(p, local) }) {
		c.found = append(c.found, Violation{file, fmt.Sprintf("%s (level %d) may not import %s", pkg, rule.Level, local)})
	}
}

func (c *checker) rule(pkg string) (Rule, bool) {
	for _, rule := range c.rules {
		if slices.Contains(rule.Packages, pkg) {
			return rule, true
		}
	}
	return Rule{}, false
}

// match tells whether the pattern of a rule covers pkg.
func match(pattern, pkg string) bool {
	if pattern == "..." || pattern == pkg {
		return true
	}
	parent, ok := strings.CutSuffix(pattern, "/*")
	return ok && path.Dir(pkg) == parent
}

// under tells whether an import path is root or lies under it; a major version
// after root counts as under it.
func under(target, root string) bool {
	return target == root || strings.HasPrefix(target, root+"/")
}
