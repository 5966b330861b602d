package web_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

var consoleRoute = regexp.MustCompile(`\.get\("(/admin[^"]*)"`)

// consoleRoutes are the addresses of the console, as the table of routes has them.
func consoleRoutes(t *testing.T) (out []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "api", "routes*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range consoleRoute.FindAllStringSubmatch(string(source), -1) {
			out = append(out, found[1])
		}
	}
	if len(out) < 100 {
		t.Fatalf("%d routes: the reader has lost them", len(out))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Every page of the console that refuses a role names the roles that may.
func TestEveryForbiddenPageNamesARole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		g, doc, admin := w.household(), w.document("locality"), w.staff("en", registry.RoleAdmin)
		upload := admin.upload("people.csv", "Given name\nOtieno\n")
		requests := w.asks(t, w.person.ID, map[string]string{"locality": "Maralal"})
		w.programme("food")
		known := strings.NewReplacer("/admin/people/:id", w.address(), "/admin/groups/:id", "/admin/groups/"+g.ID.String(), "/admin/uploads/:id", upload.path,
			"/admin/requests/:id", "/admin/requests/"+requests[0].ID.String(), "/admin/programmes/:code", "/admin/programmes/food", ":document", doc.ID.String(), ":member", w.person.ID.String(),
			":number", "1", ":seq", "1", ":queue", "rejected", ":field", "locality", ":config", w.issuer.Configurations()[0].ID, "/admin/fields/:key", "/admin/fields/locality",
			"/admin/group-kinds/:key", "/admin/group-kinds/household", ":name", "registrar", ":id", uuid.NewString())
		seen := 0
		for _, role := range []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAttester, registry.RoleAuditor} {
			b := w.staff("en", role)
			for _, route := range consoleRoutes(t) {
				p := b.get(known.Replace(route))
				if p.status != http.StatusForbidden {
					continue
				}
				if seen++; !strings.Contains(p.body, "It needs one of the roles") && !strings.Contains(p.body, "It needs the role") {
					t.Errorf("%s of %s names no role:\n%s", route, role, text(p.body))
				}
			}
		}
		if seen < 60 {
			t.Errorf("%d pages were refused: the walk has lost its way", seen)
		}
	})
}
