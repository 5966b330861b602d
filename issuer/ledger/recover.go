package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// ByRestore closes what a restored backup has brought back to life.
const ByRestore = "restore"

// reasonRestored is why a credential is withdrawn again.
const reasonRestored = "withdrawn_before_restore"

// Standing is what tells how far the database has come: what only grows, unless a
// backup is put in its place.
type Standing struct {
	Installation string // random, of this database and every copy of it
	Generation   int64  // how often it was brought back from a backup, from 1
	Newest       int64  // the highest generation of any issuer of the database
	Mark         string // the newest step in the life of any credential, "" for none
	Lists        []StandingList
	Revoked      []string // keys
	Unrevoked    []string // keys
}

// StandingList is how far one status list has come.
type StandingList struct {
	StatusList
	Seq    int
	Leased int64 // positions below it are given out
}

// Standing reads it all in one transaction.
func (l *Ledger) Standing(ctx context.Context) (Standing, error) {
	var s Standing
	err := l.read(ctx, func(tx *gorm.DB) error {
		s = Standing{}
		own, newest, err := generations(tx)
		if err == nil && own.Installation == "" {
			err = ErrNotFound // it never started
		}
		if err != nil {
			return err
		}
		s.Installation, s.Generation, s.Newest = own.Installation, own.Generation, newest
		if err := tx.Raw("SELECT CAST(id AS TEXT) FROM issuance_event WHERE issuer = ? ORDER BY id DESC LIMIT 1", l.issuer).Scan(&s.Mark).Error; err != nil {
			return err
		}
		var rows []statusListRow
		if err := tx.Order("kind, ends_at, seq").Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			s.Lists = append(s.Lists, StandingList{r.toStatusList(), r.Seq, r.NextIndex})
		}
		if err := tx.Model(&keyRow{}).Where("revoked_at IS NOT NULL").Order("kid").Pluck("kid", &s.Revoked).Error; err != nil {
			return err
		}
		return tx.Model(&keyRow{}).Where("revoked_at IS NULL").Order("kid").Pluck("kid", &s.Unrevoked).Error
	})
	if err != nil {
		return Standing{}, fmt.Errorf("ledger: read how far the database has come: %w", err)
	}
	return s, nil
}

// States gives the state of every entry of a list that has a credential.
func (l *Ledger) States(ctx context.Context, listID string) (map[int64]State, error) {
	var rows []StatusEntry
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw("SELECT list_index, state FROM issuance WHERE issuer = ? AND list_id = ?", l.issuer, listID).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read states: %w", err)
	}
	out := make(map[int64]State, len(rows))
	for _, r := range rows {
		out[r.Index] = r.State
	}
	return out, nil
}

// Recovery is what is known from outside of a database that was brought back from
// a backup.
type Recovery struct {
	Generation int64 // the one that begins
	Lists      []RecoveredList
	Revoked    []string // keys
}

// RecoveredList is one status list as it had come to be. Without a Kind, nothing
// but its states is known: it is in the database already or nowhere.
type RecoveredList struct {
	StandingList
	Withdrawn []int64 // entries that must not be valid
	Suspended []int64
}

// Recover begins a generation, in one transaction: no position of any list of
// before is leased any more, and below what was leased everything is void that
// the database knows no credential of; what was withdrawn, suspended or revoked
// is so again. No authorization of before stands: see endAuthorizations. A
// generation begins once: of two processes, one does it. It says how many
// credentials were withdrawn or suspended again.
func (l *Ledger) Recover(ctx context.Context, r Recovery, why Entry) (again int, err error) {
	err = l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		again = 0
		res := tx.Model(&identityRow{}).Where("generation < ?", r.Generation).Update("generation", r.Generation)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		for _, list := range r.Lists {
			n, err := l.recoverList(tx, list, now)
			if again += n; err != nil {
				return err
			}
		}
		if err := closeLists(tx, now); err != nil {
			return err
		}
		if err := l.endAuthorizations(tx, now); err != nil {
			return err
		}
		if err := tx.Model(&keyRow{}).Where("kid IN ? AND revoked_at IS NULL", r.Revoked).Update("revoked_at", now).Error; err != nil {
			return err
		}
		return logEntry(tx, why, "backup", nil, map[string]any{"generation": r.Generation, "lists": len(r.Lists), "again": again}, now)
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: recover from a backup: %w", err)
	}
	return again, nil
}

