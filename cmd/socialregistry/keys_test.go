package main

import (
	"testing"
	"time"

	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
)

func TestKeyState(t *testing.T) {
	t.Parallel()
	at := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	k := ledger.Key{Use: "sig", Alg: "ES256", NotBefore: at(2), NotAfter: at(4)}
	for now, want := range map[time.Time]string{
		at(2).Add(-1): "to come", at(2): "in use", at(4).Add(-1): "in use", at(4): "retired",
	} {
		if got := keyState(issuer.KeyInfos([]ledger.Key{k}, now)[0]); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
	k.RevokedAt = at(3)
	if got := keyState(issuer.KeyInfos([]ledger.Key{k}, at(3))[0]); got != "revoked on 2026-11-03" {
		t.Errorf("revoked: %s", got)
	}
}
