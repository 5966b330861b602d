package imports_test

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"socialregistry/internal/imports"
)

const root = "../.."

func TestTreeKeepsTheLattice(t *testing.T) {
	t.Parallel()
	found, err := imports.Check(os.DirFS(root), imports.Lattice(), imports.Locks())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

// plant makes a module with one file, in package pkg, that imports target.
func plant(pkg, target string) fstest.MapFS {
	return fstest.MapFS{
		"go.mod":              {Data: []byte("module socialregistry\n")},
		pkg + "/doc.go":       {Data: []byte("package p\n")},
		pkg + "/planted.go":   {Data: []byte("package p\n\nimport _ \"" + target + "\"\n")},
		pkg + "/free_test.go": {Data: []byte("package p_test\n\nimport _ \"socialregistry/cmd/socialregistry\"\n")},
	}
}

func check(t *testing.T, tree fstest.MapFS) []imports.Violation {
	t.Helper()
	found, err := imports.Check(tree, imports.Lattice(), imports.Locks())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestPlantedImportUpwards plants, for every listed package, an import of its own
// level or above: one per level at least. Packages of the last level may not be
// imported by each other either, but cmd/socialregistry, which may import all.
func TestPlantedImportUpwards(t *testing.T) {
	t.Parallel()
	levels := map[int]int{}
	for _, rule := range imports.Lattice() {
		for _, pkg := range rule.Packages {
			if pkg == "cmd/socialregistry" {
				continue
			}
			target := "cmd/socialregistry"
			if rule.Level < 9 {
				target = above(t, rule.Level)
			}
			found := check(t, plant(pkg, "socialregistry/"+target))
			if len(found) != 1 || !strings.Contains(found[0].String(), pkg+"/planted.go: ") {
				t.Errorf("%s imports %s: found %v, want one violation", pkg, target, found)
			}
			levels[rule.Level]++
		}
	}
	for level := range 10 {
		if levels[level] == 0 {
			t.Errorf("nothing was planted at level %d", level)
		}
	}
}

// above names a package of the next level up.
func above(t *testing.T, level int) string {
	t.Helper()
	for _, rule := range imports.Lattice() {
		if rule.Level == level+1 {
			return rule.Packages[0]
		}
	}
	t.Fatalf("no level above %d", level)
	return ""
}

func TestPlantedImportThroughEachLock(t *testing.T) {
	t.Parallel()
	for _, lock := range imports.Locks() {
		for _, target := range []string{lock.Path, lock.Path + "/sub", lock.Path + "/v9"} {
			if found := check(t, plant("internal/fault", target)); len(found) != 1 {
				t.Errorf("internal/fault imports %s: found %v, want one violation", target, found)
			}
			for _, only := range lock.Only {
				if found := check(t, plant(strings.Replace(only, "/*", "/"+child(only), 1), target)); len(found) != 0 {
					t.Errorf("%s may import %s, but found %v", only, target, found)
				}
			}
		}
		if found := check(t, plant("internal/fault", lock.Path+"x")); len(found) != 0 {
			t.Errorf("%sx is another module, but found %v", lock.Path, found)
		}
	}
}

func child(pattern string) string {
	return map[string]string{"api/*": "vci", "cmd/*": "srwallet"}[pattern]
}

func TestUnlistedPackageFails(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"util", "registry/helpers", "cmd/other", "internal/db/inner"} {
		found := check(t, plant(pkg, "fmt"))
		if len(found) != 1 || !strings.Contains(found[0].String(), "package "+pkg+" is not in the lattice") {
			t.Errorf("package %s: found %v", pkg, found)
		}
	}
}

func TestOtherModulesAndTestsAreFree(t *testing.T) {
	t.Parallel()
	tree := plant("registry", "fmt")
	for name, text := range map[string]string{
		"web/e2e/go.mod":            "module socialregistry/web/e2e\n",
		"web/e2e/flow.go":           "package e2e\n\nimport _ \"socialregistry/registry\"\n",
		"registry/testdata/bad.go":  "not go at all",
		"web/node_modules/x/x.go":   "not go at all",
		"registry/anything_test.go": "package registry_test\n\nimport _ \"github.com/gin-gonic/gin\"\n",
	} {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if found := check(t, tree); len(found) != 0 {
		t.Errorf("found %v, want nothing", found)
	}
}

func TestBuildTagsHideNothing(t *testing.T) {
	t.Parallel()
	tree := plant("registry", "fmt")
	tree["registry/tagged.go"] = &fstest.MapFile{Data: []byte("//go:build never\n\npackage registry\n\nimport _ \"socialregistry/issuer\"\n")}
	if found := check(t, tree); len(found) != 1 {
		t.Errorf("found %v, want the import of the tagged file", found)
	}
}

func TestUnreadableFileIsAnError(t *testing.T) {
	t.Parallel()
	tree := plant("registry", "fmt")
	tree["registry/broken.go"] = &fstest.MapFile{Data: []byte("package")}
	if _, err := imports.Check(tree, imports.Lattice(), imports.Locks()); err == nil {
		t.Error("a file that cannot be parsed must not pass")
	}
	delete(tree, "go.mod")
	if _, err := imports.Check(tree, imports.Lattice(), imports.Locks()); err == nil {
		t.Error("a tree without go.mod must not pass")
	}
}

// TestLatticeIsALattice holds the data itself: what a rule allows lies on a lower
// level, no package is listed twice, no child may import its parent.
func TestLatticeIsALattice(t *testing.T) {
	t.Parallel()
	level := map[string]int{}
	for _, rule := range imports.Lattice() {
		for _, pkg := range rule.Packages {
			if _, twice := level[pkg]; twice {
				t.Errorf("%s is listed twice", pkg)
			}
			level[pkg] = rule.Level
		}
	}
	for _, rule := range imports.Lattice() {
		for _, pkg := range rule.Packages {
			for target := range level {
				if err := allowed(rule, pkg, target, level[target]); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func allowed(rule imports.Rule, pkg, target string, level int) error {
	for _, pattern := range rule.May {
		parent, glob := strings.CutSuffix(pattern, "/*")
		if pattern == "..." || pattern != target && !(glob && path.Dir(target) == parent) {
			continue
		}
		if level >= rule.Level {
			return fmt.Errorf("%s (level %d) is allowed %s of level %d", pkg, rule.Level, target, level)
		}
		if path.Dir(pkg) == target {
			return fmt.Errorf("%s is allowed its parent", pkg)
		}
	}
	return nil
}
