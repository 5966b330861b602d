package vci_test

import (
	"encoding/json"
	"testing"
	"time"

	"socialregistry/internal/db"
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
		if a := s.do("GET", "/oid4vci/notification", "", ""); a.status != 405 || a.header.Get("Allow") != "POST" {
			t.Errorf("GET: %d, Allow %q", a.status, a.header.Get("Allow"))
		}
		if at := s.toldAt("accepted_at"); at[0] != nil || at[1] != nil {
			t.Error("a refused notification was kept")
		}
		for range 2 {
			if a := s.tell(token, told("credential_accepted")); a.status != 204 || len(a.body) != 0 {
				t.Fatalf("%d %s, want 204", a.status, a.body)
			}
			s.clock.pass(time.Minute)
		}
		first := s.clock.now().Add(-2 * time.Minute)
		for _, at := range s.toldAt("accepted_at") { // both copies, and the first time stands
			if at == nil || !at.Equal(first) {
				t.Errorf("accepted at %v, want %v", at, first)
			}
		}
		if a := s.tell(s.token(id, sd), told("credential_deleted")); a.status != 204 || s.toldAt("deleted_at")[1] == nil {
			t.Errorf("deleted, by another token of the same person: %d %s", a.status, a.body)
		}
	})
}

// toldAt gives a column of all issuances.
func (s *service) toldAt(column string) []*time.Time {
	s.t.Helper()
	var rows []*db.Time
	s.must(s.db.Raw("SELECT " + column + " FROM issuance ORDER BY id").Scan(&rows).Error)
	out := make([]*time.Time, len(rows))
	for n, r := range rows {
		if r != nil {
			out[n] = &r.Time
		}
	}
	return out
}
