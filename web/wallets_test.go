package web_test

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

// trial offers the credentials of the world's person.
type trial struct{ w *world }

func (o trial) MakeOffer(ctx context.Context, configID string, withTxCode bool) (issuer.Offer, error) {
	return o.w.issuer.CreateOffer(ctx, o.staff(), o.w.person.ID, []string{configID}, withTxCode)
}

func (o trial) Offer(ctx context.Context, id string) (issuer.Offer, error) {
	return o.w.issuer.Offer(ctx, o.staff(), id)
}

func (trial) staff() registry.Actor {
	return registry.Actor{Name: "office", Roles: []registry.Role{registry.RoleRegistrar}, Channel: registry.ChannelStaff}
}

// The page for makers of wallets makes an offer of each kind and way, in the
// form that a wallet takes, and shows the PIN to the browser that made it alone.
func TestWalletsPageMakesOffers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorldWith(t, d, true)
		b := w.browser("en")
		for way, wants := range map[string][]string{"pre": {"pre-authorized_code"}, "pin": {"pre-authorized_code", "tx_code"}, "code": {"authorization_code"}} {
			config := w.issuer.Configurations()[0].ID
			page := b.post("/wallets/offers", url.Values{"config": {config}, "way": {way}})
			if (way == "pin") != strings.Contains(page.body, `id="pin"`) {
				t.Errorf("%s: PIN shown: %v", way, way != "pin")
			}
			offer := offerIn(t, w, page.body)
			if !slices.Equal(offer.Configs, []string{config}) || offer.Issuer != w.URL {
				t.Errorf("%s: offer %+v", way, offer)
			}
			raw := string(offer.Grants)
			for _, want := range wants {
				if !strings.Contains(raw, `"`+want) && !strings.Contains(raw, want+`"`) {
					t.Errorf("%s: grants %s lack %s", way, raw, want)
				}
			}
			if way != "pin" && strings.Contains(raw, "tx_code") {
				t.Errorf("%s: grants %s", way, raw)
			}
			if other := w.browser("en").get(page.path); strings.Contains(other.body, `id="pin"`) {
				t.Errorf("%s: another browser sees the PIN", way)
			}
		}
	})
}

// offerDocument is what a wallet reads.
type offerDocument struct {
	Issuer  string          `json:"credential_issuer"`
	Configs []string        `json:"credential_configuration_ids"`
	Grants  json.RawMessage `json:"grants"`
}

// offerIn follows the link of a page as a wallet does.
func offerIn(t *testing.T, w *world, page string) (o offerDocument) {
	t.Helper()
	_, rest, _ := strings.Cut(page, `id="link"`)
	_, rest, _ = strings.Cut(rest, `value="`)
	link, _, _ := strings.Cut(rest, `"`)
	u, err := url.Parse(strings.ReplaceAll(link, "&amp;", "&"))
	w.must(err)
	raw := []byte(u.Query().Get("credential_offer"))
	if reference := u.Query().Get("credential_offer_uri"); reference != "" {
		raw = []byte(w.browser("en").get(strings.TrimPrefix(reference, w.URL)).body)
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return o
}

// Where real people are registered, the page explains and offers nothing that is
// anybody's.
func TestWalletsPageWithoutTrial(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite")) // no state is involved
	b := w.browser("en")
	config := w.issuer.Configurations()[0].ID
	if page := b.get("/wallets"); page.status != http.StatusOK || strings.Contains(page.body, `id="way-pre"`) || !strings.Contains(page.body, `id="refusal-invalid_grant"`) {
		t.Errorf("%d %s", page.status, page.body)
	}
	for _, way := range []string{"pre", "pin", ""} {
		if page := b.post("/wallets/offers", url.Values{"config": {config}, "way": {way}}); page.status != http.StatusNotFound {
			t.Errorf("way %q: %d", way, page.status)
		}
	}
	for _, path := range []string{"/wallets/offers/abc", "/wallets/code/Other"} {
		if page := b.get(path); page.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, page.status)
		}
	}
	if page := b.post("/wallets/offers", url.Values{"config": {"Other"}, "way": {"code"}}); page.status != http.StatusNotFound {
		t.Errorf("unknown configuration: %d", page.status)
	}
}

// Every error code of the protocol packages is explained, once.
func TestEveryRefusalIsExplained(t *testing.T) {
	t.Parallel()
	explained := web.RefusalCodes()
	for _, code := range explained {
		if n := len(slices.DeleteFunc(slices.Clone(explained), func(c string) bool { return c != code })); n != 1 {
			t.Errorf("%s stands %d times", code, n)
		}
	}
	codes := 0
	for _, folder := range []string{"../issuer/oauth", "../issuer/oid4vci"} {
		for _, code := range codesIn(t, folder) {
			codes++
			if !slices.Contains(explained, code) {
				t.Errorf("%s of %s is not explained: see web/refusal.go and the locales", code, folder)
			}
		}
	}
	if codes < 15 {
		t.Fatalf("only %d codes were found", codes)
	}
}

// codesIn gives the values of the constants named Code... of a package.
func codesIn(t *testing.T, folder string) (codes []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") || len(spec.Values) != 1 {
				return true
			}
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				code, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, code)
			}
			return true
		})
	}
	return codes
}
