package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// An attestation with an end is EXPIRED from that moment on for whoever reads:
// see stateOf. The sweep writes it down afterwards, so that those who follow the
// change log hear of it.

// expiryBatch is how many people and groups one transaction of the sweep writes.
const expiryBatch = 200

// ExpireAttestations writes down which attestations have come to their end, some
// people and groups at a time, and gives the number of fields. Run again, or by two
// servers at once, it writes each once. It returns Forbidden.
func (r *Registry) ExpireAttestations(ctx context.Context, a Actor) (expired int, err error) {
	if err := a.check(toExpire); err != nil {
		return 0, err
	}
	for after := uuid.Nil; ; {
		n, last, err := r.expireSome(ctx, a, after)
		expired += n
		if err != nil || last == uuid.Nil {
			return expired, err
		}
		after = last
	}
}

// expireSome writes one batch, in the order of ids, and gives the last of them;
// uuid.Nil: there was none. Records whose values are erased are passed over.
func (r *Registry) expireSome(ctx context.Context, a Actor, after uuid.UUID) (expired int, last uuid.UUID, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		expired, last = 0, uuid.Nil
		ids, err := dueRegistrants(tx, after, now)
		if err != nil || len(ids) == 0 {
			return err
		}
		last = ids[len(ids)-1]
		placed, err := findRows(tx, a.to(toExpire), ids, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		rows := make([]registrantRow, len(placed))
		for i, row := range placed {
			rows[i] = row.Row
		}
		recs, err := r.openRecords(tx, rows)
		if err != nil {
			return err
		}
		due, err := dueDecisions(tx, ids, now)
		if err != nil {
			return err
		}
		for i := range recs {
			if err := r.expireRecord(tx, a, &recs[i], due[recs[i].row.ID], now); err != nil {
				return err
			}
			expired += len(due[recs[i].row.ID])
		}
		return nil
	})
	return expired, last, err
}

// dueRegistrants lists whose attestations have come to their end.
func dueRegistrants(tx *gorm.DB, after uuid.UUID, now db.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := tx.Raw(`SELECT DISTINCT registrant_id FROM field_state
		WHERE state = 'ATTESTED' AND expires_at IS NOT NULL AND expires_at <= ? AND registrant_id > ? ORDER BY registrant_id LIMIT ?`, now, after, expiryBatch).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("find attestations that expire: %w", err)
	}
	return ids, nil
}

// dueDecision is a state that has come to its end, and the version that was
// looked at.
type dueDecision struct {
	State     stateRow `gorm:"embedded"`
	VersionNo int      `gorm:"column:version_no"`
}

// dueDecisions reads them under the locks of their records.
func dueDecisions(tx *gorm.DB, ids []uuid.UUID, now db.Time) (map[uuid.UUID][]dueDecision, error) {
	var rows []dueDecision
	err := tx.Raw(`SELECT s.*, a.version_no FROM field_state s
		JOIN attestation a ON a.registrant_id = s.registrant_id AND a.field = s.field AND a.seq = s.seq
		WHERE s.registrant_id IN ? AND s.state = 'ATTESTED' AND s.expires_at IS NOT NULL AND s.expires_at <= ? ORDER BY s.registrant_id, s.field`, ids, now).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read attestations that expire: %w", err)
	}
	out := map[uuid.UUID][]dueDecision{}
	for _, row := range rows {
		out[row.State.RegistrantID] = append(out[row.State.RegistrantID], row)
	}
	return out, nil
}

// expireRecord writes the ends of one record's attestations. What a value is now
// does not matter: a decision that stands for another one comes to its end too.
func (r *Registry) expireRecord(tx *gorm.DB, a Actor, rec *record, due []dueDecision, now db.Time) error {
	if len(due) == 0 {
		return nil
	}
	b, err := r.loadBuilderOf(tx, rec.row.Kind, a, "", now)
	if err != nil {
		return err
	}
	var diff []diffEntry
	var rows []attestationRow
	var states []stateRow
	for _, d := range due {
		s := d.State
		s.State, s.Status, s.LastSeq, s.Since = StateExpired, "", s.LastSeq+1, now
		s.Seq = s.LastSeq
		states = append(states, s)
		rows = append(rows, attestationRow{RegistrantID: s.RegistrantID, Field: s.Field, Seq: s.Seq, VersionNo: d.VersionNo, ValueHash: s.DecidedHash,
			HashKeyID: s.HashKeyID, State: StateExpired, AttestedBy: a.name(), At: now, ExpiresAt: s.ExpiresAt})
		if def := b.fields.byNo[s.Field]; def != nil {
			diff = append(diff, diffEntry{Field: def.Key, Kind: KindAttestation, Old: string(StateAttested), New: string(StateExpired)})
		}
	}
	if err := r.note(tx, b, rec, diff...); err != nil {
		return err
	}
	if err := tx.Create(rows).Error; err != nil {
		return fmt.Errorf("store expired attestations: %w", err)
	}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(states).Error; err != nil {
		return fmt.Errorf("store expired states: %w", err)
	}
	return r.refreshWaiting(tx, rec.row.ID)
}
