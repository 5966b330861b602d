package oid4vci

import (
	"unicode/utf8"

	"socialregistry/internal/jose"
)

// Event is what became of credentials in the wallet (OID4VCI 1.0 §11.1).
type Event string

// The events: the wallet keeps what it got; it could not take all of it; its
// holder removed it, or would not have it.
const (
	CredentialAccepted Event = "credential_accepted"
	CredentialFailure  Event = "credential_failure"
	CredentialDeleted  Event = "credential_deleted"
)

// Limits of a notification.
const (
	MaxNotification     = 16 << 10 // bytes of the body
	maxEventDescription = 4096     // bytes of event_description
)

// Notification is a parsed notification request (§11.1). The event_description
// is checked and dropped: it is free text of a device, and could hold anything.
type Notification struct {
	ID    string
	Event Event
}

// ParseNotification reads the body of a notification request. Unknown members
// are ignored. Errors are *oauth.Error (§11.3): invalid_notification_request,
// invalid_notification_id.
func ParseNotification(body []byte) (Notification, error) {
	if len(body) > MaxNotification {
		return Notification{}, InvalidNotificationRequest("The body is too long.")
	}
	members, err := jose.DecodeObject(body)
	if err != nil {
		return Notification{}, InvalidNotificationRequest("The body must be one JSON object in UTF-8, without doubled member names.").Because(err)
	}
	id, _ := members["notification_id"].(string)
	name, _ := members["event"].(string)
	event := Event(name)
	switch {
	case id == "":
		return Notification{}, InvalidNotificationRequest("The member notification_id must be a string.")
	case event != CredentialAccepted && event != CredentialFailure && event != CredentialDeleted:
		return Notification{}, InvalidNotificationRequest("The member event must be credential_accepted, credential_failure or credential_deleted.")
	case len(id) > maxTransactionID:
		return Notification{}, InvalidNotificationID()
	}
	if err := checkEventDescription(members); err != nil {
		return Notification{}, err
	}
	return Notification{ID: id, Event: event}, nil
}

// checkEventDescription: printable ASCII without quote and backslash (§11.1).
func checkEventDescription(members map[string]any) error {
	v, given := members["event_description"]
	if !given {
		return nil
	}
	s, ok := v.(string)
	if !ok || len(s) > maxEventDescription || !utf8.ValidString(s) {
		return InvalidNotificationRequest("The member event_description must be a string of at most 4096 bytes.")
	}
	for _, r := range s {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return InvalidNotificationRequest("The member event_description has a character that is not allowed.")
		}
	}
	return nil
}
