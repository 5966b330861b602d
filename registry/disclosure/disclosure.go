// Package disclosure decides which numbers of a tree of areas may be told, so that
// nobody computes a small one from those that are.
//
// The people of an area are split into blocks: its parts, of which small ones
// stand together. Every block holds nobody, or at least the minimum, and every
// number that is told is one of blocks. A further count, such as the people with
// an attested value, is told of all blocks of an area or of none: of all if each
// block's number is zero or at least the minimum, and so is what is left of the
// block beside it; and if it is told of the area itself.
package disclosure

import "slices"

// Heads of blocks that are no area.
const (
	Itself = "(itself)" // who lies in an area and in none of its parts
	Other  = "(other)"  // parts that are not told apart
)

// Area is an area and what was counted there.
type Area struct {
	Code  string
	All   Numbers // in it and below it
	Parts []*Area // all that is in All, each once; none: it has no parts
}

// Numbers are counts of one area or block. In what is told, a kind, a field or a
// month that is missing is not told.
type Numbers struct {
	People   int64            `json:"people"`
	Groups   map[string]int64 `json:"groups"`   // by kind
	Attested map[string]Field `json:"attested"` // people with an attested value, by field
}

// Field is a number of people with an attested value of one field.
type Field struct {
	All    int64            `json:"all"`
	Months map[string]int64 `json:"months"` // by the month of the decision, none zero before it is told
}

// Block is one line of what is told of an area.
type Block struct {
	Code    string  `json:"code"` // of an area, Itself or Other
	Numbers Numbers `json:"numbers"`
}

// Told is what is told of an area.
type Told struct {
	Code   string  `json:"code"`
	All    Numbers `json:"all"`
	Blocks []Block `json:"blocks"` // empty: its parts are not told apart
}

// Tell gives what is told of an area and of those below it, the area first. Of the
// area itself it tells known, all of which is true of it and told elsewhere, but
// for what would tell of fewer than least people. Areas of few people, or that
// stand together with such, are left out.
func Tell(area *Area, known Numbers, least int64) []Told {
	if !safe(area.All.People, least) {
		return nil
	}
	whole := &Area{Parts: []*Area{area}}
	return tell(area, share(whole.Parts, known, least)[0], least)
}

func tell(area *Area, all Numbers, least int64) []Told {
	blocks := merge(area.Parts, least)
	own := Told{Code: area.Code, All: all}
	told := []Told{own}
	for i, numbers := range share(blocks, all, least) {
		told[0].Blocks = append(told[0].Blocks, Block{blocks[i].Code, numbers})
		if code := blocks[i].Code; code != Itself && code != Other {
			told = append(told, tell(blocks[i], numbers, least)...)
		}
	}
	return told
}

func safe(n, least int64) bool { return n == 0 || n >= least }

// merge puts the small parts together, empty ones too, and with them the smallest
// that is not: which of them is small, and how small, cannot be said. It gives
// nothing if no part would be told apart from the others.
func merge(parts []*Area, least int64) []*Area {
	if !slices.ContainsFunc(parts, func(p *Area) bool { return !safe(p.All.People, least) }) {
		return parts
	}
	bySize := slices.SortedStableFunc(slices.Values(parts), func(a, b *Area) int { return int(min(1, max(-1, a.All.People-b.All.People))) })
	last := slices.IndexFunc(bySize, func(p *Area) bool { return p.All.People >= least })
	if last < 0 || last == len(bySize)-1 {
		return nil
	}
	other := &Area{Code: Other, All: sum(bySize[:last+1])}
	apart := slices.DeleteFunc(slices.Clone(parts), func(p *Area) bool { return slices.Contains(bySize[:last+1], p) })
	return append(apart, other)
}

// sum adds up areas.
func sum(areas []*Area) Numbers {
	out := Numbers{}
	for _, a := range areas {
		out.Add(a.All)
	}
	return out
}

// Add adds other numbers to these.
func (n *Numbers) Add(other Numbers) {
	n.People += other.People
	for kind, groups := range other.Groups {
		if n.Groups == nil {
			n.Groups = map[string]int64{}
		}
		n.Groups[kind] += groups
	}
	for field, f := range other.Attested {
		for month, people := range f.Months {
			n.Attest(field, month, people)
		}
	}
}

// Attest adds people with an attested value.
func (n *Numbers) Attest(field, month string, people int64) {
	if n.Attested == nil {
		n.Attested = map[string]Field{}
	}
	f := n.Attested[field]
	if f.Months == nil {
		f.Months = map[string]int64{}
	}
	f.All += people
	f.Months[month] += people
	n.Attested[field] = f
}
