package registry_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Everything that somebody with the database in hand might change is found.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		zero := "'\\x00'::bytea"
		if x.DB.Dialect.Name() == "sqlite" {
			zero = "x'00'"
		}
		for name, sql := range map[string]string{
			"reason":               "UPDATE change_log SET reason = 'nothing to see' WHERE registrant_id = ? AND chain_no = 2",
			"actor":                "UPDATE change_log SET actor = 'somebody' WHERE registrant_id = ? AND chain_no = 1",
			"kind of actor":        "UPDATE change_log SET actor_kind = 'system' WHERE registrant_id = ? AND chain_no = 1",
			"channel":              "UPDATE change_log SET channel = 'csv' WHERE registrant_id = ? AND chain_no = 3",
			"time":                 "UPDATE change_log SET at = '2020-01-01T00:00:00.000000Z' WHERE registrant_id = ? AND chain_no = 2",
			"diff":                 "UPDATE change_log SET diff = (SELECT c.diff FROM change_log c WHERE c.registrant_id = change_log.registrant_id AND c.chain_no = 1) WHERE registrant_id = ? AND chain_no = 2",
			"payload hash":         "UPDATE change_log SET payload_hash = " + zero + " WHERE registrant_id = ? AND chain_no = 2",
			"link":                 "UPDATE change_log SET prev_hash = " + zero + " WHERE registrant_id = ? AND chain_no = 2",
			"hash":                 "UPDATE change_log SET hash = " + zero + " WHERE registrant_id = ? AND chain_no = 2",
			"first entry removed":  "DELETE FROM change_log WHERE registrant_id = ? AND chain_no = 1",
			"middle removed":       "DELETE FROM change_log WHERE registrant_id = ? AND chain_no = 2",
			"last removed":         "DELETE FROM change_log WHERE registrant_id = ? AND chain_no = 3",
			"all removed":          "DELETE FROM change_log WHERE registrant_id = ?",
			"head":                 "UPDATE registrant SET chain_head = " + zero + " WHERE id = ?",
			"number of the head":   "UPDATE registrant SET chain_no = 2 WHERE id = ?",
			"plain value":          "UPDATE registrant SET family_name = 'Owner' WHERE id = ?",
			"added value":          "UPDATE registrant SET region = 'Coast' WHERE id = ?",
			"removed value":        "UPDATE registrant SET birth_date = NULL WHERE id = ?",
			"sealed value removed": "UPDATE registrant SET enc = '{}' WHERE id = ?",
			"other values":         "UPDATE registrant SET extra = '{\"locality\":\"X\"}' WHERE id = ?",
			"old version":          "UPDATE registrant_version SET given_name = 'Queen' WHERE registrant_id = ? AND version_no = 1",
			"new version":          "UPDATE registrant_version SET enc = '{}' WHERE registrant_id = ? AND version_no = 2",
			"version removed":      "DELETE FROM registrant_version WHERE registrant_id = ? AND version_no = 1",
			"last version removed": "DELETE FROM registrant_version WHERE registrant_id = ? AND version_no = 2",
			"version added":        "UPDATE registrant_version SET version_no = 3 WHERE registrant_id = ? AND version_no = 2",
			"record hash":          "UPDATE registrant SET vhash = " + zero + " WHERE id = ?",
		} {
			p := x.register(t, map[string]string{"given_name": "Amina", "family_name": "O", "birth_date": "1990-02-28", "national_id": uuid.NewString()})
			p = x.edit(t, p, map[string]string{"given_name": "Aminah"})
			x.attest(t, p, registry.StateAttested, "", "given_name")
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Fatalf("%s: before: %v", name, err)
			}
			x.exec(t, sql, p.ID)
			if err := x.VerifyChain(t.Context(), p.ID); !errors.Is(err, registry.ErrChainBroken) {
				t.Errorf("%s: %v, want ErrChainBroken", name, err)
			}
		}
		wantFault(t, x.VerifyChain(t.Context(), uuid.New()), fault.NotFound, "no_such_person")
	})
}

// A sealed value or a key that is moved to another person does not open.
func TestSealedValuesCannotBeMoved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, q := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian", "phone_number": "+254711000000"})
		x.exec(t, "UPDATE registrant SET enc = (SELECT r.enc FROM registrant r WHERE r.id = ?) WHERE id = ?", p.ID, q.ID)
		if _, err := x.Person(t.Context(), admin(), q.ID); err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("a moved value opened: %v", err)
		}
		x.exec(t, "UPDATE record_key SET wrapped = (SELECT k.wrapped FROM record_key k WHERE k.registrant_id = ?) WHERE registrant_id = ?", q.ID, p.ID)
		if _, err := x.Person(t.Context(), admin(), p.ID); err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("a moved key opened: %v", err)
		}
	})
}

// Without its key a record is gone for good, and the rest of the registry is not.
func TestAnErasedRecordIsGone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, q := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		x.exec(t, "DELETE FROM record_key WHERE registrant_id = ?", p.ID)
		_, err := x.Person(t.Context(), admin(), p.ID)
		wantFault(t, err, fault.Gone, "record_erased")
		page, err := x.Search(t.Context(), admin(), registry.Query{})
		if err != nil || len(page.People) != 1 || page.People[0].ID != q.ID {
			t.Errorf("page = %+v, %v", page, err)
		}
	})
}
