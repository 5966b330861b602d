package compliance

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Required is what the founding requirements ask of the tree and the binary.
type Required struct {
	Lines   []string // of docs/compliance/social-registry.md (P1-P6, R1-R21)
	Entries []string // at the top level (P6)
	Modules []string // linked into the server (P5)
}

// Founding lists the requirements of specs/social-registry.md by their lines.
func Founding() Required {
	r := Required{
		Entries: []string{"cmd", "issuer", "registry", "did", "contexts", "api", "web", "migrations", "go.mod", "go.sum", "Makefile", "README.md"},
		Modules: []string{
			"github.com/hyperledger/aries-framework-go", "github.com/lestrrat-go/jwx/v2", "github.com/piprate/json-gold",
			"github.com/gin-gonic/gin", "gorm.io/gorm", "gorm.io/driver/postgres",
		},
	}
	for i := range 6 {
		r.Lines = append(r.Lines, fmt.Sprintf("P%d", i+1))
	}
	for i := range 21 {
		r.Lines = append(r.Lines, fmt.Sprintf("R%d", i+1))
	}
	return r
}

// Pages lists the compliance tables of the tree.
func Pages(tree fs.FS) ([]string, error) {
	pages, err := fs.Glob(tree, "docs/compliance/*.md")
	if err == nil && len(pages) == 0 {
		err = errors.New("docs/compliance has no page")
	}
	return pages, err
}

// CheckRows lists what is wrong with the rows of a page: a file or a test that
// does not exist, a test among what is open, a required line that is missing or stands twice. lines is nil
// for a page without required lines.
func CheckRows(tree fs.FS, rows []Row, lines []string) []error {
	var wrong []error
	seen := map[string]int{}
	for _, row := range rows {
		seen[row.Line]++
		for _, file := range row.Files {
			if !exists(tree, file) {
				wrong = append(wrong, fmt.Errorf("row %s: there is no %s", row.Line, file))
			}
		}
		if strings.Contains(row.Open, ".Test") {
			wrong = append(wrong, fmt.Errorf("row %s: a test stands among what is open", row.Line))
		}
		for _, test := range row.Tests {
			if ok, err := hasTest(tree, test); err != nil {
				wrong = append(wrong, fmt.Errorf("row %s: %w", row.Line, err))
			} else if !ok {
				wrong = append(wrong, fmt.Errorf("row %s: there is no test %s", row.Line, test))
			}
		}
	}
	for _, line := range lines {
		if seen[line] != 1 {
			wrong = append(wrong, fmt.Errorf("line %s has %d rows, want 1", line, seen[line]))
		}
	}
	for line := range seen {
		if lines != nil && !slices.Contains(lines, line) {
			wrong = append(wrong, fmt.Errorf("row %s is no line of the requirements", line))
		}
	}
	return wrong
}

// CheckEntries lists the required top-level entries that are missing.
func CheckEntries(tree fs.FS, entries []string) []error {
	var wrong []error
	for _, entry := range entries {
		if !exists(tree, entry) {
			wrong = append(wrong, fmt.Errorf("the top level has no %s", entry))
		}
	}
	return wrong
}

// CheckModules lists the required modules that are not among the linked ones.
func CheckModules(linked, required []string) []error {
	var wrong []error
	for _, module := range required {
		if !slices.Contains(linked, module) {
			wrong = append(wrong, fmt.Errorf("the server does not link %s", module))
		}
	}
	return wrong
}

// CheckWhereIs lists the paths of the README's "Where is" table that do not
// exist. The table must be there.
func CheckWhereIs(tree fs.FS) []error {
	text, err := fs.ReadFile(tree, "README.md")
	if err != nil {
		return []error{err}
	}
	_, section, ok := strings.Cut(string(text), "\n## Where is")
	if !ok {
		return []error{errors.New("README.md has no section \"Where is\"")}
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var wrong []error
	paths := 0
	for line := range strings.Lines(section) {
		for _, name := range quoted(strings.Join(cellsOf(line), "|")) {
			paths++
			if !exists(tree, name) {
				wrong = append(wrong, fmt.Errorf("README.md, \"Where is\": there is no %s", name))
			}
		}
	}
	if paths == 0 {
		wrong = append(wrong, errors.New("README.md, \"Where is\": the table names no path"))
	}
	return wrong
}

// exists takes a path or a pattern.
func exists(tree fs.FS, name string) bool {
	found, err := fs.Glob(tree, strings.TrimSuffix(name, "/"))
	return err == nil && len(found) > 0
}

// hasTest looks for the test function in the _test.go files of its folder.
func hasTest(tree fs.FS, ref TestRef) (bool, error) {
	files, err := fs.Glob(tree, path.Join(ref.Dir, "*_test.go"))
	if err != nil {
		return false, err
	}
	name, _, _ := strings.Cut(ref.Name, "/")
	for _, file := range files {
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return false, err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			return false, err
		}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == name {
				return true, nil
			}
		}
	}
	return false, nil
}
