package issuer

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"socialregistry/internal/fault"
	"socialregistry/issuer/artwork"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
)

// credentialType is the type of a dc+sd-jwt as it is issued now.
type credentialType struct {
	ledger.TypeVersion
	vct    string
	former []string // vct of the versions before and beside it
}

// claims are those by which a credential names its type. Of a later version it says
// that it is of the first one too: who asks for that one takes both.
func (t credentialType) claims() map[string]any {
	out := map[string]any{"vct": t.vct, "vct#integrity": integrity(t.Body)}
	if t.Version > 1 {
		out["aka_vcts"] = []any{t.URI}
	}
	return out
}

// vctOf is the vct of a version: the address at which its metadata are served.
func vctOf(uri string, version int) string {
	if version == 1 {
		return uri
	}
	return uri + "/" + strconv.Itoa(version)
}

func (i *Issuer) typeURI(name string) string { return i.url + "/credentials/types/" + name }

func (i *Issuer) vct(c Configuration) string { return i.types[c.Type].vct }

// TypeMetadata gives the metadata of an SD-JWT VC type (SD-JWT VC §6) as they were
// frozen: name and version are the last parts of its vct, version "" for the first.
// It returns NotFound.
func (i *Issuer) TypeMetadata(ctx context.Context, name, version string) ([]byte, error) {
	none := fault.New(fault.NotFound, "type_not_found", "There is no such credential type.")
	number := 1
	if version != "" {
		var err error
		if number, err = strconv.Atoi(version); err != nil || number < 2 || strconv.Itoa(number) != version {
			return nil, none
		}
	}
	if now, known := i.types[name]; known && now.Version == number {
		return now.Body, nil
	}
	if !plainName.MatchString(name) {
		return nil, none
	}
	all, err := i.ledger.Types(ctx, i.typeURI(name))
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if t.Version == number {
			return t.Body, nil
		}
	}
	return nil, none
}

// freeze finds the version of a type that says this, or makes it: credentials name the
// bytes by their hash (SD-JWT VC §7), so that a new label makes a new version.
func (i *Issuer) freeze(ctx context.Context, name string, content map[string]any) (credentialType, error) {
	plain, err := json.Marshal(content)
	if err != nil {
		return credentialType{}, err
	}
	uri := i.typeURI(name)
	frozen, err := i.ledger.FreezeType(ctx, uri, digestOf(plain), func(version int) []byte {
		whole := map[string]any{"vct": vctOf(uri, version)}
		for member, v := range content {
			whole[member] = v
		}
		body, _ := json.Marshal(whole) // its parts were encoded just now
		return body
	})
	if err != nil {
		return credentialType{}, err
	}
	all, err := i.ledger.Types(ctx, uri)
	if err != nil {
		return credentialType{}, err
	}
	out := credentialType{TypeVersion: frozen, vct: vctOf(uri, frozen.Version)}
	for _, t := range all {
		if t.Version != frozen.Version {
			out.former = append(out.former, vctOf(uri, t.Version))
		}
	}
	return out, nil
}

// typeContent is what the metadata of a type say, but for the vct.
func (i *Issuer) typeContent(c Configuration, shown []oid4vci.Display) (map[string]any, error) {
	var displays []any
	for _, d := range shown {
		rendering, err := i.rendering(c, d)
		if err != nil {
			return nil, err
		}
		displays = append(displays, map[string]any{"locale": d.Locale, "name": d.Name, "description": d.Description, "rendering": rendering})
	}
	return map[string]any{"name": shown[0].Name, "description": shown[0].Description, "display": displays, "claims": i.typeClaims(c)}, nil
}

// typeClaims describes each claim, the objects that claims stand in, and the elements
// of lists that can be left out one by one (SD-JWT VC §9).
func (i *Issuer) typeClaims(c Configuration) []any {
	var out []any
	described := map[string]bool{} // objects
	for _, f := range c.Fields {
		path := c.path(f)
		for n := 1; n < len(path); n++ {
			if object := strings.Join(path[:n], "."); !described[object] {
				described[object] = true
				out = append(out, map[string]any{"path": path[:n], "sd": c.disclosable(path[:n])})
			}
		}
		labels := []any{}
		for _, l := range labelsOf(i.fields[f.Field], c) {
			labels = append(labels, map[string]any{"locale": l.Locale, "label": l.Name})
		}
		out = append(out, map[string]any{"path": path, "display": labels, "mandatory": f.Mandatory, "sd": c.disclosable(path), "svg_id": svgID(path)})
		if f.Elements {
			each := make([]any, 0, len(path)+1)
			for _, name := range path {
				each = append(each, name)
			}
			out = append(out, map[string]any{"path": append(each, nil), "sd": "always"}) // null: every element
		}
	}
	return out
}

// disclosable says for the member sd whether the holder may leave a claim out.
func (c Configuration) disclosable(path []string) string {
	if c.visible(path) {
		return "never"
	}
	return "always"
}

// svgID names a claim in a template.
func svgID(path []string) string { return strings.Join(path, "_") }

// rendering says how to draw a credential in a language (SD-JWT VC §8.1): with plain
// colours, or by a template.
func (i *Issuer) rendering(c Configuration, d oid4vci.Display) (map[string]any, error) {
	simple := map[string]any{"background_color": d.BackgroundColor, "text_color": d.TextColor,
		"logo": i.asset(d.Logo.URI, d.Logo.AltText), "background_image": i.asset(d.BackgroundImage.URI, "")}
	var templates []any
	for _, style := range []artwork.Card{{}, {Portrait: true}, {HighContrast: true}} {
		drawn, err := i.card(c, d, style).Template()
		if err != nil {
			return nil, err
		}
		at := i.pictures.add(drawn, i.url)
		templates = append(templates, map[string]any{"uri": at.uri, "uri#integrity": at.integrity, "properties": properties(style)})
	}
	return map[string]any{"simple": simple, "svg_templates": templates}, nil
}

// properties are those by which a wallet chooses among the templates.
func properties(c artwork.Card) map[string]any {
	out := map[string]any{"orientation": "landscape", "color_scheme": "light", "contrast": "normal"}
	if c.Portrait {
		out["orientation"] = "portrait"
	}
	if c.HighContrast {
		out["contrast"] = "high"
	}
	return out
}

// card fills in what a template of a configuration shows: the mandatory details first,
// which are there always; none that is a list.
func (i *Issuer) card(c Configuration, d oid4vci.Display, style artwork.Card) artwork.Card {
	style.Issuer, style.Name, style.Color, style.TextColor = i.Title(d.Locale), d.Name, d.BackgroundColor, d.TextColor
	base, _ := language.Make(d.Locale).Script()
	style.RTL = slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa", "Nkoo"}, base.String())
	for _, mandatory := range []bool{true, false} {
		for _, f := range c.Fields {
			if label := i.fields[f.Field].Label[d.Locale]; f.Mandatory == mandatory && label != "" && !f.Elements {
				style.Fields = append(style.Fields, artwork.CardField{Label: label, ID: svgID(c.path(f))})
			}
		}
	}
	return style
}

// asset names a picture, with its hash if it is ours.
func (i *Issuer) asset(uri, words string) map[string]any {
	out := map[string]any{"uri": uri}
	if words != "" {
		out["alt_text"] = words
	}
	name := uri[strings.LastIndex(uri, "/")+1:]
	digest, _, _ := strings.Cut(name, ".")
	if kept, ours := i.pictures[digest]; ours {
		out["uri#integrity"] = integrity(kept.Body)
	}
	return out
}
