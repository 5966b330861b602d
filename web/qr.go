package web

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white border of a QR code in modules (ISO/IEC 18004 §9.1).
const quietZone = 4

// qrCode is a QR code as one SVG path of unit squares.
type qrCode struct {
	Side int // modules with the quiet zone
	Path string
}

// newQR makes the QR code of a text at level M, fit for screens and paper.
func newQR(text string) (qrCode, error) { return drawQR(text, qr.Unicode) }

// newPaperQR is newQR of text in Base45, which takes the least room in the mode for
// numbers and capital letters.
func newPaperQR(text string) (qrCode, error) { return drawQR(text, qr.AlphaNumeric) }

func drawQR(text string, mode qr.Encoding) (qrCode, error) {
	code, err := qr.Encode(text, qr.M, mode)
	if err != nil {
		return qrCode{}, fmt.Errorf("make QR code: %w", err)
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
	return qrCode{Side: size + 2*quietZone, Path: path.String()}, nil
}

func dark(r, _, _, _ uint32) bool { return r < 0x8000 }
