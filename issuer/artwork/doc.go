// Package artwork draws the pictures that wallets show with credentials: a logo, a
// background, and SVG templates of cards (SD-JWT VC type metadata, "SVG Rendering").
//
// The same input always gives the same bytes, so that a hash of them lasts. It knows
// nothing of registrants: a template has placeholders, which the wallet fills in.
package artwork
