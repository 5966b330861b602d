package issuer

import (
	"errors"
	"fmt"

	"socialregistry/issuer/artwork"
)

// CheckDrawing tells whether a file is a drawing (SVG) that runs and fetches nothing,
// of at most 128 KiB. The error says what is wrong.
func CheckDrawing(body []byte) error {
	image, err := artwork.Parse(body)
	if err != nil {
		return fmt.Errorf("check a drawing: %w", err)
	}
	if image.MediaType != artwork.SVG {
		return errors.New("check a drawing: not SVG")
	}
	return nil
}
