package oid4vci_test

import (
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

func TestRow62ParseNotification(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]oid4vci.Event{
		`{"notification_id":"n","event":"credential_accepted"}`:                                                        oid4vci.CredentialAccepted,
		`{"notification_id":"n","event":"credential_failure","event_description":"no space"}`:                          oid4vci.CredentialFailure,
		`{"notification_id":"n","event":"credential_deleted","event_description":"","x":[null]}`:                       oid4vci.CredentialDeleted,
		`{"notification_id":"n","event":"credential_failure","event_description":"` + strings.Repeat("a", 4096) + `"}`: oid4vci.CredentialFailure,
	} {
		if got, err := oid4vci.ParseNotification([]byte(body)); err != nil || got != (oid4vci.Notification{ID: "n", Event: want}) {
			t.Errorf("%.60s: %+v, %v", body, got, err)
		}
	}
	const malformed = "invalid_notification_request"
	for body, code := range map[string]string{
		``: malformed, `[]`: malformed, `{}`: malformed, `{"event":"credential_accepted"}`: malformed, `{"notification_id":"n"}`: malformed,
		`{"notification_id":"","event":"credential_accepted"}`:                                                         malformed,
		`{"notification_id":7,"event":"credential_accepted"}`:                                                          malformed,
		`{"notification_id":["n"],"event":"credential_accepted"}`:                                                      malformed,
		`{"notification_id":"n","event":"credential_stolen"}`:                                                          malformed,
		`{"notification_id":"n","event":"Credential_Accepted"}`:                                                        malformed,
		`{"notification_id":"n","event":null}`:                                                                         malformed,
		`{"notification_id":"n","notification_id":"m","event":"credential_accepted"}`:                                  malformed,
		`{"notification_id":"n","event":"credential_failure","event_description":1}`:                                   malformed,
		`{"notification_id":"n","event":"credential_failure","event_description":"é"}`:                                 malformed,
		`{"notification_id":"n","event":"credential_failure","event_description":"a\nb"}`:                              malformed,
		`{"notification_id":"n","event":"credential_failure","event_description":"` + strings.Repeat("a", 4097) + `"}`: malformed,
		`{"notification_id":"` + strings.Repeat("n", 4097) + `","event":"credential_accepted"}`:                        "invalid_notification_id",
		`{"notification_id":"n","event":"credential_accepted","x":"` + strings.Repeat("x", 16<<10) + `"}`:              malformed,
	} {
		if _, err := oid4vci.ParseNotification([]byte(body)); oauth.CodeOf(err) != code {
			t.Errorf("%.60s: %v, want %s", body, err, code)
		}
	}
}

func FuzzParseNotification(f *testing.F) {
	f.Add([]byte(`{"notification_id":"n","event":"credential_accepted","event_description":"a"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := oid4vci.ParseNotification(body)
		if err != nil && oauth.CodeOf(err) == "" {
			t.Fatalf("not a protocol error: %v", err)
		}
		if err == nil && (got.ID == "" || got.Event == "") {
			t.Fatalf("accepted %+v", got)
		}
	})
}
