package journal

import (
	"maps"
	"slices"
	"time"
)

// State is what all lines together say.
type State struct {
	Generation int64 // 0: nothing was ever written
	WentBack   int64 // the newest generation that was seen to be older than this, 0 for none
	Lists      map[string]List
	Revoked    map[string]bool // ids of keys
	Mark       string          // the furthest point of the issuer's life that was seen, "" for none
	Torn       int             // lines that a crash tore, or that others wrote
}

// List is what is known of one status list.
type List struct {
	Kind   string
	Ends   time.Time
	Seq    int
	Size   int64
	Leased int64
	States map[int64]string // by index; what is not in it was never heard of
}

func newState() State { return State{Lists: map[string]List{}, Revoked: map[string]bool{}} }

// knows says whether a line would add nothing.
func (s *State) knows(l Line) bool {
	list, known := s.Lists[l.List]
	switch {
	case l.Generation > s.Generation, l.WentBack > s.WentBack, l.Revoked != "" && !s.Revoked[l.Revoked]:
		return false
	case l.List == "":
		return true
	case !known, l.Kind != "" && list.Kind == "", l.Leased > list.Leased:
		return false
	}
	return !slices.ContainsFunc(l.Indices, func(n int64) bool { return list.States[n] != l.State && !ended(list.States[n]) })
}

// ended says that nothing leads out of a state of the ledger: whatever a database
// says later of what was withdrawn, it is an old one that says so.
func ended(state string) bool { return state == "withdrawn" || state == "failed" }

// apply adds what a line says.
func (s *State) apply(l Line) {
	s.Generation, s.WentBack = max(s.Generation, l.Generation), max(s.WentBack, l.WentBack)
	if l.Revoked != "" {
		s.Revoked[l.Revoked] = true
	}
	if l.List == "" {
		return
	}
	list, known := s.Lists[l.List]
	if !known {
		list.States = map[int64]string{}
	}
	if l.Kind != "" {
		list.Kind, list.Ends, list.Seq, list.Size = l.Kind, l.Ends, l.Seq, l.Size
	}
	list.Leased = max(list.Leased, l.Leased)
	for _, n := range l.Indices {
		if !ended(list.States[n]) {
			list.States[n] = l.State
		}
	}
	s.Lists[l.List] = list
}

func (s State) clone() State {
	out := s
	out.Revoked, out.Lists = maps.Clone(s.Revoked), map[string]List{}
	for id, l := range s.Lists {
		l.States = maps.Clone(l.States)
		out.Lists[id] = l
	}
	return out
}
