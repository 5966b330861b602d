package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// registrantColumns are the columns of registrantRow.
const registrantColumns = "id, number, kind, status, version_no, latest_no, area, " + valueColumns + ", chain_head, chain_no, created_at, updated_at"

// loadBuilder is loadBuilderOf for people.
func (r *Registry) loadBuilder(tx *gorm.DB, a Actor, reason string, now db.Time) (*builder, error) {
	return r.loadBuilderOf(tx, PersonKind, a, reason, now)
}

// loadBuilderOf reads the definitions for one kind of registrant and makes a
// builder for one transaction.
func (r *Registry) loadBuilderOf(tx *gorm.DB, kind string, a Actor, reason string, now db.Time) (*builder, error) {
	fields, err := r.fieldSetOf(tx, kind)
	if err != nil {
		return nil, err
	}
	b := r.newBuilder(fields, a, reason, now)
	b.placeOf = func(key string) (place, error) { return findPlace(tx, key) }
	b.hasDocument = func(id uuid.UUID, sha256 string) (bool, error) { return r.hasDocument(tx, id, sha256) }
	return b, nil
}

// load is loadRecord of a person: a group is nobody.
func (r *Registry) load(tx *gorm.DB, who access, id uuid.UUID, lock string) (record, error) {
	rec, err := r.loadRecord(tx, who, id, lock)
	if err == nil && rec.row.Kind != PersonKind {
		return record{}, errNoPerson()
	}
	return rec, err
}

// loadRecord reads a person or a group for an actor and opens the sealed values.
// lock is "" or one of the dialect's lock clauses. It returns NotFound, also for a
// record that is not for the actor.
func (r *Registry) loadRecord(tx *gorm.DB, who access, id uuid.UUID, lock string) (record, error) {
	found, err := readRow(tx, who, id, lock)
	if err != nil {
		return record{}, err
	}
	key, err := r.loadKey(tx, id)
	if err != nil {
		return record{}, err
	}
	rec, err := openRecord(found.Row, key)
	rec.above = pathCodes(string(found.Path))
	return rec, err
}

// placedRow is a live row and where it lies: the path of its area, if somebody
// with bounds asks.
type placedRow struct {
	Row  registrantRow `gorm:"embedded"`
	Path optional      `gorm:"column:area_path"`
}

// readRow is readRows of one.
func readRow(tx *gorm.DB, who access, id uuid.UUID, lock string) (placedRow, error) {
	rows, err := readRows(tx, who, []uuid.UUID{id}, lock)
	if err != nil {
		return placedRow{}, err
	}
	return rows[0], nil
}

// readRows reads live rows in the order of their ids. It returns NotFound, after
// the same work, when one is not there and when one is not for the actor.
func readRows(tx *gorm.DB, who access, ids []uuid.UUID, lock string) ([]placedRow, error) {
	rows, err := findRows(tx, who, ids, lock)
	if err != nil {
		return nil, err
	}
	if len(rows) != len(ids) {
		return nil, errNoPerson()
	}
	for i := range rows {
		if !who.reaches(&rows[i].Row, pathCodes(string(rows[i].Path))) {
			return nil, errNoPerson()
		}
	}
	return rows, nil
}

// findRows reads live rows, whether they are for the actor or not, and where they
// lie if that will be asked.
func findRows(tx *gorm.DB, who access, ids []uuid.UUID, lock string) ([]placedRow, error) {
	path := ""
	if len(who.actor.Grants) > 0 {
		path = ", (SELECT path FROM area WHERE code = registrant.area) AS area_path"
	}
	var rows []placedRow
	if err := tx.Raw(`SELECT `+registrantColumns+path+` FROM registrant WHERE id IN ? ORDER BY id`+lock, ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("load records: %w", err)
	}
	return rows, nil
}

// loadAtVersion reads one person for a change and holds the record until the
// transaction ends. It returns NotFound or Conflict "version_conflict".
func (r *Registry) loadAtVersion(tx *gorm.DB, who access, id uuid.UUID, version int) (record, error) {
	rec, err := r.load(tx, who, id, r.db.Dialect.ForUpdate())
	if err == nil && rec.row.VersionNo != version {
		err = errVersionConflict()
	}
	return rec, err
}

func (r *Registry) loadKey(tx *gorm.DB, id uuid.UUID) (seal.Record, error) {
	var rows []keyRow
	if err := tx.Where("registrant_id = ?", id).Find(&rows).Error; err != nil {
		return seal.Record{}, fmt.Errorf("load a record key: %w", err)
	}
	if len(rows) == 0 {
		return seal.Record{}, errErased()
	}
	return r.keys.OpenRecord(id, rows[0].wrapped())
}

