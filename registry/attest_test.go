package registry_test

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// attested gives {field: text} of what is attested now.
func (x *fixture) attested(t *testing.T, p registry.Person) map[string]string {
	t.Helper()
	a, err := x.Attested(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for k, v := range a.Values {
		out[k] = v.Text
		if len(v.Hash) != registry.HashSize {
			t.Errorf("%s has a hash of %d bytes", k, len(v.Hash))
		}
	}
	return out
}

func (x *fixture) states(t *testing.T, p registry.Person) map[string]registry.FieldState {
	t.Helper()
	states, err := x.FieldStates(t.Context(), self(p.ID), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return states
}

func TestADecisionIsAboutTheValue(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		if got := x.attested(t, p); len(got) != 0 {
			t.Fatalf("attested = %v before anybody decided", got)
		}
		x.Clock.Add(time.Minute)
		x.attest(t, p, registry.StateAttested, "", "given_name", "national_id")
		x.attest(t, p, registry.StateRejected, "The paper says Kisumu", "region")
		want := map[string]string{"given_name": "Amina", "national_id": "KE-4471 220/9"}
		if got := x.attested(t, p); !maps.Equal(got, want) {
			t.Errorf("attested = %v, want %v", got, want)
		}
		states := x.states(t, p)
		check := func(field string, want registry.FieldState) {
			t.Helper()
			want.Field = field
			if got := states[field]; !reflect.DeepEqual(got, want) {
				t.Errorf("%s = %+v, want %+v", field, got, want)
			}
		}
		at := x.Clock.Now()
		check("given_name", registry.FieldState{State: registry.StateAttested, By: "attester-1", At: at, AttestedText: "Amina"})
		check("region", registry.FieldState{State: registry.StateRejected, By: "attester-1", At: at, Comment: "The paper says Kisumu", AttestedText: "Nyanza"})
		check("sex", registry.FieldState{State: registry.StateNew})
		if _, ok := states["locality"]; ok {
			t.Error("a field without value and decision has a state")
		}

		// an edit makes the decisions stale ...
		x.Clock.Add(time.Minute)
		p = x.edit(t, p, map[string]string{"given_name": "Aminah", "national_id": "KE-1000", "region": "Kisumu"})
		if got := x.attested(t, p); len(got) != 0 {
			t.Errorf("attested = %v after the edit", got)
		}
		states = x.states(t, p)
		check("given_name", registry.FieldState{State: registry.StateNew, Changed: true, By: "attester-1", At: at, AttestedText: "Amina"})
		check("national_id", registry.FieldState{State: registry.StateNew, Changed: true, By: "attester-1", At: at, AttestedText: "KE-4471 220/9"})
		check("region", registry.FieldState{State: registry.StateNew, Changed: true, By: "attester-1", At: at, Comment: "The paper says Kisumu", AttestedText: "Nyanza"})

		// ... and the old value makes them stand again; a removed one does not
		p = x.edit(t, p, map[string]string{"given_name": "Amina", "national_id": ""})
		if got := x.attested(t, p); !maps.Equal(got, map[string]string{"given_name": "Amina"}) {
			t.Errorf("attested = %v after the return", got)
		}
		states = x.states(t, p)
		check("given_name", registry.FieldState{State: registry.StateAttested, By: "attester-1", At: at, AttestedText: "Amina"})
		check("national_id", registry.FieldState{State: registry.StateNew, Changed: true, By: "attester-1", At: at, AttestedText: "KE-4471 220/9"})

		// a decision is taken back, and another one follows
		x.attest(t, p, registry.StateNew, "", "given_name")
		if got := x.attested(t, p); len(got) != 0 {
			t.Errorf("attested = %v after it was taken back", got)
		}
		x.attest(t, p, registry.StateAttested, "seen again", "given_name")
		if got := x.attested(t, p); len(got) != 1 {
			t.Errorf("attested = %v", got)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestHashesTellValuesAndPeopleApart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, map[string]string{"given_name": "Amina", "family_name": "Amina"})
		q := x.register(t, map[string]string{"given_name": "Amina"})
		x.attest(t, p, registry.StateAttested, "", "given_name", "family_name")
		x.attest(t, q, registry.StateAttested, "", "given_name")
		a, err := x.Attested(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		b, err := x.Attested(t.Context(), q.ID)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(a.Values["given_name"].Hash, b.Values["given_name"].Hash) || bytes.Equal(a.Values["given_name"].Hash, a.Values["family_name"].Hash) {
			t.Error("the same text has the same hash in two places")
		}
		again, err := x.Attested(t.Context(), p.ID)
		if err != nil || !bytes.Equal(a.Values["given_name"].Hash, again.Values["given_name"].Hash) {
			t.Errorf("the hash of one value changed: %v", err)
		}
		if a.ChainNo != 2 || a.VersionNo != 1 || a.Number != p.Number || a.RegistrantID != p.ID {
			t.Errorf("attested = %+v", a)
		}
	})
}

func TestDecisionsAreCheckedAndAllOrNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		p = x.edit(t, p, map[string]string{"preferred_contact_method": "sms"})
		decide := func(version int, ds ...registry.Decision) error {
			return x.Attest(t.Context(), attester(), p.ID, version, ds)
		}
		fine := registry.Decision{Field: "sex", State: registry.StateAttested}
		for name, c := range map[string]struct {
			d    registry.Decision
			want string
		}{
			"reject without comment":    {registry.Decision{Field: "region", State: registry.StateRejected}, "region:comment_required"},
			"reject with spaces":        {registry.Decision{Field: "region", State: registry.StateRejected, Comment: " \u00a0"}, "region:comment_required"},
			"unknown field":             {registry.Decision{Field: "shoe_size", State: registry.StateAttested}, "shoe_size:unknown_field"},
			"field that is not decided": {registry.Decision{Field: "preferred_contact_method", State: registry.StateAttested}, "preferred_contact_method:not_attestable"},
			"no value":                  {registry.Decision{Field: "locality", State: registry.StateAttested}, "locality:no_value"},
			"unknown state":             {registry.Decision{Field: "region", State: "APPROVED"}, "region:bad_state"},
			"doubled":                   {fine, "sex:doubled"},
			"control character":         {registry.Decision{Field: "region", State: registry.StateRejected, Comment: "a\nb"}, "region:control_character"},
			"comment n+1":               {registry.Decision{Field: "region", State: registry.StateRejected, Comment: strings.Repeat("é", 501)}, "region:too_long"},
		} {
			err := decide(2, fine, c.d)
			wantFault(t, err, fault.Invalid, "invalid_decisions")
			if got := fields(err); !slices.Equal(got, []string{c.want}) {
				t.Errorf("%s: %v, want %s", name, got, c.want)
			}
		}
		wantFault(t, decide(2), fault.Invalid, "no_decisions")
		wantFault(t, decide(1, fine), fault.Conflict, "version_conflict")
		if n := x.count(t, "attestation") + x.count(t, "field_state"); n != 0 || x.count(t, "change_log") != 2 {
			t.Errorf("%d rows were left behind", n)
		}
		if err := decide(2, fine, registry.Decision{Field: "region", State: registry.StateRejected, Comment: strings.Repeat("é", 500)}); err != nil {
			t.Error(err)
		}
	})
}

