package expr

import (
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
)

// allValues is a variable that holds all values by name. No expression can name
// it: the letter @ is none of CEL's. It stands behind has(name).
const allValues = "@values"

// unknownSize is taken for the size of what is no variable.
const unknownSize = 4000

// hasMacro is CEL's has(), which also tells whether a variable has a value:
// has(income), beside has(member.age).
func (e *Env) hasMacro() cel.Macro {
	return cel.GlobalMacro("has", 1, func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		switch arg := args[0]; arg.Kind() {
		case ast.SelectKind:
			return f.NewPresenceTest(arg.AsSelect().Operand(), arg.AsSelect().FieldName()), nil
		case ast.IdentKind:
			if name := arg.AsIdent(); e.knows(name) {
				return f.NewPresenceTest(f.NewIdent(allValues), name), nil
			}
			return nil, f.NewError(arg.ID(), "has() of a name that is not known")
		default:
			return nil, f.NewError(arg.ID(), "has() takes a name or a member")
		}
	})
}

func (e *Env) knows(name string) bool {
	_, ok := e.vars[name]
	return ok
}

// reads names the variables of an expression. A variable of a loop that hides
// one is taken for it, which only makes the order of computing stricter.
func (e *Env) reads(a *cel.Ast) []string {
	var names []string
	add := func(name string) {
		if e.knows(name) {
			names = append(names, name)
		}
	}
	ast.PostOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		switch x.Kind() {
		case ast.IdentKind:
			add(x.AsIdent())
		case ast.SelectKind:
			if s := x.AsSelect(); s.Operand().Kind() == ast.IdentKind && s.Operand().AsIdent() == allValues {
				add(s.FieldName())
			}
		}
	}))
	slices.Sort(names)
	return slices.Compact(names)
}

// zoned names a function that reads the machine's table of time zones, or "".
func zoned(a *cel.Ast) string {
	for _, r := range a.NativeRep().ReferenceMap() {
		for _, id := range r.OverloadIDs {
			if name, ok := strings.CutSuffix(id, "_with_tz"); ok {
				return name
			}
		}
	}
	return ""
}

// sizes tells CEL how large values can be, for the worst case of the cost.
type sizes map[string]Variable

// EstimateSize gives the size of a variable, or of anything within it.
func (s sizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	size := unknownSize
	if path := node.Path(); len(path) > 0 && s[path[0]].Size > 0 {
		size = s[path[0]].Size
	}
	return &checker.SizeEstimate{Min: 0, Max: uint64(size)}
}

// EstimateCallCost leaves the cost of calls to CEL.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}
