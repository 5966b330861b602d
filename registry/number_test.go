package registry_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestCheckDigit(t *testing.T) {
	t.Parallel()
	number := registry.FormatNumber(236) // the textbook example of Verhoeff's code: 236 with 3
	if number != "SR-00000002369" {
		t.Fatalf("number = %s", number)
	}
	for _, typed := range []string{number, "sr-00000002369", " SR 0000 000 2369", "00000002369", "ＳＲ-٠٠٠٠٠٠٠٢٣٦٩"} {
		if got, ok := registry.CleanNumber(typed); !ok || got != number {
			t.Errorf("%q = %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "SR-", "SR-0000000236", "SR-000000023690", "SR-0000000236a", "SR-SR-00000002369", "2369", "SR-00000002368"} {
		if got, ok := registry.CleanNumber(typed); ok {
			t.Errorf("%q = %q", typed, got)
		}
	}
}

func TestCheckDigitFindsSlips(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, 1, 9, 10, 1234567890, 9999999999} {
		number := []byte(registry.FormatNumber(n))
		if _, ok := registry.CleanNumber(string(number)); !ok {
			t.Fatalf("%s is refused", number)
		}
		for i := 3; i < len(number); i++ {
			for d := byte('0'); d <= '9'; d++ {
				slip := append([]byte{}, number...)
				if slip[i] = d; d == number[i] {
					continue
				}
				if _, ok := registry.CleanNumber(string(slip)); ok {
					t.Errorf("%s passed for %s", slip, number)
				}
			}
			if i+1 < len(number) && number[i] != number[i+1] {
				slip := append([]byte{}, number...)
				slip[i], slip[i+1] = slip[i+1], slip[i]
				if _, ok := registry.CleanNumber(string(slip)); ok {
					t.Errorf("%s passed for %s", slip, number)
				}
			}
		}
	}
}

func TestNumbersThatAreEasilyMisread(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]int{
		"": -1, "1": -1, "0": 0, "10": -1, "0123": 0, "11": -1, "111": 2, "1101": -1, "1110": 2, "5000": 3, "1001001": 5, "10010010011": 5, "10020031002": -1,
		"123": 2, "132": -1, "4321": 2, "8890": -1, "9012": 3, "987": 2, "909": -1, "135": -1,
		"1212": 3, "12312": 2, "2424": 3, "5242": -1, "52424": 4, "2442": -1, "1001": -1, "7878": 3, "24524": -1, "245245": 5, "13571358": -1, "13571357": 7, "91357913579": 9,
	} {
		if got := registry.MisreadAt(digits); got != want {
			t.Errorf("%s is misread at %d, want %d", digits, got, want)
		}
	}
}

// The numbers that are given out are those that are not easily misread: in order,
// none left out, and most of all there are.
func TestNumbersAreCountedWithoutThoseEasilyMisread(t *testing.T) {
	t.Parallel()
	for _, start := range []int64{0, 1_001_000_000, 2_349_900_000, 5_070_299_000, 9_897_000_000} {
		at, found := start, 0
		for counter := max(start, 1_000_000_000); found < 500; counter++ {
			number := registry.FormatNumber(counter)
			if registry.MisreadAt(number[3:]) >= 0 {
				continue
			}
			got, next := registry.NumberFrom(at)
			if got != number || next != counter+1 {
				t.Fatalf("after %d comes %s, then %d; want %s, then %d", at, got, next, number, counter+1)
			}
			at, found = next, found+1
		}
	}
	const sample = 100_000
	good := 0
	random := rand.New(rand.NewPCG(1, 2))
	for range sample {
		if registry.MisreadAt(registry.FormatNumber(random.Int64N(10_000_000_000))[3:]) < 0 {
			good++
		}
	}
	if share := float64(good) / sample; share < 0.6 || share > 0.75 {
		t.Errorf("%.3f of all numbers can be given out", share)
	}
}

