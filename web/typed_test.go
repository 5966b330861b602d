package web_test

import (
	"net/http"
	"testing"

	"socialregistry/registry"
)

// What nobody types stands in an address all the same: it is no fault of ours.
func TestOddAddressesAreNoFault(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, me := w.staff("en", registry.RoleAdmin), w.registrant("en")
		person := "/admin/people/" + w.person.ID.String()
		for _, path := range []string{
			person + "/versions/99999999999", person + "/versions/-1", person + "/identifiers/99999999999", person + "/compare?from=99999999999&to=1",
			person + "/household?degree=99999999999", person + "/log?before=99999999999999999999",
			"/admin/issued?issued_since=0000-01-01", "/admin/issued?config=%00", "/admin/issued?config=%ff", "/admin/issued?standing=%00", "/admin/issued?after=0000-01-01T00:00:00Z_" + w.person.ID.String(),
			"/admin/audit?after=0_9223372036854775807_x", "/admin/exports/new?changed_since=0000-01-01", "/admin/people?updated=0000-01-01", "/admin/changes?after=x", "/admin/jobs?after=x",
			"/admin/groups?q=%00", "/admin/people?q=%00", "/admin/requests?area=%00", "/admin/statistics?area=%ff",
		} {
			if p := admin.get(path); p.status >= http.StatusInternalServerError {
				t.Errorf("%s: %d", path, p.status)
			}
		}
		for _, path := range []string{"/me/versions/99999999999", "/me/history?before=99999999999", "/me/messages?after=%00", "/me/requests?after=%ff", "/me/documents/%00"} {
			if p := me.get(path); p.status >= http.StatusInternalServerError {
				t.Errorf("%s: %d", path, p.status)
			}
		}
	})
}
