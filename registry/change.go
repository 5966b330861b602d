package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// The change log has one hash chain per person: each entry's hash covers the
// entry and the hash before it, and the live row holds the newest. The payload
// is hashed as it is stored, with the values sealed, so that the chain still
// holds when a record is erased. Someone who can write to the database could
// compute a whole new chain; that is what signed checkpoints are for.

// chainHashSize is the size in bytes of SHA-256.
const chainHashSize = sha256.Size

// lockChunk is how many records one statement locks.
const lockChunk = 500

// Kinds of a FieldChange.
const (
	KindValue       = "value"
	KindAttestation = "attestation"
	KindProposal    = "proposal" // the first of two attesters: Old is the state that stays, New the one proposed
	KindAppeal      = "appeal"   // Old and New are states of the appeal
)

// LogEntry is one entry of a person's change log.
type LogEntry struct {
	ChainNo int64 // 1, 2, 3, ...
	At      time.Time
	Actor   string
	Reason  string
	Channel Channel
	Changes []FieldChange
}

// FieldChange is what one entry did to one field: KindValue with the old and
// the new text, KindAttestation with the old and the new state. Other kinds say
// in their own words what Old and New are: see KindVersion.
type FieldChange struct {
	Field   string
	Kind    string
	Old     string
	New     string
	Status  string // of KindAttestation and KindProposal: key of the status that was named
	Comment string // of KindAttestation, KindProposal and KindAppeal; of KindKinship, why a parent is so young; of KindVersion, the label
}

// ErrChainBroken says that a person's change log, or the record itself, is not
// what was written.
var ErrChainBroken = errors.New("registry: the change log does not fit")

// changeRow is a row of change_log.
type changeRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	ChainNo      int64     `gorm:"column:chain_no;primaryKey;autoIncrement:false"`
	At           db.Time   `gorm:"column:at"`
	Actor        string    `gorm:"column:actor"`
	ActorKind    string    `gorm:"column:actor_kind"`
	Channel      Channel   `gorm:"column:channel"`
	Reason       string    `gorm:"column:reason"`
	Diff         db.Bytes  `gorm:"column:diff"`
	PayloadHash  db.Bytes  `gorm:"column:payload_hash"`
	PrevHash     db.Bytes  `gorm:"column:prev_hash"`
	Hash         db.Bytes  `gorm:"column:hash"`
}

func (changeRow) TableName() string { return "change_log" }

// diffEntry is one field in a stored diff.
type diffEntry struct {
	Field   string `json:"f"`
	Kind    string `json:"k,omitempty"` // absent: value
	Old     string `json:"o,omitempty"`
	New     string `json:"n,omitempty"`
	Status  string `json:"s,omitempty"`
	Comment string `json:"c,omitempty"`
}

