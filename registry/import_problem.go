package registry

import (
	"cmp"
	"slices"

	"socialregistry/registry/csvio"
)

// Codes of the problems that the registry finds in rows, besides those of
// csvio and of the values (CodeBadDate and so on).
const (
	CodeExists           = "exists"             // create: the person is there, with other values
	CodeNotFound         = "not_found"          // update: nobody has this identifier
	CodeNoIdentifier     = "no_identifier"      // update: the row does not say whom it means
	CodeTwoPeople        = "identifiers_differ" // the identifiers of the row belong to two people
	CodeDoubledInFile    = "doubled_in_file"    // an identifier, a person or a group in two rows
	CodeLineRefused      = "line_refused"       // a group whose lines cannot all be read
	CodeIdentifierTaken  = "identifier_taken"   // somebody else has it
	CodeLabelTaken       = "label_taken"        // the person has a version of the import's label already
	CodeChangedMeanwhile = "changed_meanwhile"  // somebody else edited the record while the file was read
	CodeVersionConflict  = "version_conflict"   // a value has been changed since the version that the row shows
)

// problems collects the first MaxProblems problems and counts them all.
type problems struct {
	list  []csvio.Problem
	count int
}

func (p *problems) add(x csvio.Problem) {
	p.count++
	if len(p.list) < MaxProblems {
		p.list = append(p.list, x)
	}
}

// has tells whether there is a problem with a line among those that are kept.
func (p *problems) has(line int) bool {
	return slices.ContainsFunc(p.list, func(x csvio.Problem) bool { return x.Line == line })
}

// sorted gives the problems by line.
func (p *problems) sorted() []csvio.Problem {
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b csvio.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return list
}
