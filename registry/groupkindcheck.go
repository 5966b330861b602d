package registry

import (
	"fmt"
	"slices"

	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// maxRoles bounds the roles of one kind of group.
const maxRoles = 50

func (k GroupKind) withDefaults() GroupKind {
	if k.Label == nil {
		k.Label = map[string]string{}
	}
	if len(k.MemberKinds) == 0 {
		k.MemberKinds = []string{PersonKind}
	}
	if k.Roles == nil {
		k.Roles = []MemberRole{}
	}
	return k
}

// knownKinds tells whether kinds are people alone, or different kinds of group
// that are there.
func knownKinds(tx *gorm.DB, kinds []string) (bool, error) {
	if slices.Equal(kinds, []string{PersonKind}) {
		return true, nil
	}
	if !keysFine(kinds) {
		return false, nil
	}
	var n int64
	if err := tx.Model(&groupKindRow{}).Where("key IN ?", kinds).Count(&n).Error; err != nil {
		return false, fmt.Errorf("look up kinds of group: %w", err)
	}
	return len(kinds) > 0 && int(n) == len(kinds), nil
}

// keysFine tells whether all of keys have the form of one.
func keysFine(keys []string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return !reKey.MatchString(key) || len(key) > maxKeyLength })
}

// check refuses a kind with mistakes; it asks the database which kinds there are.
func (k GroupKind) check(tx *gorm.DB) error {
	bad := k.problems()
	others := slices.DeleteFunc(slices.Clone(k.MemberKinds), func(kind string) bool { return kind == PersonKind || kind == k.Key })
	known := len(others) == 0
	if !known {
		var err error
		if known, err = knownKinds(tx, others); err != nil {
			return err
		}
	}
	if !known {
		bad = append(bad, fault.Field{Name: "member_kinds", Code: "invalid_member_kinds", Detail: "person, or kinds of group that are there; each once."})
	}
	if len(bad) > 0 {
		return errBadGroupKind(bad)
	}
	return nil
}

// problems lists what is wrong with a kind by itself.
func (k GroupKind) problems() []fault.Field {
	var bad []fault.Field
	add := func(wrong bool, member, words string) {
		if wrong {
			bad = append(bad, fault.Field{Name: member, Code: "invalid_" + member, Detail: words})
		}
	}
	head, has := k.role(HeadRole)
	add(!reKey.MatchString(k.Key) || len(k.Key) > maxKeyLength || k.Key == PersonKind || k.Key == AnyGroup, "key",
		"Small letters, digits and single underscores, beginning with a letter; at most 63; neither person nor group.")
	add(!labelsFine(k.Label) || k.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	add(!rolesFine(k.Roles), "roles", "1 to 50 roles with different keys and labels.")
	add(k.NeedsHead && !(has && head.Unique), "needs_head", "A kind that needs a head has a unique role head.")
	add(k.MaxMembers < 1 || k.MaxMembers > MaxGroupSize, "max_members", "From 1 to 100000.")
	return bad
}

// broken lists what a change would alter that is never altered.
func (k GroupKind) broken(old GroupKind) []fault.Field {
	var bad []fault.Field
	add := func(wrong bool, member string) {
		if wrong {
			bad = append(bad, fault.Field{Name: member, Code: "never_changed", Detail: "This is never changed once the kind is there."})
		}
	}
	add(k.NeedsHead != old.NeedsHead, "needs_head")
	add(k.Exclusive != old.Exclusive, "exclusive")
	add(slices.ContainsFunc(old.Roles, func(o MemberRole) bool {
		now, has := k.role(o.Key)
		return !has || now.Unique != o.Unique
	}), "roles")
	return bad
}

func rolesFine(roles []MemberRole) bool {
	seen := map[string]bool{}
	for _, r := range roles {
		if !reKey.MatchString(r.Key) || len(r.Key) > maxKeyLength || seen[r.Key] || !labelsFine(r.Label) || r.Label["en"] == "" {
			return false
		}
		seen[r.Key] = true
	}
	return len(roles) > 0 && len(roles) <= maxRoles
}

func errBadGroupKind(bad []fault.Field) error {
	return fault.InvalidFields("invalid_group_kind", "The kind of group has mistakes.", bad)
}
