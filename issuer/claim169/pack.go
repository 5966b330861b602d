package claim169

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Limits of a code that we read. The largest QR code holds 4,296 signs.
const (
	maxText     = 8 << 10  // signs
	maxInflated = 64 << 10 // bytes
)

// Pack compresses a token and writes it as the text of a code. It returns ErrTooLarge.
func Pack(token []byte) (string, error) {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return "", fmt.Errorf("claim169: compress: %w", err)
	}
	w.Write(token) // a bytes.Buffer takes everything
	w.Close()
	text := encode45(out.Bytes())
	if len(text) > maxText {
		return "", fmt.Errorf("%w: %d signs", ErrTooLarge, len(text))
	}
	return text, nil
}

// Unpack gives the token in a text; nothing of it is checked. Inji Certify compresses
// hexadecimal text: that becomes the bytes which it stands for. It returns ErrMalformed, ErrIncomplete or
// ErrTooLarge.
func Unpack(text string) ([]byte, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: %d signs", ErrTooLarge, len(text))
	}
	packed, whole, err := decode45(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	from := bytes.NewReader(packed)
	z, err := zlib.NewReader(from)
	if err != nil {
		return nil, unpackError(err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	switch {
	case err != nil:
		return nil, unpackError(err)
	case len(data) > maxInflated:
		return nil, fmt.Errorf("%w: it inflates to more than %d bytes", ErrTooLarge, maxInflated)
	case from.Len() > 0 || !whole:
		return nil, fmt.Errorf("%w: something follows the compressed data", ErrMalformed)
	}
	if plain, err := hex.DecodeString(string(data)); err == nil && len(plain) > 0 {
		return plain, nil
	}
	return data, nil
}

func unpackError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ErrMalformed, ErrIncomplete)
	}
	return fmt.Errorf("%w: not compressed as it must be", ErrMalformed)
}

// Is says whether a text may be a code: it has no signs but those of Base45, and
// begins as compressed data does. Whether it holds identity data, Parse finds out.
func Is(text string) bool {
	if !is45(text[:min(maxText+1, len(text))]) { // of a longer one enough is seen
		return false
	}
	head, _, err := decode45(text[:min(3, len(text))])
	return err == nil && len(head) == 2 && head[0]&0x0f == 8 && head[0]>>4 <= 7 && (int(head[0])<<8|int(head[1]))%31 == 0 // RFC 1950 §2.2
}
