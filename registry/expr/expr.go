package expr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

// Bounds of one expression.
const (
	MaxSource = 2000    // characters
	MaxDepth  = 50      // nested calls
	MaxCost   = 100_000 // steps, as CEL counts them: some milliseconds
)

// ErrExpression says that an expression cannot be used. The message around it is
// for the person who wrote it.
var ErrExpression = errors.New("expr: bad expression")

// ErrEval says that an expression has no result for these values: one of them is
// missing, or is none that the expression can be made of.
var ErrEval = errors.New("expr: no result")

// Kind is what a value is, in an expression and in Go.
type Kind string

// The kinds.
const (
	Text    Kind = "text"    // string
	Number  Kind = "number"  // float64, never infinite
	Boolean Kind = "boolean" // bool
	Date    Kind = "date"    // time.Time at midnight, UTC
	Texts   Kind = "texts"   // []string
	Place   Kind = "place"   // map[string]float64: lat, lon, accuracy
	Rows    Kind = "rows"    // []any of map[string]any, as encoding/json gives them
)

// Variable is a value that expressions may read by its name.
type Variable struct {
	Name string
	Kind Kind
	Size int // characters of a text, members of a list: the most there can be
}

// Env compiles expressions over one set of variables. It is safe for concurrent
// use.
type Env struct {
	cel  *cel.Env
	vars map[string]Variable
}

// NewEnv makes an Env. A variable whose name CEL keeps for itself (Reserved) is
// left out: no expression can read it.
func NewEnv(vars []Variable) (*Env, error) {
	e := &Env{vars: map[string]Variable{}}
	opts := []cel.EnvOption{
		cel.ClearMacros(), cel.Macros(e.hasMacro(), cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.FilterMacro, cel.MapMacro),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(MaxSource), cel.ParserRecursionLimit(MaxDepth),
		cel.Variable(allValues, cel.MapType(cel.StringType, cel.DynType)),
		ext.Math(),
	}
	for _, v := range vars {
		if Reserved(v.Name) {
			continue
		}
		e.vars[v.Name] = v
		opts = append(opts, cel.Variable(v.Name, typeOf(v.Kind)))
	}
	var err error
	if e.cel, err = cel.NewEnv(opts...); err != nil {
		return nil, fmt.Errorf("make an expression environment: %w", err)
	}
	return e, nil
}

// Reserved tells whether CEL keeps a name for itself: its words, and the names of
// its types and libraries.
func Reserved(name string) bool {
	return slices.Contains([]string{
		"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "null",
		"package", "namespace", "return", "true", "var", "void", "while",
		"bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "math", "null_type", "string", "timestamp", "type", "uint",
	}, name)
}

func typeOf(k Kind) *cel.Type {
	switch k {
	case Text:
		return cel.StringType
	case Number:
		return cel.DoubleType
	case Boolean:
		return cel.BoolType
	case Date:
		return cel.TimestampType
	case Texts:
		return cel.ListType(cel.StringType)
	case Place:
		return cel.MapType(cel.StringType, cel.DoubleType)
	case Rows:
		return cel.ListType(cel.MapType(cel.StringType, cel.DynType))
	}
	return cel.DynType
}

// Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	run    cel.Program
	result Kind
	reads  []string
}

// Compile checks an expression against the variables and the kind of its result
// (Text, Number, Boolean or Date). It returns an error that wraps ErrExpression.
func (e *Env) Compile(source string, result Kind) (*Program, error) {
	ast, issues := e.cel.Compile(source)
	if err := issues.Err(); err != nil {
		return nil, bad("%s", firstIssue(issues))
	}
	if !fits(ast.OutputType(), result) {
		return nil, bad("the result is %s, not %s", ast.OutputType(), result)
	}
	if name := zoned(ast); name != "" {
		return nil, bad("%s with a time zone depends on the machine", name)
	}
	cost, err := e.cel.EstimateCost(ast, sizes(e.vars))
	if err != nil {
		return nil, bad("the cost cannot be estimated: %v", err)
	}
	if cost.Max > MaxCost {
		return nil, bad("it could take up to %d steps; the limit is %d", cost.Max, MaxCost)
	}
	run, err := e.cel.Program(ast, cel.CostLimit(MaxCost))
	if err != nil {
		return nil, bad("%v", err)
	}
	return &Program{run: run, result: result, reads: e.reads(ast)}, nil
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrExpression}, args...)...)
}

// firstIssue is what is wrong first, with its place and without the picture of
// the source that CEL draws beneath.
func firstIssue(issues *cel.Issues) string {
	if len(issues.Errors()) == 0 {
		return issues.Err().Error()
	}
	first := issues.Errors()[0]
	words, _, _ := strings.Cut(first.Message, "\n")
	return fmt.Sprintf("character %d: %s", first.Location.Column()+1, words)
}

// fits tells whether an expression of type t can give a value of the kind; what
// is only known when it runs is checked then.
func fits(t *cel.Type, k Kind) bool {
	if t.IsExactType(cel.DynType) || t.IsExactType(typeOf(k)) {
		return true
	}
	return k == Number && (t.IsExactType(cel.IntType) || t.IsExactType(cel.UintType))
}

// Reads names the variables that the program reads, sorted.
func (p *Program) Reads() []string { return slices.Clone(p.reads) }

// Eval runs the program. A variable without a value is absent from values, and
// reading it is an error unless the result does not hang on it (CEL's || and &&).
// It returns a value of the program's kind, or an error that wraps ErrEval.
func (p *Program) Eval(values map[string]any) (any, error) {
	activation := make(map[string]any, len(values)+1)
	maps.Copy(activation, values)
	activation[allValues] = values
	out, _, err := p.run.Eval(activation)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEval, err)
	}
	return resultOf(out, p.result)
}
