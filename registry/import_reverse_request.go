package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// loadRequests reads the change requests that the import sent.
func (p *undoPage) loadRequests(tx *gorm.DB, ids []uuid.UUID, entry *changeRow) error {
	var rows []requestRow
	err := tx.Where("registrant_id IN ? AND created_at = ? AND author = ?", ids, entry.At, entry.Actor).Order("registrant_id, id").Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read the change requests of an import: %w", err)
	}
	p.requests = map[uuid.UUID][]requestRow{}
	for _, row := range rows {
		p.requests[row.RegistrantID] = append(p.requests[row.RegistrantID], row)
	}
	return nil
}

// withdraw takes back the change requests of the import on which nobody has decided.
func (p *undoPage) withdraw(rev *reversal) error {
	for _, row := range p.requests[rev.id] {
		def := p.b.fields.byNo[row.Field]
		if def == nil || row.Channel != ChannelCSV {
			continue
		}
		switch row.State {
		case RequestSent:
			asked, err := row.open(rev.rec)
			if err != nil {
				return err
			}
			row.decide(rev.rec, p.b, RequestWithdrawn, p.u.row.Reason)
			rev.requests = append(rev.requests, row)
			rev.says = append(rev.says, row.entries(def.Key, asked, RequestSent, p.u.row.Reason)...)
		case RequestApproved:
			rev.fail(problemOf(rev.rec.row.Number, def.Key, CodeChangedSince, "what the import asked for was approved: it stays."))
		}
	}
	return nil
}
