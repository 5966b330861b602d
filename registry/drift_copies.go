package registry

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// copies is what is kept of some records beside their live rows.
type copies struct {
	keys        map[uuid.UUID]keyRow
	versions    map[uuid.UUID]versionRow // the default ones
	latest      map[uuid.UUID]int
	states      map[uuid.UUID][]stateRow
	identifiers map[uuid.UUID][]identifierRow
	indexed     map[uuid.UUID][]fieldValueRow
	waiting     map[uuid.UUID][]waitingRow
	areas       map[string]string // by areaKey of what the records say of their area: the code that it names
}

func (r *Registry) loadCopies(tx *gorm.DB, rows []registrantRow) (*copies, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	c := &copies{keys: map[uuid.UUID]keyRow{}, versions: map[uuid.UUID]versionRow{}, latest: map[uuid.UUID]int{}, states: map[uuid.UUID][]stateRow{}, identifiers: map[uuid.UUID][]identifierRow{},
		indexed: map[uuid.UUID][]fieldValueRow{}, areas: map[string]string{}}
	if len(ids) == 0 {
		return c, nil
	}
	var keys []keyRow
	if err := tx.Where("registrant_id IN ?", ids).Find(&keys).Error; err != nil {
		return nil, fmt.Errorf("load record keys: %w", err)
	}
	for _, k := range keys {
		c.keys[k.RegistrantID] = k
	}
	var versions []versionRow
	err := tx.Raw(`SELECT v.* FROM registrant_version v JOIN registrant r ON r.id = v.registrant_id AND r.version_no = v.version_no WHERE r.id IN ?`, ids).Scan(&versions).Error
	if err != nil {
		return nil, fmt.Errorf("load default versions: %w", err)
	}
	for _, v := range versions {
		c.versions[v.RegistrantID] = v
	}
	if err := c.loadAreas(tx, rows); err != nil {
		return nil, err
	}
	var waiting []waitingRow
	if err := tx.Where("registrant_id IN ?", ids).Find(&waiting).Error; err != nil {
		return nil, fmt.Errorf("load who waits: %w", err)
	}
	c.waiting = map[uuid.UUID][]waitingRow{}
	for _, w := range waiting {
		c.waiting[w.RegistrantID] = append(c.waiting[w.RegistrantID], w)
	}
	return c, c.loadRest(tx, ids)
}

func (c *copies) loadAreas(tx *gorm.DB, rows []registrantRow) error {
	var keys []string
	for i := range rows {
		if key := areaKey(rows[i].Values.areaText()); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for some := range slices.Chunk(keys, chunkRows) {
		var names []areaNameRow
		if err := tx.Where("name IN ?", some).Find(&names).Error; err != nil {
			return fmt.Errorf("read the names of areas: %w", err)
		}
		for _, n := range names {
			c.areas[n.Name] = n.Code
		}
	}
	return nil
}

// liesWhereItSays tells whether a record is in the area that its values name. One
// whose values name none any more, as that was retired or renamed, keeps the old.
func (c *copies) liesWhereItSays(row *registrantRow) bool {
	key := areaKey(row.Values.areaText())
	if key == "" {
		return row.Area == ""
	}
	code := c.areas[key]
	return code == "" || code == string(row.Area)
}

func (c *copies) loadRest(tx *gorm.DB, ids []uuid.UUID) error {
	var latest []versionRow
	err := tx.Raw(`SELECT registrant_id, max(version_no) AS version_no FROM registrant_version WHERE registrant_id IN ? GROUP BY registrant_id`, ids).Scan(&latest).Error
	if err != nil {
		return fmt.Errorf("number versions: %w", err)
	}
	for _, v := range latest {
		c.latest[v.RegistrantID] = v.VersionNo
	}
	var states []stateRow
	if err := tx.Where("registrant_id IN ?", ids).Order("registrant_id, field").Find(&states).Error; err != nil {
		return fmt.Errorf("load field states: %w", err)
	}
	for _, s := range states {
		c.states[s.RegistrantID] = append(c.states[s.RegistrantID], s)
	}
	var identifiers []identifierRow
	if err := tx.Where("registrant_id IN ?", ids).Find(&identifiers).Error; err != nil {
		return fmt.Errorf("load identifiers: %w", err)
	}
	for _, id := range identifiers {
		c.identifiers[id.RegistrantID] = append(c.identifiers[id.RegistrantID], id)
	}
	var indexed []fieldValueRow
	if err := tx.Where("registrant_id IN ?", ids).Find(&indexed).Error; err != nil {
		return fmt.Errorf("load the index of fields: %w", err)
	}
	for _, v := range indexed {
		c.indexed[v.RegistrantID] = append(c.indexed[v.RegistrantID], v)
	}
	return nil
}

// statesOf gives the states of one record by the number of the field.
func (c *copies) statesOf(id uuid.UUID) map[int]stateRow {
	out := map[int]stateRow{}
	for _, s := range c.states[id] {
		out[s.Field] = s
	}
	return out
}
