package registry

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// A row that shows version_no was written by somebody who saw that version. What
// others have changed since is not overwritten, as with If-Match of a single edit;
// but fields that nobody has touched go through.

// readVersion reads the version that a row shows.
func (row *importRow) readVersion(cell string) {
	if n, err := strconv.Atoi(cell); err == nil && n > 0 {
		row.version = n
	} else {
		row.version = -1
	}
}

// isBehind tells whether the record has another version than the row shows.
func (row *importRow) isBehind() bool {
	return row.person != nil && row.version != 0 && row.version != row.person.row.VersionNo
}

// loadShown reads the versions that rows show, where the records have others by now.
func (im *importRun) loadShown(tx *gorm.DB, whose map[*importRow]uuid.UUID) error {
	if !im.opt.Carries.values() {
		return nil // a decision is about its value, whatever the version
	}
	var wanted []versionOf
	for row, id := range whose {
		if row.isBehind() && row.version > 0 && row.version <= row.person.row.LatestNo {
			wanted = append(wanted, versionOf{id, row.version})
		}
	}
	found, err := loadVersionsOf(tx, wanted)
	if err != nil {
		return err
	}
	for row, id := range whose {
		v, there := found[versionOf{id, row.version}]
		if !there || !row.isBehind() {
			continue
		}
		if row.shown, err = v.Values.open(row.person.key); err != nil {
			return fmt.Errorf("open version %d: %w", v.VersionNo, err)
		}
	}
	return nil
}

// checkShown notes the cells that would overwrite what has been changed since the
// version that the row shows. A cell that says what the record says by now is fine.
func (im *importRun) checkShown(row *importRow) {
	if !row.isBehind() {
		return
	}
	if row.shown == nil {
		im.bad(row, versionColumn, CodeVersionConflict, "This record has no such version.")
		return
	}
	today := im.at.UTC().Format(time.DateOnly)
	for _, key := range im.fields.sortedKeys(row.set) {
		live := row.person.text[key]
		if live == row.shown[key] {
			continue
		}
		// A value that is not right is found by the builder, which names the mistake.
		if text, wrong := im.fields.byKey[key].canonical(row.set[key], today); wrong == nil && text != live {
			im.bad(row, key, CodeVersionConflict, "Somebody has changed this value since the file was downloaded.")
		}
	}
}
