package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// other is another registry, with its bundle as it exports it and the thumbprint of its
// root key.
func (w *world) other(t *testing.T, address string) (bundle, root string) {
	t.Helper()
	d := dbtest.New(t, "sqlite")
	reg, err := registry.New(t.Context(), registry.Config{DB: d, Master: w.config.Master, Now: w.config.Now})
	w.must(err)
	c := w.config
	c.DB, c.Registry, c.PublicURL, c.StateDir = d, reg, address, ""
	i, err := issuer.New(t.Context(), c)
	w.must(err)
	s := issuer.Alone(i)
	doc, err := s.TrustBundle(t.Context(), issuer.Form{})
	w.must(err)
	root, err = s.RootKey()
	w.must(err)
	return string(doc.Body), root
}

// An administrator sees how the bundle stands, makes a new one, and merges another
// registry into it; a wrong file or root key says what is wrong and loses nothing.
func TestTheTrustBundleIsKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		bundle, root := w.other(t, "https://other.example")
		admin, auditor := w.staff("en", registry.RoleAdmin), w.staff("en", registry.RoleAuditor)
		ours, err := issuer.Alone(w.issuer).RootKey()
		w.must(err)
		first := admin.get("/admin/trust").want(t, http.StatusOK, ours, "1 issuer", "No other registry is merged", "/.well-known/sr-trust-bundle.json")
		typed := map[string]string{"root": root, "reason": "an agreement"}
		merge := func(change map[string]string, name, file string) page {
			form := admin.get("/admin/trust").hidden(typed)
			for k, v := range change {
				form.Set(k, v)
			}
			return admin.multipart("/admin/trust", form, name, file)
		}
		merge(nil, "", "").want(t, http.StatusUnprocessableEntity, "Choose a file", "an agreement")
		merge(nil, "b.json", "{}").want(t, http.StatusUnprocessableEntity, "cannot be taken", "an agreement", root)
		merge(map[string]string{"root": ours}, "b.json", bundle).want(t, http.StatusUnprocessableEntity, "not signed by this root key", "an agreement")
		merge(map[string]string{"reason": ""}, "b.json", bundle).want(t, http.StatusUnprocessableEntity, "Give a reason", root)
		merge(nil, "b.json", bundle).want(t, http.StatusOK, "Its issuers stand in the bundle now", "https://other.example", "2 issuers")
		auditor.get("/admin/trust").want(t, http.StatusOK, "https://other.example")
		if p := auditor.get("/admin/trust"); strings.Contains(p.body, `name="root"`) {
			t.Error("an auditor is shown the form")
		}
		admin.post("/admin/trust/publish", admin.get("/admin/trust").hidden(nil)).want(t, http.StatusOK, "A new bundle was made")
		gone := map[string]string{"registry": "https://other.example", "reason": ""}
		admin.post("/admin/trust/drop", admin.get("/admin/trust").hidden(gone)).want(t, http.StatusUnprocessableEntity, "Give a reason")
		gone["reason"] = "it is over"
		admin.post("/admin/trust/drop", admin.get("/admin/trust").hidden(gone)).want(t, http.StatusOK, "out of the bundle", "No other registry is merged")
		admin.post("/admin/trust/drop", first.hidden(gone)).want(t, http.StatusNotFound)
		for _, path := range []string{"/admin/trust/drop", "/admin/trust/publish"} {
			auditor.post(path, url.Values{"reason": {"x"}}).want(t, http.StatusForbidden)
		}
		auditor.multipart("/admin/trust", url.Values{"reason": {"x"}}, "b.json", bundle).want(t, http.StatusForbidden)
		w.staff("en", registry.RoleRegistrar).get("/admin/trust").want(t, http.StatusForbidden)
	})
}
