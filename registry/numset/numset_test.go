package numset_test

import (
	"math"
	"slices"
	"testing"

	"socialregistry/registry/numset"
)

func TestHas(t *testing.T) {
	t.Parallel()
	in := []int64{1_000_000_007, 3, 0, 1_000_000_006, 3, math.MaxInt64}
	set, first, last := numset.Encode(slices.Clone(in))
	if first != 0 || last != math.MaxInt64 {
		t.Errorf("from %d to %d", first, last)
	}
	for _, n := range []int64{0, 1, 2, 3, 4, 1_000_000_005, 1_000_000_006, 1_000_000_007, 1_000_000_008, math.MaxInt64 - 1, math.MaxInt64} {
		if got, err := numset.Has(set, n); err != nil || got != slices.Contains(in, n) {
			t.Errorf("Has(%d) = %v, %v", n, got, err)
		}
	}
	if _, err := numset.Has([]byte{0x80}, 1); err != numset.ErrDamaged {
		t.Errorf("a cut set: %v", err)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	numbers := make([]int64, 8192)
	for i := range numbers {
		numbers[i] = 1_000_000_000 + int64(i)*3
	}
	if set, _, _ := numset.Encode(numbers); len(set) > 8192+8 {
		t.Errorf("%d bytes for 8,192 neighbours", len(set))
	}
}

func FuzzHas(f *testing.F) {
	f.Add([]byte{1, 2, 3}, int64(3))
	f.Add([]byte{0x80}, int64(-1))
	f.Fuzz(func(t *testing.T, set []byte, n int64) {
		_, err := numset.Has(set, n)
		if err != nil && err != numset.ErrDamaged {
			t.Fatal(err)
		}
	})
}
