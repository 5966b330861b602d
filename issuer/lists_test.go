package issuer_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// valueIn reads the value of a credential in the list of a purpose, as anybody may.
func (w *world) valueIn(t *testing.T, credential map[string]any, purpose string) byte {
	t.Helper()
	for _, e := range credential["credentialStatus"].([]any) {
		entry := e.(map[string]any)
		if entry["statusPurpose"] != purpose {
			continue
		}
		_, id, index := statusPlace(t, credential)
		doc, err := w.BitstringStatusList(context.Background(), id, purpose)
		must(t, err)
		var list struct {
			ID      string
			Subject struct {
				Purpose string `json:"statusPurpose"`
				List    string `json:"encodedList"`
			} `json:"credentialSubject"`
		}
		must(t, json.Unmarshal(doc.Body, &list))
		if list.ID != entry["statusListCredential"] || list.Subject.Purpose != purpose {
			t.Errorf("%s: the list says that it is %s of %s", purpose, list.ID, list.Subject.Purpose)
		}
		width := 1
		if size, ok := entry["statusSize"].(int); ok {
			width = size
		}
		bits, err := status.ParseBitstring(list.Subject.List, width)
		must(t, err)
		v, err := bits.Get(index)
		must(t, err)
		return v
	}
	t.Fatalf("the credential has no entry of purpose %s", purpose)
	return 0
}

// Bitstring Status List 1.0 §2.1: each purpose has a list of its own, with one index,
// and each says what it is there for.
func TestPurposesOfABitstringStatusList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		w.configure(t, ldp, "status_purposes", []any{status.Revocation, status.Suspension, status.Refresh, status.Message})
		id := w.person(t, amina(), mandatory()...)
		made, err := w.ask(ctx, w.token(t, id, ldp), ldp, newDIDHolder(t))
		must(t, err)
		credential := made.(map[string]any)
		raw, err := json.Marshal(credential)
		must(t, err)
		row := w.live(t, id)[0]
		for _, step := range []struct {
			name    string
			do      func()
			want    [4]byte // revocation, suspension, refresh, message
			outcome verify.Outcome
			refresh bool
		}{
			{"issued", func() {}, [4]byte{}, verify.Genuine, false},
			{"suspended", func() { must(t, w.Suspend(ctx, w.admin, row.ID, "the phone was lost")) }, [4]byte{0, 1, 0, 3}, verify.Suspended, false},
			{"restored", func() { must(t, w.Restore(ctx, w.admin, row.ID, "it was found")) }, [4]byte{}, verify.Genuine, false},
			{"changed", func() { w.edit(t, id, map[string]string{"birth_date": "1991-04-05"}); w.follow(t) }, [4]byte{1, 0, 1, 2}, verify.Withdrawn, true},
		} {
			step.do()
			got := [4]byte{}
			for n, p := range []string{status.Revocation, status.Suspension, status.Refresh, status.Message} {
				got[n] = w.valueIn(t, credential, p)
			}
			if got != step.want {
				t.Errorf("%s: values %v, want %v", step.name, got, step.want)
			}
			if r := w.check(t, string(raw)); r.Outcome != step.outcome || r.Refresh != step.refresh || (len(r.Messages) == 1) != (step.want[3] > 0) {
				t.Errorf("%s: %s, refresh %v, messages %q; want %s, %v", step.name, r.Outcome, r.Refresh, r.Messages, step.outcome, step.refresh)
			}
		}
		_, list, _ := statusPlace(t, credential)
		for _, purpose := range []string{"", "other", "Revocation"} {
			if _, err := w.BitstringStatusList(ctx, list, purpose); fault.KindOf(err) != fault.NotFound {
				t.Errorf("purpose %q: %v, want NotFound", purpose, err)
			}
		}
	})
}

