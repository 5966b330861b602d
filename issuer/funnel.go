package issuer

import (
	"context"
	"time"

	"socialregistry/registry"
)

// FunnelWindow is how far Funnel looks back.
const FunnelWindow = 30 * 24 * time.Hour

// FunnelStep is how many credentials took a step.
type FunnelStep struct {
	Step  string // offered, issued, accepted, replaced, suspended, restored, withdrawn, failed
	Count int
	Few   bool // too few to be told: see registry.MinimumCell
}

// Funnel tells how many credentials were offered within FunnelWindow, how many of
// them were collected, and what became of others in that time, in the order of their
// lives. It returns Forbidden and Unauthenticated.
func (s *Issuers) Funnel(ctx context.Context, a registry.Actor) ([]FunnelStep, error) {
	if err := mayKeep(a, toSeeFunnel); err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, i := range s.all {
		steps, _, err := i.ledger.Funnel(ctx, i.now().Add(-FunnelWindow))
		if err != nil {
			return nil, err
		}
		for step, n := range steps {
			counts[step] += n
		}
	}
	var out []FunnelStep
	for _, step := range []string{"offered", "issued", "accepted", "replaced", "suspended", "restored", "withdrawn", "failed"} {
		x := FunnelStep{Step: step, Count: counts[step]}
		if x.Count > 0 && x.Count < registry.MinimumCell {
			x.Count, x.Few = 0, true
		}
		out = append(out, x)
	}
	return out, nil
}
