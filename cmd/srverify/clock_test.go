package main_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	main "socialregistry/cmd/srverify"
	"socialregistry/issuer/sdjwt"
)

// A clock that is behind the bundle is wrong, and told so: nothing that is over becomes
// good by it. One that is a little behind is set right without a word.
func TestClockBehindTheBundle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good, over := d.credential("good", 0, nil), d.credential("over", 0, func(i *sdjwt.Issue) { i.Plain["exp"] = now().Add(-2 * time.Hour).Unix() })
	for _, c := range []struct {
		file, says, outcome string
		behind              time.Duration
		args                []string
	}{
		{good, "", "genuine", 0, nil},
		{good, "", "genuine", time.Minute, nil},
		{good, "the clock of this machine is wrong: it says 1 Oct 2026 09:00 UTC, and the trust bundle was made on 22 Nov 2026 09:00 UTC", "genuine", 52 * 24 * time.Hour, nil},
		{over, "the clock of this machine is wrong", "expired", 20 * 24 * time.Hour, nil},
		{over, "the trust bundle was made after --at, on 22 Nov 2026 09:00 UTC", "genuine", 0, []string{"--at", "2026-11-20T09:00:00Z"}},
	} {
		var out, words bytes.Buffer
		args := append([]string{"--unsigned", "--quiet", "--bundle", filepath.Join(d.dir, "bundle.json"), c.file}, c.args...)
		main.Run(t.Context(), args, nil, &out, &words, func() time.Time { return now().Add(-c.behind) })
		if out.String() != c.outcome+"\n" || (words.Len() == 0) != (c.says == "") || !strings.Contains(words.String(), c.says) {
			t.Errorf("%s behind, %v: %s, %q; want %s, %q", c.behind, c.args, out.String(), words.String(), c.outcome, c.says)
		}
	}
	out, _, _ := d.run(nil, "--at", "2026-11-20T09:00:00Z", good)
	if !strings.Contains(out, "status list is of 22 Nov 2026 06:00 UTC") {
		t.Errorf("a list from after --at:\n%s", out)
	}
}

// JSON says as of when, and whether its holder showed it, where that was asked.
func TestJSONSaysAsOfWhenAndHeld(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.credential("a", 0, nil)
	for _, c := range []struct {
		args []string
		held string
		code int
	}{{nil, "", 0}, {[]string{"--nonce", "n", "--audience", "a"}, "false", 6}} {
		out, _, code := d.run(nil, append(c.args, "--json", file)...)
		var got struct {
			At, Outcome string
			Held        json.RawMessage
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || got.At != "2026-11-22T09:00:00Z" || string(got.Held) != c.held || got.Outcome != "genuine" || code != c.code {
			t.Errorf("%v: code %d, %v, %s", c.args, code, err, out)
		}
	}
}
