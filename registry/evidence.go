package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

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
