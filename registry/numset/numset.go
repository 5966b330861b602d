// Package numset writes sets of numbers that lie close together, such as
// registration numbers, in one or two bytes each. It is pure.
package numset

import (
	"encoding/binary"
	"errors"
	"slices"
)

// ErrDamaged says that bytes are no set.
var ErrDamaged = errors.New("numset: damaged")

// Encode gives a set and its least and greatest number. numbers, which must not be
// empty or negative, is put in order; a number that is there twice is kept once.
func Encode(numbers []int64) (set []byte, first, last int64) {
	slices.Sort(numbers)
	last = -1
	for _, n := range numbers {
		if n != last {
			set = binary.AppendUvarint(set, uint64(n-max(last, 0)))
			last = n
		}
	}
	return set, numbers[0], last
}

// Has tells whether a number is in a set. Error: ErrDamaged.
func Has(set []byte, number int64) (bool, error) {
	for n := uint64(0); len(set) > 0; {
		step, size := binary.Uvarint(set)
		if size <= 0 {
			return false, ErrDamaged
		}
		n, set = n+step, set[size:]
		if n >= uint64(number) {
			return n == uint64(number), nil
		}
	}
	return false, nil
}
