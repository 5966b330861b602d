package issuer

import (
	"context"
	"sync"
	"time"

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
	key    secret.Key
	lease  func(context.Context, listClass) (ledger.Block, error)
	leased func(ledger.Block) error // called before any index of a block is given

	mu    sync.Mutex
	open  map[listClass]*openBlock   // guarded by mu
	aside map[listClass]ledger.Block // guarded by mu; leased blocks that leased could not take yet
}

// listClass is what the credentials of one list have in common.
type listClass struct {
	kind string
	ends time.Time // the end of the quarter in which they end
}

// classOf finds the lists for a credential of a kind that ends at a moment. Those
// that end in one quarter of a year share their lists, so that a list can be
// retired as a whole (Token Status List §13.2), and its address says no more of
// anybody than the end that the credential tells itself.
func classOf(kind string, until time.Time) listClass {
	year, month, _ := until.UTC().Date()
	first := month - (month-1)%3
	return listClass{kind, time.Date(year, first+3, 1, 0, 0, 0, 0, time.UTC)}
}

type openBlock struct {
	block ledger.Block
	next  int64
	perm  status.Permutation
	back  []slot // given back, certainly unused
}

func newAllocator(key secret.Key, lease func(context.Context, listClass) (ledger.Block, error), leased func(ledger.Block) error) *allocator {
	return &allocator{key: key, lease: lease, leased: leased, open: map[listClass]*openBlock{}, aside: map[listClass]ledger.Block{}}
}

// takeAll gives n fresh indices in lists of the class.
func (a *allocator) takeAll(ctx context.Context, class listClass, n int) ([]slot, error) {
	slots := make([]slot, n)
	for k := range slots {
		var err error
		if slots[k], err = a.take(ctx, class); err != nil {
			a.giveBack(class, slots[:k]...)
			return nil, err
		}
	}
	return slots, nil
}

// take gives a fresh index in a list of the class.
func (a *allocator) take(ctx context.Context, class listClass) (slot, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.open[class]
	if b != nil && len(b.back) > 0 {
		s := b.back[len(b.back)-1]
		b.back = b.back[:len(b.back)-1]
		return s, nil
	}
	if b == nil || b.next == b.block.Count {
		leased, err := a.block(ctx, class)
		if err != nil {
			return slot{}, err
		}
		key := a.key.Derive(leased.List.ID)
		b = &openBlock{block: leased, perm: status.NewPermutation(key, uint32(leased.List.Size))}
		a.open[class] = b
	}
	index := b.perm.At(uint32(b.block.First + b.next))
	b.next++
	return slot{listID: b.block.List.ID, index: int64(index)}, nil
}

// block leases the next block of the class. One that leased refuses is kept for the
// next try, so that a full disk does not use up the lists. The caller holds mu.
func (a *allocator) block(ctx context.Context, class listClass) (ledger.Block, error) {
	b, ok := a.aside[class]
	if !ok {
		var err error
		if b, err = a.lease(ctx, class); err != nil {
			return ledger.Block{}, err
		}
	}
	if err := a.leased(b); err != nil {
		a.aside[class] = b
		return ledger.Block{}, err
	}
	delete(a.aside, class)
	return b, nil
}

// giveBack returns slots whose reservation was refused, so that refused
// requests cannot use up a list. Give back only what certainly was not written.
func (a *allocator) giveBack(class listClass, slots ...slot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.open[class]; b != nil {
		b.back = append(b.back, slots...)
	}
}
