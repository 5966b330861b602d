package vci_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
)

func (s *service) tell(token string, body any) answer {
	s.t.Helper()
	raw, err := json.Marshal(body)
	s.must(err)
	return s.do("POST", "/oid4vci/notification", "application/json", string(raw), "Authorization", "Bearer "+token)
}

func TestRow62Notification(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		token := s.token(id, sd)
		notification := s.json(s.askBatch(token, sd, s.proofs(2)))["notification_id"].(string)
		told := func(event string) object { return object{"notification_id": notification, "event": event} }
		for name, tc := range map[string]struct {
			token string
			body  any
			code  string
		}{
			"unknown id":  {token, object{"notification_id": "guess", "event": "credential_accepted"}, "invalid_notification_id"},
			"a nonce":     {token, object{"notification_id": s.nonce(), "event": "credential_accepted"}, "invalid_notification_id"},
			"other's id":  {s.token(s.person(), sd), told("credential_accepted"), "invalid_notification_id"},
			"bad event":   {token, told("credential_stolen"), "invalid_notification_request"},
			"missing id":  {token, object{"event": "credential_accepted"}, "invalid_notification_request"},
			"no event":    {token, object{"notification_id": notification}, "invalid_notification_request"},
			"not a JSON":  {token, []int{1}, "invalid_notification_request"},
			"bad comment": {token, object{"notification_id": notification, "event": "credential_failure", "event_description": "\x00"}, "invalid_notification_request"},
		} {
			s.refused(name, s.tell(tc.token, tc.body), 400, tc.code)
		}
		s.refused("wrong token", s.tell("x", told("credential_accepted")), 401, "invalid_token")
		if a := s.do("GET", "/oid4vci/notification", "", ""); a.status != 405 || !strings.Contains(a.header.Get("Allow"), "POST") {
			t.Errorf("GET: %d, Allow %q", a.status, a.header.Get("Allow"))
		}
		for _, c := range s.copies(id) {
			if !c.AcceptedAt.IsZero() || !c.FailedAt.IsZero() || !c.DeletedAt.IsZero() {
				t.Errorf("a refused notification was kept: %+v", c)
			}
		}
		for range 2 {
			if a := s.tell(token, told("credential_accepted")); a.status != 204 || len(a.body) != 0 {
				t.Fatalf("%d %s, want 204", a.status, a.body)
			}
			s.clock.pass(time.Minute)
		}
		first := s.clock.now().Add(-2 * time.Minute)
		for _, c := range s.copies(id) { // both, and the first time stands
			if !c.AcceptedAt.Equal(first) {
				t.Errorf("accepted at %v, want %v", c.AcceptedAt, first)
			}
		}
		fresh := s.token(id, sd)
		if a := s.tell(fresh, told("credential_failure")); a.status != 204 {
			t.Errorf("by another token of the same person: %d %s", a.status, a.body)
		}
		if a := s.tell(fresh, told("credential_deleted")); a.status != 204 {
			t.Errorf("deleted: %d %s", a.status, a.body)
		}
		for _, c := range s.copies(id) {
			if c.FailedAt.IsZero() || c.DeletedAt.IsZero() || len(s.copies(id)) != 2 {
				t.Errorf("not kept: %+v", c)
			}
		}
	})
}

// copies are the rows of a person's credentials.
func (s *service) copies(id uuid.UUID) []ledger.Issuance {
	s.t.Helper()
	rows, err := ledger.New(s.db, s.clock.now).Issuances(context.Background(), id)
	s.must(err)
	return rows
}
