package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// usualBundle is that of most vectors.
const usualBundle = "usual"

// vectorOf gives a vector of a format and outcome, of the usual bundle and the usual time.
func vectorOf(t *testing.T, made *specimen.File, format string, outcome verify.Outcome) specimen.Vector {
	t.Helper()
	for _, v := range made.Vectors {
		if v.Bundle == usualBundle && v.Format == format && v.Outcome == string(outcome) && v.Binding == nil && len(v.Claims) > 0 == (outcome == verify.Genuine) {
			return v
		}
	}
	t.Fatalf("no vector of %s is %s", format, outcome)
	return specimen.Vector{}
}

// What the page trusts goes forward alone: a root key that was dropped stays dropped,
// though the page's own text names it still, and of two tabs the newer bundle stays.
func TestThePageGoesForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	made, err := specimen.Make(specimen.Seed)
	w.must(err)
	first, next, stranger := newSigner(t), newSigner(t), newSigner(t)
	text := func(seq int64, by signer, roots ...signer) string {
		s, _ := w.sealed(made.Bundles[usualBundle], seq, by, roots...)
		return s
	}
	steps := []struct {
		why  string
		do   step
		want string
	}{
		{"by a key that the page does not name", step{"do": "take", "text": text(5, next, next)}, "signer"},
		{"by the page's own", step{"do": "take", "text": text(10, first, first)}, "10"},
		{"by somebody", step{"do": "take", "text": text(11, stranger, stranger)}, "signer"},
		{"it names the next", step{"do": "take", "text": text(12, first, first, next)}, "12"},
		{"the next one alone", step{"do": "take", "text": text(14, next, next)}, "14"},
		{"the dropped one signs", step{"do": "take", "text": text(99, first, first)}, "signer"},
		{"an older one", step{"do": "take", "text": text(13, next, next)}, "rolled_back"},
		{"another tab opens", step{"do": "openOther", "name": "b"}, "14"},
		{"and a third takes a newer", step{"do": "openOther", "name": "c", "text": text(20, next, next)}, "20"},
		{"the second takes one between", step{"do": "openOther", "name": "b", "text": text(15, next, next)}, "rolled_back"},
		{"what is kept", step{"do": "kept"}, "20"},
		{"one without its lists", step{"do": "take", "text": w.withoutLists(made, 30, next)}, "lists"},
		{"the second goes on", step{"do": "openOther", "name": "b", "text": text(21, next, next)}, "21"},
		{"the first follows", step{"do": "kept"}, "21"},
	}
	var plan []step
	for _, s := range steps {
		plan = append(plan, s.do)
	}
	for n, raw := range w.drive(t, first.kid, plan) {
		if want := fmt.Sprintf("%q", steps[n].want); string(raw) != want {
			t.Errorf("%s: %s, want %s", steps[n].why, raw, want)
		}
	}
}

// withoutLists signs the usual bundle with hashes in the place of its status lists.
func (w *world) withoutLists(made *specimen.File, seq int64, by signer) string {
	var b verify.Bundle
	w.must(json.Unmarshal(made.Bundles[usualBundle], &b))
	b.Status = []verify.BundleStatus{{URI: "https://registry.example/status/1", SHA256: strings.Repeat("0", 64), Bytes: 9}}
	raw, err := json.Marshal(b)
	w.must(err)
	text, _ := w.sealed(raw, seq, by, by)
	return text
}

// The answer on the screen is that to the last question, and to no other.
func TestTheLastQuestionIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	made, err := specimen.Make(specimen.Seed)
	w.must(err)
	root := newSigner(t)
	good, bad := vectorOf(t, made, verify.FormatLDP, verify.Genuine), vectorOf(t, made, verify.FormatSDJWT, verify.Altered)
	sealed, b := w.sealed(made.Bundles[usualBundle], 1, root, root)
	third := len(good.Data) / 3
	part := func(n int, id, text string) step {
		return step{"do": "check", "text": fmt.Sprintf("SRV1:%d/3:%s:%s", n, id, text)}
	}
	mixed := []step{part(1, "a", good.Data[:third]), part(2, "b", "x"), part(3, "a", good.Data[2*third:]), part(2, "a", good.Data[third:2*third]), part(1, "a", good.Data[:third])}
	steps := []struct {
		why     string
		do      step
		outcome verify.Outcome
	}{
		{"", step{"do": "take", "text": sealed}, ""}, {"", step{"do": "at", "at": good.At.UnixMilli()}, ""},
		{"a slow check is overtaken", step{"do": "overtaken", "first": good.Data, "second": bad.Data}, verify.Altered},
		{"a good one", step{"do": "check", "text": good.Data}, verify.Genuine},
		{"nothing", step{"do": "check", "text": " "}, ""},
		{"the good one again", step{"do": "check", "text": good.Data}, verify.Genuine},
		{"a first part", mixed[0], verify.IncompleteCode}, {"of another series", mixed[1], verify.IncompleteCode},
		{"the first series, anew", mixed[2], verify.IncompleteCode}, {"its second", mixed[3], verify.IncompleteCode}, {"and its first: whole", mixed[4], verify.Genuine},
		{"a part after the whole", mixed[3], verify.IncompleteCode},
		{"", step{"do": "at", "at": b.Created.Add(-48 * time.Hour).UnixMilli()}, ""},
		{"a clock before the bundle", step{"do": "check", "text": good.Data}, verify.Genuine},
	}
	var plan []step
	for _, s := range steps {
		plan = append(plan, s.do)
	}
	for n, raw := range w.drive(t, root.kid, plan) {
		if steps[n].why == "" {
			continue
		}
		var s seen
		w.must(json.Unmarshal(raw, &s))
		if s.Outcome != string(steps[n].outcome) || (s.Problem == "") != (s.Outcome != "") {
			t.Errorf("%s: %+v, want %s", steps[n].why, s, steps[n].outcome)
		}
		if slow := strings.Contains(s.Text, "It seems to be slow"); slow != strings.HasPrefix(steps[n].why, "a clock") {
			t.Errorf("%s: the clock is told of: %v", steps[n].why, slow)
		}
	}
}
