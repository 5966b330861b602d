package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/xlsx"
)

// How a download goes:
//
//	plan     fields, bounds of roles, conditions -> one query      export_plan.go
//	record   who, what for and which fields, before any byte       export_record.go
//	stream   rows of one moment, in the order of registration      internal/db, export_write.go
//	part     whose records they are, before they are handed on     export_record.go
//
// The file's columns are those of an upload: see ExportRequest.

// ExportFormat is how a download is written.
type ExportFormat string

// The formats.
const (
	ExportCSV  ExportFormat = "csv"
	ExportXLSX ExportFormat = "xlsx"
)

// MediaType is what HTTP calls the format.
func (f ExportFormat) MediaType() string {
	if f == ExportXLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// ExportRequest says what a download holds: a row per person or group, in the order
// of registration, with the columns registration_number and version_no (the version
// that the row shows) and one for each field, named by its key. A cell is the value
// in its canonical form, after an apostrophe where a spreadsheet would take it for a
// formula.
type ExportRequest struct {
	Kind   string   // PersonKind (also when empty), a kind of group, or AnyGroup for all of them
	Fields []string // keys, each once
	Query  Query    // whom it is about; After, Limit and Total are not looked at
	// AttestedOnly leaves a cell empty whose value is not attested at this moment.
	AttestedOnly bool
	// Attestations adds, after each field that can be attested, the columns
	// KEY:attestation (a State; empty without a value), KEY:comment, KEY:attested_by
	// and KEY:attested_at of the decision that stands.
	Attestations bool
	Format       ExportFormat
	Purpose      string // in words; what registrants and auditors are told
}

// ExportResult is what a download came to.
type ExportResult struct {
	ID   uuid.UUID `json:"id"`   // of its record: see ReadExport
	Rows int64     `json:"rows"` // without the header
}

// maxExportFields is the most fields of one download.
const maxExportFields = 200

// Export writes a download at once. What w has been given when it fails is
// recorded. progress, which may be nil, is told the rows written and to be written; to count them costs a third of the rest.
// It returns Forbidden, also "not_visible" for fields that the actor is not told;
// Invalid "invalid_export", "bad_query" or "too_many_rows" (of a workbook), before
// anything is written; and the errors of w.
func (r *Registry) Export(ctx context.Context, a Actor, w io.Writer, req ExportRequest, progress func(done, total int64)) (ExportResult, error) {
	req, err := r.checkExport(ctx, a, req)
	if err != nil {
		return ExportResult{}, err
	}
	row, err := r.newExportRow(a, req)
	if err != nil {
		return ExportResult{}, err
	}
	row.State = exportRunning
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error { return r.storeExport(tx, a, &row, req, now) })
	if err != nil {
		return ExportResult{}, err
	}
	result := ExportResult{ID: row.ID}
	result.Rows, err = r.writeExport(ctx, a, row.ID, w, req, progress)
	last := context.WithoutCancel(ctx) // what was handed out is recorded in any case
	ended := r.db.InTx(last, r.now, func(tx *gorm.DB, now db.Time) error {
		end := exportEnd{rows: result.Rows, state: exportDone}
		if err != nil {
			end.state = exportFailed
		}
		return r.endExport(tx, a, &row, end, now)
	})
	return result, errors.Join(err, ended)
}

// CountExport tells how many rows a download would have now; it needs no purpose.
// It returns what Export returns.
func (r *Registry) CountExport(ctx context.Context, a Actor, req ExportRequest) (n int64, err error) {
	req.Purpose = "count"
	if req, err = cleanExport(a, req); err != nil {
		return 0, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		plan, err := r.planExport(tx, a, req)
		if err == nil {
			n, err = plan.count(tx)
		}
		return err
	})
	return n, err
}

// checkExport refuses what cannot be exported, or not by this actor.
func (r *Registry) checkExport(ctx context.Context, a Actor, req ExportRequest) (ExportRequest, error) {
	req, err := cleanExport(a, req)
	if err != nil {
		return req, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		plan, err := r.planExport(tx, a, req)
		if err != nil || req.Format != ExportXLSX {
			return err
		}
		n, err := plan.count(tx)
		if err == nil && n > xlsx.MaxRows {
			err = errTooManyRows()
		}
		return err
	})
	return req, err
}

func errTooManyRows() error {
	return fault.New(fault.Invalid, "too_many_rows", fmt.Sprintf("A sheet takes at most %d rows: narrow the query, or take CSV.", xlsx.MaxRows))
}

// cleanExport checks what can be checked without the definitions of fields.
func cleanExport(a Actor, req ExportRequest) (ExportRequest, error) {
	if err := a.checkWithin(toExport); err != nil {
		return req, err
	}
	var bad []fault.Field
	if req.Kind == "" {
		req.Kind = cmp.Or(req.Query.Kind, PersonKind)
	}
	if req.Format == "" {
		req.Format = ExportCSV
	}
	if req.Format != ExportCSV && req.Format != ExportXLSX {
		bad = append(bad, fault.Field{Name: "format", Code: CodeNotListed, Detail: "The format is csv or xlsx."})
	}
	if len(req.Fields) == 0 {
		bad = append(bad, fault.Field{Name: "fields", Code: CodeRequired, Detail: "Choose at least one field."})
	}
	if len(req.Fields) > maxExportFields {
		bad = append(bad, fault.Field{Name: "fields", Code: CodeTooLarge, Detail: fmt.Sprintf("Choose at most %d fields.", maxExportFields)})
	}
	purpose, err := cleanReason(req.Purpose)
	switch {
	case err != nil:
		bad = append(bad, fault.Field{Name: "purpose", Code: fieldCode(err), Detail: "The purpose is too long, or holds a character that cannot be shown."})
	case purpose == "":
		bad = append(bad, fault.Field{Name: "purpose", Code: CodeRequired, Detail: "Say what the download is for."})
	}
	req.Purpose = strings.TrimSpace(purpose)
	req.Query.Kind, req.Query.After, req.Query.Limit, req.Query.Total = "", "", 0, false
	if bad != nil {
		return req, errBadExport(bad)
	}
	return req, nil
}

func errBadExport(bad []fault.Field) error {
	return fault.InvalidFields("invalid_export", "The download cannot be made so.", bad)
}

// fieldCode is the code of the first field of an error.
func fieldCode(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && len(f.Fields) > 0 {
		return f.Fields[0].Code
	}
	return fault.CodeOf(err)
}
