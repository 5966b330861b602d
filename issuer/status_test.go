package issuer_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

// statusPlace reads from a credential where its status is.
func statusPlace(t *testing.T, credential any) (kind, id string, index int) {
	t.Helper()
	var uri string
	switch c := credential.(type) {
	case map[string]any:
		entry := c["credentialStatus"].([]any)[0].(map[string]any)
		uri = entry["statusListCredential"].(string)
		n, err := strconv.Atoi(entry["statusListIndex"].(string))
		must(t, err)
		index = n
	case string:
		payload, err := jose.Payload(strings.Split(c, "~")[0])
		must(t, err)
		var claims struct {
			Status map[string]struct {
				Index int    `json:"idx"`
				URI   string `json:"uri"`
			} `json:"status"`
		}
		must(t, json.Unmarshal(payload, &claims))
		uri, index = claims.Status["status_list"].URI, claims.Status["status_list"].Index
	}
	parts := strings.Split(strings.TrimPrefix(uri, publicURL+"/status/"), "/")
	return parts[0], parts[1], index
}

// bits fetches a list, checks its signature and gives its bits.
func (w *world) bits(t *testing.T, kind, id string) (*status.List, issuer.StatusDocument) {
	t.Helper()
	doc, err := w.StatusList(context.Background(), kind, id)
	must(t, err)
	if kind == issuer.TokenList {
		payload, err := jose.Verify(string(doc.Body), w.public(t, jose.ES256), jose.ES256)
		must(t, err)
		var claims struct {
			Sub  string
			List struct {
				Bits int
				Lst  string
			} `json:"status_list"`
		}
		must(t, json.Unmarshal(payload, &claims))
		if claims.Sub != w.Identifier()+"/status/token/"+id {
			t.Errorf("sub = %s", claims.Sub)
		}
		list, err := status.ParseTokenList(claims.List.Lst, claims.List.Bits)
		must(t, err)
		return list, doc
	}
	var signed map[string]any
	must(t, json.Unmarshal(doc.Body, &signed))
	must(t, dataintegrity.Verify(w.Contexts(), signed, w.public(t, jose.EdDSA).(ed25519.PublicKey)))
	list, err := status.ParseBitstring(signed["credentialSubject"].(map[string]any)["encodedList"].(string), 1)
	must(t, err)
	return list, doc
}

func TestStatusListsShowAWithdrawalAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		for _, config := range []string{ldp, sd} {
			gone, err := w.ask(ctx, w.token(t, id, config), config, holderFor(t, config))
			must(t, err)
			ready, err := w.Readiness(ctx, w.admin, id)
			must(t, err)
			live := ready[slices.IndexFunc(ready, func(r issuer.Readiness) bool { return r.Config.ID == config })].Live
			kept, err := w.ask(ctx, w.token(t, id, config), config, holderFor(t, config))
			must(t, err)
			kind, list, index := statusPlace(t, gone)
			before, doc := w.bits(t, kind, list)
			if v, _ := before.Get(index); v != 0 || before.Len() < 131072 {
				t.Errorf("%s: bit %d of %d entries before", config, v, before.Len())
			}
			must(t, w.Withdraw(ctx, w.admin, live.ID, "lost phone"))
			after, next := w.bits(t, kind, list)
			if v, _ := after.Get(index); v != 1 || doc.ETag == next.ETag {
				t.Errorf("%s: bit %d after the withdrawal, tags %s and %s", config, v, doc.ETag, next.ETag)
			}
			_, _, other := statusPlace(t, kept)
			if v, _ := after.Get(other); v != 0 {
				t.Errorf("%s: somebody else's bit is set too", config)
			}
		}
	})
}

func TestStatusListIsKeptForItsTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		credential, err := w.ask(ctx, w.token(t, w.person(t, amina(), mandatory()...), sd), sd, newHolder(t))
		must(t, err)
		kind, id, _ := statusPlace(t, credential)
		_, first := w.bits(t, kind, id)
		w.clock.pass(5*time.Minute - time.Second)
		_, second := w.bits(t, kind, id)
		if first.ETag != second.ETag || first.MaxAge != 5*time.Minute || second.MaxAge != time.Second {
			t.Errorf("within its time: %v, then %v", first.MaxAge, second.MaxAge)
		}
		w.clock.pass(time.Second)
		_, third := w.bits(t, kind, id)
		if third.ETag == first.ETag || third.MaxAge != 5*time.Minute || !third.ExpiresAt.Equal(w.clock.now().Add(7*24*time.Hour)) {
			t.Errorf("after its time: %+v", third.MaxAge)
		}
		for _, bad := range [][2]string{{kind, "nope"}, {issuer.BitstringList, id}, {"other", id}} {
			if _, err := w.StatusList(ctx, bad[0], bad[1]); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%v: %v, want NotFound", bad, err)
			}
		}
	})
}

// Row 73: the indices of one person are scattered.
func TestRow73IndicesAreScattered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	id, h := w.person(t, amina(), mandatory()...), newHolder(t)
	var indices []int
	for range 50 {
		credential, err := w.ask(context.Background(), w.token(t, id, sd), sd, h)
		must(t, err)
		_, _, index := statusPlace(t, credential)
		indices = append(indices, index)
	}
	neighbours, steps := 0, map[int]int{}
	for n := 1; n < len(indices); n++ {
		step := indices[n] - indices[n-1]
		steps[step]++
		if step > -64 && step < 64 {
			neighbours++
		}
	}
	if neighbours > 3 { // 50 × 128/131072: 0.05 expected
		t.Errorf("%d of 50 indices lie beside the one before: %v", neighbours, indices)
	}
	for step, n := range steps {
		if n > 2 {
			t.Errorf("the step %d comes %d times: an arithmetic run", step, n)
		}
	}
}

// The bundle is enough to check a credential without network, and to see that it
// was withdrawn.
func TestBundle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		for _, config := range []string{ldp, sd} {
			credential, err := w.ask(ctx, w.token(t, id, config), config, holderFor(t, config))
			must(t, err)
			raw, ok := credential.(string)
			if !ok {
				b, err := json.Marshal(credential)
				must(t, err)
				raw = string(b)
			}
			if got := w.check(t, raw); got.Outcome != verify.Genuine || got.Claims == nil {
				t.Errorf("%s: %s (%s), want genuine", config, got.Outcome, got.Reason)
			}
			w.edit(t, id, map[string]string{"birth_date": fmt.Sprintf("19%d-01-01", 60+len(config))})
			w.follow(t)
			if got := w.check(t, raw); got.Outcome != verify.Withdrawn {
				t.Errorf("%s after a change: %s (%s), want withdrawn", config, got.Outcome, got.Reason)
			}
			w.decide(t, id, "ATTESTED", "birth_date")
		}
	})
}

func (w *world) check(t *testing.T, credential string) verify.Result {
	t.Helper()
	made, err := w.Bundle(context.Background())
	must(t, err)
	raw, err := json.Marshal(made)
	must(t, err)
	b, err := verify.ParseBundle(raw)
	must(t, err)
	return b.Verify([]byte(credential), w.clock.now())
}
