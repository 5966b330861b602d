package status

import (
	"errors"
	"fmt"
	"math/bits"
)

// The purposes of a Bitstring Status List (Bitstring Status List 1.0 §2.1). What is
// revoked stays so; a suspension may end; refresh says that the issuer has, or will
// make, a newer credential; message tells one of the messages in the entry.
const (
	Revocation = "revocation"
	Suspension = "suspension"
	Refresh    = "refresh"
	Message    = "message"
)

// The values of a one-bit list, and of a Token Status List with more bits
// (Token Status List §7.1).
const (
	Valid     = 0
	Invalid   = 1
	Suspended = 2
)

// MinBitstring is the least number of entries of a Bitstring Status List: fewer
// would tell the holders apart (Bitstring Status List 1.0 §3.2).
const MinBitstring = 131_072

// What can be wrong with a list or an index.
var (
	ErrList  = errors.New("status: list not readable")
	ErrIndex = errors.New("status: no such entry, or value too large for the list")
)

// List is a status list: entries of 1, 2, 4 or 8 bits, all zero at first.
type List struct {
	bits int
	data []byte // entry 0 stands in the least significant bits of byte 0
}

// New makes a list of at least the given number of entries; it is filled up to a
// whole byte. A width other than 1, 2, 4 and 8 bits counts as 8.
func New(entries, width int) *List {
	if !validWidth(width) {
		width = 8
	}
	perByte := 8 / width
	return &List{bits: width, data: make([]byte, (max(entries, 0)+perByte-1)/perByte)}
}

func validWidth(width int) bool { return width == 1 || width == 2 || width == 4 || width == 8 }

// Len is the number of entries.
func (l *List) Len() int { return len(l.data) * 8 / l.bits }

// place gives the byte of entry i and how far it is shifted there.
func (l *List) place(i int) (index, shift int) {
	return i * l.bits / 8, i * l.bits % 8
}

// Set writes entry i. It returns ErrIndex if there is no such entry or v does
// not fit; the list is then unchanged.
func (l *List) Set(i int, v byte) error {
	mask := byte(1<<l.bits - 1)
	if i < 0 || i >= l.Len() || v&^mask != 0 {
		return fmt.Errorf("%w: entry %d of %d", ErrIndex, i, l.Len())
	}
	index, shift := l.place(i)
	l.data[index] = l.data[index]&^(mask<<shift) | v<<shift
	return nil
}

// Get reads entry i. It returns ErrIndex.
func (l *List) Get(i int) (byte, error) {
	if i < 0 || i >= l.Len() {
		return 0, fmt.Errorf("%w: entry %d of %d", ErrIndex, i, l.Len())
	}
	index, shift := l.place(i)
	return l.data[index] >> shift & byte(1<<l.bits-1), nil
}

// leftToRight gives the bytes with entry 0 in the most significant bits of byte
// 0, as the Bitstring wants them; the same again turns them back.
func leftToRight(data []byte, width int) []byte {
	out := make([]byte, len(data))
	for i, b := range data {
		for shift := 0; shift < 8; shift += width {
			entry := b >> shift & byte(1<<width-1)
			out[i] |= entry << (8 - width - shift)
		}
		if width == 1 {
			out[i] = bits.Reverse8(b)
		}
	}
	return out
}
