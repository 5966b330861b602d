package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// TestTheHistoryOfASettingComesInPages: together they are the whole, and each is
// held against the one before it.
func TestTheHistoryOfASettingComesInPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		k, err := x.DefineGroupKind(t.Context(), admin(), registry.GroupKind{Key: "crew", Label: label("Crew"), MaxMembers: 3,
			Roles: []registry.MemberRole{{Key: "sailor", Label: label("Sailor")}}}, "1")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		for i := range 4 {
			k.MaxMembers++
			if k, err = x.EditGroupKind(t.Context(), admin(), k, fmt.Sprint(i+2)); err != nil {
				t.Fatal(err)
			}
		}
		page := func(after string, limit int) (got, next string) {
			t.Helper()
			found, err := x.AdminHistoryPage(t.Context(), admin(), "group_kind:crew", after, limit)
			if err != nil {
				t.Error(err)
			}
			for _, e := range found.Entries {
				got += fmt.Sprintf("%d:%s ", e.Seq, e.Reason)
			}
			return got, found.Next
		}
		for _, c := range []struct {
			after      string
			limit      int
			want, next string
		}{
			{"", 2, "1:1 2:2 ", "2"}, {"2", 2, "3:3 4:4 ", "4"}, {"4", 2, "5:5 ", ""}, {"5", 2, "", ""}, {"9223372036854775807", 2, "", ""},
			{"", 4, "1:1 2:2 3:3 4:4 ", "4"}, {"", 5, "1:1 2:2 3:3 4:4 5:5 ", ""}, {"0", 0, "1:1 2:2 3:3 4:4 5:5 ", ""},
		} {
			if got, next := page(c.after, c.limit); got != c.want || next != c.next {
				t.Errorf("after %q, %d: %q, next %q, want %q, %q", c.after, c.limit, got, next, c.want, c.next)
			}
		}
		x.exec(t, `UPDATE admin_log SET reason = '-' WHERE seq = 3`)
		if _, err := x.AdminHistoryPage(t.Context(), admin(), "group_kind:crew", "2", 2); !errors.Is(err, registry.ErrChainBroken) {
			t.Errorf("an altered entry: %v", err)
		}
		if _, err := x.AdminHistory(t.Context(), admin(), "group_kind:crew"); !errors.Is(err, registry.ErrChainBroken) {
			t.Errorf("an altered entry: %v", err)
		}
	})
}

func TestABadQuestionAboutSettingsIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, subject := range []string{"\x00", "\xff", "area:a\nb", strings.Repeat("a", 201)} {
			_, err := x.AdminHistory(t.Context(), admin(), subject)
			wantFault(t, err, fault.Invalid, "bad_query")
		}
		if log, err := x.AdminHistory(t.Context(), admin(), strings.Repeat("a", 200)); err != nil || len(log) != 0 {
			t.Errorf("%v, %v", log, err)
		}
		for _, after := range []string{"-1", "x", "9223372036854775808"} {
			_, err := x.AdminHistoryPage(t.Context(), admin(), "token:x", after, 2)
			wantFault(t, err, fault.Invalid, "bad_cursor")
		}
		_, err := x.FieldVersions(t.Context(), admin(), "\x00", registry.FieldVersionQuery{})
		wantFault(t, err, fault.NotFound, "no_such_field")
		_, err = x.AdminHistoryPage(t.Context(), registrar(), "token:x", "", 2)
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}
