package artwork

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxElements bounds an SVG that we read.
const maxElements = 5000

const svgSpace = "http://www.w3.org/2000/svg"

// checkSVG reads a picture to its end. What would make a viewer run or fetch
// something is refused: scripts, handlers, elements of other namespaces, style sheets,
// entities, and addresses that are not in the picture itself.
func checkSVG(body []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(body))
	elements := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && elements > 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: it is neither a PNG nor a well-formed SVG", ErrImage)
		}
		switch t := token.(type) {
		case xml.Directive:
			return fmt.Errorf("%w: the SVG has a document type", ErrImage)
		case xml.ProcInst:
			if t.Target != "xml" { // as xml-stylesheet, which names an address
				return fmt.Errorf("%w: the SVG has a processing instruction <?%s", ErrImage, t.Target)
			}
		case xml.StartElement:
			elements++
			if elements == 1 && t.Name.Local != "svg" || elements > maxElements {
				return fmt.Errorf("%w: it is no SVG, or has more than %d elements", ErrImage, maxElements)
			}
			if err := checkElement(t); err != nil {
				return err
			}
		}
	}
}

func checkElement(e xml.StartElement) error {
	if e.Name.Space != svgSpace {
		return fmt.Errorf("%w: <%s> is in the namespace %q, not in %q", ErrImage, e.Name.Local, e.Name.Space, svgSpace)
	}
	switch strings.ToLower(e.Name.Local) {
	case "script", "handler", "foreignobject", "iframe", "style", "animate", "set":
		return fmt.Errorf("%w: the SVG has a <%s>", ErrImage, e.Name.Local)
	}
	for _, a := range e.Attr {
		if leadsOut(strings.ToLower(a.Name.Local), strings.ToLower(a.Value)) {
			return fmt.Errorf("%w: the SVG has %s=%q", ErrImage, a.Name.Local, a.Value)
		}
	}
	return nil
}

// leadsOut says that an attribute, in small letters, may run something or name an
// address outside of the picture.
func leadsOut(name, value string) bool {
	switch {
	case name == "src", name == "data", name == "base": // xml:base moves what # means
		return true
	case strings.HasPrefix(name, "on"):
		return true
	case name == "href":
		return !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "data:image/png;")
	}
	return stylesOut(value)
}

// stylesOut looks at a value as CSS: each url() must name a part of the picture, no
// other function may name an address, and no escape may hide one.
func stylesOut(value string) bool {
	if strings.Count(value, "url(") != strings.Count(value, "url(#") {
		return true
	}
	for _, s := range []string{"image(", "image-set(", "src(", `\`} {
		if strings.Contains(value, s) {
			return true
		}
	}
	return false
}
