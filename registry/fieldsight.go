package registry

import (
	"maps"
	"slices"

	"gorm.io/gorm"
)

// maySee tells whether the actor is told the values of a field, in every record
// that the actor reads. The service itself is told everything. Of an actor with
// bounds, the roles that see must reach as far as those that read: who sees in one
// area and reads in two is told nothing in either.
func (a Actor) maySee(f Field) bool {
	switch {
	case len(f.SeeBy) == 0 || a.Has(RoleSystem):
		return true
	case len(a.Grants) == 0: // nearly always, and often
		return slices.ContainsFunc(f.SeeBy, a.Has)
	}
	seeing := a.grants(f.SeeBy)
	return !slices.ContainsFunc(a.grants(rolesFor(toRead)), func(reading Grant) bool {
		return !slices.ContainsFunc(seeing, func(g Grant) bool { return g.contains(reading) })
	})
}

// MaySee tells whether the actor is told the values of a field: what is not told is
// not offered either.
func (a Actor) MaySee(f Field) bool { return a.maySee(f) }

// contains tells whether the grant holds for every record that another holds for.
func (g Grant) contains(other Grant) bool {
	return (g.Area == "" || g.Area == other.Area) && (g.Kind == "" || g.Kind == other.Kind)
}

// hiddenFrom names the fields whose values the actor is not told; nil: none. Every
// method that gives values to an actor takes them out.
func (s *fieldSet) hiddenFrom(a Actor) map[string]bool {
	var hidden map[string]bool
	for _, def := range s.restricted {
		if !a.maySee(def.Field) {
			if hidden == nil {
				hidden = map[string]bool{}
			}
			hidden[def.Key] = true
		}
	}
	return hidden
}

// hiddenFrom names the fields of all kinds whose values the actor is not told.
func (r *Registry) hiddenFrom(tx *gorm.DB, a Actor) (map[string]bool, error) {
	all, err := r.allFields(tx)
	if err != nil {
		return nil, err
	}
	return all.hiddenFrom(a), nil
}

// without takes what is hidden out of m, which goes by field, and gives it back.
func without[V any](hidden map[string]bool, m map[string]V) map[string]V {
	if len(hidden) > 0 {
		maps.DeleteFunc(m, func(key string, _ V) bool { return hidden[key] })
	}
	return m
}

// withoutChanges takes what is hidden out of a list of changes.
func withoutChanges(hidden map[string]bool, list []FieldChange) []FieldChange {
	return slices.DeleteFunc(list, func(c FieldChange) bool { return hidden[c.Field] })
}

// hideEntries takes what the actor may not see out of entries of a change log. An
// entry stays, that its number does not lack.
func (r *Registry) hideEntries(tx *gorm.DB, a Actor, entries []LogEntry) error {
	hidden, err := r.hiddenFrom(tx, a)
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].Changes = withoutChanges(hidden, entries[i].Changes)
	}
	return nil
}
