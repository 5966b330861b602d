package expr

import (
	"fmt"
	"math"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// resultOf gives a value of CEL as Go has it.
func resultOf(v ref.Val, k Kind) (any, error) {
	switch x := v.(type) {
	case types.String:
		if k == Text {
			return string(x), nil
		}
	case types.Bool:
		if k == Boolean {
			return bool(x), nil
		}
	case types.Timestamp:
		if k == Date {
			return x.UTC(), nil
		}
	}
	if n, ok := numberOf(v); ok && k == Number {
		return n, nil
	}
	return nil, fmt.Errorf("%w: the result is %s, not %s", ErrEval, v.Type().TypeName(), k)
}

// numberOf takes every finite number.
func numberOf(v ref.Val) (float64, bool) {
	n := math.NaN()
	switch x := v.(type) {
	case types.Double:
		n = float64(x)
	case types.Int:
		n = float64(x)
	case types.Uint:
		n = float64(x)
	}
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}
