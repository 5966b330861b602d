package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/jobs"
	"socialregistry/registry/numset"
	"socialregistry/registry/seal"
)

// ExportState is where a download stands.
type ExportState string

// The states of a download.
const (
	exportQueued  ExportState = "queued"
	exportRunning ExportState = "running"
	exportDone    ExportState = "done"
	exportFailed  ExportState = "failed"
	exportStopped ExportState = "cancelled" // its job was
)

// exportRow is a row of export.
type exportRow struct {
	ID           uuid.UUID        `gorm:"column:id;primaryKey"`
	AccountID    *uuid.UUID       `gorm:"column:account_id"`
	Actor        string           `gorm:"column:actor"`
	Kind         string           `gorm:"column:kind"`
	Fields       column[[]string] `gorm:"column:fields"`
	AttestedOnly bool             `gorm:"column:attested_only"`
	Attestations bool             `gorm:"column:attestations"`
	Format       ExportFormat     `gorm:"column:format"`
	Purpose      string           `gorm:"column:purpose"`
	Query        db.Bytes         `gorm:"column:query"` // sealed
	KID          string           `gorm:"column:kid"`
	Wrapped      db.Bytes         `gorm:"column:wrapped"`
	KEK          string           `gorm:"column:kek"`
	State        ExportState      `gorm:"column:state"`
	Rows         int64            `gorm:"column:rows_written"`
	JobID        *uuid.UUID       `gorm:"column:job_id"`
	BlobID       *uuid.UUID       `gorm:"column:blob_id"`
	Bounds       column[[]Grant]  `gorm:"column:bounds"`
	CreatedAt    db.Time          `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt      *db.Time         `gorm:"column:ended_at"`
	ExpiresAt    *db.Time         `gorm:"column:expires_at"`
}

func (exportRow) TableName() string { return "export" }

// sealedExport is the place that a sealed query is bound to.
const sealedExport = "export"

// newExportRow is the record of a download, before it begins.
func (r *Registry) newExportRow(a Actor, req ExportRequest) (exportRow, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return exportRow{}, fmt.Errorf("record a download: %w", err)
	}
	query, err := json.Marshal(req.Query)
	if err != nil {
		return exportRow{}, fmt.Errorf("record a download: %w", err)
	}
	key, w := r.keys.NewRecord(id)
	row := exportRow{ID: id, Actor: a.name(), Kind: req.Kind, Fields: column[[]string]{req.Fields}, AttestedOnly: req.AttestedOnly,
		Attestations: req.Attestations, Format: req.Format, Purpose: req.Purpose, Query: key.Seal(sealedExport, "query", query),
		KID: w.KID, Wrapped: w.Key, KEK: w.KEK, State: exportQueued, Bounds: column[[]Grant]{a.to(toExport).staff()}}
	if a.AccountID != uuid.Nil {
		row.AccountID = &a.AccountID
	}
	return row, nil
}

// request gives back what was asked for.
func (r *Registry) exportRequest(row *exportRow) (ExportRequest, error) {
	req := ExportRequest{Kind: row.Kind, Fields: row.Fields.V, AttestedOnly: row.AttestedOnly, Attestations: row.Attestations,
		Format: row.Format, Purpose: row.Purpose}
	key, err := r.keys.OpenRecord(row.ID, seal.Wrapped{KID: row.KID, Key: row.Wrapped, KEK: row.KEK})
	if err != nil {
		return req, err
	}
	query, err := key.Open(sealedExport, "query", row.Query)
	if err != nil {
		return req, err
	}
	if err := json.Unmarshal(query, &req.Query); err != nil {
		return req, fmt.Errorf("read the query of a download: %w", err)
	}
	return req, nil
}

// exportLog is what the history of settings says of a download. Of a query it says
// which parts it has, as they may be personal data.
type exportLog struct {
	Kind         string       `json:"kind"`
	Fields       []string     `json:"fields"`
	AttestedOnly bool         `json:"attested_only"`
	Attestations bool         `json:"attestations"`
	Format       ExportFormat `json:"format"`
	Query        []string     `json:"query"`
	State        ExportState  `json:"state"`
	Rows         int64        `json:"rows"`
}

func exportLogOf(row *exportRow, query []string) exportLog {
	return exportLog{row.Kind, row.Fields.V, row.AttestedOnly, row.Attestations, row.Format, query, row.State, row.Rows}
}

// queryParts names the parts of a query that say something.
func queryParts(q Query) []string {
	parts, v := []string{}, reflect.ValueOf(q)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			parts = append(parts, strings.ToLower(v.Type().Field(i).Name))
		}
	}
	return parts
}

// storeExport writes the record and the history of settings.
func (r *Registry) storeExport(tx *gorm.DB, a Actor, row *exportRow, req ExportRequest, now db.Time) error {
	row.CreatedAt = now
	if err := tx.Create(row).Error; err != nil {
		return fmt.Errorf("record a download: %w", err)
	}
	return r.logAdmin(tx, a, req.Purpose, now, "export:"+row.ID.String(), nil, exportLogOf(row, queryParts(req.Query)))
}

// exportEnd is how a download ended.
type exportEnd struct {
	rows  int64
	state ExportState
	blob  *uuid.UUID
	until *db.Time
}

func (r *Registry) endExport(tx *gorm.DB, a Actor, row *exportRow, end exportEnd, now db.Time) error {
	before := exportLogOf(row, nil)
	row.State, row.Rows, row.EndedAt, row.BlobID, row.ExpiresAt = end.state, end.rows, &now, end.blob, end.until
	if err := tx.Model(row).Select("state", "rows_written", "ended_at", "blob_id", "expires_at", "bounds").Updates(row).Error; err != nil {
		return fmt.Errorf("record the end of a download: %w", err)
	}
	return r.logAdmin(tx, a, row.Purpose, now, "export:"+row.ID.String(), before, exportLogOf(row, nil))
}

// leaveExport ends the record of a download whose job came to nothing, or lets it
// wait again. The service says so: whoever cancels a job is named with the job.
func (r *Registry) leaveExport(tx *gorm.DB, job uuid.UUID, state jobs.State) error {
	var rows []exportRow
	if err := tx.Where("job_id = ? AND state IN ?", job, []ExportState{exportQueued, exportRunning}).Find(&rows).Error; err != nil {
		return fmt.Errorf("end the download of a job: %w", err)
	}
	for i := range rows {
		end := exportEnd{state: exportFailed}
		switch state {
		case jobs.Queued:
			if err := tx.Model(&rows[i]).Update("state", exportQueued).Error; err != nil {
				return fmt.Errorf("let a download wait again: %w", err)
			}
			continue
		case jobs.Cancelled:
			end.state = exportStopped
		}
		if err := r.endExport(tx, System(), &rows[i], end, db.TimeOf(r.now())); err != nil {
			return err
		}
	}
	return nil
}

// storeExportPart records whose rows are about to be handed on.
func (r *Registry) storeExportPart(ctx context.Context, id uuid.UUID, seq int, numbers []int64) error {
	set, first, last := numset.Encode(numbers)
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		err := tx.Exec(`INSERT INTO export_part (export_id, seq, first_no, last_no, numbers) VALUES (?, ?, ?, ?, ?)`, id, seq, first, last, db.Bytes(set)).Error
		if err != nil {
			return fmt.Errorf("record whose records are downloaded: %w", err)
		}
		return nil
	})
}

// counterOf gives the counter that a registration number was made of: its digits
// without the check digit. There are no two registrants with the same one.
func counterOf(number string) (int64, error) {
	digits, ok := strings.CutPrefix(number, numberPrefix)
	if !ok || len(digits) < 2 {
		return 0, errors.New("registry: a registration number has another form")
	}
	n, err := strconv.ParseInt(digits[:len(digits)-1], 10, 64)
	if err != nil {
		return 0, errors.New("registry: a registration number has another form")
	}
	return n, nil
}
