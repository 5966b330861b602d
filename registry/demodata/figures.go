package demodata

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
)

//go:embed figures.json
var figuresJSON []byte

// people is a group of households who name people alike.
type people struct {
	Name   string
	Weight float64
	Dial   string // country code of their telephones
	Male   []string
	Female []string
	Family []string
}

// figures is figures.json: the shape of the population. Household sizes (mean
// 4), the share of men and the age bands follow published figures of a national
// social registry.
type figures struct {
	Peoples        []people
	Regions        []string
	HouseholdSizes []float64 `json:"household_sizes"` // chances of 1, 2, 3, ... people
	AgeBands       []struct {
		From, To    int
		Head, Other float64 // chances
	} `json:"age_bands"`
	Male struct{ Head, Other float64 }

	peoples, sizes, heads, others weights
}

func readFigures() (figures, error) {
	var f figures
	if err := json.Unmarshal(figuresJSON, &f); err != nil {
		return figures{}, fmt.Errorf("demodata: figures.json: %w", err)
	}
	for _, p := range f.Peoples {
		f.peoples = f.peoples.and(p.Weight)
	}
	for _, n := range f.HouseholdSizes {
		f.sizes = f.sizes.and(n)
	}
	for _, b := range f.AgeBands {
		f.heads, f.others = f.heads.and(b.Head), f.others.and(b.Other)
	}
	return f, nil
}

// weights are running totals of chances.
type weights []float64

func (w weights) and(chance float64) weights {
	if len(w) > 0 {
		chance += w[len(w)-1]
	}
	return append(w, chance)
}

// pick gives an index by its chance.
func (w weights) pick(rnd *rand.Rand) int {
	x := rnd.Float64() * w[len(w)-1]
	for i, total := range w {
		if x < total {
			return i
		}
	}
	return len(w) - 1
}

// logNormal gives n places of very different size (mu 0, sigma 0.7).
func logNormal(rnd *rand.Rand, n int) weights {
	var w weights
	for range n {
		w = w.and(math.Exp(0.7 * rnd.NormFloat64()))
	}
	return w
}
