package web_test

import (
	"bytes"
	"encoding/json"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"socialregistry/registry"
	"socialregistry/web"
)

// Home screens get pictures of the sizes that the manifest tells, in the colours that
// were chosen.
func TestVerifierIcons(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		nobody := w.browser("en")
		look := func(brand string, r, g, b uint8) {
			t.Helper()
			nobody.get("/verify/").want(t, http.StatusOK, `<link rel="apple-touch-icon" href="./icon-180.png">`, `<meta name="theme-color" content="`+brand+`">`)
			var m struct {
				Theme      string `json:"theme_color"`
				Background string `json:"background_color"`
				Icons      []struct{ Src, Sizes, Purpose string }
			}
			if err := json.Unmarshal([]byte(nobody.get("/verify/ar.webmanifest").body), &m); err != nil {
				t.Fatal(err)
			}
			if m.Theme != brand || m.Background != brand || len(m.Icons) != 4 || m.Icons[3].Purpose != "maskable" {
				t.Errorf("the manifest says %+v", m)
			}
			for name, side := range map[string]int{"icon-180.png": 180, "icon-192.png": 192, "icon-512.png": 512, "icon-maskable-512.png": 512} {
				p := nobody.get("/verify/"+name).want(t, http.StatusOK)
				picture, err := png.Decode(strings.NewReader(p.body))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got := picture.Bounds().Dx(); got != side || picture.Bounds().Dy() != side || len(p.body) > 16<<10 {
					t.Errorf("%s is %d pixels wide, and %d bytes", name, got, len(p.body))
				}
				if got, want := color.NRGBAModel.Convert(picture.At(side/2, side*9/10)), (color.NRGBA{r, g, b, 255}); got != want {
					t.Errorf("%s stands on %v, want %v", name, got, want)
				}
				if got, want := color.NRGBAModel.Convert(picture.At(side/2, side*3/10)), (color.NRGBA{255, 255, 255, 255}); got != want {
					t.Errorf("the shield of %s is %v", name, got)
				}
				if _, _, _, a := picture.At(0, 0).RGBA(); (a == 0) != (name == "icon-192.png" || name == "icon-512.png") {
					t.Errorf("the corner of %s: %d", name, a)
				}
			}
		}
		look("#0f4c4a", 0x0f, 0x4c, 0x4a)
		before := nobody.get("/verify/sw.js").body
		w.must(w.registry.SetAppearance(t.Context(), w.actor(registry.RoleAdmin), registry.Appearance{Colours: "#5b2a86,#43206a,#ffbf3c"}, "trial"))
		w.restart()
		look("#5b2a86", 0x5b, 0x2a, 0x86)
		if after := nobody.get("/verify/sw.js").body; after == before {
			t.Error("other colours are no other version")
		}
	})
}

// Nobody's colours are drawn wrongly in silence.
func TestIconOfNoColour(t *testing.T) {
	t.Parallel()
	if raw, err := web.DrawIcon("teal"); err == nil {
		t.Errorf("%d bytes", len(raw))
	}
	first, err := web.DrawIcon("#0f4c4a")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := web.DrawIcon("#0f4c4a"); err != nil || !bytes.Equal(first, again) {
		t.Error("the same icon is another")
	}
}
