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

// checkSVG reads a picture to its end. What would make a viewer run or fetch
// something is refused: scripts, handlers, foreign content, entities, and addresses
// that are not in the picture itself.
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
	switch strings.ToLower(e.Name.Local) {
	case "script", "foreignobject", "iframe", "style", "animate", "set":
		return fmt.Errorf("%w: the SVG has a <%s>", ErrImage, e.Name.Local)
	}
	for _, a := range e.Attr {
		name, value := strings.ToLower(a.Name.Local), strings.ToLower(a.Value)
		outside := name == "href" && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "data:image/png;")
		if outside || strings.HasPrefix(name, "on") || strings.Contains(value, "url(") && !strings.Contains(value, "url(#") {
			return fmt.Errorf("%w: the SVG has %s=%q", ErrImage, a.Name.Local, a.Value)
		}
	}
	return nil
}
