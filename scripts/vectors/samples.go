package main

import (
	"encoding/json"
	"fmt"

	"socialregistry/internal/specimen"
)

// maxSample bounds a sample in bytes: one that somebody can look at.
const maxSample = 4000

// samples is one credential for each format and outcome, of those that are checked
// against the usual bundle: what /verifiers shows.
func samples(f *specimen.File) ([]byte, error) {
	out := specimen.File{About: "Samples for makers of verifiers: each is checked at its time against the bundle, which nobody signed, and has its outcome.",
		Bundles: map[string]json.RawMessage{"usual": f.Bundles["usual"]}}
	taken := map[string]bool{}
	for _, v := range f.Vectors {
		kind := v.Format + " " + v.Outcome
		if v.Format == "" || v.Bundle != "usual" || v.Binding != nil || len(v.Data) > maxSample || taken[kind] {
			continue
		}
		taken[kind] = true
		out.Vectors = append(out.Vectors, v)
	}
	raw, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write samples: %w", err)
	}
	return append(raw, '\n'), nil
}
