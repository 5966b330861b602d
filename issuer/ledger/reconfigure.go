package ledger

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// ChangeConfiguration replaces the document of a configuration by what change makes of
// it, which may be called again, and logs it in the name of e.Actor. ErrNotFound if
// there is none.
func (l *Ledger) ChangeConfiguration(ctx context.Context, id string, e Entry, change func(before map[string]any) (map[string]any, error)) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var rows []configurationRow
		if err := tx.Where("id = ?", id).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return ErrNotFound
		}
		after, err := change(rows[0].Document)
		if err != nil {
			return err
		}
		if err := tx.Model(&configurationRow{}).Where("id = ?", id).Update("document", db.JSON(after)).Error; err != nil {
			return err
		}
		return logEntry(tx, e, l.configurationSubject(id), rows[0].Document, after, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: change a configuration: %w", err)
	}
	return nil
}

// ConfigurationLog gives the changes of a configuration, the oldest first.
func (l *Ledger) ConfigurationLog(ctx context.Context, id string) ([]Entry, error) {
	return l.Log(ctx, l.configurationSubject(id))
}

func (l *Ledger) configurationSubject(id string) string {
	return "configuration:" + l.issuer + "/" + id
}
