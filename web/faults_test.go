package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"socialregistry/web"
)

// wordless are codes that need no words, each with its reason.
func wordless() map[string]string {
	return map[string]string{
		"journal_there": "said by a command", "no_journal": "said by a command", "other_public_url": "said when the service starts",
		"code_unreadable": "of the outbox: nobody is shown it", "bad_wallet_link": "a fault of ours, shown as any other", "unused": "goes with numbers that are given back",
		"idempotency_answer_lost": "REST alone", "idempotency_key_in_use": "REST alone", "idempotency_key_reused": "REST alone", "insufficient_scope": "of tokens, which pages do not take",
	}
}

// faultCodes are the codes of the faults that a package makes: the first text among the
// arguments of fault.New, Wrap and InvalidFields, and the codes of fields.
func faultCodes(t *testing.T, dir string) map[string]string {
	t.Helper()
	codes := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			if d != nil && d.IsDir() && slices.Contains([]string{"node_modules", "e2e", "oid4vci", "oauth"}, d.Name()) { // the protocol of wallets
				return fs.SkipDir
			}
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, code := range codesAt(n) {
				codes[code] = path
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

func codesAt(n ast.Node) (codes []string) {
	switch x := n.(type) {
	case *ast.CallExpr:
		f, ok := x.Fun.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		if of, ok := f.X.(*ast.Ident); ok && of.Name == "fault" && slices.Contains([]string{"New", "Wrap", "InvalidFields"}, f.Sel.Name) {
			return firstText(x.Args)
		}
	case *ast.CompositeLit:
		if list, ok := x.Type.(*ast.ArrayType); ok && isFault(list.Elt) {
			for _, e := range x.Elts {
				if lit, ok := e.(*ast.CompositeLit); ok {
					codes = append(codes, codeMember(lit)...)
				}
			}
		}
		if isFault(x.Type) {
			codes = codeMember(x)
		}
	case *ast.ValueSpec:
		for i, name := range x.Names {
			if strings.HasPrefix(name.Name, "Code") && i < len(x.Values) {
				codes = append(codes, firstText(x.Values[i:i+1])...)
			}
		}
	}
	return codes
}

// isFault tells whether a type is one of package fault.
func isFault(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, ok := s.X.(*ast.Ident)
	return ok && of.Name == "fault"
}

// codeMember is the code in the literal of a fault or of one of its fields.
func codeMember(x *ast.CompositeLit) []string {
	for _, e := range x.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Code" {
				return firstText([]ast.Expr{kv.Value})
			}
		}
	}
	return nil
}

func firstText(args []ast.Expr) []string {
	for _, a := range args {
		if lit, ok := a.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
				return []string{text}
			}
			return nil
		}
	}
	return nil
}

// Whatever can go wrong behind a page, the page says it in the reader's language.
func TestFaultsHaveWords(t *testing.T) {
	t.Parallel()
	all := locales(t)
	n := 0
	for _, dir := range []string{".", "../registry", "../issuer", "../api/respond", "../api/auth"} {
		if _, err := os.Stat(dir); err != nil {
			t.Fatal(err)
		}
		for code, path := range faultCodes(t, dir) {
			n++
			if wordless()[code] != "" || web.FaultFamily(code) != "" || path == "refusal.go" {
				continue
			}
			for lang, l := range all {
				if l.Texts()["fault."+code] == nil {
					t.Errorf("%s: there are no words for %s of %s", lang, code, path)
				}
			}
		}
	}
	if n < 250 {
		t.Errorf("only %d codes were found: the test has lost them", n)
	}
	for code := range wordless() {
		if all["en"].Texts()["fault."+code] != nil {
			t.Errorf("%s has words: it needs no reason to have none", code)
		}
	}
}

// A planted fault without words is found.
func TestFaultsWithoutWordsAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code := `package x
const CodeThird = "third"
var a = fault.New(fault.Invalid, "first", "Words.")
var b = fault.Wrap(fault.Gone, "second", "Words.", err)
var c = fault.InvalidFields("fourth", "Words.", []fault.Field{{Name: "x", Code: "fifth"}, fault.Field{Code: "sixth"}})
var d = other.New("none"); var e = fault.New(fault.Invalid, code, "Words and words.")
`
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	got := faultCodes(t, dir)
	for _, want := range []string{"first", "second", "third", "fourth", "fifth", "sixth"} {
		if got[want] == "" {
			t.Errorf("%s was not found", want)
		}
	}
	if len(got) != 6 {
		t.Errorf("found %v", got)
	}
}
