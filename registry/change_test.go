package registry_test

import (
	"slices"
	"testing"
	"time"

	"socialregistry/registry"
)

func TestHistoryTellsEveryChange(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, map[string]string{"given_name": "Amina", "national_id": "KE-1000", "locality": "Ahero"})
		x.Clock.Add(time.Hour)
		x.attest(t, p, registry.StateRejected, "The paper says Kisumu", "locality")
		p, err := x.Edit(t.Context(), self(p.ID), p.ID, registry.Change{Set: map[string]string{"locality": "Kisumu", "email": "a@b.de"}, ExpectVersion: 1})
		if err != nil {
			t.Fatal(err)
		}
		x.attest(t, p, registry.StateAttested, "", "locality", "national_id")
		p = x.edit(t, p, map[string]string{"email": "", "national_id": "KE-2000"})
		got, err := x.History(t.Context(), self(p.ID), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		value, decision := registry.KindValue, registry.KindAttestation
		want := []registry.LogEntry{
			{Actor: "registrar-1", Reason: "first visit", Channel: registry.ChannelStaff, Changes: []registry.FieldChange{
				{Field: "national_id", Kind: value, New: "KE-1000"}, {Field: "given_name", Kind: value, New: "Amina"}, {Field: "locality", Kind: value, New: "Ahero"}}},
			{Actor: "attester-1", Channel: registry.ChannelStaff, Changes: []registry.FieldChange{
				{Field: "locality", Kind: decision, Old: "NEW", New: "REJECTED", Comment: "The paper says Kisumu"}}},
			{Actor: "registrant-1", Channel: registry.ChannelSelf, Changes: []registry.FieldChange{
				{Field: "email", Kind: value, New: "a@b.de"}, {Field: "locality", Kind: value, Old: "Ahero", New: "Kisumu"}}},
			{Actor: "attester-1", Channel: registry.ChannelStaff, Changes: []registry.FieldChange{
				{Field: "locality", Kind: decision, Old: "NEW", New: "ATTESTED"}, {Field: "national_id", Kind: decision, Old: "NEW", New: "ATTESTED"}}},
			{Actor: "registrar-1", Reason: "correction", Channel: registry.ChannelStaff, Changes: []registry.FieldChange{
				{Field: "national_id", Kind: value, Old: "KE-1000", New: "KE-2000"}, {Field: "email", Kind: value, Old: "a@b.de"}}},
		}
		if len(got) != len(want) {
			t.Fatalf("%d entries, want %d", len(got), len(want))
		}
		for i, w := range want {
			g := got[i]
			if g.ChainNo != int64(i+1) || g.Actor != w.Actor || g.Reason != w.Reason || g.Channel != w.Channel || !slices.Equal(g.Changes, w.Changes) {
				t.Errorf("entry %d = %+v, want %+v", i+1, g, w)
			}
		}
		if !got[0].At.Equal(p.CreatedAt) || !got[4].At.Equal(x.Clock.Now()) {
			t.Errorf("times are %v and %v", got[0].At, got[4].At)
		}
	})
}

func TestVersionsKeepWhatWas(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, map[string]string{"given_name": "Amina", "national_id": "KE-1000"})
		made := x.Clock.Now()
		x.Clock.Add(time.Hour)
		p = x.edit(t, p, map[string]string{"given_name": "Aminah"})
		p = x.edit(t, p, map[string]string{"national_id": ""})
		x.attest(t, p, registry.StateAttested, "", "given_name") // makes no version
		got, err := x.Versions(t.Context(), actor(registry.RoleAuditor), p.ID)
		if err != nil || len(got) != 3 {
			t.Fatalf("%d versions, %v; want 3", len(got), err)
		}
		for i, want := range []struct{ given, id, reason string }{{"Amina", "KE-1000", "first visit"}, {"Aminah", "KE-1000", "correction"}, {"Aminah", "", "correction"}} {
			v := got[i]
			if v.No != i+1 || v.Values["given_name"].Text != want.given || v.Values["national_id"].Text != want.id || v.Reason != want.reason ||
				v.Author != "registrar-1" || v.Channel != registry.ChannelStaff || v.Label != "" {
				t.Errorf("version %d = %+v", i+1, v)
			}
		}
		if !got[0].At.Equal(made) || !got[1].Values["national_id"].RecordedAt.Equal(made) || !got[1].Values["given_name"].RecordedAt.Equal(x.Clock.Now()) {
			t.Errorf("times are wrong: %+v", got)
		}
	})
}
