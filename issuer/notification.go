package issuer

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// notificationClaims stand in a notification_id. It is handed out with the
// credentials, so it says itself which they are and who may tell about them.
type notificationClaims struct {
	Response   string    `json:"p"`
	Registrant uuid.UUID `json:"r"`
	ClientID   string    `json:"a,omitempty"`
}

// notificationID makes the id that stands for the credentials of one response
// (OID4VCI 1.0 §11.1). It is good as long as they are.
func (i *Issuer) notificationID(o order, responseID string, until time.Time) (string, error) {
	return i.tokens.Seal(kindNotification, notificationClaims{Response: responseID, Registrant: o.access.Registrant, ClientID: o.access.ClientID}, until)
}

// Notification takes a wallet's word about what became of the credentials of a
// response (OID4VCI 1.0 §11). The same again is the same success. Errors are
// *oauth.Error: those of the access token, invalid_notification_request, and
// invalid_notification_id, also for that of another person or client.
func (i *Issuer) Notification(ctx context.Context, call oauth.Call, body []byte) error {
	access, err := i.access(ctx, call)
	if err != nil {
		return err
	}
	told, err := oid4vci.ParseNotification(body)
	if err != nil {
		return err
	}
	var claims notificationClaims
	if err := i.tokens.Open(kindNotification, told.ID, i.now(), &claims); err != nil {
		return oid4vci.InvalidNotificationID().Because(err)
	}
	if claims.Registrant != access.Registrant || claims.ClientID != access.ClientID {
		return oid4vci.InvalidNotificationID()
	}
	err = i.ledger.Notify(ctx, claims.Response, outcome(told.Event))
	if errors.Is(err, ledger.ErrNotFound) {
		return oid4vci.InvalidNotificationID().Because(err)
	}
	return err
}

func outcome(e oid4vci.Event) ledger.Outcome {
	switch e {
	case oid4vci.CredentialAccepted:
		return ledger.Accepted
	case oid4vci.CredentialDeleted:
		return ledger.Deleted
	}
	return ledger.Refused
}
