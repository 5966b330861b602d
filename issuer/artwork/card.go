package artwork

import (
	_ "embed"
	"unicode/utf8"
)

//go:embed card.svg
var card string

// Card is what a template of a credential shows.
type Card struct {
	Issuer    string // name of the issuer
	Name      string // name of the credential
	Color     string // of the band at the top, #rrggbb
	TextColor string // on that band
	RTL       bool   // the language is written from right to left
	Fields    []CardField

	Portrait     bool
	HighContrast bool // black on white, thick lines
}

// CardField is one line of a card. ID is the svg_id of the claim: a wallet puts the
// value, escaped, in the place of {{ID}}.
type CardField struct{ Label, ID string }

// Geometry, in the units of the picture.
const (
	longSide, shortSide = 856, 540 // an ID-1 card, ISO/IEC 7810
	margin              = 48
	bandHeight          = 128
	labelWidth          = 270 // landscape: the label stands beside the value
	gap                 = 16
	mostLines           = 6
)

// fit gives the size of type in which a text has room: a letter is some 0.54 of its
// size wide.
func fit(text string, width, most int) int {
	letters := max(utf8.RuneCountInString(text), 1)
	return max(min(most, width*100/(54*letters)), 10)
}

// line is one field in its place.
type line struct {
	CardField
	LabelY, LabelSize, ValueX, ValueY, ValueWidth, TextX int
}

// sheet is what the template of a card is filled with.
type sheet struct {
	Card
	Width, Height, InnerWidth, InnerHeight int
	Inset, Border, Corner, Turn, Start     int
	IssuerSize, NameSize                   int
	Band, OnBand, Ink, Quiet               string
	Lines                                  []line
}

// Template draws a card with a line for each of the first six fields.
func (c Card) Template() (Image, error) {
	s := sheet{Card: c, Width: longSide, Height: shortSide, Inset: 2, Border: 2, Band: c.Color, OnBand: c.TextColor, Ink: "#b1b4b6", Quiet: "#505a5f"}
	if c.Portrait {
		s.Width, s.Height = shortSide, longSide
	}
	if c.HighContrast {
		s.Inset, s.Border, s.Band, s.OnBand, s.Ink, s.Quiet = 4, 6, "#000000", "#ffffff", "#000000", "#000000"
	}
	s.InnerWidth, s.InnerHeight = s.Width-2*s.Inset, s.Height-2*s.Inset
	s.Corner, s.Turn, s.Start = s.Inset+28, s.Width-s.Inset-28, margin
	s.IssuerSize, s.NameSize = fit(c.Issuer, s.Width-2*margin, 24), fit(c.Name, s.Width-2*margin, 32)
	if c.RTL {
		s.Start = s.Width - margin
	}
	for n, f := range c.Fields[:min(len(c.Fields), mostLines)] {
		s.Lines = append(s.Lines, s.place(n, f))
	}
	body, err := draw("card", card, s)
	return Image{SVG, body}, err
}

// place says where line n stands: label and value side by side, or, in portrait, one
// above the other. A value that is too long is cut at the edge of its own box.
func (s sheet) place(n int, f CardField) line {
	width := s.Width - 2*margin
	l := line{CardField: f, ValueX: margin}
	if s.Portrait {
		top := bandHeight + 40 + n*108
		l.LabelY, l.ValueY, l.ValueWidth, l.LabelSize = top+18, top+24, width, fit(f.Label, width, 20)
	} else {
		top := bandHeight + 30 + n*62
		l.LabelY, l.ValueY, l.ValueWidth, l.LabelSize = top+29, top, width-labelWidth, fit(f.Label, labelWidth-gap, 20)
		if !s.RTL {
			l.ValueX += labelWidth
		}
	}
	if s.RTL {
		l.TextX = l.ValueWidth
	}
	return l
}
