package registry

import (
	"time"

	"gorm.io/gorm"
)

// Need is what a session that began still needs before it is good for anything.
type Need string

// The needs.
const (
	NeedsNothing Need = ""
	NeedsTOTP    Need = "totp"  // a code of the authenticator app
	NeedsEnrol   Need = "enrol" // an authenticator app, which the account has to have
)

// halfLife is how long a session may stay half-way.
const halfLife = 10 * time.Minute

func lifeOf(n Need) time.Duration {
	if n == NeedsNothing {
		return SessionMax
	}
	return halfLife
}

// needs says what is asked for after the first proof. A passkey is two in one.
func (r *Registry) needs(tx *gorm.DB, account accountRow, method Method) (Need, error) {
	return NeedsNothing, nil
}
