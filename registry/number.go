package registry

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/checkdigit"
	"socialregistry/registry/seal"
)

// A registration number is SR- with ten digits and a check digit (Verhoeff: it
// finds every single wrong digit and every swap of two neighbours). Numbers are
// leased from the database in blocks; what a process does not use is lost, so
// they have gaps and no meaning. Counter values whose number is easily misread
// are nobody's: see misreadAt.
const (
	numberPrefix = "SR-"
	numberDigits = 10
	firstNumber  = 1_000_000_000 // the least counter value that does not begin with 0
	numberBlock  = 256
)

// numberPool is the leased numbers of this process that are not used yet.
type numberPool struct {
	mu   sync.Mutex
	free []string
}

// takeNumbers gives n registration numbers that nobody has. It must not be
// called inside a transaction: it may start one.
func (r *Registry) takeNumbers(ctx context.Context, n int) ([]string, error) {
	r.numbers.mu.Lock()
	defer r.numbers.mu.Unlock()
	if missing := n - len(r.numbers.free); missing > 0 {
		leased, err := r.leaseNumbers(ctx, max(missing, numberBlock))
		if err != nil {
			return nil, err
		}
		r.numbers.free = append(r.numbers.free, leased...)
	}
	taken := r.numbers.free[:n:n]
	r.numbers.free = r.numbers.free[n:]
	return taken, nil
}

// returnNumbers takes back numbers that were not used after all, if err says so:
// a refusal comes from inside their transaction, which then wrote nothing. After
// any other failure it may have been committed, and the numbers are lost.
func (r *Registry) returnNumbers(err error, numbers ...string) {
	if fault.KindOf(err) == fault.Internal {
		return
	}
	r.numbers.mu.Lock()
	defer r.numbers.mu.Unlock()
	r.numbers.free = append(r.numbers.free, numbers...)
}

func (r *Registry) leaseNumbers(ctx context.Context, n int) ([]string, error) {
	numbers := make([]string, n)
	// The lease outlives the request that caused it, and is no part of it.
	err := r.db.InTx(db.Besides(ctx, nil), r.now, func(tx *gorm.DB, _ db.Time) error {
		next, err := r.lockCounter(tx)
		if err != nil {
			return err
		}
		for i := range numbers {
			numbers[i], next = numberFrom(next)
		}
		return moveCounter(tx, next)
	})
	if err != nil {
		return nil, fmt.Errorf("lease registration numbers: %w", err)
	}
	return numbers, nil
}

// lockCounter gives the first counter value that nobody has taken, and keeps
// others from taking any until the transaction ends.
func (r *Registry) lockCounter(tx *gorm.DB) (int64, error) {
	var next int64
	if err := tx.Raw(`SELECT next_no FROM registrant_number WHERE one = 1` + r.db.Dialect.ForUpdate()).Scan(&next).Error; err != nil {
		return 0, fmt.Errorf("lock the counter of registration numbers: %w", err)
	}
	if next < 1 {
		return 0, fmt.Errorf("table registrant_number is empty")
	}
	return next, nil
}

// moveCounter says that all values below next are taken.
func moveCounter(tx *gorm.DB, next int64) error {
	if err := tx.Exec(`UPDATE registrant_number SET next_no = ? WHERE one = 1`, next).Error; err != nil {
		return fmt.Errorf("move the counter of registration numbers: %w", err)
	}
	return nil
}

// numberFrom gives the first number at or after a counter value that is not
// easily misread, and the counter value after it. It passes over whole ranges:
// from 1 it takes a handful of steps.
func numberFrom(counter int64) (number string, next int64) {
	for counter = max(counter, firstNumber); ; {
		number = formatNumber(counter)
		digits := number[len(numberPrefix):]
		at := misreadAt(digits)
		if at < 0 {
			return number, counter + 1
		}
		step := int64(1) // all values with the same digits up to at are as bad
		for range len(digits) - 2 - at {
			step *= 10
		}
		counter = (counter/step + 1) * step
	}
}

// misreadAt gives the place where digits begin to be easily misread or mistyped,
// or -1. They are when they
//   - begin with 0, which spreadsheets drop;
//   - hold three neighbours that are equal, ascend or descend (111, 123, 321),
//     where people lose count or type on by habit;
//   - hold two or more digits twice in a row (1212, 100100), one of which is
//     easily left out.
func misreadAt(digits string) int {
	for i := range len(digits) {
		switch {
		case digits[0] == '0':
			return 0
		case i >= 2 && isRun(digits[i-2], digits[i-1], digits[i]):
			return i
		case endsTwice(digits[:i+1]):
			return i
		}
	}
	return -1
}

// endsTwice tells whether digits end with the same two or more twice in a row.
func endsTwice(digits string) bool {
	for n := 2; 2*n <= len(digits); n++ {
		if strings.HasSuffix(digits[:len(digits)-n], digits[len(digits)-n:]) {
			return true
		}
	}
	return false
}

func isRun(a, b, c byte) bool {
	step := int(b) - int(a)
	return int(c)-int(b) == step && step >= -1 && step <= 1
}

// formatNumber writes a counter value as a registration number.
func formatNumber(n int64) string {
	digits := fmt.Sprintf("%0*d", numberDigits, n)
	check, _ := checkdigit.Verhoeff.Compute(digits)
	return numberPrefix + digits + check
}

// cleanNumber reads a registration number as people type it: small letters,
// spaces, no prefix, digits of another script. It tells whether the check digit
// is right. Numbers that would not be given out any more are read, too.
func cleanNumber(typed string) (number string, ok bool) {
	s := strings.TrimPrefix(seal.Normalise(typed), strings.TrimSuffix(numberPrefix, "-"))
	if len(s) < numberDigits+1 || len(s) > numberDigits+3 || !checkdigit.Verhoeff.Valid(s) {
		return "", false
	}
	return numberPrefix + s, true
}