// Edits and decisions at once: whichever comes first, nothing is attested but
// the value that was decided on.
func TestDecisionsAndEditsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		var edited, decided error
		for range 10 {
			var wg sync.WaitGroup
			version := p.VersionNo
			wg.Go(func() {
				_, edited = x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"region": "R" + p.Number + string(rune('a'+version))}, ExpectVersion: version})
			})
			wg.Go(func() {
				decided = x.Attest(t.Context(), attester(), p.ID, version, []registry.Decision{{Field: "region", State: registry.StateAttested}})
			})
			wg.Wait()
			if edited != nil {
				t.Fatal(edited)
			}
			if decided != nil {
				wantFault(t, decided, fault.Conflict, "version_conflict")
			}
			if got := x.attested(t, p); len(got) != 0 {
				t.Fatalf("attested = %v", got)
			}
			var err error
			if p, err = x.Person(t.Context(), admin(), p.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestNobodySetsAStateByEditing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for _, key := range []string{"state", "status", "version_no", "vhash", "field_state", "number", "id", "chain_head", "times", "extra"} {
			_, err := x.Edit(t.Context(), admin(), p.ID, registry.Change{Set: map[string]string{key: "ATTESTED"}, ExpectVersion: 1})
			if got := fields(err); !slices.Equal(got, []string{key + ":unknown_field"}) {
				t.Errorf("%s: %v", key, err)
			}
		}
	})
}
