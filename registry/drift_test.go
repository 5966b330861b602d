package registry_test

import (
	"fmt"
	"slices"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Each kind of drift is planted, and found where it is; everybody else is fine.
func TestPlantedDriftIsFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		zero := "'\\x00'::bytea"
		if x.DB.Dialect.Name() == "sqlite" {
			zero = "x'00'"
		}
		const mine = " WHERE registrant_id = ?"
		x.register(t, map[string]string{"full_name": "Nobody"})
		x.define(t, registry.Field{Key: "ward", Type: registry.TypeText, Searchable: true, Label: label("Ward")})
		x.areas(t, "code,parent,level,name_en\nKE,,0,Kenya\nKE-1,KE,1,Nyanza\nKE-2,KE,1,Coast\n")
		for i, c := range []struct {
			sql  string
			want []string
		}{
			{"UPDATE registrant SET status = status WHERE id = ?", nil},
			{"UPDATE registrant SET region = 'Owner' WHERE id = ?", []string{"attestation/region", "record_hash/", "value/region"}},
			{"UPDATE registrant SET family_name = 'Owner' WHERE id = ?", []string{"name/", "record_hash/", "value/family_name"}},
			{"UPDATE registrant SET extra = '{}' WHERE id = ?", []string{"index/ward", "record_hash/", "value/email", "value/ward"}},
			{"UPDATE registrant_version SET region = 'Owner'" + mine + " AND version_no = 2", []string{"value/region"}},
			{"UPDATE registrant_version SET region = 'Owner'" + mine + " AND version_no = 1", nil}, // no default: the chain tells
			{"UPDATE registrant SET version_no = 1 WHERE id = ?", []string{"value/region"}},
			{"UPDATE registrant SET area = 'KE-1' WHERE id = ?", []string{"area/"}},
			{"UPDATE registrant SET area = NULL WHERE id = ?", []string{"area/"}},
			{"UPDATE registrant SET latest_no = 7 WHERE id = ?", []string{"latest/"}},
			{"DELETE FROM registrant_version" + mine + " AND version_no = 2", []string{"latest/", "version/"}},
			{"UPDATE registrant SET vhash = " + zero + " WHERE id = ?", []string{"record_hash/"}},
			{"UPDATE registrant SET full_name_norm = 'somebody else' WHERE id = ?", []string{"name/"}},
			{"UPDATE field_state SET live_hash = " + zero + mine, []string{"attestation/region", "queue/"}},
			{"UPDATE field_state SET live_hash = NULL" + mine, []string{"attestation/region", "queue/"}},
			{"DELETE FROM waiting" + mine, []string{"queue/"}},
			{"UPDATE waiting SET since = since + 1" + mine, []string{"queue/"}},
			{"UPDATE waiting SET fields = fields || '2,'" + mine, []string{"queue/"}},
			{"UPDATE identifier SET bidx = " + zero + mine + " AND scheme = 'national_id'", []string{"identifier/national_id"}},
			{"DELETE FROM identifier" + mine + " AND scheme = 'phone_number'", []string{"identifier/phone_number"}},
			{"UPDATE identifier SET is_unique = false" + mine + " AND scheme = 'national_id'", []string{"identifier/national_id"}},
			{"INSERT INTO identifier (scheme, bidx, registrant_id, is_unique) SELECT scheme, " + zero + ", registrant_id, is_unique FROM identifier" + mine + " AND scheme = 'phone_number'",
				[]string{"identifier/phone_number"}},
			{"UPDATE field_value SET norm_value = 'owner'" + mine, []string{"index/ward"}},
			{"DELETE FROM field_value" + mine, []string{"index/ward"}},
			{"UPDATE registrant SET enc = '{\"national_id\":\"AAAA\"}' WHERE id = ?", []string{"unreadable/"}},
			{"UPDATE record_key SET kid = 'x'" + mine, []string{"unreadable/"}},
		} {
			p := x.register(t, map[string]string{"given_name": "Amina", "family_name": "O", "region": "Nyanza", "national_id": fmt.Sprint("KE-", i),
				"phone_number": fmt.Sprint("+2547110000", 10+i), "email": "a@example.org", "ward": "North"})
			p = x.edit(t, p, map[string]string{"region": "Coast"})
			x.attest(t, p, registry.StateAttested, "", "region")
			x.exec(t, c.sql, p.ID)
			found := x.drift(t)
			got := found[p.ID]
			if slices.Sort(got); !slices.Equal(got, c.want) || len(found) > 1 {
				t.Errorf("%s: found %v, want %v", c.sql, found, c.want)
			}
			x.exec(t, "DELETE FROM record_key WHERE registrant_id = ?", p.ID) // erased: not looked at again
		}
	})
}

// The slower check plays the logs again, and finds what no copy tells.
func TestABrokenLogIsFoundAmongAll(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		var all []registry.Person
		for i := range 5 {
			all = append(all, x.register(t, map[string]string{"full_name": fmt.Sprint("Person ", i), "national_id": fmt.Sprint("KE-", i)}))
		}
		x.exec(t, "UPDATE change_log SET reason = 'nothing to see' WHERE registrant_id = ?", all[1].ID)
		x.exec(t, "DELETE FROM record_key WHERE registrant_id = ?", all[2].ID) // erased
		x.exec(t, "UPDATE record_key SET kid = 'x' WHERE registrant_id = ?", all[3].ID)
		first, err := x.ChainCheck(t.Context(), admin(), "", 3)
		if err != nil || first.Checked != 2 || !slices.Equal(first.Findings, []registry.Drift{{RegistrantID: all[1].ID, Kind: registry.DriftChain}}) {
			t.Errorf("first = %+v, %v", first, err)
		}
		rest, err := x.ChainCheck(t.Context(), admin(), first.Next, 3)
		if err != nil || rest.Checked != 2 || rest.Next != "" || !slices.Equal(rest.Findings, []registry.Drift{{RegistrantID: all[3].ID, Kind: registry.DriftUnreadable}}) {
			t.Errorf("rest = %+v, %v", rest, err)
		}
		_, err = x.ChainCheck(t.Context(), registrar(), "", 3)
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}

func TestWhoMayLookForDrift(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for _, a := range []registry.Actor{admin(), actor(registry.RoleAuditor), registry.System()} {
			if page, err := x.DriftCheck(t.Context(), a, "", 0); err != nil || page.Checked != 1 {
				t.Errorf("%s: %+v, %v", a.Name, page, err)
			}
		}
		for _, a := range []registry.Actor{registrar(), attester(), self(p.ID)} {
			_, err := x.DriftCheck(t.Context(), a, "", 10)
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
		_, err := x.DriftCheck(t.Context(), admin(), "?", 10)
		wantFault(t, err, fault.Invalid, "bad_cursor")
	})
}
