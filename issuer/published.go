package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"socialregistry/internal/fault"
	"socialregistry/issuer/artwork"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
)

// pictures collects what this process shows; each is served by its hash for ever.
type pictures map[string]ledger.Image // by digest

// reference is the address of a document and its hash (W3C Subresource Integrity).
type reference struct{ uri, integrity string }

// add keeps a picture and tells where it is served.
func (p pictures) add(i artwork.Image, base string) reference {
	digest := digestOf(i.Body)
	p[digest] = ledger.Image{Digest: digest, MediaType: i.MediaType, Body: i.Body}
	return reference{base + "/credentials/images/" + digest + extensions()[i.MediaType], integrity(i.Body)}
}

func (p pictures) all() []ledger.Image {
	out := make([]ledger.Image, 0, len(p))
	for _, digest := range slices.Sorted(maps.Keys(p)) {
		out = append(out, p[digest])
	}
	return out
}

func extensions() map[string]string {
	return map[string]string{artwork.SVG: ".svg", artwork.PNG: ".png"}
}

// digestOf names bytes by their SHA-256 in base64url.
func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// integrity is the hash of bytes as SD-JWT VC §7 writes it.
func integrity(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Image gives a picture of the metadata by the last part of its address. It returns
// NotFound.
func (i *Issuer) Image(ctx context.Context, name string) (artwork.Image, error) {
	digest, _, _ := strings.Cut(name, ".")
	kept, known := i.pictures[digest]
	if !known {
		var err error
		if kept, err = i.ledger.Image(ctx, digest); err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return artwork.Image{}, err
		}
	}
	if kept.Digest == "" || name != digest+extensions()[kept.MediaType] {
		return artwork.Image{}, fault.New(fault.NotFound, "image_not_found", "There is no such picture.")
	}
	return artwork.Image{MediaType: kept.MediaType, Body: kept.Body}, nil
}

// announce draws the pictures, freezes the types, and builds the metadata that name
// both. Pictures are stored before the types that refer to them.
func (i *Issuer) announce(ctx context.Context) error {
	i.pictures, i.types = pictures{}, map[string]credentialType{}
	shown := map[string][]oid4vci.Display{}
	contents := map[string]map[string]any{}
	for _, c := range i.configs {
		var err error
		if shown[c.ID], err = i.displays(c); err != nil {
			return err
		}
		if c.Format != oid4vci.FormatSDJWT {
			continue
		}
		if contents[c.Type], err = i.typeContent(c, shown[c.ID]); err != nil {
			return err
		}
	}
	issuer := i.ownDisplays()
	if err := i.ledger.KeepImages(ctx, i.pictures.all()); err != nil {
		return err
	}
	for name, content := range contents {
		var err error
		if i.types[name], err = i.freeze(ctx, name, content); err != nil {
			return fmt.Errorf("type metadata of %s: %w", name, err)
		}
	}
	i.metadata = i.buildMetadata(issuer, shown)
	return i.metadata.Check()
}

// displays is how a configuration is shown, in each of its languages (OID4VCI 1.0
// §12.2.4).
func (i *Issuer) displays(c Configuration) ([]oid4vci.Display, error) {
	var out []oid4vci.Display
	for _, d := range c.Display {
		shown := oid4vci.Display{Name: d.Name, Locale: d.Locale, Description: d.Description, BackgroundColor: d.BackgroundColor, TextColor: d.TextColor, Logo: i.ownLogo(d.Locale)}
		if d.Logo != nil {
			shown.Logo = &oid4vci.Logo{URI: d.Logo.URI, AltText: d.Logo.AltText}
		}
		if d.BackgroundImage != nil {
			shown.BackgroundImage = &oid4vci.BackgroundImage{URI: d.BackgroundImage.URI}
		} else {
			drawn, err := artwork.Background(d.BackgroundColor)
			if err != nil {
				return nil, err
			}
			shown.BackgroundImage = &oid4vci.BackgroundImage{URI: i.pictures.add(drawn, i.url).uri}
		}
		out = append(out, shown)
	}
	return out, nil
}

// ownDisplays is how the issuer is shown: by its name in each language, and its logo.
func (i *Issuer) ownDisplays() []oid4vci.Display {
	var out []oid4vci.Display
	for _, locale := range slices.Sorted(maps.Keys(i.names)) {
		out = append(out, oid4vci.Display{Name: i.names[locale], Locale: locale, Logo: i.ownLogo(locale)})
	}
	return out
}

func (i *Issuer) ownLogo(locale string) *oid4vci.Logo {
	return &oid4vci.Logo{URI: i.pictures.add(i.logo, i.url).uri, AltText: i.Title(locale)}
}
