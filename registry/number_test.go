package registry_test

import (
	"sync"
	"testing"

	"socialregistry/registry"
)

func TestCheckDigit(t *testing.T) {
	t.Parallel()
	if got := registry.Verhoeff("2360"); got != 3 { // the textbook example of Verhoeff's code: 236 with 3
		t.Fatalf("check digit of 236 = %d, want 3", got)
	}
	number := registry.FormatNumber(236)
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

// Two processes on one database never give out the same number, across the
// edges of the leased blocks.
func TestNumbersAreGivenOutOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		y, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
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
					if _, ok := registry.CleanNumber(n); !ok || seen[n] {
						t.Errorf("%s is wrong or given out twice", n)
					}
					seen[n] = true
				}
			})
		}
		wg.Wait()
	})
}

func TestARefusedPersonCostsNoNumber(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		first := x.register(t, amina())
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
		var next int64
		if err := x.DB.WithContext(t.Context()).Raw("SELECT next_no FROM registrant_number").Scan(&next).Error; err != nil || next != registry.NumberBlock+1 {
			t.Errorf("next_no = %d, %v: want one block leased", next, err)
		}
	})
}
