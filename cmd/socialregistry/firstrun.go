package main

import (
	"context"
	"fmt"
	"io"

	"socialregistry/internal/secret"
	"socialregistry/registry/demodata"
	"socialregistry/web"
)

// firstRun lets the pages open the first account. Generated people are offered
// where this machine alone reaches the server. The token is of this process: a
// second server has another.
func (p *parts) firstRun(a *app, here bool) *web.FirstRun {
	p.setupToken = secret.RandomID(32)
	first := &web.FirstRun{Token: p.setupToken}
	if here {
		first.Sample = func(file io.Writer) error {
			return demodata.Write(file, demodata.Options{People: tryPeople, Seed: trySeed, AsOf: a.now()})
		}
	}
	return first
}

// tellFirstRun prints the way in where nobody of the staff has an account.
func (p *parts) tellFirstRun(ctx context.Context, a *app) error {
	none, err := p.registry.NoStaff(ctx)
	if err != nil || !none {
		return err
	}
	_, err = fmt.Fprintf(a.out, "\nNobody of the staff has an account yet. Open this page to begin; the address is good until somebody has, or the server stops:\n%s/setup?token=%s\n\n", a.config.PublicURL, p.setupToken)
	return err
}
