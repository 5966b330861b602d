package registry

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"socialregistry/registry/disclosure"
)

// Numbers by area are decided on when they are counted: only what may be told of an
// area is stored, so that all readers are told parts of the same.

// headAll is the head of all people where they are not told apart.
const headAll = "(all)"

// areaCounts are what is counted by the area where a record lies.
type areaCounts struct {
	people   []counted // by sex, age band and status
	groups   []counted // by kind and size
	attested []counted // by field and month
	areas    []areaRow // code and parent
}

func (c *areaCounts) read(tx *gorm.DB) (err error) {
	if c.people, err = readCounts(tx, `SELECT area, sex AS a, age_band AS b, status AS c, people FROM stat_registrant_now`); err != nil {
		return err
	}
	if c.groups, err = readCounts(tx, `SELECT area, kind AS a, size AS b, people FROM stat_group_now`); err != nil {
		return err
	}
	if c.attested, err = readCounts(tx, `SELECT area, field AS a, month AS b, people FROM stat_attested_now`); err != nil {
		return err
	}
	if err := tx.Raw(`SELECT code, parent FROM area ORDER BY code`).Scan(&c.areas).Error; err != nil {
		return fmt.Errorf("read the tree of areas: %w", err)
	}
	return nil
}

// storeByArea stores what is counted by area, once the other counts are stored:
// what they hide is told by area neither.
func (r *Registry) storeByArea(tx *gorm.DB, asOf time.Time, found areaCounts) error {
	if err := fillCounts(tx, "stat_group", found.groupRows()); err != nil {
		return err
	}
	root := found.tree(asOf)
	known, err := r.knownNumbers(tx, asOf, root.All.People)
	if err != nil {
		return err
	}
	told := disclosure.Tell(root, known, MinimumCell)
	if err := fillCounts(tx, "stat_registrant", found.peopleRows(root, told)); err != nil {
		return err
	}
	var rows []map[string]any
	for i, t := range told {
		rows = append(rows, map[string]any{"area": t.Code, "told": column[disclosure.Told]{t}})
		if i == 0 && t.Code != "" {
			rows = append(rows, map[string]any{"area": "", "told": column[disclosure.Told]{t}})
		}
	}
	return fillCounts(tx, "stat_area", rows)
}

// knownNumbers are those that other tables tell of the registry as a whole.
func (r *Registry) knownNumbers(tx *gorm.DB, asOf time.Time, people int64) (disclosure.Numbers, error) {
	known := disclosure.Numbers{Groups: map[string]int64{}, Attested: map[string]disclosure.Field{}}
	groups, err := groupTable(tx)
	if err != nil {
		return known, err
	}
	for i, kind := range groups.Rows {
		if !groups.RowTotals[i].Hidden {
			known.Groups[kind[0]] = groups.RowTotals[i].N
		}
	}
	values, _, err := r.attestationTable(tx, asOf, people)
	if err != nil {
		return known, err
	}
	for i, head := range values.Rows {
		if head[1] != string(StateAttested) || values.RowTotals[i].Hidden {
			continue
		}
		field := disclosure.Field{All: values.RowTotals[i].N, Months: map[string]int64{}}
		for c, month := range values.Columns {
			if n := values.Cells[i][c]; month[0] != headNone && !n.Hidden {
				field.Months[month[0]] = n.N
			}
		}
		known.Attested[head[0]] = field
	}
	return known, nil
}

// groupRows are the rows of stat_group.
func (c areaCounts) groupRows() (rows []map[string]any) {
	sum := map[[2]string]int64{}
	for _, x := range c.groups {
		sum[[2]string{x.A, x.B}] += x.People
	}
	for head, n := range sum {
		rows = append(rows, map[string]any{"kind": head[0], "size": head[1], "people": n})
	}
	return rows
}

// tree is the areas with their numbers. Where one area is above all others, who
// lies nowhere is counted with those who lie in it and in none of its parts: a few
// of them would hide everybody else. Else the top has no code.
func (c areaCounts) tree(asOf time.Time) *disclosure.Area {
	own := c.own(asOf)
	parts := map[string][]string{}
	for _, a := range c.areas {
		parts[string(a.Parent)] = append(parts[string(a.Parent)], a.Code)
	}
	top := ""
	if tops := parts[""]; len(tops) == 1 {
		nowhere := own[""]
		nowhere.Add(own[tops[0]])
		top, own[tops[0]] = tops[0], nowhere
	}
	return growArea(top, parts, own)
}

func growArea(code string, parts map[string][]string, own map[string]disclosure.Numbers) *disclosure.Area {
	a := &disclosure.Area{Code: code}
	for _, part := range parts[code] {
		grown := growArea(part, parts, own)
		a.Parts = append(a.Parts, grown)
		a.All.Add(grown.All)
	}
	if n := own[code]; len(a.Parts) > 0 && (n.People > 0 || len(n.Groups) > 0) {
		a.Parts = slices.Insert(a.Parts, 0, &disclosure.Area{Code: disclosure.Itself, All: n})
	}
	a.All.Add(own[code])
	return a
}

// own are the numbers of each area without its parts; "" is nowhere.
func (c areaCounts) own(asOf time.Time) map[string]disclosure.Numbers {
	own := map[string]disclosure.Numbers{}
	add := func(x counted, part func(n *disclosure.Numbers)) {
		n := own[x.Area]
		part(&n)
		own[x.Area] = n
	}
	for _, x := range c.people {
		if x.C == statusActive {
			add(x, func(n *disclosure.Numbers) { n.People += x.People })
		}
	}
	for _, x := range c.groups {
		add(x, func(n *disclosure.Numbers) { n.Add(disclosure.Numbers{Groups: map[string]int64{x.A: x.People}}) })
	}
	for _, x := range c.attested {
		add(x, func(n *disclosure.Numbers) { n.Attest(x.A, monthHead(x.B, asOf), x.People) })
	}
	return own
}

// peopleRows are the rows of stat_registrant: the first split of the tree.
func (c areaCounts) peopleRows(root *disclosure.Area, told []disclosure.Told) (rows []map[string]any) {
	head := blockOf(root, told)
	sum := map[[4]string]int64{}
	for _, x := range c.people {
		sum[[4]string{head(x.Area), x.A, x.B, x.C}] += x.People
	}
	for at, n := range sum {
		rows = append(rows, map[string]any{"area": at[0], "sex": at[1], "age_band": at[2], "status": at[3], "people": n})
	}
	return rows
}

// blockOf gives for an area the block of the first split in which it lies.
func blockOf(root *disclosure.Area, told []disclosure.Told) func(area string) string {
	if len(told) == 0 || len(told[0].Blocks) == 0 {
		return func(string) string { return headAll }
	}
	apart, rest := map[string]bool{}, disclosure.Other
	for _, b := range told[0].Blocks {
		apart[b.Code] = true
	}
	blocks := map[string]string{}
	var walk func(a *disclosure.Area, block string)
	walk = func(a *disclosure.Area, block string) {
		blocks[a.Code] = block
		for _, p := range a.Parts {
			if p.Code != disclosure.Itself {
				walk(p, block)
			}
		}
	}
	for _, p := range root.Parts {
		switch {
		case p.Code == disclosure.Itself && apart[p.Code]:
			rest = disclosure.Itself
		case apart[p.Code]:
			walk(p, p.Code)
		case p.Code != disclosure.Itself:
			walk(p, disclosure.Other)
		}
	}
	return func(area string) string {
		if block, ok := blocks[area]; ok {
			return block
		}
		return rest
	}
}