// closeLists ends the leasing from all lists. Those that an earlier recovery closed
// may have been found to reach further.
func closeLists(tx *gorm.DB, now db.Time) error {
	return tx.Exec("UPDATE status_list SET closed_at = coalesce(closed_at, ?), void_below = next_index, revision = revision + 1"+
		" WHERE issuer = ? AND (closed_at IS NULL OR void_below < next_index)", now, issuerOf(tx)).Error
}

// endAuthorizations ends all that leads to a credential: whether it was revoked,
// cancelled or used up after the backup, or its consent withdrawn, nobody knows any
// more. Whoever wants a credential is asked, or offered one, anew.
func (l *Ledger) endAuthorizations(tx *gorm.DB, now db.Time) error {
	err := tx.Model(&offerRow{}).Where("state = ?", string(OfferWaiting)).
		Updates(map[string]any{"state": string(OfferCancelled), "cancelled_by": ByRestore}).Error
	if err != nil {
		return err
	}
	for _, row := range []any{&refreshRow{}, &pushedRow{}} {
		if err := tx.Where("1 = 1").Delete(row).Error; err != nil {
			return err
		}
	}
	return l.revokeGrants(tx, now, "1 = 1")
}

// recoverList brings a list to where it was: it is there, as much of it is leased
// as ever was, and what was not valid is not.
func (l *Ledger) recoverList(tx *gorm.DB, r RecoveredList, now db.Time) (int, error) {
	if r.Kind != "" {
		if err := placeList(tx, r, now); err != nil {
			return 0, err
		}
	}
	n := 0
	for to, indices := range map[State][]int64{Withdrawn: r.Withdrawn, Suspended: r.Suspended} {
		moved, err := l.moveAgain(tx, r.ID, indices, to, now)
		if n += moved; err != nil {
			return 0, err
		}
	}
	return n, nil
}

// placeList makes the list if it is not there, and leases as much of it as ever was.
func placeList(tx *gorm.DB, r RecoveredList, now db.Time) error {
	var last int
	err := tx.Raw("SELECT coalesce(max(seq), 0) FROM status_list WHERE issuer = ? AND kind = ? AND ends_at = ?", issuerOf(tx), r.Kind, db.TimeOf(r.EndsAt)).Scan(&last).Error
	if err != nil {
		return err
	}
	row := statusListRow{ID: r.ID, Kind: r.Kind, EndsAt: db.TimeOf(r.EndsAt), Seq: last + 1, Size: r.Size, CreatedAt: now}
	if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoNothing: true}).Create(&row).Error; err != nil {
		return err
	}
	return tx.Model(&statusListRow{}).Where("id = ? AND next_index < ?", r.ID, r.Leased).Update("next_index", r.Leased).Error
}

// moveAgain gives the credentials at some entries the state that they had.
func (l *Ledger) moveAgain(tx *gorm.DB, list string, indices []int64, to State, now db.Time) (int, error) {
	n := 0
	for part := range slices.Chunk(indices, 500) {
		var ids []uuid.UUID
		if err := tx.Model(&issuanceRow{}).Where("list_id = ? AND list_index IN ?", list, part).Order("id").Pluck("id", &ids).Error; err != nil {
			return 0, err
		}
		rows, err := l.move(tx, ids, to, Closing{Reason: reasonRestored, By: ByRestore}, now)
		if n += len(rows); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Accept writes down that somebody vouches for the database.
func (l *Ledger) Accept(ctx context.Context, why Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		return logEntry(tx, why, "backup", nil, map[string]any{"accepted": now.Format(time.RFC3339)}, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: accept the database: %w", err)
	}
	return nil
}
