package registry

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// RequestState is where a change request stands.
type RequestState string

// The states. From the last three there is no way back.
const (
	RequestDraft     RequestState = "DRAFT"     // its author alone knows of it, and may still change it
	RequestSent      RequestState = "SENT"      // it waits for somebody to decide
	RequestApproved  RequestState = "APPROVED"  // the record has the value
	RequestRejected  RequestState = "REJECTED"  // Words says why
	RequestWithdrawn RequestState = "WITHDRAWN" // by its author
)

// Kinds of a FieldChange that tell of change requests. The value is what was
// asked for, whether the record got it or not.
const (
	KindRequest      = "change_request"       // the old state and the new; Comment: the words of the decision
	KindRequestValue = "change_request_value" // the value that the request was made from and the one asked for; Comment: who asks
)

// MaxOpenRequests is how many requests about one field of one record somebody may
// have open at a time, drafts too.
const MaxOpenRequests = 5

// ChangeRequest is one value of one field of a person or group that somebody asks
// for. It is shown to whoever may see the field in that record; the words of a
// decision are for the author and the registered person as for everybody else.
type ChangeRequest struct {
	ID           uuid.UUID
	BatchID      uuid.UUID // the requests of one edit share it
	RegistrantID uuid.UUID
	Kind         string // of the registrant
	Field        string
	State        RequestState
	Version      int    // of the request: moves with every step
	Value        string // asked for, in canonical form; "": no value
	Base         string // the value that the request was made from
	Current      string // the value that the record has now
	Changed      bool   // open, and Current is neither Base nor Value: see Approve.EvenIfChanged
	CollectedAt  time.Time
	Reason       string
	Author       string
	Channel      Channel // by which it came
	Own          bool    // the reader is the author
	CreatedAt    time.Time
	SentAt       time.Time // zero: never
	DecidedAt    time.Time // zero: it is open
	DecidedBy    string
	Words        string // of the decision
}

// requestRow is a row of change_request.
type requestRow struct {
	RegistrantID uuid.UUID    `gorm:"column:registrant_id;primaryKey"`
	ID           uuid.UUID    `gorm:"column:id;primaryKey"`
	BatchID      uuid.UUID    `gorm:"column:batch_id"`
	Field        int          `gorm:"column:field"`
	State        RequestState `gorm:"column:state"`
	Version      int          `gorm:"column:version"`
	Payload      db.Bytes     `gorm:"column:payload"`
	CollectedAt  *db.Time     `gorm:"column:collected_at"`
	Reason       string       `gorm:"column:reason"`
	AuthorID     uuid.UUID    `gorm:"column:author_id"`
	Author       string       `gorm:"column:author"`
	Channel      Channel      `gorm:"column:channel"`
	CreatedAt    db.Time      `gorm:"column:created_at;autoCreateTime:false"`
	SentAt       *db.Time     `gorm:"column:sent_at"`
	DecidedAt    *db.Time     `gorm:"column:decided_at"`
	DecidedBy    string       `gorm:"column:decided_by"`
	Words        db.Bytes     `gorm:"column:words"`
}

// requestColumns are the columns of requestRow, of a table c.
const requestColumns = "c.registrant_id, c.id, c.batch_id, c.field, c.state, c.version, c.payload, c.collected_at, c.reason, c.author_id, c.author, " +
	"c.channel, c.created_at, c.sent_at, c.decided_at, c.decided_by, c.words"

func (requestRow) TableName() string { return "change_request" }

// requestPayload is what a request holds sealed.
type requestPayload struct {
	Value string `json:"v"`
	Base  string `json:"b"`
}

// Names of the places that sealed parts of a request are bound to, each with the
// id of the request.
const (
	sealedRequest      = "change_request"
	sealedRequestWords = "change_request.words"
)

// seal puts a value, and the one that it is made from, into the row.
func (row *requestRow) seal(rec record, value, base string) error {
	plain, err := json.Marshal(requestPayload{value, base})
	if err != nil {
		return fmt.Errorf("write a change request: %w", err)
	}
	row.Payload = rec.key.Seal(sealedRequest, row.ID.String(), plain)
	return nil
}

