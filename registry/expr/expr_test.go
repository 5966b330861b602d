package expr_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/registry/expr"
)

func env(t testing.TB) *expr.Env {
	t.Helper()
	e, err := expr.NewEnv([]expr.Variable{
		{Name: "wall", Kind: expr.Number}, {Name: "water", Kind: expr.Number}, {Name: "size", Kind: expr.Number},
		{Name: "female_head", Kind: expr.Boolean}, {Name: "elderly_head", Kind: expr.Boolean}, {Name: "child_head", Kind: expr.Boolean},
		{Name: "sex", Kind: expr.Text, Size: 20}, {Name: "born", Kind: expr.Date}, {Name: "needs", Kind: expr.Texts, Size: 100},
		{Name: "home", Kind: expr.Place}, {Name: "crew", Kind: expr.Rows, Size: 500}, {Name: "note", Kind: expr.Text, Size: 4000},
		{Name: "type", Kind: expr.Text, Size: 20},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// pmt is the proxy means test of shared/specs/registry-peers.md 6, by its own
// words, rounded as its figures are.
const pmt = `math.round(math.least(100.0, math.greatest(0.0, 39.84 + 6.50*wall + 6.10*water - 2.85*size
 - (female_head ? 4.88 : 0.0) - (elderly_head ? 6.50 : 0.0) - (child_head ? 9.76 : 0.0))))`

// The source gives the results of four households and not the households. The
// worst and the best are those at the ends of the scales; A and B are households
// that the formula gives these results.
func TestProxyMeansTest(t *testing.T) {
	t.Parallel()
	p, err := env(t).Compile(pmt, expr.Number)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Reads(); !slices.Equal(got, []string{"child_head", "elderly_head", "female_head", "size", "wall", "water"}) {
		t.Errorf("reads %v", got)
	}
	for name, c := range map[string]struct {
		wall, water, size      float64
		female, elderly, child bool
		want                   float64
	}{
		"worst":       {1, 1, 20, true, false, true, 0},
		"best":        {5, 5, 1, false, false, false, 100},
		"household A": {1, 1, 8, false, true, false, 23},
		"household B": {4, 3, 5, false, false, false, 70},
	} {
		got, err := p.Eval(map[string]any{"wall": c.wall, "water": c.water, "size": c.size,
			"female_head": c.female, "elderly_head": c.elderly, "child_head": c.child})
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	if _, err := p.Eval(map[string]any{"wall": 1.0}); !errors.Is(err, expr.ErrEval) {
		t.Errorf("with values missing: %v", err)
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	values := map[string]any{
		"wall": 2.0, "sex": "female", "female_head": true, "born": time.Date(1990, 2, 28, 0, 0, 0, 0, time.UTC),
		"needs": []string{"cash", "food"}, "home": map[string]float64{"lat": -0.09, "lon": 34.7},
		"crew": []any{map[string]any{"name": "A", "age": 7.0}, map[string]any{"name": "B", "age": 40.0}},
	}
	e := env(t)
	for source, want := range map[string]any{
		`sex == "female" && wall > 1`:                        true,
		`has(water)`:                                         false,
		`has(wall) && !has(water)`:                           true,
		`has(water) ? water : 9.5`:                           9.5,
		`water > 1.0 || wall > 1.0`:                          true, // the absent value does not matter
		`"cash" in needs`:                                    true,
		`size(needs)`:                                        2.0,
		`crew.filter(m, m.age < 18).size()`:                  1.0,
		`crew.all(m, has(m.name))`:                           true,
		`home.lat < 0.0`:                                     true,
		`born.getFullYear()`:                                 1990.0,
		`born`:                                               values["born"],
		`sex + "!"`:                                          "female!",
		`math.greatest(wall, 3.0)`:                           3.0,
		`crew.map(m, m.name)[0] == "A"`:                      true,
		`born < timestamp("2000-01-01T00:00:00Z")`:           true,
		`crew.exists(m, m.age > 30 && m.name == "B")`:        true,
		`sex.matches("^f") && sex.startsWith("fe")`:          true,
		`needs.exists_one(n, n == "food")`:                   true,
		`[wall, 2.0].all(v, v == 2.0) ? "both" : "not both"`: "both",
	} {
		kind := map[string]expr.Kind{"bool": expr.Boolean, "float64": expr.Number, "string": expr.Text, "time.Time": expr.Date}[typeName(want)]
		p, err := e.Compile(source, kind)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		for range 2 {
			if got, err := p.Eval(values); err != nil || got != want {
				t.Errorf("%s = %v, %v; want %v", source, got, err, want)
			}
		}
	}
}

func typeName(v any) string {
	switch v.(type) {
	case bool:
		return "bool"
	case float64:
		return "float64"
	case string:
		return "string"
	}
	return "time.Time"
}

func TestNoResult(t *testing.T) {
	t.Parallel()
	values := map[string]any{"wall": 0.0, "crew": []any{map[string]any{"age": "seven"}}}
	e := env(t)
	for _, source := range []string{`1.0 / wall`, `water + 1.0`, `-1.0 / wall`, `wall / wall`, `crew[1].age`, `crew[0].age`, `crew[0].name`} {
		p, err := e.Compile(source, expr.Number)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := p.Eval(values); !errors.Is(err, expr.ErrEval) {
			t.Errorf("%s = %v, %v", source, got, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	e := env(t)
	for name, source := range map[string]string{
		"nothing":               ``,
		"no expression":         `wall +`,
		"unknown name":          `income > 1.0`,
		"wrong type":            `sex > 1.0`,
		"another result":        `"a"`,
		"the clock":             `now()`,
		"a time zone":           `born.getHours("Africa/Nairobi") == 1`,
		"hidden variable":       `size(@values)`,
		"has of nothing":        `has(income)`,
		"has of a call":         `has(size(needs))`,
		"a name that CEL keeps": `type == "a"`,
		"too long":              strings.Repeat("true && ", expr.MaxSource/8) + "true",
		"too deep":              strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300),
		"too dear":              `crew.all(a, crew.all(b, crew.all(c, a.age < b.age && b.age < c.age)))`,
	} {
		if _, err := e.Compile(source, expr.Boolean); !errors.Is(err, expr.ErrExpression) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.Compile(strings.Repeat(" ", expr.MaxSource-4)+"true", expr.Boolean); err != nil {
		t.Errorf("of the greatest length: %v", err)
	}
}

// Whatever is written compiles or is refused in words; what compiles gives a
// result or ErrEval, and the same twice. Fuzz it with -fuzzminimizetime 1x: the
// parser's caches make coverage differ from run to run, and Go would spend all the
// time on making inputs smaller.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{pmt, `has(water)`, `crew.filter(m, m.age < 18).size()`, `"a" + sex`, `born.getFullYear()`, `[1,2][3]`, `{`, `1/0`, `"\u0000"`, `needs.map(x, x+x)`} {
		f.Add(s)
	}
	e := env(f)
	values := map[string]any{"wall": 2.0, "sex": "f", "needs": []string{"a", "b"}, "born": time.Unix(0, 0).UTC(),
		"crew": []any{map[string]any{"age": 3.0}}, "home": map[string]float64{"lat": 1}}
	f.Fuzz(func(t *testing.T, source string) {
		for _, kind := range []expr.Kind{expr.Boolean, expr.Number, expr.Text, expr.Date} {
			p, err := e.Compile(source, kind)
			if err != nil {
				if !errors.Is(err, expr.ErrExpression) {
					t.Fatalf("%q: %v", source, err)
				}
				continue
			}
			one, err1 := p.Eval(values)
			two, err2 := p.Eval(values)
			if err1 != nil && !errors.Is(err1, expr.ErrEval) || (err1 == nil) != (err2 == nil) || one != two {
				t.Fatalf("%q: %v, %v and %v, %v", source, one, err1, two, err2)
			}
		}
	})
}
