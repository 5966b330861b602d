package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// What is not a registrant has a history too: areas, offices, accounts,
// definitions, programmes. It is plain, as it holds no personal data, and has
// one hash chain per subject.

// maxSubject is the most bytes of what a history is asked for.
const maxSubject = 200

// AdminEntry is one change of something that is not a registrant.
type AdminEntry struct {
	Subject string // what kind of thing, a colon, its key: "area:NG-LA"
	Seq     int64  // 1, 2, 3, ... per subject
	At      time.Time
	Actor   string
	Channel Channel
	Reason  string
	Old     json.RawMessage // null: it was not there
	New     json.RawMessage // null: it is not there any more
}

// adminRow is a row of admin_log.
type adminRow struct {
	Subject  string   `gorm:"column:subject;primaryKey"`
	Seq      int64    `gorm:"column:seq;primaryKey;autoIncrement:false"`
	At       db.Time  `gorm:"column:at"`
	Actor    string   `gorm:"column:actor"`
	Channel  Channel  `gorm:"column:channel"`
	Reason   string   `gorm:"column:reason"`
	OldValue string   `gorm:"column:old_value"`
	NewValue string   `gorm:"column:new_value"`
	PrevHash db.Bytes `gorm:"column:prev_hash"`
	Hash     db.Bytes `gorm:"column:hash"`
}

func (adminRow) TableName() string { return "admin_log" }

// payload hashes what an entry says: every part is preceded by its length.
func (a *adminRow) payload() []byte {
	h := sha256.New()
	put := func(part string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	put("admin_log/1")
	put(a.Subject)
	put(fmt.Sprint(a.Seq))
	put(fmt.Sprint(a.At.UnixMicro()))
	put(a.Actor)
	put(string(a.Channel))
	put(a.Reason)
	put(a.OldValue)
	put(a.NewValue)
	return h.Sum(nil)
}

// logAdmin appends to the history of subject; before and after are written as
// JSON, nil for "not there". The caller's transaction holds the subject's row.
// It returns Conflict "changed_meanwhile" when somebody else was quicker.
func (r *Registry) logAdmin(tx *gorm.DB, a Actor, reason string, now db.Time, subject string, before, after any) error {
	return r.logAdminAll(tx, a, reason, now, []adminChange{{subject, before, after}})
}

// adminChange is a change of one subject: see logAdmin.
type adminChange struct {
	subject       string
	before, after any
}

// logAdminAll is logAdmin for many subjects, each of them once.
func (r *Registry) logAdminAll(tx *gorm.DB, a Actor, reason string, now db.Time, changes []adminChange) error {
	for some := range slices.Chunk(changes, adminChunk) {
		rows, err := adminRows(tx, adminRow{At: now, Actor: a.name(), Channel: a.channel(), Reason: reason}, some)
		if err != nil {
			return err
		}
		err = tx.Create(&rows).Error
		if r.db.Dialect.IsDuplicate(err) {
			return fault.New(fault.Conflict, "changed_meanwhile", "Somebody else is changing this now. Try again.")
		}
		if err != nil {
			return fmt.Errorf("store the history of settings: %w", err)
		}
	}
	return nil
}

// adminChunk is how many subjects are read and written at once.
const adminChunk = 500

// adminRows makes the next row of each subject; common holds what they share.
func adminRows(tx *gorm.DB, common adminRow, changes []adminChange) ([]adminRow, error) {
	subjects := make([]string, len(changes))
	for i, c := range changes {
		subjects[i] = c.subject
	}
	var newest []adminRow
	err := tx.Where("(subject, seq) IN (SELECT subject, max(seq) FROM admin_log WHERE subject IN ? GROUP BY subject)", subjects).Find(&newest).Error
	if err != nil {
		return nil, fmt.Errorf("read the history of settings: %w", err)
	}
	last := map[string]adminRow{}
	for _, row := range newest {
		last[row.Subject] = row
	}
	rows := make([]adminRow, len(changes))
	for i, c := range changes {
		was, err := json.Marshal(c.before)
		if err != nil {
			return nil, fmt.Errorf("write the history of %s: %w", c.subject, err)
		}
		is, err := json.Marshal(c.after)
		if err != nil {
			return nil, fmt.Errorf("write the history of %s: %w", c.subject, err)
		}
		row := common
		row.Subject, row.Seq, row.PrevHash = c.subject, last[c.subject].Seq+1, last[c.subject].Hash
		row.OldValue, row.NewValue = string(was), string(is)
		if row.PrevHash == nil {
			row.PrevHash = make([]byte, chainHashSize)
		}
		row.Hash = chainHash(row.PrevHash, row.payload())
		rows[i] = row
	}
	return rows, nil
}

// AdminPage is one page of the history of one subject, oldest first.
type AdminPage struct {
	Entries []AdminEntry
	Next    string // after of the next page; "" after the last
}

// AdminHistoryPage gives a page of the history of one subject: after is
// AdminPage.Next of the page before, limit its most entries (0: 50, at most 200).
// It returns Forbidden, Invalid "bad_query" or "bad_cursor", or an error that
// wraps ErrChainBroken: every entry is held against the one before it.
func (r *Registry) AdminHistoryPage(ctx context.Context, a Actor, subject, after string, limit int) (AdminPage, error) {
	if err := a.check(toReadAdminLog); err != nil {
		return AdminPage{}, err
	}
	if checkText(subject) != nil || len(subject) > maxSubject {
		return AdminPage{}, badQuery("subject")
	}
	start, err := parseNumberAfter(after, 64)
	if err != nil {
		return AdminPage{}, err
	}
	var rows []adminRow // begins with the entry before the page
	size := pageSize(limit)
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Where("subject = ? AND seq >= ?", subject, start).Order("seq").Limit(size + 2).Find(&rows).Error
	})
	if err != nil {
		return AdminPage{}, fmt.Errorf("read the history of a subject: %w", err)
	}
	prev := make([]byte, chainHashSize)
	if start > 0 && len(rows) > 0 {
		prev, rows = rows[0].Hash, rows[1:]
	}
	var page AdminPage
	if len(rows) > size {
		rows = rows[:size]
		page.Next = strconv.FormatInt(rows[size-1].Seq, 10)
	}
	page.Entries, err = adminEntries(rows, start, prev)
	return page, err
}

// adminEntries reads the rows that follow the entry start, whose hash is prev.
func adminEntries(rows []adminRow, start int64, prev []byte) ([]AdminEntry, error) {
	out := make([]AdminEntry, len(rows))
	for i, row := range rows {
		number := start + int64(i) + 1
		if row.Seq != number || !bytes.Equal(row.PrevHash, prev) || !bytes.Equal(row.Hash, chainHash(prev, row.payload())) {
			return nil, broken("entry %d of %s was altered", number, row.Subject)
		}
		prev = row.Hash
		out[i] = AdminEntry{Subject: row.Subject, Seq: row.Seq, At: row.At.Time, Actor: row.Actor, Channel: row.Channel, Reason: row.Reason,
			Old: json.RawMessage(row.OldValue), New: json.RawMessage(row.NewValue)}
	}
	return out, nil
}