func (row *requestRow) open(rec record) (requestPayload, error) {
	var p requestPayload
	plain, err := rec.key.Open(sealedRequest, row.ID.String(), row.Payload)
	if err == nil {
		err = json.Unmarshal(plain, &p)
	}
	if err != nil {
		return p, fmt.Errorf("open a change request: %w", err)
	}
	return p, nil
}

// isOpen tells whether nobody has decided yet.
func (row *requestRow) isOpen() bool { return row.State == RequestDraft || row.State == RequestSent }

// isBy tells whether the actor is the author.
func (row *requestRow) isBy(a Actor) bool {
	return row.AuthorID == a.AccountID && row.Author == a.name()
}

// stale tells whether the record has got a third value since the request was made.
func (p requestPayload) stale(current string) bool { return p.Base != current && p.Value != current }

// toRequest opens a request for whoever reads it.
func (row *requestRow) toRequest(a Actor, rec record, key string) (ChangeRequest, error) {
	p, err := row.open(rec)
	if err != nil {
		return ChangeRequest{}, err
	}
	out := ChangeRequest{ID: row.ID, BatchID: row.BatchID, RegistrantID: row.RegistrantID, Kind: rec.row.Kind, Field: key, State: row.State,
		Version: row.Version, Value: p.Value, Base: p.Base, Current: rec.text[key], Changed: row.isOpen() && p.stale(rec.text[key]),
		Reason: row.Reason, Author: row.Author, Channel: row.Channel, Own: row.isBy(a), CreatedAt: row.CreatedAt.Time, DecidedBy: row.DecidedBy,
		CollectedAt: timeOf(row.CollectedAt), SentAt: timeOf(row.SentAt), DecidedAt: timeOf(row.DecidedAt)}
	if row.Words != nil {
		words, err := rec.key.Open(sealedRequestWords, row.ID.String(), row.Words)
		if err != nil {
			return ChangeRequest{}, fmt.Errorf("open a decision: %w", err)
		}
		out.Words = string(words)
	}
	return out, nil
}

// timeOf is the zero time for NULL.
func timeOf(t *db.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// entries is what the change log says of a step of a request.
func (row *requestRow) entries(key string, p requestPayload, from RequestState, words string) []diffEntry {
	return []diffEntry{
		{Field: key, Kind: KindRequest, Old: string(from), New: string(row.State), Comment: words},
		{Field: key, Kind: KindRequestValue, Old: p.Base, New: p.Value, Comment: row.Author},
	}
}

// move writes a step of a request that was read in version row.Version-1.
func (row *requestRow) move(tx *gorm.DB) error {
	done := tx.Model(&requestRow{}).Where("registrant_id = ? AND id = ? AND version = ?", row.RegistrantID, row.ID, row.Version-1).
		Select("state", "version", "payload", "collected_at", "reason", "sent_at", "decided_at", "decided_by", "words").Updates(row)
	if done.Error != nil {
		return fmt.Errorf("move a change request: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return errRequestConflict()
	}
	return nil
}

// decide moves a request to its last state, with words for its author.
func (row *requestRow) decide(rec record, b *builder, to RequestState, words string) {
	row.State, row.Version, row.DecidedAt, row.DecidedBy = to, row.Version+1, &b.at, b.actor.name()
	if words != "" {
		row.Words = rec.key.Seal(sealedRequestWords, row.ID.String(), []byte(words))
	}
}

// errNoRequest is the answer about a request that is not there, or not for this
// actor: the two are not told apart.
func errNoRequest() error {
	return fault.New(fault.NotFound, "no_such_request", "There is no such change request.")
}

func errRequestConflict() error {
	return fault.New(fault.Conflict, "version_conflict", "Somebody else has moved this change request since you opened it.")
}

func errRequestDecided() error {
	return fault.New(fault.Conflict, "request_decided", "This change request has been decided or withdrawn.")
}

func errInactive() error {
	return fault.New(fault.Conflict, "record_inactive", "This record is not active: no change of it can be asked for or approved.")
}
