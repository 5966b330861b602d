package registry

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// A registration number is SR- with ten digits and a check digit (Verhoeff: it
// finds every single wrong digit and every swap of two neighbours). Numbers are
// leased from the database in blocks; what a process does not use is lost, so
// they have gaps and no meaning.
const (
	numberPrefix = "SR-"
	numberDigits = 10
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

// returnNumbers takes back numbers that were not used after all.
func (r *Registry) returnNumbers(numbers ...string) {
	r.numbers.mu.Lock()
	defer r.numbers.mu.Unlock()
	r.numbers.free = append(r.numbers.free, numbers...)
}

func (r *Registry) leaseNumbers(ctx context.Context, n int) ([]string, error) {
	var next int64 // the first number after the lease
	// The lease outlives the request that caused it, and is no part of it.
	err := r.db.InTx(db.Besides(ctx, nil), r.now, func(tx *gorm.DB, _ db.Time) error {
		return tx.Raw(`UPDATE registrant_number SET next_no = next_no + ? WHERE one = 1 RETURNING next_no`, n).Scan(&next).Error
	})
	if err != nil {
		return nil, fmt.Errorf("lease registration numbers: %w", err)
	}
	if next <= int64(n) {
		return nil, fmt.Errorf("lease registration numbers: table registrant_number is empty")
	}
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = formatNumber(next - int64(n) + int64(i))
	}
	return numbers, nil
}

func formatNumber(n int64) string {
	digits := fmt.Sprintf("%0*d", numberDigits, n)
	return numberPrefix + digits + string('0'+verhoeff(digits+"0"))
}

// cleanNumber reads a registration number as people type it: small letters,
// spaces, no prefix, digits of another script. It tells whether the check digit
// is right.
func cleanNumber(typed string) (number string, ok bool) {
	s := strings.TrimPrefix(seal.Normalise(typed), strings.TrimSuffix(numberPrefix, "-"))
	if len(s) < numberDigits+1 || len(s) > numberDigits+3 || strings.Trim(s, "0123456789") != "" || verhoeff(s) != 0 {
		return "", false
	}
	return numberPrefix + s, true
}

// verhoeff gives 0 for digits that end in their check digit; for digits that
// end in 0, it gives the check digit to put there.
func verhoeff(digits string) rune {
	const (
		multiply = "0123456789" + "1234067895" + "2340178956" + "3401289567" + "4012395678" +
			"5987604321" + "6598710432" + "7659821043" + "8765932104" + "9876543210"
		permute = "0123456789" + "1576283094" + "5803796142" + "8916043527" +
			"9453126870" + "4286573901" + "2793806415" + "7046913258"
		inverse = "0432156789"
	)
	c := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		p := int(permute[i%8*10+d] - '0')
		c = int(multiply[c*10+p] - '0')
	}
	if digits[len(digits)-1] == '0' {
		return rune(inverse[c] - '0')
	}
	return rune(c)
}
