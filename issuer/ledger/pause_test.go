package ledger_test

import (
	"strings"

	"gorm.io/gorm"
)

// pauseAfterGate stops a transaction behind the statement that locks the record.
func pauseAfterGate(locked, release chan struct{}) func(*gorm.DB) {
	return func(tx *gorm.DB) {
		if strings.Contains(tx.Statement.SQL.String(), "registrant_gate") {
			close(locked)
			<-release
		}
	}
}
