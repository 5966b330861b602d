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
	ledger *ledger.Ledger
	key    secret.Key
	leased func(ledger.Block) error // called before any index of a block is given

	mu   sync.Mutex
	open map[listClass]*openBlock // guarded by mu
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

func newAllocator(l *ledger.Ledger, key secret.Key, leased func(ledger.Block) error) *allocator {
	return &allocator{ledger: l, key: key, leased: leased, open: map[listClass]*openBlock{}}
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
		leased, err := a.ledger.Lease(ctx, class.kind, class.ends, blockSize)
		if err != nil {
			return slot{}, err
		}
		if err := a.leased(leased); err != nil {
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

// giveBack returns slots whose reservation was refused, so that refused
// requests cannot use up a list. Give back only what certainly was not written.
func (a *allocator) giveBack(class listClass, slots ...slot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.open[class]; b != nil {
		b.back = append(b.back, slots...)
	}
}