// payload hashes what an entry says: every part is preceded by its length.
func (c *changeRow) payload() db.Bytes {
	h := sha256.New()
	var n [8]byte
	put := func(part []byte) {
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	put([]byte("change_log/1"))
	put(c.RegistrantID[:])
	put(binary.BigEndian.AppendUint64(nil, uint64(c.At.UnixMicro())))
	for _, s := range []string{c.Actor, c.ActorKind, string(c.Channel), c.Reason} {
		put([]byte(s))
	}
	put(c.Diff)
	return h.Sum(nil)
}

// chainHash is chain_hash of SQL.
func chainHash(prev, payload []byte) db.Bytes {
	h := sha256.New()
	h.Write(prev)
	h.Write(payload)
	return h.Sum(nil)
}

// link appends an entry to the chain whose head stands in the live row, and
// moves the head.
func (row *registrantRow) link(log *changeRow) {
	log.ChainNo, log.PrevHash = row.ChainNo+1, row.ChainHead
	log.Hash = chainHash(log.PrevHash, log.PayloadHash)
	row.ChainNo, row.ChainHead = log.ChainNo, log.Hash
}

// appendLog adds an entry that changes no value: it moves the head of the chain
// and makes no version. The record must be locked.
func (r *Registry) appendLog(tx *gorm.DB, rec *record, log changeRow) error {
	rec.row.link(&log)
	if err := r.storeLog(tx, log); err != nil {
		return err
	}
	moved := tx.Model(&registrantRow{}).Where("id = ?", rec.row.ID).Select("chain_no", "chain_head").Updates(&rec.row)
	if moved.Error != nil {
		return fmt.Errorf("move the head of a chain: %w", moved.Error)
	}
	return nil
}

// note appends an entry that changes no value. The record must be locked; when
// several are noted in one transaction, they are locked in the order of their
// ids (lockRecords), so that no two transactions wait for each other.
func (r *Registry) note(tx *gorm.DB, b *builder, rec *record, diff ...diffEntry) error {
	log, err := b.logEntry(rec.row.ID, rec.key, diff)
	if err != nil {
		return err
	}
	return r.appendLog(tx, rec, log)
}

// noteMany is note for many records, by their ids: a few statements for each
// lockChunk of them.
func (r *Registry) noteMany(tx *gorm.DB, b *builder, records map[uuid.UUID]*record, diffs map[uuid.UUID][]diffEntry) error {
	ids := slices.SortedFunc(maps.Keys(diffs), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for some := range slices.Chunk(ids, lockChunk) {
		logs := make([]changeRow, len(some))
		for i, id := range some {
			var err error
			if logs[i], err = b.logEntry(id, records[id].key, diffs[id]); err != nil {
				return err
			}
			records[id].row.link(&logs[i])
		}
		if err := r.storeLog(tx, logs...); err != nil {
			return err
		}
		err := tx.Exec(`UPDATE registrant SET chain_no = l.chain_no, chain_head = l.hash FROM change_log l
			WHERE registrant.id IN ? AND l.registrant_id = registrant.id AND l.chain_no = registrant.chain_no + 1`, some).Error
		if err != nil {
			return fmt.Errorf("move the heads of chains: %w", err)
		}
	}
	return nil
}

// lockRecords reads people and groups and holds them until the transaction ends.
// It returns NotFound when one is missing or not for the actor, and Gone when one
// is erased.
func (r *Registry) lockRecords(tx *gorm.DB, who access, ids ...uuid.UUID) (map[uuid.UUID]*record, error) {
	sorted := slices.Compact(slices.SortedFunc(slices.Values(ids), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }))
	out := make(map[uuid.UUID]*record, len(sorted))
	for chunk := range slices.Chunk(sorted, lockChunk) {
		placed, err := readRows(tx, who, chunk, r.db.Dialect.ForUpdate())
		if err != nil {
			return nil, err
		}
		rows := make([]registrantRow, len(placed))
		for i, row := range placed {
			rows[i] = row.Row
		}
		recs, err := r.openRecords(tx, rows)
		if err != nil {
			return nil, err
		}
		if len(recs) != len(rows) {
			return nil, errErased()
		}
		for i := range recs {
			recs[i].above = pathCodes(string(placed[i].Path))
			out[recs[i].row.ID] = &recs[i]
		}
	}
	return out, nil
}

// storeLog inserts entries, at most lockChunk, under the number of this transaction.
func (r *Registry) storeLog(tx *gorm.DB, logs ...changeRow) error {
	args := make([]any, 0, len(logs)*11)
	for _, log := range logs {
		args = append(args, log.RegistrantID, log.ChainNo, log.At, log.Actor, log.ActorKind, log.Channel, log.Reason,
			log.Diff, log.PayloadHash, log.PrevHash, log.Hash)
	}
	entry := `(?, ?, ` + r.db.Dialect.TxNo() + `, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	err := tx.Exec(`INSERT INTO change_log (registrant_id, chain_no, tx_no, at, actor, actor_kind, channel, reason, diff, payload_hash, prev_hash, hash)
		VALUES `+strings.Repeat(entry+", ", len(logs)-1)+entry, args...).Error
	if err != nil {
		return fmt.Errorf("store a change: %w", err)
	}
	return nil
}

// loadLog reads a person's change log from its beginning.
func loadLog(tx *gorm.DB, id uuid.UUID) ([]changeRow, error) {
	var rows []changeRow
	if err := tx.Where("registrant_id = ?", id).Order("chain_no").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load a change log: %w", err)
	}
	return rows, nil
}

// diff opens the stored diff of an entry.
func (c *changeRow) diff(key seal.Record) ([]diffEntry, error) {
	plain, err := key.Open(sealedDiff, "diff", c.Diff)
	if err != nil {
		return nil, err
	}
	var diff []diffEntry
	if err := json.Unmarshal(plain, &diff); err != nil {
		return nil, fmt.Errorf("read a diff: %w", err)
	}
	return diff, nil
}

// History gives the change log of a person or group, oldest first, without what
// was done to fields that the actor may not see. A registrant is told of the own
// family no more than Kinship tells. It returns NotFound or
// Forbidden: see Person.
func (r *Registry) History(ctx context.Context, a Actor, id uuid.UUID) ([]LogEntry, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return nil, err
	}
	var out []LogEntry
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		rows, err := loadLog(tx, id)
		if err != nil {
			return err
		}
		if out, err = entriesOf(a, rows, rec.key); err != nil {
			return err
		}
		return r.hideEntries(tx, a, out)
	})
	return out, err
}

// entriesOf opens entries for whoever reads them.
func entriesOf(a Actor, rows []changeRow, key seal.Record) ([]LogEntry, error) {
	out := make([]LogEntry, len(rows))
	for i, row := range rows {
		diff, err := row.diff(key)
		if err != nil {
			return nil, fmt.Errorf("open change %d: %w", row.ChainNo, err)
		}
		out[i] = LogEntry{ChainNo: row.ChainNo, At: row.At.Time, Actor: row.Actor, Reason: row.Reason, Channel: row.Channel}
		for _, d := range diff {
			change := FieldChange(d)
			if change.Kind == "" {
				change.Kind = KindValue
			}
			out[i].Changes = append(out[i].Changes, change)
		}
		maskIdentifiers(out[i].Changes)
	}
	switch sql, _ := a.to(toRead).condition("registrant"); {
	case !a.may(toRead):
		out = hideKin(out)
	case sql != "":
		maskKin(out)
	}
	return out, nil
}
