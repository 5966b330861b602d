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
// live row and of every version, with its label, and its identifiers, which must
// come out when all changes are played again. It returns NotFound, or an error that
// wraps ErrChainBroken and says where.
func (r *Registry) VerifyChain(ctx context.Context, id uuid.UUID) error {
	return r.db.Read(ctx, func(tx *gorm.DB) error { return r.verifyChain(tx, id) })
}

func (r *Registry) verifyChain(tx *gorm.DB, id uuid.UUID) error {
	rec, err := r.loadRecord(tx, System().to(toRead), id, "")
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
	log, err := r.verifyValues(rows, versions, rec)
	if err != nil {
		return err
	}
	return r.verifyIdentifiers(tx, log, rec)
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

// verifyValues plays the log again: the versions are those that it made, under
// the names that it gave, and the record is the one that it chose. It gives the
// log as it was played.
func (r *Registry) verifyValues(rows []changeRow, versions []versionRow, rec record) (*replay, error) {
	log := newReplay(rec.key)
	for _, row := range rows {
		if _, err := log.play(row); err != nil {
			return nil, err
		}
	}
	if len(log.versions) != len(versions) || rec.row.LatestNo != len(versions) {
		return nil, broken("there are %d versions up to number %d, and %d were made", len(versions), rec.row.LatestNo, len(log.versions))
	}
	for i, v := range versions {
		if made := log.versions[i]; v.VersionNo != i+1 || string(v.Label) != made.label || v.Basis != made.basis || !v.holds(made.text, rec.key) {
			return nil, broken("version %d is not the one that was made", i+1)
		}
	}
	if rec.row.VersionNo != log.number {
		return nil, broken("the default is version %d, and version %d was chosen", rec.row.VersionNo, log.number)
	}
	if !maps.Equal(log.text, rec.text) || !seal.Equal(rec.row.Values.VHash, r.keys.RecordHash(rec.row.ID, log.text)) {
		return nil, broken("the record does not hold the values of the log")
	}
	return log, nil
}

// holds tells whether a stored version has these values.
func (v *versionRow) holds(text map[string]string, key seal.Record) bool {
	stored, err := v.Values.open(key)
	return err == nil && maps.Equal(stored, text)
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrChainBroken}, args...)...)
}
