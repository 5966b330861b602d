package registry

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// ChangesQuery asks for entries of the change logs of all people and groups.
type ChangesQuery struct {
	Actor   string    // "": anybody
	Channel Channel   // "": every channel
	Field   string    // key; "": every field, and what is no field
	Import  uuid.UUID // Nil: an import is one entry; else the entries of this one
	Since   time.Time // zero: from the beginning
	After   string    // ChangesPage.Next of the page before
	Limit   int       // 0: 50; at most 200
}

// ChangesEntry is one entry of a record's log, or an import as one. It tells which
// fields were touched, and not from what to what: that is to read the record.
type ChangesEntry struct {
	At      time.Time
	Actor   string
	Channel Channel
	Reason  string

	ID      uuid.UUID // of the person or group; Nil of an import
	Kind    string    // of the record
	Number  string
	ChainNo int64
	Changes []FieldChange // without values: Old and New only of KindAttestation

	Import     uuid.UUID // the import that these changes are of; Nil: none
	ImportName string
	Records    int // of an import, how many it changed
}

// ChangesPage is one page of entries, newest first.
type ChangesPage struct {
	Entries []ChangesEntry
	Next    string    // ChangesQuery.After of the next page; "" after the last
	Back    time.Time // how far this page has looked; before it there may be more
}

// How many entries are looked through at a time, and how many such times for a
// page.
const (
	changesChunk  = 500
	changesChunks = 6
)

// Changes gives a page of the change logs of all records that the actor reads, as
// far as one look goes: with a filter that few entries pass, a page may be short
// and yet have a next one. It returns Forbidden, NotFound "no_such_import", or
// Invalid "bad_query" or "bad_cursor".
func (r *Registry) Changes(ctx context.Context, a Actor, q ChangesQuery) (ChangesPage, error) {
	if err := a.checkWithin(toReadChanges); err != nil {
		return ChangesPage{}, err
	}
	for _, text := range []string{q.Actor, string(q.Channel), q.Field} {
		if checkText(text) != nil || len(text) > maxSubject {
			return ChangesPage{}, badQuery("filter")
		}
	}
	after, err := parseFeedCursor(q.After)
	if err != nil {
		return ChangesPage{}, err
	}
	look := &changesLook{r: r, actor: a, q: q, at: after, size: pageSize(q.Limit), imports: map[int64]importName{}}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if err := look.begin(tx); err != nil {
			return err
		}
		for range changesChunks {
			if more, err := look.chunk(tx); err != nil || !more {
				return err
			}
		}
		look.page.Next = look.at.String()
		return nil
	})
	return look.page, err
}

// changesLook goes back through the change logs.
type changesLook struct {
	r       *Registry
	actor   Actor
	q       ChangesQuery
	at      feedCursor // everything before this is still to be looked at; zero: all
	size    int
	hidden  map[string]bool
	imports map[int64]importName // by transaction; with an empty id: it is none
	only    int64                // the transaction of q.Import
	page    ChangesPage
}

type importName struct {
	ID      uuid.UUID `gorm:"column:id"`
	Name    string    `gorm:"column:name"`
	TxNo    int64     `gorm:"column:tx_no"`
	Records int       `gorm:"column:records"`
}

// begin reads what does not change while looking.
func (k *changesLook) begin(tx *gorm.DB) (err error) {
	if k.hidden, err = k.r.hiddenFrom(tx, k.actor); err != nil || k.q.Import == uuid.Nil {
		return err
	}
	var found []importName
	if err := tx.Raw(`SELECT id, coalesce(tx_no, 0) AS tx_no FROM import_batch WHERE id = ?`, k.q.Import).Scan(&found).Error; err != nil {
		return fmt.Errorf("read an import: %w", err)
	}
	if len(found) == 0 {
		return fault.New(fault.NotFound, "no_such_import", "There is no such import.")
	}
	k.only = found[0].TxNo
	return nil
}

// placedChange is an entry with the record that it is about.
type placedChange struct {
	Row    changeRow `gorm:"embedded"`
	TxNo   int64     `gorm:"column:tx_no"`
	Kind   string    `gorm:"column:kind"`
	Number string    `gorm:"column:number"`
}

