package registry

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// ExportFile is the file of a download.
type ExportFile struct {
	io.Reader
	Name   string // a name for it, without personal data
	Size   int64  // bytes
	Format ExportFormat
}

// ExportFile opens the file for whoever asked for it, and nobody else, if the
// account still has the rights to all that is in it. It returns Forbidden, also
// "not_visible" for fields that the account is not told any more and
// "bounds_changed" where its role does not reach as far as when the file was
// written; NotFound "no_such_export", Conflict "export_not_ready", or Gone
// "file_expired".
func (r *Registry) ExportFile(ctx context.Context, a Actor, id uuid.UUID) (ExportFile, error) {
	if err := a.checkWithin(toExport); err != nil {
		return ExportFile{}, err
	}
	var row exportRow
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		if row, err = loadExport(tx, id); err != nil {
			return err
		}
		if !row.of(a) {
			return errNoExport()
		}
		return r.checkHolding(tx, a, &row)
	})
	switch {
	case err != nil:
		return ExportFile{}, err
	case row.State != exportDone:
		return ExportFile{}, fault.New(fault.Conflict, "export_not_ready", "The file is not ready.")
	case row.BlobID == nil || !row.ExpiresAt.After(r.now()):
		return ExportFile{}, errNoBlob()
	}
	file, err := r.openBlob(ctx, *row.BlobID)
	if err != nil {
		return ExportFile{}, err
	}
	name := fmt.Sprintf("%s-%s.%s", row.Kind, row.CreatedAt.Format("20060102-150405"), row.Format)
	return ExportFile{Reader: file, Name: name, Size: file.Size, Format: row.Format}, nil
}

// checkHolding holds a download that was written to the rights of today.
func (r *Registry) checkHolding(tx *gorm.DB, a Actor, row *exportRow) error {
	req, err := r.exportRequest(row)
	if err != nil {
		return err
	}
	hidden, err := r.hiddenFrom(tx, a)
	if err != nil {
		return err
	}
	named := append(slices.Sorted(maps.Keys(req.Query.Equals)), req.Query.Field, Programme{Code: req.Query.Programme}.Field()) // who is in it tells their values
	var unseen []fault.Field
	for _, key := range append(named, req.Fields...) {
		if hidden[key] {
			unseen = append(unseen, errUnseen(key))
		}
	}
	if unseen != nil {
		return errNotVisible(unseen)
	}
	return a.to(toExport).stillReach(row.Bounds.V)
}

// stillReach refuses who does not reach all that some grants reached. It returns
// Forbidden "bounds_changed".
func (who access) stillReach(then []Grant) error {
	now := who.staff()
	for _, before := range then {
		if !slices.ContainsFunc(now, func(g Grant) bool { return g.contains(before) }) {
			return fault.New(fault.Forbidden, "bounds_changed", "The role of this account does not reach as far as when the file was written: ask for another one.")
		}
	}
	return nil
}

// DropExportFile deletes the file of a download; its record stays. Administrators
// delete those of others. It returns Forbidden, NotFound "no_such_export" or
// Conflict "export_not_ready": end the job first.
func (r *Registry) DropExportFile(ctx context.Context, a Actor, id uuid.UUID) error {
	if err := a.checkWithin(toExport); err != nil {
		return err
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row, err := loadExport(tx, id)
		switch {
		case err != nil:
			return err
		case !row.of(a) && (!a.Has(RoleAdmin) || a.check(toReadExports) != nil):
			return errNoExport()
		case row.State == exportQueued || row.State == exportRunning:
			return fault.New(fault.Conflict, "export_not_ready", "The file is not ready.")
		case row.BlobID == nil:
			return nil
		}
		if err := dropBlob(tx, *row.BlobID); err != nil {
			return err
		}
		return r.logAdmin(tx, a, "file deleted", now, "export:"+id.String(), exportLogOf(&row, nil), exportLogOf(&row, nil))
	})
}
