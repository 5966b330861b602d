package registry

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// parentageRow is a row of parentage.
type parentageRow struct {
	RegistrantID uuid.UUID     `gorm:"column:registrant_id;primaryKey"`
	Parent1ID    uuid.NullUUID `gorm:"column:parent1_id"`
	Parent2ID    uuid.NullUUID `gorm:"column:parent2_id"`
	IsAdopted    bool          `gorm:"column:is_adopted"`
	RecordedAt   db.Time       `gorm:"column:recorded_at"`
}

// spouseRow is a row of spouse: one side of a marriage.
type spouseRow struct {
	Person1ID   uuid.UUID `gorm:"column:person1_id;primaryKey"`
	Person2ID   uuid.UUID `gorm:"column:person2_id"`
	MarriageID  uuid.UUID `gorm:"column:marriage_id;primaryKey"`
	IsMarried   bool      `gorm:"column:is_married"`
	MarriedOn   db.Date   `gorm:"column:married_on"`
	IsSeparated bool      `gorm:"column:is_separated"`
	SeparatedOn db.Date   `gorm:"column:separated_on"`
	RecordedAt  db.Time   `gorm:"column:recorded_at"`
}

// guardianshipRow is a row of guardianship.
type guardianshipRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	GuardianID   uuid.UUID `gorm:"column:guardian_id;primaryKey"`
	ValidFrom    db.Date   `gorm:"column:valid_from;primaryKey"`
	ValidTo      db.Date   `gorm:"column:valid_to"`
	RecordedAt   db.Time   `gorm:"column:recorded_at"`
}

func (parentageRow) TableName() string    { return "parentage" }
func (spouseRow) TableName() string       { return "spouse" }
func (guardianshipRow) TableName() string { return "guardianship" }

// known lists the parents that are known.
func (p *parentageRow) known() []uuid.UUID {
	var out []uuid.UUID
	for _, parent := range []uuid.NullUUID{p.Parent1ID, p.Parent2ID} {
		if parent.Valid {
			out = append(out, parent.UUID)
		}
	}
	return out
}

// someone is an id that may be missing.
func someone(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// mirror is the other side of a marriage.
func (s spouseRow) mirror() spouseRow {
	s.Person1ID, s.Person2ID = s.Person2ID, s.Person1ID
	return s
}

func (s *spouseRow) marriage() Marriage {
	return Marriage{IsMarried: s.IsMarried, MarriedOn: string(s.MarriedOn), IsSeparated: s.IsSeparated, SeparatedOn: string(s.SeparatedOn)}
}

// loadRows reads rows of one of these tables in an order that does not change,
// at most limit of them.
func loadRows[T any](tx *gorm.DB, order string, limit int, where string, args ...any) ([]T, error) {
	var rows []T
	if err := tx.Where(where, args...).Order(order).Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load kinship: %w", err)
	}
	return rows, nil
}

// noLimit is for rows of which one person has few.
const noLimit = -1

func loadParentages(tx *gorm.DB, limit int, where string, args ...any) ([]parentageRow, error) {
	return loadRows[parentageRow](tx, "registrant_id", limit, where, args...)
}

func loadSpouses(tx *gorm.DB, limit int, where string, args ...any) ([]spouseRow, error) {
	return loadRows[spouseRow](tx, "is_separated, person1_id, marriage_id", limit, where, args...)
}

func loadGuardianships(tx *gorm.DB, limit int, where string, args ...any) ([]guardianshipRow, error) {
	return loadRows[guardianshipRow](tx, "valid_from DESC, registrant_id, guardian_id", limit, where, args...)
}

// ties are the rows that name one person.
type ties struct {
	parents          []parentageRow // one, or none
	children         []parentageRow
	spouses          []spouseRow
	guardians, wards []guardianshipRow
}

func loadTies(tx *gorm.DB, id uuid.UUID) (t ties, err error) {
	if t.parents, err = loadParentages(tx, noLimit, "registrant_id = ?", id); err != nil {
		return t, err
	}
	if t.children, err = loadParentages(tx, maxTies+1, "parent1_id = ? OR parent2_id = ?", id, id); err != nil {
		return t, err
	}
	if t.spouses, err = loadSpouses(tx, noLimit, "person1_id = ?", id); err != nil {
		return t, err
	}
	if t.guardians, err = loadGuardianships(tx, noLimit, "registrant_id = ?", id); err != nil {
		return t, err
	}
	t.wards, err = loadGuardianships(tx, maxTies+1, "guardian_id = ?", id)
	return t, err
}

// people lists everybody whom the rows name, once.
func (t *ties) people() []uuid.UUID {
	var ids []uuid.UUID
	for _, row := range t.parents {
		ids = append(ids, row.known()...)
	}
	for _, row := range t.children {
		ids = append(ids, row.RegistrantID)
	}
	for _, row := range t.spouses {
		ids = append(ids, row.Person2ID)
	}
	for _, row := range t.guardians {
		ids = append(ids, row.GuardianID)
	}
	for _, row := range t.wards {
		ids = append(ids, row.RegistrantID)
	}
	return inOrder(ids)
}

// toKinship names the people of the rows.
func (t *ties) toKinship(row registrantRow, people map[uuid.UUID]Kin) Kinship {
	k := Kinship{ID: row.ID, ChainNo: row.ChainNo, More: len(t.children) > maxTies || len(t.wards) > maxTies}
	for _, p := range t.parents {
		k.Parent1, k.Parent2, k.IsAdopted = kinOf(people, p.Parent1ID), kinOf(people, p.Parent2ID), p.IsAdopted
	}
	for _, c := range t.children[:min(len(t.children), maxTies)] {
		k.Children = append(k.Children, Child{people[c.RegistrantID], c.IsAdopted})
	}
	for _, s := range t.spouses {
		k.Spouses = append(k.Spouses, Spouse{people[s.Person2ID], s.MarriageID, s.marriage()})
	}
	for _, g := range t.guardians {
		k.Guardians = append(k.Guardians, GuardianshipOf{people[g.GuardianID], string(g.ValidFrom), string(g.ValidTo)})
	}
	for _, g := range t.wards[:min(len(t.wards), maxTies)] {
		k.Wards = append(k.Wards, GuardianshipOf{people[g.RegistrantID], string(g.ValidFrom), string(g.ValidTo)})
	}
	return k
}

func kinOf(people map[uuid.UUID]Kin, id uuid.NullUUID) *Kin {
	if !id.Valid {
		return nil
	}
	k := people[id.UUID]
	return &k
}

// loadKin reads what is told of people who are named. Staff with bounds is told of
// people outside of them what a registrant is told. hidden are fields that the
// actor is not told.
func loadKin(tx *gorm.DB, who access, hidden map[string]bool, ids []uuid.UUID) (map[uuid.UUID]Kin, error) {
	out := make(map[uuid.UUID]Kin, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []registrantRow
	if err := tx.Raw(`SELECT id, number, sex FROM registrant WHERE id IN ?`, ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("load people by kinship: %w", err)
	}
	known, err := who.known(tx, ids)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		k := &Kin{ID: row.ID, Number: row.Number, Sex: string(row.Values.Sex)}
		if hidden["sex"] {
			k.Sex = ""
		}
		if !known(row.ID) {
			k = k.masked()
		}
		out[row.ID] = *k
	}
	return out, nil
}

// inOrder sorts ids and drops those that are there twice.
func inOrder(ids []uuid.UUID) []uuid.UUID {
	ids = slices.SortedFunc(slices.Values(ids), byBytes)
	return slices.Compact(ids)
}
