package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
)

// AreaImport is what an import of areas did, or with DryRun what it would do.
type AreaImport struct {
	Rows         int // = Created + Updated + Unchanged, where nothing is wrong
	Created      int
	Updated      int
	Unchanged    int
	Placed       int             // records whose values name one of the areas, and did not before; 0 in a dry run
	Problems     []csvio.Problem // by line, the first MaxProblems of them
	ProblemCount int             // all of them
	DryRun       bool
}

// ImportAreas reads a CSV file of areas: code, parent, level, and a name per
// language as name_en, name_ar. Rows stand in any order. A code that is there
// already is changed; a blank cell leaves what is there, and an area that the file
// does not name stays. A level that is not given is one below the parent's.
//
// All is applied, with the records that name one of the areas, or nothing. It
// returns Forbidden; Invalid with the code of the problem (package csvio) if the
// file cannot be read; and Invalid "import_has_problems" with the first problems as
// fields, the result holding all of them, but in a dry run.
func (r *Registry) ImportAreas(ctx context.Context, a Actor, src io.Reader, dryRun bool, reason string) (AreaImport, error) {
	result := AreaImport{DryRun: dryRun}
	if err := a.check(toKeepAreas); err != nil {
		return result, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return result, err
	}
	found := &problems{}
	lines, err := readAreaFile(src, found)
	var broken *csvio.FileError
	if errors.As(err, &broken) {
		result.Problems, result.ProblemCount = []csvio.Problem{broken.Problem}, 1
		return result, fault.Wrap(fault.Invalid, broken.Code, broken.Problem.Error(), err)
	}
	if err != nil {
		return result, fmt.Errorf("read areas: %w", err)
	}
	work := func(tx *gorm.DB, now db.Time) (err error) {
		found := problems{slices.Clone(found.list), found.count} // of this try
		result, err = r.applyAreas(tx, a, reason, now, lines, &found, dryRun)
		return err
	}
	if dryRun {
		now := db.TimeOf(r.now())
		err = r.db.Read(ctx, func(tx *gorm.DB) error { return work(tx, now) })
	} else {
		err = r.db.InTx(ctx, r.now, work)
	}
	return result, err
}

// applyAreas puts what a file says over what is there, checks the whole tree and
// stores it.
func (r *Registry) applyAreas(tx *gorm.DB, a Actor, reason string, now db.Time, lines []areaLine, found *problems, dryRun bool) (AreaImport, error) {
	if !dryRun {
		if err := takeAreaTurn(tx); err != nil {
			return AreaImport{}, err
		}
	}
	var rows []areaRow
	if err := tx.Find(&rows).Error; err != nil {
		return AreaImport{}, fmt.Errorf("read areas: %w", err)
	}
	tree := newAreaTree(rows, found)
	tree.overlay(lines)
	tree.arrange()
	result := tree.result(len(lines))
	result.DryRun, result.Problems, result.ProblemCount = dryRun, found.sorted(), found.count
	switch {
	case dryRun:
		return result, nil
	case found.count > 0:
		return result, errAreaProblems(result.Problems)
	}
	if err := r.storeAreas(tx, a, reason, now, tree); err != nil {
		return result, err
	}
	var err error
	result.Placed, err = assignAreas(tx)
	return result, err
}

// shownAreaProblems is how many problems stand in the error itself.
const shownAreaProblems = 100

func errAreaProblems(list []csvio.Problem) error {
	e := fault.New(fault.Invalid, "import_has_problems", "Nothing was changed: there are rows with problems.")
	for _, p := range list[:min(len(list), shownAreaProblems)] {
		name := fmt.Sprintf("line %d", p.Line)
		if p.Column != "" {
			name += ", " + p.Column
		}
		e.Fields = append(e.Fields, fault.Field{Name: name, Code: p.Code, Detail: p.Words})
	}
	return e
}

// storeAreas writes what differs, parents first, and its history.
func (r *Registry) storeAreas(tx *gorm.DB, a Actor, reason string, now db.Time, tree *areaTree) error {
	var added []areaRow
	var changes []adminChange
	for _, node := range tree.order {
		switch {
		case node.was == nil:
			node.row.VersionNo, node.row.UpdatedAt = 1, now
			added = append(added, node.row)
			changes = append(changes, adminChange{areaSubject(node.row.Code), nil, node.row.state()})
			continue
		case node.changed():
			node.row.VersionNo, node.row.UpdatedAt = node.was.VersionNo+1, now
			changes = append(changes, adminChange{areaSubject(node.row.Code), node.was.state(), node.row.state()})
		case node.row.Path == node.was.Path:
			continue
		}
		if err := tx.Select("*").Updates(&node.row).Error; err != nil {
			return fmt.Errorf("store an area: %w", err)
		}
	}
	if len(added) > 0 {
		if err := tx.CreateInBatches(added, chunkRows).Error; err != nil {
			return fmt.Errorf("store areas: %w", err)
		}
	}
	if _, err := syncAreaNames(tx); err != nil {
		return err
	}
	return r.logAdminAll(tx, a, reason, now, changes)
}
