package registry

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Member is one membership with what a list shows of the member.
type Member struct {
	Membership
	Number     string // registration number
	RecordKind string // PersonKind or a kind of group
	Name       string // the names in the order of their fields; "" for one without, or erased
}

// MemberQuery asks for the members of a group.
type MemberQuery struct {
	AsOf  string      // day; "": now
	All   bool        // everybody who ever was a member; AsOf is not looked at
	Role  string      // key of a role; "": any
	Only  []uuid.UUID // of these records alone; nil: of all
	After string      // MemberPage.Next of the page before
	Limit int         // 0: 50, at most 200
}

// MemberPage is one page of members, in the order of their registration.
type MemberPage struct {
	Members []Member
	Next    string // MemberQuery.After of the next page; "" after the last
}

// Members lists who is in a group: for staff at any time, for the head now, and
// for no other registered person. It returns NotFound "no_such_group", Invalid
// "bad_query" or "bad_cursor", or Forbidden.
func (r *Registry) Members(ctx context.Context, a Actor, group uuid.UUID, q MemberQuery) (MemberPage, error) {
	if err := a.checkAny(toRead); err != nil {
		return MemberPage{}, err
	}
	on, err := r.asOf(q.AsOf)
	if err != nil {
		return MemberPage{}, err
	}
	if !a.may(toRead) {
		on, q.All = "", false
	}
	after, err := parseSeqCursor(q.After)
	if err != nil {
		return MemberPage{}, err
	}
	w := &where{}
	w.and("m.group_id = ?", group)
	w.and("(m.member_id, m.seq) > (?, ?)", after.id, after.seq)
	if !q.All {
		w.heldOn(on)
	}
	if q.Role != "" {
		w.and("m.role = ?", q.Role)
	}
	if q.Only != nil {
		w.and("m.member_id IN ?", q.Only)
	}
	var page MemberPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		who, err := a.checkOnGroup(tx, toRead, group, asHead)
		if err != nil {
			return err
		}
		if _, err := r.loadGroup(tx, who, group, ""); err != nil {
			return err
		}
		page, err = r.readMembers(tx, a, who, w, pageSize(q.Limit))
		return err
	})
	return page, err
}

// heldOn keeps the memberships that hold on a day; "": now.
func (w *where) heldOn(day string) {
	if day == "" {
		w.and("m.end_date IS NULL")
		return
	}
	w.and("m.start_date <= ?", db.Date(day))
	w.and("(m.end_date IS NULL OR m.end_date > ?)", db.Date(day))
}

func (r *Registry) readMembers(tx *gorm.DB, a Actor, who access, w *where, limit int) (MemberPage, error) {
	var found []membershipRow
	err := tx.Raw(`SELECT m.* FROM membership m WHERE `+w.text()+` ORDER BY m.member_id, m.seq LIMIT ?`, append(w.args, limit+1)...).Scan(&found).Error
	if err != nil {
		return MemberPage{}, fmt.Errorf("list members: %w", err)
	}
	var page MemberPage
	if len(found) > limit {
		found = found[:limit]
		page.Next = seqCursor{found[limit-1].MemberID, found[limit-1].Seq}.String()
	}
	page.Members, err = r.nameMembers(tx, a, who, found)
	return page, err
}

// nameMembers opens the records of members, with one query for all their keys.
// Who is outside the bounds of the reader stays without number and name; a is
// not told names that its roles do not see.
func (r *Registry) nameMembers(tx *gorm.DB, a Actor, who access, found []membershipRow) ([]Member, error) {
	out := make([]Member, len(found))
	ids := make([]uuid.UUID, len(found))
	for i, row := range found {
		out[i].Membership, ids[i] = row.toMembership(), row.MemberID
	}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []registrantRow
	if err := tx.Raw(`SELECT `+registrantColumns+` FROM registrant WHERE id IN ?`, ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("load members: %w", err)
	}
	recs, err := r.openRecords(tx, rows)
	if err != nil {
		return nil, err
	}
	all, err := r.allFields(tx)
	if err != nil {
		return nil, err
	}
	live, names := make(map[uuid.UUID]registrantRow, len(rows)), make(map[uuid.UUID]string, len(recs))
	for _, row := range rows {
		live[row.ID] = row
	}
	hidden := all.hiddenFrom(a)
	for _, rec := range recs {
		names[rec.row.ID] = all.names(without(hidden, rec.text))
	}
	known, err := who.known(tx, ids)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if !known(id) {
			continue
		}
		out[i].Number, out[i].RecordKind, out[i].Name = live[id].Number, live[id].Kind, names[id]
	}
	return out, nil
}

// MembershipPage is one page of the groups that somebody belongs or belonged to.
type MembershipPage struct {
	Memberships []Membership
	Next        string // cursor of the next page; "" after the last
}

// Memberships lists the groups that a person or a group belongs or belonged to:
// to staff, and to the person themselves. limit is 0 (50) to 200. It returns
// NotFound, Invalid "bad_cursor", or Forbidden: see Person.
func (r *Registry) Memberships(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (MembershipPage, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return MembershipPage{}, err
	}
	from, err := parseSeqCursor(after)
	if err != nil {
		return MembershipPage{}, err
	}
	limit = pageSize(limit)
	var page MembershipPage
	err = r.reading(ctx, a, id, func(tx *gorm.DB) error {
		if _, err := r.loadRecord(tx, a.to(toRead), id, ""); err != nil {
			return err
		}
		var rows []membershipRow
		err := tx.Raw(`SELECT * FROM membership WHERE member_id = ? AND (group_id, seq) > (?, ?) ORDER BY group_id, seq LIMIT ?`,
			id, from.id, from.seq, limit+1).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("list memberships: %w", err)
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = seqCursor{rows[limit-1].GroupID, rows[limit-1].Seq}.String()
		}
		for _, row := range rows {
			page.Memberships = append(page.Memberships, row.toMembership())
		}
		return nil
	})
	return page, err
}

// asOf checks the day that a reader asks about; "" stays "".
func (r *Registry) asOf(typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	if checkText(typed) == nil {
		if day, wrong := canonicalDate(typed, earliestDay, maxToday, r.now().UTC().Format(time.DateOnly)); wrong == nil {
			return day, nil
		}
	}
	return "", badQuery("as_of")
}

// seqCursor is a place in a list of memberships: after this one.
type seqCursor struct {
	id  uuid.UUID
	seq int
}

// String writes the cursor.
func (c seqCursor) String() string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(c.id[:], uint32(c.seq)))
}

func parseSeqCursor(s string) (seqCursor, error) {
	if s == "" {
		return seqCursor{}, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(uuid.UUID{})+4 {
		return seqCursor{}, errBadCursor(err)
	}
	return seqCursor{uuid.UUID(b[:16]), int(binary.BigEndian.Uint32(b[16:]) & 0x7fffffff)}, nil
}
