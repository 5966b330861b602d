package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"socialregistry/registry/expr"
)

// fieldSet is the definitions for one kind of registrant, or all of them, ready for use.
type fieldSet struct {
	kind     string      // "": all
	revision int64       // of all definitions, when these were read
	people   *fieldSet   // of all: those for people
	list     []*fieldDef // by position
	byKey    map[string]*fieldDef
	byNo     map[int]*fieldDef

	computed   []*fieldDef // each after those that it reads
	guarded    []*fieldDef // with a condition
	restricted []*fieldDef // not everybody is told the values
	searchable []*fieldDef
}

// newFieldSet makes one set of definitions that are in order of position. It
// does not compile their rules.
func newFieldSet(kind string, revision int64, list []*fieldDef) *fieldSet {
	s := &fieldSet{kind: kind, revision: revision, list: list, byKey: map[string]*fieldDef{}, byNo: map[int]*fieldDef{}}
	for _, def := range list {
		s.byKey[def.Key], s.byNo[def.No] = def, def
		if def.ShowIf != "" || def.RequiredIf != "" {
			s.guarded = append(s.guarded, def)
		}
		if len(def.SeeBy) > 0 {
			s.restricted = append(s.restricted, def)
		}
		if def.Searchable {
			s.searchable = append(s.searchable, def)
		}
	}
	return s
}

// of gives the definitions for one kind of registrant.
func (s *fieldSet) of(kind string) *fieldSet {
	about := func(list []*fieldDef) []*fieldDef {
		return slices.DeleteFunc(slices.Clone(list), func(def *fieldDef) bool { return !def.isAbout(kind) })
	}
	out := newFieldSet(kind, s.revision, about(s.list))
	out.computed = about(s.computed)
	return out
}

// isAbout tells whether registrants of this kind have the field.
func (f Field) isAbout(kind string) bool {
	return slices.Contains(f.Kinds, kind) || kind != PersonKind && slices.Contains(f.Kinds, AnyGroup)
}

// kept tells whether the registry itself keeps the field, as it does those of
// programmes: no actor edits it.
func (f Field) kept() bool { return slices.Equal(f.EditBy, []Role{RoleSystem}) }

// fieldSet gives the definitions for people as they stand in this transaction.
func (r *Registry) fieldSet(tx *gorm.DB) (*fieldSet, error) {
	return r.fieldSetOf(tx, PersonKind)
}

// fieldSetOf gives the definitions for one kind of registrant.
func (r *Registry) fieldSetOf(tx *gorm.DB, kind string) (*fieldSet, error) {
	all, err := r.allFields(tx)
	if err != nil {
		return nil, err
	}
	if kind == PersonKind {
		return all.people, nil
	}
	return all.of(kind), nil
}

// allFields gives all definitions as they stand in this transaction. Every
// change of one moves the revision, which tells whether the set read last still
// holds; reading them anew would cost more than the rest of an edit.
//
// A transaction that changes definitions uses lockFields instead: it may fail,
// and must leave nothing here.
func (r *Registry) allFields(tx *gorm.DB) (*fieldSet, error) {
	revision, err := fieldRevision(tx, "")
	if err != nil {
		return nil, err
	}
	if set := r.fields.Load(); set != nil && set.revision == revision {
		return set, nil
	}
	set, err := loadFields(tx, revision)
	if err == nil {
		r.fields.Store(set)
	}
	return set, err
}

// fieldRevisionTable is read by every transaction before it goes by definitions.
const fieldRevisionTable = "field_revision"

// fieldRevision reads the revision; lock is "" or one of the dialect's clauses.
func fieldRevision(tx *gorm.DB, lock string) (int64, error) {
	var revision int64
	if err := tx.Raw(`SELECT revision FROM field_revision WHERE one = 1` + lock).Scan(&revision).Error; err != nil {
		return 0, fmt.Errorf("read the revision of the field definitions: %w", err)
	}
	return revision, nil
}

// lockFields moves the revision and reads all definitions, for a transaction
// that changes them. Others who change them wait for its end.
func (r *Registry) lockFields(tx *gorm.DB) (*fieldSet, error) {
	if err := tx.Exec(`UPDATE field_revision SET revision = revision + 1 WHERE one = 1`).Error; err != nil {
		return nil, fmt.Errorf("lock the field definitions: %w", err)
	}
	return loadFields(tx, 0)
}

// loadFields reads all definitions and compiles their rules.
func loadFields(tx *gorm.DB, revision int64) (*fieldSet, error) {
	var rows []fieldRow
	if err := tx.Order("position, no").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load field definitions: %w", err)
	}
	list := make([]*fieldDef, len(rows))
	for i, row := range rows {
		def, err := newFieldDef(row.toField())
		if err != nil {
			return nil, err
		}
		list[i] = def
	}
	set := newFieldSet("", revision, list)
	if err := set.compile(); err != nil {
		return nil, err
	}
	set.people = set.of(PersonKind)
	return set, nil
}

// compile compiles the rules of all definitions. They were checked when they
// were defined, and no field is ever removed or given another type.
func (s *fieldSet) compile() error {
	envs := map[string]*expr.Env{}
	for _, def := range s.list {
		if def.ShowIf == "" && def.RequiredIf == "" && def.Rule == "" {
			continue
		}
		kinds := strings.Join(def.Kinds, ",")
		if envs[kinds] == nil {
			env, err := s.env(def.Field)
			if err != nil {
				return err
			}
			envs[kinds] = env
		}
		if bad := def.compileRules(envs[kinds]); len(bad) > 0 {
			return fmt.Errorf("field definition %s: %s: %s", def.Key, bad[0].Name, bad[0].Detail)
		}
	}
	var err error
	s.computed, err = orderComputed(s.list)
	return err
}

// with gives the set as it would be with one definition added or replaced,
// without compiled rules.
func (s *fieldSet) with(f Field) *fieldSet {
	list := slices.DeleteFunc(slices.Clone(s.list), func(def *fieldDef) bool { return def.Key == f.Key })
	return newFieldSet("", s.revision, append(list, &fieldDef{Field: f}))
}

// lastNo is the highest number in use; those up to lastCoreNo are not given out.
func (s *fieldSet) lastNo() int {
	last := lastCoreNo
	for no := range s.byNo {
		last = max(last, no)
	}
	return last
}

func (s *fieldSet) fields() []Field {
	list := make([]Field, len(s.list))
	for i, def := range s.list {
		list[i] = def.Field
	}
	return list
}

// sortedKeys lists the keys of m in the order of the fields' numbers.
func (s *fieldSet) sortedKeys(m map[string]string) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return s.byKey[a].No - s.byKey[b].No })
}
