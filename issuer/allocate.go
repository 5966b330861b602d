package issuer

import (
	"context"
	"sync"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/status"
)

// blockSize is how many status positions this process leases at a time.
const blockSize = 256

// slot is one place in one status list.
type slot struct {
	listID string
	index  int64
}

// allocator hands out status indices from leased blocks. No index is given
// twice, in any number of processes, because no position is leased twice and
// each list's permutation is one to one. To whoever does not have the key, the
// indices of one person, or of one hour, are scattered over the list.
type allocator struct {
	ledger *ledger.Ledger
	key    secret.Key

	mu   sync.Mutex
	open map[string]*openBlock // by kind; guarded by mu
}

type openBlock struct {
	block ledger.Block
	next  int64
	perm  status.Permutation
	back  []slot // given back, certainly unused
}

func newAllocator(l *ledger.Ledger, key secret.Key) *allocator {
	return &allocator{ledger: l, key: key, open: map[string]*openBlock{}}
}

// takeAll gives n fresh indices in lists of the kind.
func (a *allocator) takeAll(ctx context.Context, kind string, n int) ([]slot, error) {
	slots := make([]slot, n)
	for k := range slots {
		var err error
		if slots[k], err = a.take(ctx, kind); err != nil {
			a.giveBack(kind, slots[:k]...)
			return nil, err
		}
	}
	return slots, nil
}

// take gives a fresh index in a list of the kind.
func (a *allocator) take(ctx context.Context, kind string) (slot, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.open[kind]
	if b != nil && len(b.back) > 0 {
		s := b.back[len(b.back)-1]
		b.back = b.back[:len(b.back)-1]
		return s, nil
	}
	if b == nil || b.next == b.block.Count {
		leased, err := a.ledger.Lease(ctx, kind, blockSize)
		if err != nil {
			return slot{}, err
		}
		key := a.key.Derive(leased.List.ID)
		b = &openBlock{block: leased, perm: status.NewPermutation(key, uint32(leased.List.Size))}
		a.open[kind] = b
	}
	index := b.perm.At(uint32(b.block.First + b.next))
	b.next++
	return slot{listID: b.block.List.ID, index: int64(index)}, nil
}

// giveBack returns slots whose reservation was refused, so that refused
// requests cannot use up a list. Give back only what certainly was not written.
func (a *allocator) giveBack(kind string, slots ...slot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.open[kind]; b != nil {
		b.back = append(b.back, slots...)
	}
}
