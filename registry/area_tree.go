package registry

import (
	"maps"
	"slices"
	"strconv"

	"socialregistry/registry/csvio"
)

// areaNode is one area of a tree that is put together.
type areaNode struct {
	row  areaRow  // as it is to be
	was  *areaRow // as it is stored; nil: it is new
	line areaLine // what the file says; line.line is 0 for an area that it does not name
}

func (n *areaNode) changed() bool {
	return n.row.Parent != n.was.Parent || n.row.Level != n.was.Level || !maps.Equal(n.row.Name.V, n.was.Name.V)
}

// areaTree is every area as a file would leave it.
type areaTree struct {
	nodes map[string]*areaNode // by code
	keys  map[string]string    // areaKey of the code -> code
	order []*areaNode          // parents first; without those that hang in a cycle
	found *problems
}

func newAreaTree(rows []areaRow, found *problems) *areaTree {
	t := &areaTree{nodes: make(map[string]*areaNode, len(rows)), keys: make(map[string]string, len(rows)), found: found}
	for i := range rows {
		t.nodes[rows[i].Code] = &areaNode{row: rows[i], was: &rows[i]}
		t.keys[areaKey(rows[i].Code)] = rows[i].Code
	}
	return t
}

func (t *areaTree) problem(n *areaNode, column, code, words string) {
	t.found.add(csvio.Problem{Line: n.line.line, Column: column, Code: code, Words: words})
}

// overlay puts the rows of a file over the tree.
func (t *areaTree) overlay(lines []areaLine) {
	for _, l := range lines {
		if l.code == "" {
			continue
		}
		n := t.nodes[l.code]
		if n != nil && n.line.line > 0 {
			t.found.add(csvio.Problem{Line: l.line, Column: "code", Code: CodeDoubledInFile,
				Words: "The same area stands in line " + strconv.Itoa(n.line.line) + ", too."})
			continue
		}
		if n == nil {
			n = &areaNode{row: areaRow{Code: l.code, Active: true}}
			t.nodes[l.code] = n
		}
		n.line = l
		if other := t.keys[areaKey(l.code)]; other != "" && other != l.code {
			t.problem(n, "code", CodeAreaCodeTaken, "This code differs from the one of another area in dots, dashes or underscores only.")
		}
		t.keys[areaKey(l.code)] = l.code
		n.take(l)
	}
}

// take changes the row to what a line says.
func (n *areaNode) take(l areaLine) {
	if l.parent != "" {
		n.row.Parent = optional(l.parent)
	}
	if l.level != nil {
		n.row.Level = *l.level
	}
	name := maps.Clone(n.row.Name.V)
	if name == nil {
		name = labels{}
	}
	maps.Copy(name, l.name)
	n.row.Name = column[labels]{name}
}

// arrange orders the tree, gives each area its path, and notes what is wrong with
// an area of the file: a parent that is not there or retired, a circle, a level
// that is not below the parent's, no name.
func (t *areaTree) arrange() {
	parts := map[string][]*areaNode{}
	var next []*areaNode
	for _, code := range slices.Sorted(maps.Keys(t.nodes)) {
		n := t.nodes[code]
		if len(n.row.Name.V) == 0 && n.line.line > 0 && !n.line.flawed {
			t.problem(n, areaNamePrefix+"en", CodeNameRequired, "An area needs a name in at least one language.")
		}
		switch parent := string(n.row.Parent); {
		case parent == "":
			next = append(next, n)
		case t.nodes[parent] == nil:
			t.problem(n, "parent", CodeUnknownParent, "There is no such area, neither in the registry nor in the file.")
		default:
			parts[parent] = append(parts[parent], n)
		}
	}
	for len(next) > 0 {
		n := next[0]
		next = next[1:]
		t.settle(n)
		t.order = append(t.order, n)
		next = append(next, parts[n.row.Code]...)
	}
	t.findCircles()
}

// settle gives an area its level and path once its parent has them.
func (t *areaTree) settle(n *areaNode) {
	above := t.nodes[string(n.row.Parent)]
	if above == nil {
		n.row.Path = n.row.Code + "/"
		return
	}
	n.row.Path = above.row.Path + n.row.Code + "/"
	if n.was == nil && n.line.level == nil {
		n.row.Level = above.row.Level + 1
	}
	if n.row.Level <= above.row.Level || n.row.Level > maxAreaLevel {
		at := n
		if n.line.line == 0 {
			at = above
		}
		t.problem(at, "level", CodeBadLevel, "The level of an area is greater than that of the area it is part of, and "+strconv.Itoa(maxAreaLevel)+" at most.")
	}
	if !above.row.Active && n.line.parent != "" && (n.was == nil || n.was.Parent != n.row.Parent) {
		t.problem(n, "parent", CodeParentRetired, "This area is retired.")
	}
}

// findCircles notes the areas of the file that are, by their parents, part of
// themselves. Each area is walked over once.
func (t *areaTree) findCircles() {
	if len(t.order) == len(t.nodes) {
		return
	}
	walk := map[*areaNode]int{} // in which walk an area was met first
	for i, code := range slices.Sorted(maps.Keys(t.nodes)) {
		at := t.nodes[code]
		for at != nil && walk[at] == 0 {
			walk[at] = i + 1
			at = t.nodes[string(at.row.Parent)]
		}
		for ; at != nil && walk[at] == i+1; at = t.nodes[string(at.row.Parent)] {
			walk[at] = -1
			if at.line.line > 0 {
				t.problem(at, "parent", CodeAreaCycle, "An area cannot be part of itself, or of what lies in it.")
			}
		}
	}
}

// result counts what the rows of the file do.
func (t *areaTree) result(rows int) AreaImport {
	out := AreaImport{Rows: rows}
	for _, n := range t.nodes {
		switch {
		case n.line.line == 0:
		case n.was == nil:
			out.Created++
		case n.changed():
			out.Updated++
		default:
			out.Unchanged++
		}
	}
	return out
}
