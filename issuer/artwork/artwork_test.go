package artwork_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/issuer/artwork"
)

func fields(n int) []artwork.CardField {
	var out []artwork.CardField
	for _, id := range []string{"given_name", "family_name", "birth_date", "sex", "region", "phone_number", "email"}[:n] {
		out = append(out, artwork.CardField{Label: strings.ReplaceAll(id, "_", " "), ID: id})
	}
	return out
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What we draw passes what we ask of others, and the same card gives the same bytes.
func TestOwnPicturesAreGood(t *testing.T) {
	t.Parallel()
	card := artwork.Card{Issuer: `<Ministry> & "Co"`, Name: "Person", Color: "#1e3a8a", TextColor: "#ffffff", Fields: fields(7)}
	ground, err := artwork.Background("#1e3a8a")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]artwork.Image{"logo": artwork.Logo(), "background": ground}
	for name, change := range map[string]func(*artwork.Card){
		"landscape": func(*artwork.Card) {}, "portrait": func(c *artwork.Card) { c.Portrait = true },
		"high": func(c *artwork.Card) { c.HighContrast = true }, "rtl": func(c *artwork.Card) { c.RTL = true },
		"long": func(c *artwork.Card) {
			c.Name, c.Fields[0].Label = "Social registry person (choose what to show)", "National identification number"
		},
		"long portrait": func(c *artwork.Card) { c.Name, c.Portrait = "Social registry household (choose what to show)", true },
		"rtl portrait":  func(c *artwork.Card) { c.RTL, c.Portrait = true, true },
	} {
		c := card
		c.Fields = fields(7)
		change(&c)
		one, err := c.Template()
		two, again := c.Template()
		if err != nil || again != nil || !bytes.Equal(one.Body, two.Body) {
			t.Errorf("%s: %v, %v, or another picture the second time", name, err, again)
		}
		all[name] = one
		text := string(one.Body)
		if !strings.Contains(text, "&lt;Ministry&gt; &amp;") || strings.Count(text, "{{") != 6 || !strings.Contains(text, ">{{given_name}}<") || strings.Contains(text, "{{email}}") {
			t.Errorf("%s: %s", name, text)
		}
	}
	for name, i := range all {
		if got, err := artwork.Parse(i.Body); err != nil || got.MediaType != artwork.SVG || !bytes.Equal(got.Body, i.Body) {
			t.Errorf("%s: %v", name, err)
		}
		if folder := os.Getenv("SR_ARTWORK"); folder != "" { // to look at
			if err := os.WriteFile(filepath.Join(folder, name+".svg"), i.Body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Words that are longer than their place are written smaller.
func TestLongWordsFit(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Person": `font-size="32"`, strings.Repeat("x", 40): `font-size="32"`, strings.Repeat("x", 50): `font-size="28"`, strings.Repeat("x", 500): `font-size="10"`} {
		c, err := artwork.Card{Name: name, Color: "#000000", TextColor: "#ffffff"}.Template()
		if err != nil || !strings.Contains(string(c.Body), want+` font-weight="700"`) {
			t.Errorf("%d letters: %s, %v", len(name), c.Body, err)
		}
	}
}

// A wallet escapes the value: whatever it is, the card stays a picture with that text.
func TestEscapedValuesStayText(t *testing.T) {
	t.Parallel()
	c, err := artwork.Card{Issuer: "I", Name: "N", Color: "#000000", TextColor: "#ffffff", Fields: fields(1)}.Template()
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"Amina", `</text><script>alert(1)</script>`, `"&'<>`, "ديالو", "{{given_name}}"} {
		var escaped bytes.Buffer
		if err := xml.EscapeText(&escaped, []byte(value)); err != nil {
			t.Fatal(err)
		}
		shown := strings.ReplaceAll(string(c.Body), "{{given_name}}", escaped.String())
		if _, err := artwork.Parse([]byte(shown)); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	svg := func(inner string) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + inner + `</svg>`)
	}
	for name, body := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "html": []byte("<html></html>"), "broken": []byte("<svg><g></svg>"), "cut PNG": picture(t, 9, 9)[:20],
		"wide PNG": picture(t, 2049, 1), "script": svg("<script/>"), "SCRIPT": svg("<SCRIPT/>"), "style": svg("<style/>"), "handler": svg(`<g onload="x()"/>`), "foreign": svg("<foreignObject/>"),
		"use": svg(`<use href="https://evil.example/x.svg#a"/>`), "xlink": svg(`<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="//evil.example/x.png"/>`),
		"javascript": svg(`<a href="javascript:x()"/>`), "svg in data": svg(`<image href="data:image/svg+xml;base64,AA=="/>`), "fill": svg(`<g fill="url(https://evil.example/x)"/>`),
		"entity": []byte(`<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>`), "too many": svg(strings.Repeat("<g/>", 5000)),
		"too long": svg(strings.Repeat(" ", 128<<10)), "style sheet": append([]byte(`<?xml-stylesheet href="https://evil.example/x.css"?>`), svg("")...),
		"second url": svg(`<g style="fill:url(#a);background:url(https://evil.example/x)"/>`), "escaped url": svg(`<g fill="u\72l(https://evil.example/x)"/>`),
		"image-set": svg(`<g style="mask-image:image-set('https://evil.example/x' 1x)"/>`), "base": svg(`<g xml:base="https://evil.example/"><use href="#a"/></g>`),
		"HTML img": svg(`<h:img xmlns:h="http://www.w3.org/1999/xhtml" alt="x"/>`), "no namespace": []byte("<svg></svg>"), "another namespace": []byte(`<svg xmlns="http://www.w3.org/1999/xhtml"/>`),
		"src": svg(`<image src="https://evil.example/x.png"/>`), "data": svg(`<g data="https://evil.example/x.svg"/>`),
	} {
		if _, err := artwork.Parse(body); !errors.Is(err, artwork.ErrImage) {
			t.Errorf("%s: %v, want ErrImage", name, err)
		}
	}
	for name, body := range map[string][]byte{
		"PNG": picture(t, 2048, 1), "gradient": svg(`<linearGradient id="a"/><g fill="url(#a)" style="stroke:url(#a);fill:url(#a)"/><use href="#a"/>`), "PNG inside": svg(`<image href="data:image/png;base64,AA=="/>`),
		"many": svg(strings.Repeat("<g/>", 4999)), "with a header": append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), svg("")...),
	} {
		if _, err := artwork.Parse(body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParse: no panic, and what is refused is refused by our error.
func FuzzParse(f *testing.F) {
	f.Add(artwork.Logo().Body)
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		i, err := artwork.Parse(body)
		if err != nil && !errors.Is(err, artwork.ErrImage) || err == nil && !bytes.Equal(i.Body, body) {
			t.Errorf("%v, %d bytes", err, len(i.Body))
		}
	})
}
