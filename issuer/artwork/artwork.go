package artwork

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"text/template"
)

// The media types of pictures.
const (
	SVG = "image/svg+xml"
	PNG = "image/png"
)

// ErrImage says that a file is no picture that wallets can be given.
var ErrImage = errors.New("artwork: not usable as a picture")

// maxImage bounds a picture in bytes, and maxSide in pixels: wallets fetch it over
// slow networks.
const (
	maxImage = 128 << 10
	maxSide  = 2048
)

// Image is a picture, ready to serve.
type Image struct {
	MediaType string // SVG or PNG
	Body      []byte
}

//go:embed logo.svg
var logo []byte

//go:embed background.svg
var background string

// Logo is the picture of an issuer that has given none of its own.
func Logo() Image { return Image{SVG, bytes.TrimSpace(logo)} }

// Parse reads a picture that somebody made: a PNG of at most 2048 by 2048 pixels, or
// a well-formed SVG without scripts and without addresses of other places; at most 128
// KiB. It returns ErrImage, which says what is wrong.
func Parse(body []byte) (Image, error) {
	if len(body) > maxImage {
		return Image{}, fmt.Errorf("%w: it has more than %d bytes", ErrImage, maxImage)
	}
	if bytes.HasPrefix(body, []byte("\x89PNG\r\n")) {
		size, err := png.DecodeConfig(bytes.NewReader(body))
		if err != nil || size.Width > maxSide || size.Height > maxSide {
			return Image{}, fmt.Errorf("%w: the PNG cannot be read, or is larger than %d pixels", ErrImage, maxSide)
		}
		return Image{PNG, body}, nil
	}
	if err := checkSVG(body); err != nil {
		return Image{}, err
	}
	return Image{SVG, body}, nil
}

// Background is the background of a card in one colour (CSS, #rrggbb).
func Background(color string) (Image, error) {
	body, err := draw("background", background, struct{ Color string }{color})
	return Image{SVG, body}, err
}

// draw fills one of our own templates in.
func draw(name, text string, data any) ([]byte, error) {
	t, err := template.New(name).Delims("[[", "]]").Funcs(template.FuncMap{"attr": escape, "text": escape}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("artwork: read template %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("artwork: draw %s: %w", name, err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// escape writes text so that it is text in an XML document, also in an attribute.
func escape(s string) (string, error) {
	var out bytes.Buffer
	err := xml.EscapeText(&out, []byte(s))
	return out.String(), err
}
