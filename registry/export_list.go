package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/registry/numset"
)

// Download is the record of a download. It does not say whom the query named.
type Download struct {
	ID           uuid.UUID
	Kind         string
	Fields       []string
	AttestedOnly bool
	Attestations bool
	Format       ExportFormat
	Purpose      string
	State        ExportState
	Rows         int64     // handed out
	Job          uuid.UUID // zero: it was written at once
	HasFile      bool      // for whoever asked, until ExpiresAt
	Size         int64     // of that file in bytes
	CreatedBy    string
	CreatedAt    time.Time
	EndedAt      time.Time // zero: it has not ended
	ExpiresAt    time.Time
}

func (r *Registry) toDownload(row *exportRow) Download {
	d := Download{ID: row.ID, Kind: row.Kind, Fields: row.Fields.V, AttestedOnly: row.AttestedOnly, Attestations: row.Attestations, Format: row.Format,
		Purpose: row.Purpose, State: row.State, Rows: row.Rows, CreatedBy: row.Actor, CreatedAt: row.CreatedAt.Time}
	if row.JobID != nil {
		d.Job = *row.JobID
	}
	if row.EndedAt != nil {
		d.EndedAt = row.EndedAt.Time
	}
	if row.ExpiresAt != nil {
		d.ExpiresAt = row.ExpiresAt.Time
		d.HasFile = row.BlobID != nil && row.ExpiresAt.After(r.now())
	}
	return d
}

// DownloadPage is one page of downloads, newest first.
type DownloadPage struct {
	Downloads []Download
	Next      string // after of the next page; "" after the last
}

// seeExports tells whether the actor sees the downloads of everybody or only those
// of the own account.
func (a Actor) seeExports() (all bool, err error) {
	if a.check(toReadExports) == nil {
		return true, nil
	}
	return false, a.checkWithin(toExport)
}

// Downloads lists downloads: for administrators and auditors everybody's, else
// those of the own account. after is DownloadPage.Next of the page before, limit
// its most entries (0: 50, at most 200). It returns Forbidden or Invalid
// "bad_cursor".
func (r *Registry) Downloads(ctx context.Context, a Actor, after string, limit int) (DownloadPage, error) {
	all, err := a.seeExports()
	if err != nil {
		return DownloadPage{}, err
	}
	before, err := parseAfter(after)
	if err != nil {
		return DownloadPage{}, err
	}
	var rows []exportRow
	var sizes map[uuid.UUID]int64
	size := pageSize(limit)
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		find := tx.Order("id DESC").Limit(size + 1)
		if !all {
			find = find.Where("account_id = ?", a.AccountID)
		}
		if before != uuid.Nil {
			find = find.Where("id < ?", before)
		}
		if err := find.Find(&rows).Error; err != nil {
			return err
		}
		sizes, err = fileSizes(tx, rows)
		return err
	})
	if err != nil {
		return DownloadPage{}, fmt.Errorf("list downloads: %w", err)
	}
	var page DownloadPage
	if len(rows) > size {
		rows = rows[:size]
		page.Next = formatAfter(rows[size-1].ID)
	}
	for i := range rows {
		page.Downloads = append(page.Downloads, r.toDownload(&rows[i]).sized(sizes))
	}
	return page, nil
}

// fileSizes are the sizes of the files that downloads still have, by download.
func fileSizes(tx *gorm.DB, rows []exportRow) (map[uuid.UUID]int64, error) {
	of := map[uuid.UUID]uuid.UUID{}
	var ids []uuid.UUID
	for _, row := range rows {
		if row.BlobID != nil {
			of[*row.BlobID] = row.ID
			ids = append(ids, *row.BlobID)
		}
	}
	sizes := map[uuid.UUID]int64{}
	if len(ids) == 0 {
		return sizes, nil
	}
	var blobs []blobRow
	if err := tx.Select("id", "size").Where("id IN ?", ids).Find(&blobs).Error; err != nil {
		return nil, err
	}
	for _, b := range blobs {
		sizes[of[b.ID]] = b.Size
	}
	return sizes, nil
}