// Two processes on one database never give out the same number, across the
// edges of the leased blocks.
func TestNumbersAreGivenOutOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		y := x.second(t)
		const each = 8
		var mu sync.Mutex
		seen := map[string]bool{}
		var wg sync.WaitGroup
		for i := range 2 * each {
			source := []*registry.Registry{x.Registry, y}[i%2]
			size := []int{1, 100, registry.NumberBlock - 1, registry.NumberBlock, registry.NumberBlock + 1}[i%5]
			wg.Go(func() {
				numbers, err := source.TakeNumbers(t.Context(), size)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || len(numbers) != size {
					t.Errorf("%d numbers, %v; want %d", len(numbers), err, size)
				}
				for _, n := range numbers {
					if clean, ok := registry.CleanNumber(n); !ok || clean != n || seen[n] || registry.MisreadAt(n[3:]) >= 0 {
						t.Errorf("%s is wrong, easily misread or given out twice", n)
					}
					seen[n] = true
				}
			})
		}
		wg.Wait()
	})
}

// second is another process on the same database.
func (x *fixture) second(t *testing.T) *registry.Registry {
	t.Helper()
	y, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// Imports and single registrations of two processes take their numbers from one
// counter: an import that finds others before it numbers its rows anew.
func TestNumbersOfImportsAndOthersNeverMeet(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const imports, rows, single = 4, 30, 8
		both := []*registry.Registry{x.Registry, x.second(t)}
		var wg sync.WaitGroup
		for i := range imports {
			wg.Go(func() {
				file := "Full name\n"
				for n := range rows {
					file += fmt.Sprintf("Person %d of %d\n", n, i)
				}
				if _, err := both[i%2].Import(t.Context(), registrar(), strings.NewReader(file), registry.ImportOptions{Mode: registry.ImportCreate}); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range single {
			wg.Go(func() {
				if _, err := both[i%2].Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"full_name": "Single"}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var numbers []string
		if err := x.DB.WithContext(t.Context()).Raw("SELECT number FROM registrant").Scan(&numbers).Error; err != nil || len(numbers) != imports*rows+single {
			t.Fatalf("%d people, %v", len(numbers), err)
		}
		seen := map[string]bool{}
		for _, n := range numbers {
			if clean, ok := registry.CleanNumber(n); !ok || clean != n || seen[n] || registry.MisreadAt(n[3:]) >= 0 {
				t.Errorf("%s is wrong, easily misread or given out twice", n)
			}
			seen[n] = true
		}
	})
}

func TestARefusedPersonCostsNoNumber(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		first := x.register(t, amina())
		leased := x.nextNumber(t)
		for range 3 {
			if _, err := x.Register(t.Context(), registrar(), registry.Change{Set: amina()}); err == nil {
				t.Fatal("a doubled person passed")
			}
		}
		second := x.register(t, map[string]string{"full_name": "B"})
		if first.Number == second.Number {
			t.Fatal("one number for two")
		}
		if used, err := x.TakeNumbers(t.Context(), registry.NumberBlock-2); err != nil || len(used) != registry.NumberBlock-2 {
			t.Fatal(err)
		}
		if next := x.nextNumber(t); next != leased {
			t.Errorf("next_no = %d, want %d: one block leased", next, leased)
		}
	})
}

// TestANumberIsUsedAgainOnlyAfterARefusal: what fails otherwise may have been
// written.
func TestANumberIsUsedAgainOnlyAfterARefusal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.register(t, amina())
		leased := x.nextNumber(t)
		for _, lost := range []error{fault.New(fault.Conflict, "refused", "Refused."), errors.New("the connection is gone")} {
			ctx := db.Besides(t.Context(), func(*gorm.DB, db.Time) error { return lost })
			_, made := x.Register(ctx, registrar(), registry.Change{Set: map[string]string{"full_name": "B"}})
			_, created := x.CreateGroup(ctx, registrar(), "community", registry.Change{Set: map[string]string{"group_name": "B"}}, nil)
			if !errors.Is(made, lost) || !errors.Is(created, lost) {
				t.Fatal(made, created)
			}
		}
		if _, err := x.TakeNumbers(t.Context(), registry.NumberBlock-3); err != nil || x.nextNumber(t) != leased {
			t.Errorf("numbers were lost by a refusal: %v", err)
		}
		if _, err := x.TakeNumbers(t.Context(), 1); err != nil || x.nextNumber(t) == leased {
			t.Errorf("numbers came back that may be used: %v", err)
		}
	})
}