// chunk looks at the next entries, and tells whether to go on.
func (k *changesLook) chunk(tx *gorm.DB) (bool, error) {
	part, err := k.part(tx)
	if err != nil {
		return false, err
	}
	rows := part.rows
	if err := k.nameImports(tx, transactionsOf(rows)); err != nil {
		return false, err
	}
	keys, err := k.keys(tx, rows)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		if len(k.page.Entries) == k.size {
			k.page.Next = k.at.String()
			return false, nil
		}
		if k.at.tx == row.TxNo && k.at.id == uuid.Nil { // of an import that stands in the page
			continue
		}
		if !k.q.Since.IsZero() && row.Row.At.Before(k.q.Since) {
			return false, nil
		}
		k.page.Back = row.Row.At.Time
		k.at = feedCursor{row.TxNo, row.Row.RegistrantID, row.Row.ChainNo}
		var key *seal.Record
		if opened, ok := keys[row.Row.RegistrantID]; ok {
			key = &opened
		}
		if err := k.take(row, key); err != nil {
			return false, err
		}
	}
	if part.end != (feedCursor{}) {
		k.at = part.end
	}
	return part.more, nil
}

func transactionsOf(rows []placedChange) []int64 {
	var out []int64
	for _, row := range rows {
		out = append(out, row.TxNo)
	}
	return slices.Compact(out)
}

// nameImports finds out which of the transactions are imports.
func (k *changesLook) nameImports(tx *gorm.DB, numbers []int64) error {
	var ask []int64
	for _, no := range numbers {
		if _, known := k.imports[no]; !known {
			k.imports[no] = importName{}
			ask = append(ask, no)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	var found []importName
	err := tx.Raw(`SELECT id, name, tx_no, created + updated + deactivated AS records FROM import_batch WHERE tx_no IN ?`, ask).Scan(&found).Error
	if err != nil {
		return fmt.Errorf("read which changes are imports: %w", err)
	}
	for _, x := range found {
		k.imports[x.TxNo] = x
	}
	return nil
}

// keys open the records; one that is erased has none.
func (k *changesLook) keys(tx *gorm.DB, rows []placedChange) (map[uuid.UUID]seal.Record, error) {
	var ids []uuid.UUID
	for _, row := range rows {
		if k.imports[row.TxNo].ID == uuid.Nil || k.q.Import != uuid.Nil || k.q.Field != "" {
			ids = append(ids, row.Row.RegistrantID)
		}
	}
	return k.r.loadKeys(tx, ids)
}

// take puts an entry into the page, if it is asked for.
func (k *changesLook) take(row placedChange, key *seal.Record) error {
	if k.q.Actor != "" && row.Row.Actor != k.q.Actor || k.q.Channel != "" && row.Row.Channel != k.q.Channel {
		return nil
	}
	e := ChangesEntry{At: row.Row.At.Time, Actor: row.Row.Actor, Channel: row.Row.Channel, Reason: row.Row.Reason,
		ID: row.Row.RegistrantID, Kind: row.Kind, Number: row.Number, ChainNo: row.Row.ChainNo}
	of := k.imports[row.TxNo]
	e.Import, e.ImportName = of.ID, of.Name
	fold := of.ID != uuid.Nil && k.q.Import == uuid.Nil
	if !fold || k.q.Field != "" {
		touches, err := k.open(&e, row, key)
		if err != nil || !touches {
			return err
		}
	}
	if fold { // the rest of it is the same entry
		e.ID, e.Number, e.Kind, e.ChainNo, e.Changes, e.Records = uuid.Nil, "", "", 0, nil, of.Records
		k.at = feedCursor{tx: row.TxNo}
	}
	k.page.Entries = append(k.page.Entries, e)
	return nil
}

// open reads what an entry did, without values, and tells whether it touches the
// field that is asked for.
func (k *changesLook) open(e *ChangesEntry, row placedChange, key *seal.Record) (bool, error) {
	touches := k.q.Field == ""
	if key == nil { // erased
		return touches, nil
	}
	diff, err := row.Row.diff(*key)
	if err != nil {
		return false, fmt.Errorf("open change %d: %w", row.Row.ChainNo, err)
	}
	for _, d := range diff {
		if k.hidden[d.Field] {
			continue
		}
		change := FieldChange{Field: d.Field, Kind: cmp.Or(d.Kind, KindValue)}
		if change.Kind == KindAttestation {
			change.Old, change.New = d.Old, d.New
		}
		e.Changes = append(e.Changes, change)
		touches = touches || d.Field == k.q.Field
	}
	return touches, nil
}
