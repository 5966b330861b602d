package registry_test

import (
	"path/filepath"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

// FuzzQuery asks with any words in any part of a query: somebody is found, or
// nobody, or the part is named that is wrong. It is never a fault of ours.
func FuzzQuery(f *testing.F) {
	d, err := db.Open(f.Context(), "sqlite:"+filepath.Join(f.TempDir(), "fuzz.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { d.Close() })
	if err := db.Migrate(f.Context(), d); err != nil {
		f.Fatal(err)
	}
	r, err := registry.New(f.Context(), registry.Config{DB: d, Master: secret.NewMaster(), Now: newClock().Now})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := r.Register(f.Context(), registrar(), registry.Change{Set: amina()}); err != nil {
		f.Fatal(err)
	}
	if _, err := r.DefineProgramme(f.Context(), admin(), cash(), "budget"); err != nil {
		f.Fatal(err)
	}
	f.Add("amina", "sex", "ATTESTED", "ET-AA", "Survey", "", "sex", "female", "cash", "EXITED")
	f.Add("KE-4471 220/9", "", "", "", "", "AAAA", "", "", "cash", "")
	f.Add("%_\\'\"--", "national_id", "NEW", "?", "\x00", "=", "nobody", "é\xff", "ca\x00sh", "'")
	f.Add("NEAR(\"*\" OR ^a)", "", "", "", "", "", "region", "", "", "ENROLLED")
	f.Fuzz(func(t *testing.T, text, field, state, area, version, after, key, value, programme, enrolment string) {
		q := registry.Query{Text: text, Field: field, State: registry.State(state), Area: area, Version: version, After: after, Total: true,
			Programme: programme, Enrolment: registry.EnrolmentStatus(enrolment)}
		if key != "" {
			q.Equals = map[string]string{key: value}
		}
		if _, err := r.Search(t.Context(), registrar(), q); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", q, err)
		}
	})
}
