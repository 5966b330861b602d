package registry

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// A value that an undo gives back stood in the version that was the default just
// before the import, and is as old as it was there. Other versions may say the same
// of another day and by somebody else: they have no part in it.

// logChunk is how many entries of the change log of a record are read at once.
const logChunk = 16

// loadBefore reads the versions that were the default before the import, of those
// whom it took values from.
func (p *undoPage) loadBefore(tx *gorm.DB, revs []*reversal, at db.Time) error {
	revs = slices.DeleteFunc(slices.Clone(revs), func(rev *reversal) bool { return !rev.tookValues() })
	latest, err := latestBefore(tx, revs, at)
	if err != nil {
		return err
	}
	var wanted []versionOf
	for _, rev := range revs {
		number, err := rev.defaultBefore(tx, latest[rev.id])
		if err != nil {
			return err
		}
		wanted = append(wanted, versionOf{rev.id, number})
	}
	found, err := loadVersionsOf(tx, wanted)
	p.before = make(map[uuid.UUID]versionRow, len(found))
	for of, v := range found {
		p.before[of.id] = v
	}
	return err
}

// tookValues tells whether the import took a value away or put another in its place.
func (rev *reversal) tookValues() bool {
	return slices.ContainsFunc(rev.did, func(d diffEntry) bool { return d.Kind == "" && d.Old != "" })
}

// latestBefore gives the highest numbers of versions from before a moment.
func latestBefore(tx *gorm.DB, revs []*reversal, at db.Time) (map[uuid.UUID]int, error) {
	ids := make([]uuid.UUID, len(revs))
	for i, rev := range revs {
		ids[i] = rev.id
	}
	var rows []struct {
		RegistrantID uuid.UUID
		Latest       int
	}
	err := tx.Raw(`SELECT registrant_id, max(version_no) AS latest FROM registrant_version WHERE registrant_id IN ? AND created_at < ? GROUP BY registrant_id`, ids, at).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("number the versions from before an import: %w", err)
	}
	latest := make(map[uuid.UUID]int, len(rows))
	for _, row := range rows {
		latest[row.RegistrantID] = row.Latest
	}
	return latest, nil
}

// defaultBefore goes back in the change log from the import to the entry that made
// a version the default, and gives its number; 0: there is none. latest is the
// highest number before the import.
func (rev *reversal) defaultBefore(tx *gorm.DB, latest int) (int, error) {
	for next := rev.entry.ChainNo; next > 1; {
		var entries []changeRow
		err := tx.Where("registrant_id = ? AND chain_no < ?", rev.id, next).Order("chain_no DESC").Limit(logChunk).Find(&entries).Error
		if err != nil {
			return 0, fmt.Errorf("read the change log from before an import: %w", err)
		}
		if len(entries) == 0 {
			return 0, nil
		}
		for _, entry := range entries {
			diff, err := entry.diff(rev.rec.key)
			if err != nil {
				return 0, fmt.Errorf("open entry %d: %w", entry.ChainNo, err)
			}
			switch named, chosen, _ := new(replay).split(diff); {
			case chosen != nil:
				return strconv.Atoi(chosen.New)
			case named != nil: // it stood beside the default
				latest--
			case entry.ChainNo == 1 || hasValues(diff):
				return latest, nil
			}
			next = entry.ChainNo
		}
	}
	return 0, nil
}

// keepTimes leaves to a value that is given back when it was recorded and
// collected: whoever entered it then has entered it, and not who takes an import
// back.
func (p *undoPage) keepTimes(rev *reversal) error {
	v, there := p.before[rev.id]
	if rev.change == nil || !there {
		return nil
	}
	text, err := v.Values.open(rev.rec.key)
	if err != nil {
		return fmt.Errorf("open version %d: %w", v.VersionNo, err)
	}
	times := rev.change.Row.Values.Times.V
	for _, d := range rev.change.diff {
		if d.Kind == "" && d.New != "" && text[d.Field] == rev.change.Text[d.Field] {
			then := v.Values.Times.V[d.Field]
			times[d.Field] = recorded{R: then.R, C: then.C, D: times[d.Field].D}
		}
	}
	return nil
}
