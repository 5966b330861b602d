package registry

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// PastDecision is one decision about a field of a person or group, as it was made.
type PastDecision struct {
	Seq       int // 1, 2, 3, ... per field
	State     State
	Status    string // key of the status that was named; "": none
	Proposal  bool   // the first of two attesters: it decided nothing yet
	By        string
	At        time.Time
	Comment   string
	ExpiresAt time.Time // of ATTESTED and EXPIRED; zero: never
	Text      string    // the value that was decided on
	VersionNo int       // the version that was looked at
	Appeal    OwnAppeal // against it; zero: there is none
	Undoes    int       // Seq of the decision that was taken back with an import: State is what stands again, Comment says why; 0: it is a decision

	Evidence []uuid.UUID // documents that it is based on
}

// DecisionPage is one page of the decisions about a field, oldest first.
type DecisionPage struct {
	Decisions []PastDecision
	Next      string // after of the next page; "" after the last
}

// pastRow is a row of attestation with the appeal against it.
type pastRow struct {
	Decision attestationRow `gorm:"embedded"`
	AppealID uuid.UUID      `gorm:"column:l_id"`
	Appeal   optional       `gorm:"column:l_state"`
	AppealAt *db.Time       `gorm:"column:l_at"`
	Answer   optional       `gorm:"column:l_answer"`
}

// AttestationHistory gives all decisions about one field of a person or group:
// after is DecisionPage.Next of the page before, limit its most decisions (0: 50,
// at most 200). It returns NotFound "no_such_person", or "no_such_field" also for
// one that the actor is not told of, Invalid "bad_cursor", or Forbidden.
func (r *Registry) AttestationHistory(ctx context.Context, a Actor, id uuid.UUID, field, after string, limit int) (DecisionPage, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return DecisionPage{}, err
	}
	start, err := parseNumberAfter(after, 32)
	if err != nil {
		return DecisionPage{}, err
	}
	size := pageSize(limit)
	var page DecisionPage
	err = r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		fields, err := r.fieldSetOf(tx, rec.row.Kind)
		if err != nil {
			return err
		}
		def := fields.byKey[field]
		if def == nil || !def.Attestable || !a.maySee(def.Field) {
			return errNoField()
		}
		rows, err := findDecisions(tx, id, def.No, start, size+1)
		if err != nil {
			return err
		}
		page = DecisionPage{}
		if len(rows) > size {
			rows = rows[:size]
			page.Next = strconv.Itoa(rows[size-1].Decision.Seq)
		}
		page.Decisions, err = pastDecisions(tx, rec, field, rows)
		return err
	})
	return page, err
}

func findDecisions(tx *gorm.DB, id uuid.UUID, field int, start int64, limit int) ([]pastRow, error) {
	var rows []pastRow
	err := tx.Raw(`SELECT a.*, l.id AS l_id, l.state AS l_state, l.at AS l_at, l.answer AS l_answer
		FROM attestation a
		LEFT JOIN attestation_appeal l ON l.registrant_id = a.registrant_id AND l.field = a.field AND l.seq = a.seq
		WHERE a.registrant_id = ? AND a.field = ? AND a.seq > ? ORDER BY a.seq LIMIT ?`, id, field, start, limit).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load the decisions about a field: %w", err)
	}
	return rows, nil
}

func pastDecisions(tx *gorm.DB, rec record, field string, rows []pastRow) ([]PastDecision, error) {
	versions := make([]decided, len(rows))
	for i, row := range rows {
		versions[i].VersionNo = row.Decision.VersionNo
	}
	texts, err := versionTexts(tx, rec, versions)
	if err != nil {
		return nil, err
	}
	documents, err := loadEvidence(tx, rec.row.ID)
	if err != nil {
		return nil, err
	}
	out, evidence := make([]PastDecision, len(rows)), evidenceOf(documents)
	for i, row := range rows {
		d := row.Decision
		comment, err := d.comment(rec.key)
		if err != nil {
			return nil, err
		}
		answer, err := openAnswer(rec.key, row.AppealID, string(row.Answer))
		if err != nil {
			return nil, err
		}
		out[i] = PastDecision{Seq: d.Seq, State: d.State, Status: d.Status, Proposal: d.Proposal, By: d.AttestedBy, At: d.At.Time, Comment: comment,
			ExpiresAt: timeOf(d.ExpiresAt), Text: texts[d.VersionNo][field], VersionNo: d.VersionNo, Undoes: d.Undoes,
			Appeal:   OwnAppeal{ID: row.AppealID, State: AppealState(row.Appeal), At: timeOf(row.AppealAt), Answer: answer},
			Evidence: evidence[[2]int{d.Field, d.Seq}]}
	}
	return out, nil
}
