package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/mapping"
)

// A file of groups of one kind: a line holds the values of a group, and a member
// by registration number. The lines of a group stand together and have the same
// text in the column group; its values stand in the first of them. Without that
// column each line is a group. All groups are created in one transaction: a file
// of them is short beside one of people.

// MaxGroupRows is the most rows of a file of groups.
const MaxGroupRows = 20_000

// newGroup is a group on its way: the first of its lines, and its members.
type newGroup struct {
	*importRow
	key     string // cell of the column group
	members []newGroupMember
	refused bool // as a whole, for what was wrong with a line
}

// newGroupMember is the member of one line.
type newGroupMember struct {
	line                int
	number, role, start string
}

// groupTargets are the columns of a file of groups besides the fields.
func (im *importRun) groupTargets() []csvio.Target {
	if im.opt.Kind == PersonKind {
		return nil
	}
	var out []csvio.Target
	for _, key := range []string{mapping.GroupKey, mapping.Member, mapping.Role, mapping.Start} {
		out = append(out, csvio.Target{Key: key})
	}
	return out
}

// errDryRun rolls back what was only to be tried.
var errDryRun = errors.New("registry: a dry run")

// createGroups reads a whole file of groups and creates them, or says why not.
func (im *importRun) createGroups(ctx context.Context, reader table) error {
	groups, err := im.readGroups(ctx, reader)
	if err != nil {
		return err
	}
	im.result.SHA256 = fmt.Sprintf("%x", im.input.hash.Sum(nil))
	if im.kept != "" && im.kept != im.result.SHA256 {
		return errImportFileChanged()
	}
	numbers, err := im.r.takeNumbers(ctx, len(groups))
	if err != nil {
		return err
	}
	bad, found := im.badRows, im.found
	err = im.r.db.InTx(ctx, im.r.now, func(tx *gorm.DB, _ db.Time) error {
		im.badRows, im.staged, im.found = bad, 0, problems{slices.Clone(found.list), found.count}
		return im.mergeGroups(tx, groups, numbers)
	})
	if err == nil {
		numbers = numbers[im.staged:] // the groups that were refused took none
	}
	im.r.returnNumbers(fault.Wrap(fault.Invalid, "unused", "", err), numbers...)
	switch {
	case errors.Is(err, errDryRun):
		return im.saveChecked(ctx)
	case errors.Is(err, errRefused):
		return im.refuse(ctx)
	case errors.Is(err, errAppliedBefore):
		im.nothingToDo()
		return nil
	}
	return err
}

// mergeGroups creates the groups in the caller's transaction, and rolls it back if
// it was a dry run, or if one has a problem and all or nothing was asked for.
func (im *importRun) mergeGroups(tx *gorm.DB, groups []newGroup, numbers []string) error {
	if err := im.lockUpload(tx); err != nil {
		return err
	}
	if err := im.checkDefinitions(tx); err != nil {
		return err
	}
	if err := im.checkAppliedBefore(tx); err != nil && !im.opt.DryRun {
		return err
	}
	ids, err := im.memberIDs(tx, groups)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := im.createGroup(tx, g, numbers[im.staged], ids); err != nil {
			return err
		}
	}
	im.settle()
	switch {
	case im.opt.DryRun:
		return errDryRun
	case im.opt.AllOrNothing && im.badRows > 0:
		return errRefused
	}
	return im.saveIn(tx, batchApplied)
}

// createGroup creates one group in a savepoint of its own: what speaks against it
// is a problem of its lines.
func (im *importRun) createGroup(tx *gorm.DB, g newGroup, number string, ids map[string]uuid.UUID) error {
	row := *g.importRow // the transaction may be run again
	members, lines := im.membersOf(&row, g, ids)
	if row.bad {
		if !g.bad {
			_, wrong := im.builder.clean(row.set, nil, row.collected)
			im.badFields(&row, wrong)
		}
		return nil
	}
	err := tx.Transaction(func(tx *gorm.DB) error { return im.storeGroup(tx, &row, number, members) })
	var against *fault.Error
	switch {
	case errors.As(err, &against) && against.Kind != fault.Internal && against.Kind != fault.Unavailable:
		im.badGroup(&row, lines, against)
	case err != nil:
		return err
	default:
		im.staged++
	}
	return nil
}

// storeGroup stores a group and its first members.
func (im *importRun) storeGroup(tx *gorm.DB, row *importRow, number string, members []NewMember) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("create a group: %w", err)
	}
	change, err := im.builder.register(id, number, im.withDefaults(row.set), row.collected)
	if err != nil {
		return err
	}
	if err := im.r.store(tx, change); err != nil {
		return err
	}
	s, err := im.r.openRoster(tx, im.builder, id, membersOf(members))
	if err != nil {
		return err
	}
	if s.kind.NeedsHead && !hasHead(members) {
		return errBadMembers(fault.Field{Name: "members", Code: "head_required", Detail: "A group of this kind begins with a head."})
	}
	for some := range slices.Chunk(members, MaxMembersAtOnce) {
		if _, err := s.add(some); err != nil {
			return err
		}
	}
	return s.note()
}

