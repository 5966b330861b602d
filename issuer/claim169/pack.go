package claim169

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	mathbits "math/bits"
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
	packed := out.Bytes()
	if packed[2]>>1&3 == 0 { // of its three bits the last two are the type of the first block (RFC 1951 §3.2.3)
		packed = packLiterals(token)
	}
	text := encode45(packed)
	if len(text) > maxText {
		return "", fmt.Errorf("%w: %d signs", ErrTooLarge, len(text))
	}
	return text, nil
}

// packLiterals writes zlib data of one block with fixed codes and no repetitions (RFC
// 1951 §3.2.6): for what cannot be compressed. A stored block would be a little
// shorter, but PixelPass 0.6.0, which verifiers in browsers read codes with, stops at one.
func packLiterals(data []byte) []byte {
	out := []byte{0x78, 0xda}
	held, bits := uint32(3), 3 // the last block, of fixed codes
	put := func(code uint16, n int) {
		held |= uint32(mathbits.Reverse16(code)>>(16-n)) << bits
		for bits += n; bits >= 8; bits -= 8 {
			out = append(out, byte(held))
			held >>= 8
		}
	}
	for _, b := range data {
		if b < 144 {
			put(0x30+uint16(b), 8)
		} else {
			put(0x190+uint16(b-144), 9)
		}
	}
	put(0, 7) // the end of the block
	if bits > 0 {
		out = append(out, byte(held))
	}
	return binary.BigEndian.AppendUint32(out, adler32.Checksum(data))
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
