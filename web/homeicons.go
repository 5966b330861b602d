package web

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"
	"strings"
)

// homeIcon is a picture of the sign of the service, for home screens that take no SVG.
type homeIcon struct {
	name   string
	side   int     // in pixels
	shield float64 // how much of the side the sign takes
	round  float64 // radius of the corners, as a part of the side
}

// homeIcons are those of the verifier page. A maskable one may lose all but a circle of four
// fifths of its side (W3C Web Application Manifest §6.4); Apple rounds corners itself.
func homeIcons() []homeIcon {
	return []homeIcon{{"icon-180.png", 180, .68, 0}, {"icon-192.png", 192, .72, .2}, {"icon-512.png", 512, .72, .2}, {"icon-maskable-512.png", 512, .56, 0}}
}

// draw draws the icon as PNG: the shield of favicon.svg, white on a colour, #rrggbb. It
// returns an error for another colour.
func (i homeIcon) draw(ground string) ([]byte, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(ground, "#"), 16, 24)
	if err != nil {
		return nil, fmt.Errorf("colour %q: %w", ground, err)
	}
	brand, white := [3]float64{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, [3]float64{255, 255, 255}
	shield, tick, out := shieldOutline(), [][2]float64{{9, 14}, {13, 18}, {20, 10}}, image.NewNRGBA(image.Rect(0, 0, i.side, i.side))
	side, scale := float64(i.side), 24/(i.shield*float64(i.side)) // the shield is 24 of its own units high
	for y := range i.side {
		for x := range i.side {
			px, py := float64(x)+.5, float64(y)+.5
			at := [2]float64{14 + (px-side/2)*scale, 14 + (py-side/2)*scale}
			onShield := covered(fromOutline(shield, at) / scale)
			onTick := covered((fromLine(tick, at) - 1.3) / scale)
			mixed := func(c int) uint8 {
				v := brand[c] + (white[c]-brand[c])*onShield
				return uint8(math.Round(v + (brand[c]-v)*onTick*onShield))
			}
			out.SetNRGBA(x, y, color.NRGBA{mixed(0), mixed(1), mixed(2), uint8(math.Round(255 * covered(fromSquare(px, py, side, i.round*side))))})
		}
	}
	var body bytes.Buffer
	if err := png.Encode(&body, out); err != nil {
		return nil, fmt.Errorf("write %s: %w", i.name, err)
	}
	return body.Bytes(), nil
}

// shieldOutline is the path M14 2l10 4v8c0 6-4.2 10-10 12C8.2 24 4 20 4 14V6z as corners.
func shieldOutline() [][2]float64 {
	out := [][2]float64{{14, 2}, {24, 6}}
	out = append(out, curve([4][2]float64{{24, 14}, {24, 20}, {19.8, 24}, {14, 26}})...)
	out = append(out, curve([4][2]float64{{14, 26}, {8.2, 24}, {4, 20}, {4, 14}})...)
	return append(out, [2]float64{4, 6})
}

// curve is a cubic Bézier curve as a line of short pieces.
func curve(c [4][2]float64) (out [][2]float64) {
	const pieces = 24
	for k := range pieces + 1 {
		t := float64(k) / pieces
		u := 1 - t
		a, b, d, e := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		out = append(out, [2]float64{a*c[0][0] + b*c[1][0] + d*c[2][0] + e*c[3][0], a*c[0][1] + b*c[1][1] + d*c[2][1] + e*c[3][1]})
	}
	return out
}

// covered is how much of a pixel is inside of something that is so many pixels away;
// inside, that is negative.
func covered(away float64) float64 { return min(max(.5-away, 0), 1) }

// fromOutline is how far a point is from an outline; inside, it is negative.
func fromOutline(corners [][2]float64, at [2]float64) float64 {
	inside := false
	for k, a := range corners {
		b := corners[(k+1)%len(corners)]
		if (a[1] > at[1]) != (b[1] > at[1]) && at[0] < a[0]+(at[1]-a[1])*(b[0]-a[0])/(b[1]-a[1]) {
			inside = !inside
		}
	}
	away := fromLine(append(corners[:len(corners):len(corners)], corners[0]), at)
	if inside {
		return -away
	}
	return away
}

// fromLine is how far a point is from a line of pieces.
func fromLine(points [][2]float64, at [2]float64) float64 {
	least := math.Inf(1)
	for k := range len(points) - 1 {
		a, b := points[k], points[k+1]
		dx, dy := b[0]-a[0], b[1]-a[1]
		t := 0.0
		if length := dx*dx + dy*dy; length > 0 {
			t = min(max(((at[0]-a[0])*dx+(at[1]-a[1])*dy)/length, 0), 1)
		}
		least = min(least, math.Hypot(at[0]-a[0]-t*dx, at[1]-a[1]-t*dy))
	}
	return least
}

// fromSquare is how far a point is from a square with round corners.
func fromSquare(x, y, side, radius float64) float64 {
	half := side / 2
	dx, dy := math.Abs(x-half)-(half-radius), math.Abs(y-half)-(half-radius)
	return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius
}
