package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

const (
	// codeBytes is how much one code of a series holds: with its head it is a QR code of
	// version 18 at most, which a telephone reads from a screen.
	codeBytes = 500
	maxCodes  = 12
	// codeScale is the side of a module of a written code, in pixels.
	codeScale = 6
)

// series parts a text into codes: SRV1:<n>/<m>:<id>:<part>, the n-th of m, with one id
// for all that belong together. A short text is one code, as it is.
func series(text string) []string {
	if len(text) <= codeBytes {
		return []string{text}
	}
	sum := sha256.Sum256([]byte(text))
	id := base64.RawURLEncoding.EncodeToString(sum[:6])
	var parts []string
	for rest := text; rest != ""; {
		n := min(codeBytes, len(rest))
		parts = append(parts, rest[:n])
		rest = rest[n:]
	}
	for n := range parts {
		parts[n] = fmt.Sprintf("SRV1:%d/%d:%s:%s", n+1, len(parts), id, parts[n])
	}
	return parts
}

// writeCodes draws the codes on the terminal, or into files.
func (c presentCmd) writeCodes(t *terminal, texts []string) error {
	if len(texts) > maxCodes {
		return fmt.Errorf("this would be %d codes, more than the %d that somebody scans; show fewer details", len(texts), maxCodes)
	}
	if c.Codes != "" {
		if err := os.MkdirAll(c.Codes, 0o700); err != nil {
			return fmt.Errorf("write the codes: %w", err)
		}
	}
	for n, text := range texts {
		code, err := qr.Encode(text, qr.M, qr.Unicode)
		if err != nil {
			return fmt.Errorf("make a code: %w", err)
		}
		if c.Codes == "" {
			fmt.Fprintf(t.words, "Code %d of %d\n", n+1, len(texts))
			err = draw(t.out, code)
		} else {
			name := filepath.Join(c.Codes, fmt.Sprintf("code-%d-of-%d.png", n+1, len(texts)))
			if err = writePNG(name, code); err == nil {
				_, err = fmt.Fprintln(t.out, name)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quiet is the white border that a code needs, in modules.
const quiet = 4

// draw writes a code in half blocks: two rows of modules to a line, dark on light
// whatever the colours of the terminal are.
func draw(out io.Writer, code barcode.Barcode) error {
	side := code.Bounds().Dx()
	dark := func(x, y int) bool {
		if x < 0 || y < 0 || x >= side || y >= side {
			return false
		}
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	var b strings.Builder
	for y := -quiet; y < side+quiet; y += 2 {
		b.WriteString("\x1b[30;107m")
		for x := -quiet; x < side+quiet; x++ {
			switch above, below := dark(x, y), dark(x, y+1); {
			case above && below:
				b.WriteString("█")
			case above:
				b.WriteString("▀")
			case below:
				b.WriteString("▄")
			default:
				b.WriteString(" ")
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// writePNG writes a code with its border into a file that only its owner reads.
func writePNG(name string, code barcode.Barcode) error {
	side := code.Bounds().Dx()
	scaled, err := barcode.Scale(code, side*codeScale, side*codeScale)
	if err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write a code: %w", err)
	}
	return errors.Join(png.Encode(f, framed{scaled}), f.Close())
}

// quoted writes a text as JSON.
func quoted(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return `""` // a string is always JSON
	}
	return string(raw)
}

// framed is a code with its white border.
type framed struct{ barcode.Barcode }

// Bounds is the size with the border.
func (f framed) Bounds() image.Rectangle {
	side := f.Barcode.Bounds().Dx() + 2*quiet*codeScale
	return image.Rect(0, 0, side, side)
}

// At is white on the border.
func (f framed) At(x, y int) color.Color {
	p := image.Pt(x-quiet*codeScale, y-quiet*codeScale)
	if !p.In(f.Barcode.Bounds()) {
		return color.White
	}
	return f.Barcode.At(p.X, p.Y)
}

// ColorModel is that of black and white.
func (framed) ColorModel() color.Model { return color.GrayModel }
