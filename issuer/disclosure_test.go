package issuer_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// reconfigure changes the document of a configuration and starts an issuer with it.
func (w *world) reconfigure(t *testing.T, id string, change func(doc map[string]any)) error {
	t.Helper()
	stored, err := ledger.New(w.db, w.clock.now).Configurations(context.Background())
	must(t, err)
	for _, s := range stored {
		if s.ID == id {
			doc := map[string]any(s.Document)
			change(doc)
			must(t, w.db.Exec("UPDATE credential_configuration SET document = ? WHERE id = ?", db.JSON(doc), id).Error)
		}
	}
	i, err := issuer.New(context.Background(), w.config(w.db))
	if err == nil {
		w.Issuer = i
	}
	return err
}

// without verifies an SD-JWT VC of which the disclosures with these words were left out.
func (w *world) without(t *testing.T, credential string, words ...string) map[string]any {
	t.Helper()
	kept := []string{}
	for n, part := range strings.Split(credential, "~") {
		raw, _ := base64.RawURLEncoding.DecodeString(part) // the first is none, and is kept
		if n == 0 || !containsAny(string(raw), words) {
			kept = append(kept, part)
		}
	}
	parsed, err := sdjwt.Parse(strings.Join(kept, "~"))
	must(t, err)
	key, err := w.PublicKey(jose.ES256)
	must(t, err)
	claims, err := parsed.Verify(key)
	must(t, err)
	return claims
}

func containsAny(s string, words []string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// What can be left out is by configuration: of an object each member, and the object
// itself unless it is visible; of a list each element; and the digests do not tell how
// many details are attested.
func TestDisclosureByConfiguration(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		aids := registry.Field{Key: "aids", Section: "identity", Type: registry.TypeMultiChoice, Attestable: true, Issuable: true, Label: map[string]string{"en": "Aids"},
			Choices: []registry.Choice{{Value: "cash", Label: map[string]string{"en": "Cash"}}, {Value: "food", Label: map[string]string{"en": "Food"}}}}
		_, err := w.registry.DefineField(ctx, w.admin, aids, "test")
		must(t, err)
		must(t, w.reconfigure(t, sd, func(doc map[string]any) {
			doc["fields"] = []any{claim("given_name", "name.given", true), claim("family_name", "name.family", true), claim("sex", "sex", false), claim("email", "contact.email", false),
				claim("region", "region", false), map[string]any{"field": "aids", "claim": "aids", "elements": true}}
			doc["visible"], doc["decoys"] = []any{"name", "region"}, 2
		}))
		values := amina()
		values["aids"] = "cash, food"
		full := w.issueSD(t, w.person(t, values, "given_name", "family_name", "sex", "aids", "region"))
		bare := w.issueSD(t, w.person(t, values, "given_name", "family_name"))

		want := map[string]any{"name": map[string]any{"given": "Amina", "family": "Diallo"}, "sex": "female", "region": "North", "aids": []any{"cash", "food"}}
		all := w.without(t, full)
		for name, v := range want {
			if !reflect.DeepEqual(all[name], v) {
				t.Errorf("%s = %v, want %v", name, all[name], v)
			}
		}
		less := w.without(t, full, "Diallo", `"food"]`, `"sex"`)
		if !reflect.DeepEqual(less["name"], map[string]any{"given": "Amina"}) || !reflect.DeepEqual(less["aids"], []any{"cash"}) || less["sex"] != nil {
			t.Errorf("some left out: %v", less)
		}
		none := w.without(t, full, "Amina", "Diallo", `"food"]`, `"cash"]`, `"aids"`, `"sex"`)
		if !reflect.DeepEqual(none["name"], map[string]any{}) || none["region"] != "North" || none["aids"] != nil {
			t.Errorf("all left out: %v", none)
		}
		for name, credential := range map[string]string{"full": full, "bare": bare} {
			parsed, err := sdjwt.Parse(credential)
			must(t, err)
			inner, _ := parsed.Unverified["name"].(map[string]any)["_sd"].([]any)
			if top := parsed.Unverified["_sd"].([]any); len(top) != 3+2 || len(inner) != 2+2 { // sex, contact, aids; given, family
				t.Errorf("%s: %d and %d digests, want 5 and 4", name, len(top), len(inner))
			}
			if got := w.check(t, credential); got.Outcome != verify.Genuine {
				t.Errorf("%s: %s, %s", name, got.Outcome, got.Reason)
			}
		}
		w.checkTypeClaims(t, map[string]string{"name": "never", "name.given": "always", "contact": "always", "contact.email": "always", "region": "never", "aids": "always", "aids.*": "always"})
	})
}

