package status

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// Limits of a list that we read. 4 MiB are 33 million entries of one bit.
const (
	maxInflated = 4 << 20
	maxEncoded  = 6 << 20
)

// TokenList gives the member lst of a Token Status List: ZLIB, base64url (§4.1).
func (l *List) TokenList() string { return base64.RawURLEncoding.EncodeToString(l.Packed()) }

// Packed gives the member lst of a Token Status List in CBOR: ZLIB (§4.3).
func (l *List) Packed() []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write(l.data) // a bytes.Buffer takes everything
	w.Close()
	return out.Bytes()
}

// Bitstring gives the encodedList of a Bitstring Status List: GZIP, base64url,
// multibase u (§3.3). A list with fewer than MinBitstring entries is filled up
// with zeros.
func (l *List) Bitstring() string {
	data := leftToRight(l.data, l.bits)
	if missing := MinBitstring*l.bits/8 - len(data); missing > 0 {
		data = append(data, make([]byte, missing)...)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(data)
	w.Close()
	return "u" + base64.RawURLEncoding.EncodeToString(out.Bytes())
}

// ParseTokenList reads a member lst whose entries are width bits wide. It
// returns ErrList, also for a list of more than 4 MiB.
func ParseTokenList(lst string, width int) (*List, error) {
	packed, err := decode64(lst)
	if err != nil {
		return nil, err
	}
	return ParsePacked(packed, width)
}

// ParsePacked reads a list as Packed writes it. It returns ErrList as ParseTokenList
// does.
func ParsePacked(packed []byte, width int) (*List, error) {
	if !validWidth(width) {
		return nil, fmt.Errorf("%w: %d bits", ErrList, width)
	}
	r := bytes.NewReader(packed)
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%w: not ZLIB", ErrList)
	}
	data, err := inflate(z, r)
	if err != nil {
		return nil, err
	}
	return &List{bits: width, data: data}, nil
}

// ParseBitstring reads an encodedList whose entries are width bits wide (the
// statusSize of the entry). It returns ErrList, also for a list of fewer than
// MinBitstring entries or of more than 4 MiB.
func ParseBitstring(s string, width int) (*List, error) {
	if !validWidth(width) {
		return nil, fmt.Errorf("%w: %d bits", ErrList, width)
	}
	rest, ok := strings.CutPrefix(s, "u")
	if !ok {
		return nil, fmt.Errorf("%w: not base64url multibase", ErrList)
	}
	packed, err := decode64(rest)
	if err != nil {
		return nil, err
	}
	r := bytes.NewReader(packed)
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%w: not GZIP", ErrList)
	}
	z.Multistream(false)
	data, err := inflate(z, r)
	if err != nil {
		return nil, err
	}
	if len(data)*8/width < MinBitstring {
		return nil, fmt.Errorf("%w: fewer than %d entries", ErrList, MinBitstring)
	}
	return &List{bits: width, data: leftToRight(data, width)}, nil
}

func decode64(s string) ([]byte, error) {
	if len(s) > maxEncoded {
		return nil, fmt.Errorf("%w: too long", ErrList)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, fmt.Errorf("%w: not base64url", ErrList)
	}
	return b, nil
}

// inflate reads a stream to its end, which must be the end of what it is read from.
func inflate(z io.Reader, from *bytes.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err != nil {
		return nil, fmt.Errorf("%w: compressed data is broken", ErrList)
	}
	if len(data) > maxInflated {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrList, maxInflated)
	}
	if from.Len() > 0 {
		return nil, fmt.Errorf("%w: something follows the list", ErrList)
	}
	return data, nil
}
