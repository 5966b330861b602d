package qrcode_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"socialregistry/internal/qrcode"
)

// A code of 21 modules and its quiet zone on both sides; the finder pattern's
// first row is a run of seven.
func TestQRHasQuietZoneAndFinder(t *testing.T) {
	t.Parallel()
	code, err := qrcode.New("SR")
	if err != nil {
		t.Fatal(err)
	}
	if code.Side != 21+8 || !strings.HasPrefix(code.Path, "M4 4h7v1h-7z") || strings.Contains(code.Path, "M3 ") {
		t.Errorf("side %d, path %.40s", code.Side, code.Path)
	}
	if _, err := qrcode.New(strings.Repeat("x", 4000)); err == nil {
		t.Error("4000 characters fit")
	}
	if _, err := qrcode.NewAlphanumeric("small letters"); err == nil {
		t.Error("small letters are taken for capitals")
	}
}

func TestSVGIsAPictureOfItsOwn(t *testing.T) {
	t.Parallel()
	code, err := qrcode.NewAlphanumeric("6BF")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		XMLName xml.Name
		Width   string `xml:"width,attr"`
		ViewBox string `xml:"viewBox,attr"`
		Path    struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(code.SVG(), &got); err != nil {
		t.Fatal(err)
	}
	if got.XMLName.Space != "http://www.w3.org/2000/svg" || got.Width != "14.5mm" || got.ViewBox != "0 0 29 29" || got.Path.D != code.Path {
		t.Errorf("%+v", got)
	}
}
