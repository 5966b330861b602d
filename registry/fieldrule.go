package registry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry/expr"
)

// The rules of definitions, and what they do to a change. A computed value is
// written in the change that moves what it is made of; one whose rule has no
// result is absent, and never fails a change.

// Codes of the mistakes that rules find in values.
const (
	CodeComputed      = "computed"       // nobody enters it
	CodeRetired       = "retired"        // the field takes no new value
	CodeNotApplicable = "not_applicable" // show_if does not hold
)

// env is what the rules of a field can read: every field that all its kinds of
// registrant have.
func (s *fieldSet) env(f Field) (*expr.Env, error) {
	var vars []expr.Variable
	for _, def := range s.list {
		if !slices.ContainsFunc(f.Kinds, func(kind string) bool { return !def.isAbout(kind) }) {
			vars = append(vars, expr.Variable{Name: def.Key, Kind: def.exprKind(), Size: def.MaxLength})
		}
	}
	return expr.NewEnv(vars)
}

// compileRules compiles the expressions of a definition and lists what is wrong.
func (def *fieldDef) compileRules(env *expr.Env) []fault.Field {
	var bad []fault.Field
	compile := func(member, source string, kind expr.Kind) *expr.Program {
		if source == "" {
			return nil
		}
		p, err := env.Compile(source, kind)
		if err != nil {
			words := strings.TrimPrefix(err.Error(), expr.ErrExpression.Error()+": ")
			bad = append(bad, fault.Field{Name: member, Code: "invalid_" + member, Detail: "This expression cannot be used: " + words + "."})
		}
		return p
	}
	def.showIf = compile("show_if", def.ShowIf, expr.Boolean)
	def.requiredIf = compile("required_if", def.RequiredIf, expr.Boolean)
	if def.Type == TypeComputed {
		def.rule = compile("rule", def.Rule, def.exprKind())
	}
	return bad
}

// checkRules compiles the rules of one new definition of the set as a change
// would meet them. It returns Invalid.
func (s *fieldSet) checkRules(f Field) error {
	env, err := s.env(f)
	if err != nil {
		return err
	}
	def := s.byKey[f.Key]
	bad := def.compileRules(env)
	if len(bad) == 0 && def.rule != nil {
		bad = s.checkRule(def)
	}
	if len(bad) > 0 {
		return errBadDefinition(bad)
	}
	return nil
}

// checkRule looks at what a computed field reads.
func (s *fieldSet) checkRule(def *fieldDef) []fault.Field {
	wrong := func(words string) []fault.Field {
		return []fault.Field{{Name: "rule", Code: "invalid_rule", Detail: words}}
	}
	if _, err := orderComputed(s.list); err != nil {
		return wrong("The field would be made of itself.")
	}
	for _, key := range def.rule.Reads() {
		if s.byKey[key].Sealed && !def.Sealed {
			return wrong("The field " + key + " is sealed; what is made of it must be sealed, too.")
		}
	}
	return nil
}

// orderComputed lists the computed fields so that each stands after those that
// it reads. A circle is an error.
func orderComputed(list []*fieldDef) ([]*fieldDef, error) {
	byKey := map[string]*fieldDef{}
	for _, def := range list {
		if def.rule != nil {
			byKey[def.Key] = def
		}
	}
	var out []*fieldDef
	open, done := map[string]bool{}, map[string]bool{}
	var visit func(def *fieldDef) error
	visit = func(def *fieldDef) error {
		switch {
		case done[def.Key]:
			return nil
		case open[def.Key]:
			return fmt.Errorf("field definition %s: the rule reads itself", def.Key)
		}
		open[def.Key] = true
		for _, key := range def.rule.Reads() {
			if next := byKey[key]; next != nil {
				if err := visit(next); err != nil {
					return err
				}
			}
		}
		done[def.Key] = true
		out = append(out, def)
		return nil
	}
	for _, def := range list {
		if def.rule != nil {
			if err := visit(def); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// activation gives the values that a program reads.
func (s *fieldSet) activation(p *expr.Program, text map[string]string) map[string]any {
	values := map[string]any{}
	for _, key := range p.Reads() {
		if t := text[key]; t != "" {
			if v := s.byKey[key].exprValue(t); v != nil {
				values[key] = v
			}
		}
	}
	return values
}

// holds tells whether a condition holds; nil is no condition. One that reads an
// absent value does not hold.
func (s *fieldSet) holds(p *expr.Program, text map[string]string) bool {
	if p == nil {
		return true
	}
	v, err := p.Eval(s.activation(p, text))
	return err == nil && v == true
}

// derive computes all computed fields from the other values, in their order. A
// rule without a result gives "". Retired ones keep what they have.
func (b *builder) derive(text map[string]string) map[string]string {
	out := map[string]string{}
	today := b.at.UTC().Format(time.DateOnly)
	values := make(map[string]string, len(text))
	for k, t := range text {
		values[k] = t
	}
	for _, def := range b.fields.computed {
		if def.Retired {
			continue
		}
		out[def.Key] = def.compute(b.fields.activation(def.rule, values), today)
		values[def.Key] = out[def.Key]
	}
	return out
}

// compute gives the value of a computed field, or "" if the rule has no result or
// one that the definition refuses.
func (def *fieldDef) compute(values map[string]any, today string) string {
	v, err := def.rule.Eval(values)
	if err != nil {
		return ""
	}
	text, wrong := def.canonical(exprText(v), today)
	if wrong != nil {
		return ""
	}
	return text
}

// guard lists what the conditions have against a change: a value where none is
// asked for, and none where one is. set is what the change sets, nil for a new
// registrant; as with a required field, an older record is asked for a value
// when the field, or what its conditions read, is touched.
func (b *builder) guard(before, after, set map[string]string, bad []fault.Field) []fault.Field {
	var out []fault.Field
	add := func(def *fieldDef, code, words string) {
		if !slices.ContainsFunc(bad, func(f fault.Field) bool { return f.Name == def.Key }) {
			out = append(out, fault.Field{Name: def.Key, Code: code, Detail: words})
		}
	}
	for _, def := range b.fields.guarded {
		if def.Retired || def.Type == TypeComputed {
			continue
		}
		shown := b.fields.holds(def.showIf, after)
		switch now := after[def.Key]; {
		case !shown && now != "" && now != before[def.Key]:
			add(def, CodeNotApplicable, "This is not asked for here; leave it out.")
		case shown && now == "" && def.touched(before, after, set) && b.needs(def, after):
			add(def, CodeRequired, "This is needed.")
		}
	}
	return out
}

// needs tells whether a field that is shown needs a value.
func (b *builder) needs(def *fieldDef, after map[string]string) bool {
	return def.Required || def.requiredIf != nil && b.fields.holds(def.requiredIf, after)
}

// touched tells whether a change names the field or moves what its conditions
// read.
func (def *fieldDef) touched(before, after, set map[string]string) bool {
	if _, named := set[def.Key]; named || set == nil {
		return true
	}
	for _, p := range []*expr.Program{def.showIf, def.requiredIf} {
		if p != nil && slices.ContainsFunc(p.Reads(), func(key string) bool { return before[key] != after[key] }) {
			return true
		}
	}
	return false
}
