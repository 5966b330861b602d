package registry

import "strings"

// What a registrant is told of the own family. The relation and the end of a
// number are enough to see whether the registry has it right; who somebody else
// is, and where to find them, is not theirs to look up. Children and wards are
// left out: they may be under protection from this very person. So is whether
// one is adopted: nobody should learn that from a page.

// shownDigits is how much of a registration number a registrant sees.
const shownDigits = 4

// masked is what a registrant is told.
func (k Kinship) masked() Kinship {
	out := Kinship{Masked: true, ID: k.ID, ChainNo: k.ChainNo, Parent1: k.Parent1.masked(), Parent2: k.Parent2.masked()}
	for _, s := range k.Spouses {
		out.Spouses = append(out.Spouses, Spouse{Kin: *s.Kin.masked(), Marriage: s.Marriage})
	}
	for _, g := range k.Guardians {
		out.Guardians = append(out.Guardians, GuardianshipOf{*g.Kin.masked(), g.From, g.To})
	}
	return out
}

func (k *Kin) masked() *Kin {
	if k == nil {
		return nil
	}
	return &Kin{Number: maskNumber(k.Number)}
}

// maskNumber hides all but the last digits of a registration number.
func maskNumber(number string) string {
	prefix := ""
	if rest, ok := strings.CutPrefix(number, numberPrefix); ok {
		prefix, number = numberPrefix, rest
	}
	hidden := max(len(number)-shownDigits, 0)
	return prefix + strings.Repeat("*", hidden) + number[hidden:]
}

// hideKin takes out of a change log what a registrant is not told: of the
// entries about kinship the facts, the reason, and everything about children and
// wards, and the entries that told of nothing else.
func hideKin(log []LogEntry) []LogEntry {
	out := log[:0]
	for i := range log {
		told := len(log[i].Changes)
		kept := log[i].Changes[:0]
		for _, change := range log[i].Changes {
			if change.Kind != KindKinship {
				kept = append(kept, change)
				continue
			}
			log[i].Reason = ""
			change.Old, change.New, change.Comment = maskTie(change.Old), maskTie(change.New), ""
			if change.Field != tieChild && change.Field != tieWard && change.Old != change.New {
				kept = append(kept, change)
			}
		}
		log[i].Changes = kept
		if told == 0 || len(kept) > 0 {
			out = append(out, log[i])
		}
	}
	return out
}

// maskKin masks the numbers of the family in a change log, for staff with bounds:
// whether the other is within them, the log does not know.
func maskKin(log []LogEntry) {
	for _, entry := range log {
		for i, change := range entry.Changes {
			if change.Kind == KindKinship {
				entry.Changes[i].Old, entry.Changes[i].New = maskNumberOf(change.Old), maskNumberOf(change.New)
			}
		}
	}
}

// maskNumberOf leaves of a tie the masked number and the facts.
func maskNumberOf(tie string) string {
	number, facts, more := strings.Cut(tie, ",")
	if !more {
		return maskNumber(number)
	}
	return maskNumber(number) + "," + facts
}

// maskTie leaves of a tie the masked number.
func maskTie(tie string) string {
	number, _, _ := strings.Cut(tie, ",")
	return maskNumber(number)
}
