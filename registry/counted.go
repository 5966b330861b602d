package registry

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// HouseholdKind is the kind of group that people live in.
const HouseholdKind = "household"

// Facts of a household that are counted from its members, as fields. Nobody types
// them in and nobody attests them: they are what the memberships say, and a
// change of those changes them in the same moment.
const (
	CountedSize = "household_size" // people in it today
	CountedHead = "household_head" // registration number of its head
)

// CountedFields describes those facts. They are not among Fields: no record has
// a value of them.
func CountedFields() []Field {
	return []Field{
		{Key: CountedSize, Section: "household", Type: TypeNumber, Kinds: []string{HouseholdKind}, Attestable: true, Issuable: true,
			Label: map[string]string{"en": "Members of the household", "ar": "عدد أفراد الأسرة", "fr": "Membres du ménage", "hi": "परिवार के सदस्य", "sw": "Watu wa kaya"}},
		{Key: CountedHead, Section: "household", Type: TypeIdentifier, Kinds: []string{HouseholdKind}, Attestable: true, Issuable: true,
			Label: map[string]string{"en": "Registration number of the head", "ar": "رقم تسجيل رب الأسرة", "fr": "Numéro d’enregistrement du chef", "hi": "मुखिया की पंजीकरण संख्या", "sw": "Namba ya usajili ya mkuu"}},
	}
}

// addCounted counts a household's facts as of a day, with the same keyed hash as
// any value: so whoever compares them later finds a change.
func (r *Registry) addCounted(tx *gorm.DB, id uuid.UUID, day db.Date, out map[string]AttestedValue) error {
	var rows []struct {
		Role   string `gorm:"column:role"`
		Number string `gorm:"column:number"`
	}
	err := tx.Raw(`SELECT m.role, p.number FROM membership m JOIN registrant p ON p.id = m.member_id AND p.kind = ?
		WHERE m.group_id = ? AND m.start_date <= ? AND (m.end_date IS NULL OR m.end_date > ?)`, PersonKind, id, day, day).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("count a household: %w", err)
	}
	facts := map[string]string{CountedSize: strconv.Itoa(len(rows))}
	for _, m := range rows {
		if m.Role == HeadRole {
			facts[CountedHead] = m.Number
		}
	}
	for field, text := range facts {
		out[field] = AttestedValue{Value: Value{Text: text}, Hash: r.keys.ValueHash(id, field, text)}
	}
	return nil
}
