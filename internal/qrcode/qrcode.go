// Package qrcode draws QR codes as SVG, for pages and for programs.
package qrcode

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white border of a code in modules (ISO/IEC 18004 §9.1).
const quietZone = 4

// Code is a QR code as one SVG path of unit squares.
type Code struct {
	Side int // modules with the quiet zone
	Path string
}

// New makes the code of a text at level M, fit for screens and paper. It fails on a
// text that no code holds.
func New(text string) (Code, error) { return draw(text, qr.Unicode) }

// NewAlphanumeric is New of a text in Base45, which takes the least room in the mode for
// digits and capital letters.
func NewAlphanumeric(text string) (Code, error) { return draw(text, qr.AlphaNumeric) }

func draw(text string, mode qr.Encoding) (Code, error) {
	code, err := qr.Encode(text, qr.M, mode)
	if err != nil {
		return Code{}, fmt.Errorf("make QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			run := 0
			for x+run < size && dark(code.At(x+run, y).RGBA()) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quietZone, y+quietZone, run, run)
				x += run
			}
		}
	}
	return Code{Side: size + 2*quietZone, Path: path.String()}, nil
}

func dark(r, _, _, _ uint32) bool { return r < 0x8000 }

// SVG is the code as a picture of its own, of half a millimetre a module: the least that
// a cheap phone reads off paper.
func (c Code) SVG() []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[2]gmm" height="%[2]gmm" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges"><rect width="%[1]d" height="%[1]d" fill="#fff"/><path d="%[3]s"/></svg>`+"\n",
		c.Side, float64(c.Side)/2, c.Path)
}
