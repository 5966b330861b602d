package attestation

// Step is one row of the history of a field. What is taken back stays in the
// history, and a step of its own says so.
type Step struct {
	Seq      int  // 1, 2, 3, ...
	Proposal bool // the first of two attesters
	Undoes   int  // seq of the step that this one takes back; 0: it is a decision
}

// Counting says which steps of a history count: 0 is none.
type Counting struct{ Decision, Proposal int }

// Before gives what counted before a step of a history, which is in the order of
// its steps. What a change of the value does to a proposal is not known here.
func Before(steps []Step, seq int) Counting {
	before, now := map[int]Counting{}, Counting{}
	for _, s := range steps {
		before[s.Seq] = now
		switch {
		case s.Seq == seq:
			return now
		case s.Undoes > 0:
			now = before[s.Undoes]
		case s.Proposal:
			now.Proposal = s.Seq
		default:
			now = Counting{Decision: s.Seq}
		}
	}
	return now
}