// sized adds the size of the file, if there is one.
func (d Download) sized(sizes map[uuid.UUID]int64) Download {
	if d.HasFile {
		d.Size = sizes[d.ID]
	}
	return d
}

// Download gives one download. It returns Forbidden or NotFound "no_such_export".
func (r *Registry) Download(ctx context.Context, a Actor, id uuid.UUID) (Download, error) {
	all, err := a.seeExports()
	if err != nil {
		return Download{}, err
	}
	var row exportRow
	var sizes map[uuid.UUID]int64
	err = r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		if row, err = loadExport(tx, id); err != nil {
			return err
		}
		sizes, err = fileSizes(tx, []exportRow{row})
		return err
	})
	switch {
	case err != nil:
		return Download{}, err
	case !all && !row.of(a):
		return Download{}, errNoExport()
	}
	return r.toDownload(&row).sized(sizes), nil
}

// How many downloads are looked through at a time, and how many such times for a
// page.
const (
	exportChunk  = 100
	exportChunks = 5
)

// DownloadsOf lists the downloads that hold the record of one person or group: who
// took which fields, when and what for. Registrants ask about the own record. A page
// looks through 500 downloads at most: it may hold fewer than limit, or none, and
// still have a next one. It returns what Downloads returns, or NotFound.
func (r *Registry) DownloadsOf(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (DownloadPage, error) {
	if err := a.checkOn(toReadExports, id); err != nil {
		return DownloadPage{}, err
	}
	before, err := parseAfter(after)
	if err != nil {
		return DownloadPage{}, err
	}
	var page DownloadPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		found, err := readRow(tx, a.to(toReadExports), id, "")
		if err != nil {
			return err
		}
		number, err := counterOf(found.Row.Number)
		if err != nil {
			return err
		}
		page, err = r.downloadsWith(tx, number, before, pageSize(limit))
		return err
	})
	return page, err
}

// downloadsWith looks through the downloads before one, newest first, until a page
// is full or has looked through its share.
func (r *Registry) downloadsWith(tx *gorm.DB, number int64, before uuid.UUID, size int) (DownloadPage, error) {
	var page DownloadPage
	for range exportChunks {
		find := tx.Order("id DESC").Limit(exportChunk)
		if before != uuid.Nil {
			find = find.Where("id < ?", before)
		}
		var rows []exportRow
		if err := find.Find(&rows).Error; err != nil {
			return page, fmt.Errorf("look through downloads: %w", err)
		}
		held, err := holding(tx, rows, number)
		if err != nil {
			return page, err
		}
		for i := range rows {
			if !held[rows[i].ID] {
				continue
			}
			if len(page.Downloads) == size {
				page.Next = formatAfter(page.Downloads[size-1].ID)
				return page, nil
			}
			page.Downloads = append(page.Downloads, r.toDownload(&rows[i]))
		}
		if len(rows) < exportChunk {
			return page, nil
		}
		before = rows[len(rows)-1].ID
	}
	page.Next = formatAfter(before)
	return page, nil
}

// holding tells which downloads hold the record with a number.
func holding(tx *gorm.DB, rows []exportRow, number int64) (map[uuid.UUID]bool, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var parts []struct {
		ExportID uuid.UUID `gorm:"column:export_id"`
		Numbers  []byte    `gorm:"column:numbers"`
	}
	if len(ids) == 0 {
		return nil, nil
	}
	err := tx.Raw(`SELECT export_id, numbers FROM export_part WHERE export_id IN ? AND first_no <= ? AND last_no >= ?`, ids, number, number).Scan(&parts).Error
	if err != nil {
		return nil, fmt.Errorf("look through downloads: %w", err)
	}
	held := map[uuid.UUID]bool{}
	for _, p := range parts {
		has, err := numset.Has(p.Numbers, number)
		if err != nil {
			return nil, fmt.Errorf("look through downloads: %w", err)
		}
		held[p.ExportID] = held[p.ExportID] || has
	}
	return held, nil
}
