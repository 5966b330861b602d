package attestation_test

import (
	"testing"

	"socialregistry/registry/attestation"
)

func TestBefore(t *testing.T) {
	t.Parallel()
	decided := func(seq int) attestation.Step { return attestation.Step{Seq: seq} }
	proposed := func(seq int) attestation.Step { return attestation.Step{Seq: seq, Proposal: true} }
	undone := func(seq, of int) attestation.Step { return attestation.Step{Seq: seq, Undoes: of} }
	for name, c := range map[string]struct {
		steps []attestation.Step
		seq   int
		want  attestation.Counting
	}{
		"the first":                         {[]attestation.Step{decided(1)}, 1, attestation.Counting{}},
		"the second":                        {[]attestation.Step{decided(1), decided(2)}, 2, attestation.Counting{Decision: 1}},
		"the second of two attesters":       {[]attestation.Step{decided(1), proposed(2), decided(3)}, 3, attestation.Counting{Decision: 1, Proposal: 2}},
		"a proposal":                        {[]attestation.Step{decided(1), proposed(2)}, 2, attestation.Counting{Decision: 1}},
		"after one that was taken back":     {[]attestation.Step{decided(1), decided(2), undone(3, 2), decided(4)}, 4, attestation.Counting{Decision: 1}},
		"below one that was taken back":     {[]attestation.Step{decided(1), decided(2), decided(3), undone(4, 3)}, 2, attestation.Counting{Decision: 1}},
		"the first was taken back":          {[]attestation.Step{decided(1), undone(2, 1), decided(3)}, 3, attestation.Counting{}},
		"a proposal that counts once again": {[]attestation.Step{proposed(1), decided(2), undone(3, 2), decided(4)}, 4, attestation.Counting{Proposal: 1}},
		"behind the last":                   {[]attestation.Step{decided(1), proposed(2)}, 3, attestation.Counting{Decision: 1, Proposal: 2}},
	} {
		if got := attestation.Before(c.steps, c.seq); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
