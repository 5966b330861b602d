package status_test

import (
	"slices"
	"testing"

	"socialregistry/internal/secret"
	"socialregistry/issuer/status"
)

func order(key secret.Key, size uint32) []uint32 {
	p := status.NewPermutation(key, size)
	out := make([]uint32, size)
	for i := range out {
		out[i] = p.At(uint32(i))
	}
	return out
}

// Every size, a power of four or not, is permuted one to one.
func TestPermutationIsOneToOne(t *testing.T) {
	t.Parallel()
	key := secret.Key{1, 2, 3}
	for _, size := range []uint32{1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 100, 255, 256, 257, 1000, 131_071, 131_072, 131_073, 1 << 20} {
		seen := make([]bool, size)
		for i, v := range order(key, size) {
			if v >= size || seen[v] {
				t.Fatalf("size %d: %d goes to %d, outside or taken", size, i, v)
			}
			seen[v] = true
		}
		if got := status.NewPermutation(key, size).At(size); got != size {
			t.Errorf("size %d: At(size) = %d, want size", size, got)
		}
	}
	if got := status.NewPermutation(key, 0).At(0); got != 0 {
		t.Errorf("no entries: %d", got)
	}
	largest := status.NewPermutation(key, 1<<32-1)
	if v := largest.At(1<<32 - 2); v >= 1<<32-1 {
		t.Errorf("largest size: %d", v)
	}
}

func TestPermutationDependsOnKeyOnly(t *testing.T) {
	t.Parallel()
	a, b := order(secret.Key{1}, 1024), order(secret.Key{2}, 1024)
	if !slices.Equal(a, order(secret.Key{1}, 1024)) {
		t.Error("the same key gave another order")
	}
	same, near := 0, 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
		if i > 0 && (a[i] == a[i-1]+1 || a[i]+1 == a[i-1]) {
			near++
		}
	}
	if same > 12 || near > 16 { // 1 and 2 expected; 12 and 16 are beyond any chance
		t.Errorf("%d places in common, %d neighbours stayed together", same, near)
	}
}
