package issuer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/vectors"
	"socialregistry/issuer"
	"socialregistry/issuer/artwork"
	"socialregistry/issuer/sdjwt"
)

// typeOf fetches the metadata of a vct as a verifier does.
func (w *world) typeOf(t *testing.T, vct string) []byte {
	t.Helper()
	name, version, _ := strings.Cut(strings.TrimPrefix(vct, publicURL+"/credentials/types/"), "/")
	body, err := w.TypeMetadata(context.Background(), name, version)
	must(t, err)
	return body
}

func sri(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func plainClaims(t *testing.T, credential string) map[string]any {
	t.Helper()
	parsed, err := sdjwt.Parse(credential)
	must(t, err)
	return parsed.Unverified
}

// SD-JWT VC §7: the hash in a credential holds as long as the credential lives. A new
// label makes a new version of the type, which is of the first one too; the bytes of
// each version stay as they were, in every process.
func TestTypeMetadataIsFrozen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		first := plainClaims(t, w.issueSD(t, id))
		if first["vct"] != publicURL+"/credentials/types/person" || first["aka_vcts"] != nil {
			t.Errorf("the first version: %v, %v", first["vct"], first["aka_vcts"])
		}
		before := w.typeOf(t, first["vct"].(string))
		must(t, w.reconfigure(t, sd, func(doc map[string]any) { doc["display"].([]any)[0].(map[string]any)["name"] = "Person, by a new name" }))
		second := plainClaims(t, w.issueSD(t, id))
		if second["vct"] != publicURL+"/credentials/types/person/2" || len(second["aka_vcts"].([]any)) != 1 || second["aka_vcts"].([]any)[0] != first["vct"] {
			t.Errorf("the second version: %v, %v", second["vct"], second["aka_vcts"])
		}
		for _, claims := range []map[string]any{first, second} {
			body := w.typeOf(t, claims["vct"].(string))
			var doc map[string]any
			must(t, json.Unmarshal(body, &doc))
			if claims["vct#integrity"] != sri(body) || doc["vct"] != claims["vct"] {
				t.Errorf("%v: its hash is not %v, or it says %v", claims["vct"], claims["vct#integrity"], doc["vct"])
			}
		}
		if !bytes.Equal(before, w.typeOf(t, first["vct"].(string))) {
			t.Error("the bytes of the first version changed")
		}
		b, err := w.Bundle(ctx)
		must(t, err)
		for _, vct := range []string{first["vct"].(string), second["vct"].(string)} {
			if b.Types[vct].Display["en"] == "" {
				t.Errorf("the trust bundle does not know %s", vct)
			}
		}
		var wg sync.WaitGroup
		for range 4 { // processes that start at once find the version that is there
			wg.Go(func() {
				i, err := issuer.New(ctx, w.config(d))
				if err != nil {
					t.Error(err)
					return
				}
				if m, _, err := i.Metadata(""); err != nil || m.Configurations[sd].VCT != second["vct"] {
					t.Errorf("another process: %s, %v", m.Configurations[sd].VCT, err)
				}
			})
		}
		wg.Wait()
		for _, version := range []string{"0", "1", "02", "3", "-1", "x", "99999999999999999999"} {
			if _, err := w.TypeMetadata(ctx, "person", version); fault.KindOf(err) != fault.NotFound {
				t.Errorf("version %s: %v, want NotFound", version, err)
			}
		}
		if _, err := w.TypeMetadata(ctx, "SocialRegistryPersonCredential", ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("type of another format: %v, want NotFound", err)
		}
	})
}

// The type metadata pass the schema of the conformance suite; every picture that they
// and the issuer metadata name is there, as its hash says.
func TestTypeMetadataAndTheirPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(vectors.Read(t, "data/oid4vci-schemas/type_metadata.json")))
	must(t, err)
	compiler := jsonschema.NewCompiler()
	must(t, compiler.AddResource("type", raw))
	schema, err := compiler.Compile("type")
	must(t, err)
	m, _, err := w.Metadata("")
	must(t, err)
	for _, id := range []string{sd, householdSD} {
		body := w.typeOf(t, m.Configurations[id].VCT)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		must(t, err)
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if n := w.checkPictures(t, doc); n != 5*(3+2) { // five languages: three templates, a logo, a background
			t.Errorf("%s: %d pictures with a hash", id, n)
		}
	}
	all, err := json.Marshal(m)
	must(t, err)
	var doc any
	must(t, json.Unmarshal(all, &doc))
	w.checkPictures(t, doc)
	for _, name := range []string{"", "x", "x.svg", strings.Repeat("A", 43) + ".svg", "../" + strings.Repeat("A", 43)} {
		if _, err := w.Image(context.Background(), name); fault.KindOf(err) != fault.NotFound {
			t.Errorf("image %q: %v, want NotFound", name, err)
		}
	}
}

// checkPictures fetches each picture that a document names, and counts those with a
// hash, which must be right.
func (w *world) checkPictures(t *testing.T, v any) (hashed int) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			hashed += w.checkPictures(t, e)
		}
	case map[string]any:
		if uri, ok := v["uri"].(string); ok {
			picture, err := w.Image(context.Background(), strings.TrimPrefix(uri, publicURL+"/credentials/images/"))
			must(t, err)
			if _, err := artwork.Parse(picture.Body); err != nil || picture.MediaType != artwork.SVG {
				t.Errorf("%s: %s, %v", uri, picture.MediaType, err)
			}
			if hash, named := v["uri#integrity"]; named {
				hashed++
				if hash != sri(picture.Body) {
					t.Errorf("%s has another hash than %v", uri, hash)
				}
			}
		}
		for _, e := range v {
			hashed += w.checkPictures(t, e)
		}
	}
	return hashed
}

// A name and a logo of one's own, in every language; a picture that runs something is
// refused at the start. What was shown before stays where it was.
func TestNamesAndLogo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	m, _, err := w.Metadata("ar")
	must(t, err)
	if len(m.Display) != 1 || m.Display[0].Name != "السجل الاجتماعي" || m.Display[0].Logo.AltText != m.Display[0].Name {
		t.Errorf("in Arabic: %+v", m.Display)
	}
	c := w.config(w.db)
	c.Name, c.Names = "Ministry of Welfare", map[string]string{"ar": "وزارة الرعاية"}
	c.Logo = []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>`)
	i, err := issuer.New(context.Background(), c)
	must(t, err)
	named, _, err := i.Metadata("")
	must(t, err)
	if len(named.Display) != 2 || named.Display[0].Name != "وزارة الرعاية" || named.Display[1].Name != "Ministry of Welfare" || named.Display[1].Logo.URI == m.Display[0].Logo.URI {
		t.Errorf("names: %+v", named.Display)
	}
	old := strings.TrimPrefix(m.Display[0].Logo.URI, publicURL+"/credentials/images/")
	if kept, err := i.Image(context.Background(), old); err != nil || !bytes.Equal(kept.Body, artwork.Logo().Body) {
		t.Errorf("the logo of before: %v", err)
	}
	c.Names = nil
	i, err = issuer.New(context.Background(), c)
	must(t, err)
	if only, _, err := i.Metadata(""); err != nil || len(only.Display) != 1 {
		t.Errorf("one name: %+v, %v", only.Display, err)
	}
	c.Logo = []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)
	if _, err := issuer.New(context.Background(), c); err == nil || !strings.Contains(err.Error(), "script") {
		t.Errorf("a logo with a script: %v", err)
	}
}
