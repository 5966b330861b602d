package registry

import (
	"bytes"
	"context"
	"fmt"
	"maps"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/registry/seal"
)

// VerifyChain checks that a person's change log is whole and that the record is
// what the log says: every hash, the head in the live row, and the values of the
// live row and of every version, which must come out when all changes are played
// again. It returns NotFound, or an error that wraps ErrChainBroken and says
// where.
func (r *Registry) VerifyChain(ctx context.Context, id uuid.UUID) error {
	return r.db.Read(ctx, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, id, "")
		if err != nil {
			return err
		}
		rows, err := loadLog(tx, id)
		if err != nil {
			return err
		}
		if err := verifyHashes(rows, rec.row); err != nil {
			return err
		}
		versions, err := loadVersions(tx, id)
		if err != nil {
			return err
		}
		return r.verifyValues(rows, versions, rec)
	})
}

func verifyHashes(rows []changeRow, live registrantRow) error {
	prev := make([]byte, chainHashSize)
	for i, row := range rows {
		switch {
		case row.ChainNo != int64(i+1):
			return broken("entry %d is missing", i+1)
		case !bytes.Equal(row.PrevHash, prev):
			return broken("entry %d does not follow the one before", row.ChainNo)
		case !bytes.Equal(row.PayloadHash, row.payload()):
			return broken("entry %d was altered", row.ChainNo)
		case !bytes.Equal(row.Hash, chainHash(prev, row.PayloadHash)):
			return broken("entry %d has another hash", row.ChainNo)
		}
		prev = row.Hash
	}
	if live.ChainNo != int64(len(rows)) || !bytes.Equal(live.ChainHead, prev) {
		return broken("the newest entry is not the one that the record names")
	}
	return nil
}

// verifyValues plays the log again. Every entry that changes values has made the
// next version.
func (r *Registry) verifyValues(rows []changeRow, versions []versionRow, rec record) error {
	text, made := map[string]string{}, 0
	for _, row := range rows {
		changed, err := replay(text, row, rec.key)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		if made++; made > len(versions) || !versions[made-1].is(made, text, rec.key) {
			return broken("version %d does not hold the values of entry %d", made, row.ChainNo)
		}
	}
	if made != len(versions) {
		return broken("there are %d versions, and %d were made", len(versions), made)
	}
	if !maps.Equal(text, rec.text) || !seal.Equal(rec.row.Values.VHash, r.keys.RecordHash(rec.row.ID, text)) {
		return broken("the record does not hold the values of the log")
	}
	return nil
}

// replay does to text what an entry did, and tells whether it changed a value.
func replay(text map[string]string, row changeRow, key seal.Record) (changed bool, err error) {
	diff, err := row.diff(key)
	if err != nil {
		return false, broken("entry %d cannot be opened", row.ChainNo)
	}
	for _, d := range diff {
		if d.Kind != "" {
			continue
		}
		if text[d.Field] != d.Old {
			return false, broken("entry %d does not start from the value before", row.ChainNo)
		}
		if text[d.Field] = d.New; d.New == "" {
			delete(text, d.Field)
		}
		changed = true
	}
	return changed, nil
}

// is tells whether a stored version has this number and these values.
func (v *versionRow) is(number int, text map[string]string, key seal.Record) bool {
	stored, err := v.Values.open(key)
	return err == nil && v.VersionNo == number && maps.Equal(stored, text)
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrChainBroken}, args...)...)
}