func (k keyRow) wrapped() seal.Wrapped {
	return seal.Wrapped{KID: k.KID, Key: k.Wrapped, KEK: k.KEK}
}

func openRecord(row registrantRow, key seal.Record) (record, error) {
	text, err := row.Values.open(key)
	if err != nil {
		return record{}, fmt.Errorf("open a record: %w", err)
	}
	return record{row: row, key: key, text: text}, nil
}

// store writes one change: all its rows, or none. It returns Conflict
// "identifier_taken", "label_taken" or "version_conflict", or Forbidden
// "outside_area".
func (r *Registry) store(tx *gorm.DB, c *built) error {
	if err := c.settle(tx); err != nil {
		return err
	}
	c.Row.link(&c.Log)
	if err := storeRow(tx, c); err != nil {
		return err
	}
	if !c.Switch {
		if err := r.storeVersion(tx, c); err != nil {
			return err
		}
	}
	if err := r.storeIdentifiers(tx, c); err != nil {
		return err
	}
	if err := storeIndexed(tx, c.Row.ID, c.NewKey != nil, c.Indexed); err != nil {
		return err
	}
	if err := r.storeLog(tx, c.Log); err != nil {
		return err
	}
	if err := refreshStates(tx, c); err != nil {
		return err
	}
	if c.Row.Kind != PersonKind {
		return nil
	}
	return r.refreshWaiting(tx, c.Row.ID)
}

// storeRow writes the live row, and the key of a new person. The condition on
// version_no is what makes of many changes at once the first one win.
func storeRow(tx *gorm.DB, c *built) error {
	if c.NewKey != nil {
		if err := tx.Create(c.NewKey).Error; err != nil {
			return fmt.Errorf("store a record key: %w", err)
		}
		if err := tx.Create(&c.Row).Error; err != nil {
			return fmt.Errorf("store a person: %w", err)
		}
		return nil
	}
	done := tx.Model(&registrantRow{}).Where("id = ? AND version_no = ?", c.Row.ID, c.From).
		Select("*").Omit("id", "number", "kind", "status", "created_at").Updates(&c.Row)
	if done.Error != nil {
		return fmt.Errorf("store a person: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return errVersionConflict()
	}
	return nil
}

func (r *Registry) storeIdentifiers(tx *gorm.DB, c *built) error {
	for _, row := range c.Dropped {
		if err := tx.Delete(&row).Error; err != nil {
			return fmt.Errorf("drop an identifier: %w", err)
		}
	}
	for _, row := range c.Added {
		err := tx.Create(&row).Error
		if r.db.Dialect.IsDuplicate(err) {
			return errIdentifierTaken(row.Scheme)
		}
		if err != nil {
			return fmt.Errorf("store an identifier: %w", err)
		}
	}
	return nil
}

// refreshStates tells the decisions about the changed fields which value is
// live now, and clears what was proposed about the one before. A field without a decision has no row, and needs none.
func refreshStates(tx *gorm.DB, c *built) error {
	for _, f := range c.Changed {
		err := tx.Exec(`UPDATE field_state SET live_hash = ?, proposal = 0 WHERE registrant_id = ? AND field = ?`, f.Hash, c.Row.ID, f.No).Error
		if err != nil {
			return fmt.Errorf("refresh a field state: %w", err)
		}
	}
	return nil
}

func errErased() error {
	return fault.New(fault.Gone, "record_erased", "The values of this record have been erased.")
}

func errVersionConflict() error {
	return fault.New(fault.Conflict, "version_conflict", "Somebody else has changed this record since you opened it.")
}

// errIdentifierTaken does not say whose the value is.
func errIdentifierTaken(field string) error {
	e := fault.New(fault.Conflict, "identifier_taken", "Another person is registered with this value.")
	e.Fields = []fault.Field{{Name: field, Code: "identifier_taken", Detail: "Another person is registered with this value."}}
	return e
}

// loadKeys reads and opens the keys of several people.
func (r *Registry) loadKeys(tx *gorm.DB, ids []uuid.UUID) (map[uuid.UUID]seal.Record, error) {
	keys := make(map[uuid.UUID]seal.Record, len(ids))
	if len(ids) == 0 {
		return keys, nil
	}
	var rows []keyRow
	if err := tx.Where("registrant_id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load record keys: %w", err)
	}
	for _, row := range rows {
		key, err := r.keys.OpenRecord(row.RegistrantID, row.wrapped())
		if err != nil {
			return nil, fmt.Errorf("load record keys: %w", err)
		}
		keys[row.RegistrantID] = key
	}
	return keys, nil
}
