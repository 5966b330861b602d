package issuer

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// KindSignInCode is the kind of what carries a code to sign in with. It never stands
// in the portal, which is what it opens.
const KindSignInCode = "sign_in_code"

// SendsMessages tells whether messages leave the portal at all.
func (i *Issuer) SendsMessages() bool { return i.messages.Hook }

// SendSignInCode puts a code to sign in with into the outbox, sealed until it has left:
// to a telephone or an e-mail address, and before all messages. Who has neither is
// sent nothing. uuid.Nil is nobody: it costs the same work, and nothing is kept of it.
// Errors are of the database.
func (i *Issuer) SendSignInCode(ctx context.Context, registrant uuid.UUID, code string, until time.Time) error {
	sealed, err := i.sentCodes.Seal(kindSentCode, sentCode{Code: code}, until)
	if err != nil {
		return err
	}
	return i.ledger.SendCode(ctx, registrant, KindSignInCode, sealed, until)
}
