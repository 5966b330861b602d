package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// agedVector gives one that is genuine by a status past its time to live.
func agedVector(t *testing.T, made *specimen.File, b *verify.Bundle) specimen.Vector {
	t.Helper()
	for _, v := range made.Vectors {
		if v.Bundle != usualBundle || v.Outcome != string(verify.Genuine) || v.Binding != nil {
			continue
		}
		for _, c := range b.Verify([]byte(v.Data), v.At).Checks {
			if c.Name == verify.CheckStatus && strings.Contains(c.Detail, "(the list is ") {
				return v
			}
		}
	}
	t.Fatal("no vector has an old status")
	return specimen.Vector{}
}

// What is genuine with a doubt is not green: by a status that is old, whose age is told,
// and where nobody proved to hold it though that was asked.
func TestGenuineWithADoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	made, err := specimen.Make(specimen.Seed)
	w.must(err)
	root := newSigner(t)
	sealed, b := w.sealed(made.Bundles[usualBundle], 1, root, root)
	fresh, aged := vectorOf(t, made, verify.FormatSDJWT, verify.Genuine), agedVector(t, made, b)
	check := func(v specimen.Vector) []step {
		return []step{{"do": "at", "at": v.At.UnixMilli()}, {"do": "check", "text": v.Data}}
	}
	plan := append([]step{{"do": "take", "text": sealed}}, append(check(fresh), check(aged)...)...)
	plan = append(append(append(plan, step{"do": "ask", "open": true}), check(fresh)...), check(aged)...)
	plan = append(append(plan, step{"do": "ask", "open": false}), check(fresh)...)
	answers := w.drive(t, root.kid, plan)
	for n, want := range map[int]struct{ kind, title, status, holder string }{
		2:  {"verdict ok", "Genuine and in date", "Passed", "Not checked"},
		4:  {"verdict wait", "Genuine; its status is", "Passed then", "Not checked"},
		7:  {"verdict wait", "Genuine, but perhaps a copy", "Passed", "Not proved"},
		9:  {"verdict wait", "Genuine, but perhaps a copy", "Passed then", "Not proved"},
		12: {"verdict ok", "Genuine and in date", "Passed", "Not checked"},
	} {
		var s seen
		w.must(json.Unmarshal(answers[n], &s))
		if s.Outcome != "genuine" || s.Kind != want.kind || !strings.HasPrefix(s.Title, want.title) || s.Badges["status"] != want.status || s.Badges["holder"] != want.holder {
			t.Errorf("step %d: %+v, want %+v", n, s, want)
		}
		if old := strings.Contains(s.Text, "withdrawn since"); old != (want.status == "Passed then") {
			t.Errorf("step %d: it asks for a newer bundle: %v", n, old)
		}
	}
}

// Whoever stops the camera in the middle of a series is told which codes are missing.
func TestStoppedHalfWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	answers := w.drive(t, newSigner(t).kid, []step{{"do": "stopped", "text": "SRV1:2/3:a:half"}})
	var s struct {
		seen
		Before bool
	}
	if err := json.Unmarshal(answers[0], &s); err != nil {
		t.Fatalf("%v: %s", err, answers[0])
	}
	if s.Before || s.Outcome != string(verify.IncompleteCode) || !strings.Contains(s.Text, "1, 3") {
		t.Errorf("%+v, want words on what is missing", s)
	}
}

// A clock that was put back does not stop the page from asking for news, and one that
// differs from the server's is told, whichever way.
func TestTheClockOfTheDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	made, err := specimen.Make(specimen.Seed)
	w.must(err)
	root, now := newSigner(t), time.Now()
	good := vectorOf(t, made, verify.FormatSDJWT, verify.Genuine)
	var raw map[string]any
	w.must(json.Unmarshal(made.Bundles[usualBundle], &raw))
	raw["created"], raw["not_after"] = now.AddDate(0, 0, -10).UTC().Format(time.RFC3339), now.AddDate(0, 0, 20).UTC().Format(time.RFC3339)
	delete(raw, "refresh_after")
	text, err := json.Marshal(raw)
	w.must(err)
	sealed, _ := w.sealed(text, 1, root, root)
	at := func(d time.Duration) step { return step{"do": "at", "at": now.Add(d).UnixMilli()} }
	const hour = time.Hour
	steps := []struct {
		do   step
		want string
	}{
		{at(time.Minute), ""}, {step{"do": "fresh"}, "0"}, {step{"do": "check", "text": good.Data}, "right"},
		{at(2 * hour), ""}, {step{"do": "fresh"}, "1"}, {step{"do": "fresh"}, "0"}, {step{"do": "check", "text": good.Data}, "wrong"},
		{at(time.Minute), ""}, {step{"do": "fresh"}, "1"}, {step{"do": "fresh"}, "0"}, {step{"do": "check", "text": good.Data}, "right"},
		{at(-3 * hour), ""}, {step{"do": "fresh"}, "1"}, {step{"do": "check", "text": good.Data}, "wrong"},
	}
	var plan []step
	for _, s := range steps {
		plan = append(plan, s.do)
	}
	for n, answer := range w.driveWith(t, "en", root.kid, sealed, plan) {
		var s seen
		switch want := steps[n].want; want {
		case "right", "wrong":
			w.must(json.Unmarshal(answer, &s))
			if told := strings.Contains(s.Text, "the server says"); told != (want == "wrong") || s.Outcome == "" {
				t.Errorf("step %d: the clock is %s, told: %v: %+v", n, want, told, s)
			}
		case "0", "1":
			if string(answer) != `"`+want+`"` {
				t.Errorf("step %d: asked %s times, want %s", n, answer, want)
			}
		}
	}
}