// badGroup turns a refusal into problems: a member's on its line, else on the
// first of the group.
func (im *importRun) badGroup(row *importRow, lines []int, against *fault.Error) {
	if len(against.Fields) == 0 {
		im.bad(row, "", against.Code, against.Detail)
	}
	for _, f := range against.Fields {
		at, column := row.line, f.Name
		var i int
		if n, _ := fmt.Sscanf(f.Name, "members[%d].%s", &i, &column); n > 0 && i < len(lines) {
			at = lines[i]
			if n == 1 {
				column = mapping.Member
			}
		}
		if _, ok := im.columns[column]; !ok {
			column = ""
		}
		im.problem(at, column, f.Code, f.Detail)
	}
	if !row.bad {
		row.bad = true
		im.badRows++
	}
}

// membersOf gives the members of a group, and their lines; a number that nobody
// has is a problem.
func (im *importRun) membersOf(row *importRow, g newGroup, ids map[string]uuid.UUID) (members []NewMember, lines []int) {
	for _, m := range g.members {
		number, ok := cleanNumber(m.number)
		id := ids[number]
		if !ok || id == uuid.Nil {
			im.problem(m.line, mapping.Member, CodeNotFound, "Nobody is registered under this number.")
			if !row.bad {
				row.bad = true
				im.badRows++
			}
			continue
		}
		members, lines = append(members, NewMember{MemberID: id, Role: m.role, Start: m.start}), append(lines, m.line)
	}
	return members, lines
}

// memberIDs finds who has the numbers of a file.
func (im *importRun) memberIDs(tx *gorm.DB, groups []newGroup) (map[string]uuid.UUID, error) {
	var numbers []string
	for _, g := range groups {
		for _, m := range g.members {
			if number, ok := cleanNumber(m.number); ok {
				numbers = append(numbers, number)
			}
		}
	}
	o := owners{byNumber: map[string]uuid.UUID{}}
	for some := range slices.Chunk(numbers, chunkRows) {
		if err := o.addNumbers(tx, some); err != nil {
			return nil, err
		}
	}
	return o.byNumber, nil
}

// readGroups reads the lines of a file into groups.
func (im *importRun) readGroups(ctx context.Context, reader table) ([]newGroup, error) {
	var groups []newGroup
	seen := map[string]int{} // place of the group
	torn := false            // the line before could not be read
	for n := 0; ; n++ {
		if n > MaxGroupRows {
			return nil, &csvio.FileError{Problem: csvio.Problem{Code: csvio.CodeTooManyRows, Words: fmt.Sprintf("the file has more than %d lines: split it", MaxGroupRows)}}
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		in, err := reader.Next()
		switch bad := csvio.ProblemsOf(err); {
		case err == io.EOF:
			return groups, nil
		case bad != nil:
			im.result.Rows++
			im.badRows++
			for _, p := range bad {
				im.found.add(p)
			}
			im.refuseTorn(groups)
			torn = true
			continue
		case err != nil:
			return nil, err
		}
		groups = im.addLine(groups, seen, reader.Columns(), in)
		if torn {
			im.refuseTorn(groups)
			torn = false
		}
	}
}

// refuseTorn refuses the last group: a line next to it cannot be read, so nobody
// knows whether it holds a member. Groups of one line lose none.
func (im *importRun) refuseTorn(groups []newGroup) {
	if last := len(groups) - 1; last >= 0 && groups[last].key != "" {
		im.refuseGroup(&groups[last], CodeLineRefused, "A line in this group or next to it cannot be read: it may be a member, so the group waits for it.")
	}
}

// refuseGroup refuses a group as a whole.
func (im *importRun) refuseGroup(g *newGroup, code, words string) {
	if !g.refused {
		g.refused = true
		im.bad(g.importRow, mapping.GroupKey, code, words)
	}
}

// addLine adds a line to the group that it goes on with, or begins one.
func (im *importRun) addLine(groups []newGroup, seen map[string]int, columns []csvio.Column, in csvio.Row) []newGroup {
	key, member := "", newGroupMember{line: in.Line}
	values := csvio.Row{Line: in.Line, Cells: slices.Clone(in.Cells)}
	for i, c := range columns {
		part := map[string]*string{mapping.GroupKey: &key, mapping.Member: &member.number, mapping.Role: &member.role, mapping.Start: &member.start}[c.Key]
		if part != nil {
			*part, values.Cells[i] = im.opt.saved.Value(c.Key, in.Cells[i]), ""
		}
	}
	row := im.readRow(columns, values)
	last := len(groups) - 1
	switch {
	case last >= 0 && key != "" && groups[last].key == key:
		im.joinLine(groups[last].importRow, row)
	default:
		im.result.Rows++
		groups, last = append(groups, newGroup{importRow: row, key: key}), last+1
		if first, ok := seen[key]; ok && key != "" {
			im.refuseGroup(&groups[first], CodeDoubledInFile, "The lines of a group stand together, and others of this one stand further down.")
			im.refuseGroup(&groups[last], CodeDoubledInFile, "The lines of a group stand together, and this one stood further up.")
		} else {
			seen[key] = last
		}
	}
	if member.number != "" || member.role != "" || member.start != "" {
		groups[last].members = append(groups[last].members, member)
	}
	return groups
}

// joinLine holds the values of a further line of a group against the first: they
// are blank, or the same.
func (im *importRun) joinLine(first, row *importRow) {
	if row.bad && !first.bad {
		first.bad = true // counted by the line
	} else if row.bad {
		im.badRows-- // counted once
	}
	for field, text := range row.set {
		if first.set[field] != text {
			im.problem(row.line, field, "differs_in_group", "The first line of this group says something else.")
			if !first.bad {
				first.bad = true
				im.badRows++
			}
		}
	}
}
