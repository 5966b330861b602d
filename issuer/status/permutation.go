package status

import (
	"crypto/aes"
	"encoding/binary"
	"math/bits"

	"socialregistry/internal/secret"
)

// rounds of the Feistel network. The domain is small and the permutation hides
// order, not content: whoever could tell it from a random one learns how many
// indices lie between two credentials.
const rounds = 8

// Permutation maps 0..size-1 one to one onto itself, in an order that nobody
// predicts without the key. The same key and size give the same permutation.
type Permutation struct {
	size  uint32
	half  int // bits of each half
	table [rounds][]uint32
}

// NewPermutation makes the permutation of a list of size entries. The round
// function is AES-256 under key, tabulated: at most 2 MiB for the largest size.
func NewPermutation(key secret.Key, size uint32) Permutation {
	p := Permutation{size: size, half: 1}
	if size > 1 {
		p.half = max(1, (bits.Len32(size-1)+1)/2)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil { // 32 bytes are a key of AES-256
		return Permutation{}
	}
	var in, out [aes.BlockSize]byte
	for r := range rounds {
		p.table[r] = make([]uint32, 1<<p.half)
		in[0] = byte(r)
		for v := range p.table[r] {
			binary.BigEndian.PutUint32(in[4:], uint32(v))
			block.Encrypt(out[:], in[:])
			p.table[r][v] = binary.BigEndian.Uint32(out[:]) & (1<<p.half - 1)
		}
	}
	return p
}

// At gives the place of i. For i outside of 0..size-1 it gives size, which is
// no place.
func (p Permutation) At(i uint32) uint32 {
	if i >= p.size {
		return p.size
	}
	// Cycle walking: the network permutes the next power of four; steps that leave
	// 0..size-1 are repeated until one is back inside, at most four on average.
	for v := p.feistel(i); ; v = p.feistel(v) {
		if v < p.size {
			return v
		}
	}
}

func (p Permutation) feistel(v uint32) uint32 {
	left, right := v>>p.half, v&(1<<p.half-1)
	for r := range rounds {
		left, right = right, left^p.table[r][right]
	}
	return left<<p.half | right
}
