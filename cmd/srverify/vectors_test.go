package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	main "socialregistry/cmd/srverify"
	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// Every vector has its outcome here too, also when many are checked at once.
func TestVectors(t *testing.T) {
	t.Parallel()
	made, err := specimen.Make(specimen.Seed)
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	type group struct {
		lines, want strings.Builder
		names       []string
	}
	groups := map[[4]string]*group{}
	for _, v := range made.Vectors {
		key := [4]string{v.Bundle, v.At.Format(time.RFC3339)}
		if v.Binding != nil {
			key[2], key[3] = v.Binding.Nonce, v.Binding.Audience
		}
		if groups[key] == nil {
			groups[key] = &group{}
		}
		line, err := json.Marshal(v.Data)
		if err != nil {
			t.Fatal(err)
		}
		g := groups[key]
		g.names = append(g.names, v.Name)
		word := v.Outcome
		if v.Binding != nil && v.Holder != verify.Passed && word == string(verify.Genuine) {
			word = "holder_not_checked"
		}
		fmt.Fprintf(&g.want, "%s\t-:%d\n", word, len(g.names))
		fmt.Fprintf(&g.lines, "%s\n", line)
	}
	if len(made.Vectors) < 300 {
		t.Fatalf("%d vectors", len(made.Vectors))
	}
	for key, g := range groups {
		bundle := d.write("of a group", made.Bundles[key[0]])
		var out, words strings.Builder
		args := []string{"--unsigned", "--quiet", "--lines", "--jobs=8", "--at", key[1], "--bundle", bundle, "-"}
		if key[2] != "" {
			args = append(args, "--nonce="+key[2], "--audience="+key[3])
		}
		main.Run(t.Context(), args, strings.NewReader(g.lines.String()), &out, &words, now)
		got, want := strings.Split(out.String(), "\n"), strings.Split(g.want.String(), "\n")
		if len(got) != len(want) {
			t.Errorf("%v: %d answers to %d vectors: %s", key, len(got)-1, len(want)-1, &words)
			continue
		}
		for i, v := range want {
			if got[i] != v {
				t.Errorf("%v: %s: %q, want %q", key, g.names[i], got[i], v)
			}
		}
	}
}
