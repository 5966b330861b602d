package registry

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// maxEvidence is how many documents one decision names.
const maxEvidence = 20

// evidenceRow is a row of attestation_document: a decision is based on a document
// of the same record. The document stays for as long as the decision does.
type evidenceRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	Field        int       `gorm:"column:field;primaryKey;autoIncrement:false"`
	Seq          int       `gorm:"column:seq;primaryKey;autoIncrement:false"`
	DocumentID   uuid.UUID `gorm:"column:document_id;primaryKey"`
}

func (evidenceRow) TableName() string { return "attestation_document" }

// loadEvidence reads which decisions about a record are based on which documents.
func loadEvidence(tx *gorm.DB, id uuid.UUID) ([]evidenceRow, error) {
	var rows []evidenceRow
	if err := tx.Where("registrant_id = ?", id).Order("field, seq, document_id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load evidence: %w", err)
	}
	return rows, nil
}

// evidenceOf groups the documents by field and decision.
func evidenceOf(rows []evidenceRow) map[[2]int][]uuid.UUID {
	out := make(map[[2]int][]uuid.UUID, len(rows))
	for _, row := range rows {
		at := [2]int{row.Field, row.Seq}
		out[at] = append(out[at], row.DocumentID)
	}
	return out
}

// loadEvidenceFor reads which documents the decisions may name, by record; nothing
// is read of records whose decisions name none.
func (d *decider) loadEvidenceFor(tx *gorm.DB, all []decisionsOn) error {
	d.documents = map[uuid.UUID]map[uuid.UUID]bool{}
	for _, one := range all {
		if !slices.ContainsFunc(one.decisions, func(d Decision) bool { return len(d.Evidence) > 0 }) {
			continue
		}
		_, shown, err := d.r.shownDocuments(tx, d.b.actor, one.rec)
		if err != nil {
			return err
		}
		known := make(map[uuid.UUID]bool, len(shown))
		for _, document := range shown {
			known[document.ID] = true
		}
		d.documents[one.rec.row.ID] = known
	}
	return nil
}

// checkEvidence checks the documents that a decision names.
func (d Decision) checkEvidence(known map[uuid.UUID]bool) *mistake {
	switch {
	case len(d.Evidence) > maxEvidence:
		return &mistake{CodeTooLarge, fmt.Sprintf("At most %d documents.", maxEvidence)}
	case slices.ContainsFunc(d.Evidence, func(id uuid.UUID) bool { return !known[id] }):
		return &mistake{CodeNoDocument, "This record has no such document."}
	}
	return nil
}

// evidence gives the rows of the documents that a decision names, each once.
func (d Decision) evidence(row attestationRow) []evidenceRow {
	var out []evidenceRow
	for _, id := range d.Evidence {
		e := evidenceRow{row.RegistrantID, row.Field, row.Seq, id}
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

// evidenceDiff is what the change log says of them.
func evidenceDiff(field string, rows []evidenceRow) []diffEntry {
	diff := make([]diffEntry, len(rows))
	for i, row := range rows {
		diff[i] = diffEntry{Field: field, Kind: KindDocument, New: row.DocumentID.String()}
	}
	return diff
}

// storeEvidence writes the rows after those of their decisions.
func storeEvidence(tx *gorm.DB, rows []evidenceRow) error {
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Create(rows).Error; err != nil {
		return fmt.Errorf("store evidence: %w", err)
	}
	return nil
}