// Credentials that end in one quarter of a year share their lists, and a list is
// retired when all of them have ended long enough ago.
func TestListsAreByExpiryAndRetire(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		w.configure(t, sd, "validity_days", 30) // from 22 November 2026
		id := w.person(t, amina(), mandatory()...)
		place := func() string {
			credential, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
			must(t, err)
			_, list, _ := statusPlace(t, credential)
			return list
		}
		first, second := place(), place()
		w.clock.pass(10 * 24 * time.Hour)
		if next := place(); first != second || next == first {
			t.Errorf("ends on 22 and 22 December, and on 1 January: lists %s, %s, %s", first, second, next)
		}
		w.clock.pass(time.Date(2027, 1, 8, 0, 0, 0, 0, time.UTC).Add(-time.Second).Sub(w.clock.now()))
		if _, err := w.StatusList(ctx, issuer.TokenList, first); err != nil {
			t.Errorf("a second before it is retired: %v", err)
		}
		named := len(w.aggregation(t))
		w.clock.pass(time.Second)
		if _, err := w.StatusList(ctx, issuer.TokenList, first); fault.KindOf(err) != fault.NotFound {
			t.Errorf("when it is retired: %v, want NotFound", err)
		}
		if after := w.aggregation(t); len(after) != named-1 || strings.Contains(strings.Join(after, " "), first) {
			t.Errorf("the aggregation had %d lists, then %v", named, after)
		}
	})
}

// aggregation reads what the aggregation endpoint says (Token Status List §9.3).
func (w *world) aggregation(t *testing.T) []string {
	t.Helper()
	body, err := w.StatusAggregation(context.Background())
	must(t, err)
	var out struct {
		Lists []string `json:"status_lists"`
	}
	must(t, json.Unmarshal(body, &out))
	return out.Lists
}

// Token Status List §5.1, §7.1, §9: two bits, ttl in seconds, where all lists are named.
func TestTokenStatusList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		credential, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		kind, list, index := statusPlace(t, credential)
		_, doc := w.bits(t, kind, list)
		payload, err := jose.Payload(string(doc.Body))
		must(t, err)
		var claims struct {
			Sub  string
			TTL  int
			List struct {
				Bits        int
				Aggregation string `json:"aggregation_uri"`
			} `json:"status_list"`
		}
		must(t, json.Unmarshal(payload, &claims))
		if claims.TTL != 300 || claims.List.Bits != 2 || claims.List.Aggregation != publicURL+"/status/aggregation" {
			t.Errorf("claims %+v", claims)
		}
		if got := w.aggregation(t); len(got) != 1 || got[0] != claims.Sub {
			t.Errorf("aggregation %v, want %s", got, claims.Sub)
		}
		row := w.live(t, id)[0].ID
		for _, step := range []struct {
			do   func(context.Context, registry.Actor) error
			want byte
		}{
			{func(ctx context.Context, a registry.Actor) error { return w.Suspend(ctx, a, row, "lost") }, status.Suspended},
			{func(ctx context.Context, a registry.Actor) error { return w.Restore(ctx, a, row, "found") }, status.Valid},
			{func(ctx context.Context, a registry.Actor) error { return w.Withdraw(ctx, a, row, "gone") }, status.Invalid},
		} {
			must(t, step.do(ctx, w.admin))
			bits, _ := w.bits(t, kind, list)
			if v, _ := bits.Get(index); v != step.want {
				t.Errorf("value %d, want %d", v, step.want)
			}
		}
	})
}

// configure sets a member of a stored configuration and starts the issuer anew.
func (w *world) configure(t *testing.T, config, member string, value any) {
	t.Helper()
	var doc db.JSON
	must(t, w.db.Raw("SELECT document FROM credential_configuration WHERE id = ?", config).Scan(&doc).Error)
	doc[member] = value
	must(t, w.db.Exec("UPDATE credential_configuration SET document = ? WHERE id = ?", doc, config).Error)
	w.Issuer = w.issuer(t, w.db)
}