func (w *world) issueSD(t *testing.T, id [16]byte) string {
	t.Helper()
	credential, err := w.ask(context.Background(), w.token(t, id, sd), sd, newHolder(t))
	must(t, err)
	return credential.(string)
}

// checkTypeClaims holds the member sd of the type metadata of a person.
func (w *world) checkTypeClaims(t *testing.T, want map[string]string) {
	t.Helper()
	m, _, err := w.Metadata("")
	must(t, err)
	var doc struct {
		Claims []struct {
			Path []*string
			SD   string
		}
	}
	must(t, json.Unmarshal(w.typeOf(t, m.Configurations[sd].VCT), &doc))
	got := map[string]string{}
	for _, c := range doc.Claims {
		var path []string
		for _, p := range c.Path {
			if p == nil {
				path = append(path, "*")
				continue
			}
			path = append(path, *p)
		}
		got[strings.Join(path, ".")] = c.SD
	}
	for path, sd := range want {
		if got[path] != sd {
			t.Errorf("sd of %s = %q, want %q", path, got[path], sd)
		}
	}
}

func TestBadDisclosureIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	set := func(member string, v any) func(map[string]any) { return func(doc map[string]any) { doc[member] = v } }
	display := func(member string, v any) func(map[string]any) {
		return func(doc map[string]any) { doc["display"].([]any)[0].(map[string]any)[member] = v }
	}
	for name, c := range map[string]struct {
		id     string
		change func(map[string]any)
	}{
		"decoys below":        {sd, set("decoys", -1)},
		"decoys above":        {sd, set("decoys", 21)},
		"decoys elsewhere":    {ldp, set("decoys", 1)},
		"visible elsewhere":   {ldp, set("visible", []any{"givenName"})},
		"visible unknown":     {sd, set("visible", []any{"shoe_size"})},
		"visible below":       {sd, set("visible", []any{"sex.kind"})},
		"visible twice":       {sd, set("visible", []any{"sex", "sex"})},
		"elements of a text":  {sd, set("fields", []any{map[string]any{"field": "sex", "claim": "sex", "mandatory": true, "elements": true}})},
		"one svg_id for two":  {sd, set("fields", []any{claim("sex", "a_b", true), claim("email", "a.b", true)})},
		"colour":              {sd, display("background_color", "red")},
		"colour with more":    {sd, display("text_color", `#ffffff"/>`)},
		"logo by http":        {sd, display("logo", map[string]any{"uri": "http://example.org/a.png"})},
		"background by data:": {sd, display("background_image", map[string]any{"uri": "data:image/png;base64,AA=="})},
	} {
		var before string
		must(t, w.db.Raw("SELECT document FROM credential_configuration WHERE id = ?", c.id).Scan(&before).Error)
		if err := w.reconfigure(t, c.id, c.change); !errors.Is(err, issuer.ErrConfiguration) {
			t.Errorf("%s: %v, want ErrConfiguration", name, err)
		}
		must(t, w.db.Exec("UPDATE credential_configuration SET document = ? WHERE id = ?", before, c.id).Error)
	}
	for name, c := range map[string]func(map[string]any){"0 decoys": set("decoys", 0), "20 decoys": set("decoys", 20), "https logo": display("logo", map[string]any{"uri": "https://example.org/a.png"})} {
		if err := w.reconfigure(t, sd, c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
