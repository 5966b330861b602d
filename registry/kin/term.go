package kin

// Code is the kind of a relation: what the relative is to the person asked about.
type Code string

// The kinds. Siblings share a parent: FullSibling both, HalfSibling one of two
// known on either side; where a parent is not known, nobody can tell, and it is
// Sibling. Relations by marriage need one that is not separated: partners
// without a marriage bring no step-parents and no in-laws.
const (
	Parent        Code = "parent"
	Child         Code = "child"
	Grandparent   Code = "grandparent"
	Grandchild    Code = "grandchild"
	Sibling       Code = "sibling"
	FullSibling   Code = "full_sibling"
	HalfSibling   Code = "half_sibling"
	AuntOrUncle   Code = "aunt_or_uncle"
	NieceOrNephew Code = "niece_or_nephew"
	Cousin        Code = "cousin"

	Spouse        Code = "spouse"
	FormerSpouse  Code = "former_spouse"
	Partner       Code = "partner" // without a marriage
	FormerPartner Code = "former_partner"

	StepParent   Code = "step_parent"
	StepChild    Code = "step_child"
	StepSibling  Code = "step_sibling"
	ParentInLaw  Code = "parent_in_law"
	ChildInLaw   Code = "child_in_law"
	SiblingInLaw Code = "sibling_in_law" // a spouse's sibling, or a sibling's spouse

	Guardian Code = "guardian"
	Ward     Code = "ward"
)

// Codes lists every kind.
func Codes() []Code {
	return []Code{Parent, Child, Grandparent, Grandchild, Sibling, FullSibling, HalfSibling, AuntOrUncle, NieceOrNephew, Cousin,
		Spouse, FormerSpouse, Partner, FormerPartner, StepParent, StepChild, StepSibling, ParentInLaw, ChildInLaw, SiblingInLaw,
		Guardian, Ward}
}

// Term is a relation in full. It is neutral: the word for it may also depend on
// the relative's sex.
type Term struct {
	Code     Code
	Great    int  // how often "great-" stands before it: 1 for a great-grandparent, a great-aunt or a great-nephew
	Degree   int  // of Cousin: 1 for first cousins
	Removal  int  // of Cousin: by how many generations they differ
	Adoptive bool // by adoption alone: no way between the two is without one
}

// Inverse is what the person asked about is to the relative.
func (t Term) Inverse() Term {
	t.Code = t.Code.inverse()
	return t
}

func (c Code) inverse() Code {
	switch c {
	case Parent:
		return Child
	case Child:
		return Parent
	case Grandparent:
		return Grandchild
	case Grandchild:
		return Grandparent
	case AuntOrUncle:
		return NieceOrNephew
	case NieceOrNephew:
		return AuntOrUncle
	case StepParent:
		return StepChild
	case StepChild:
		return StepParent
	case ParentInLaw:
		return ChildInLaw
	case ChildInLaw:
		return ParentInLaw
	case Guardian:
		return Ward
	case Ward:
		return Guardian
	}
	return c // siblings, cousins and spouses are so to each other
}

// Steps is how many recorded edges lie between the two: 1 to a parent or a
// spouse, 2 to a sibling, 4 to a first cousin.
func (t Term) Steps() int {
	switch t.Code {
	case Grandparent, Grandchild:
		return 2 + t.Great
	case Sibling, FullSibling, HalfSibling, StepParent, StepChild, ParentInLaw, ChildInLaw:
		return 2
	case StepSibling, SiblingInLaw:
		return 3
	case AuntOrUncle, NieceOrNephew:
		return 3 + t.Great
	case Cousin:
		return 2 + 2*t.Degree + t.Removal
	}
	return 1
}
