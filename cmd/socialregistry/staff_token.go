package main

import (
	"context"
	"fmt"

	"socialregistry/registry"
)

type staffTokenCmd struct {
	Name  string           `arg:"" help:"Whose account."`
	For   string           `required:"" help:"What the token is for."`
	Scope []registry.Scope `required:"" help:"What it may do, such as people:read; a wrong one is answered with the list. May be repeated."`
	Days  int              `default:"90" help:"How many days it is good, at most 366."`
}

// Run prints the token alone, so that it can be handed on to a program.
func (c staffTokenCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		token, _, err := r.CreateTokenFor(ctx, commandLine(), c.Name, registry.TokenRequest{
			Name: c.For, Scopes: c.Scope, ExpiresAt: a.now().AddDate(0, 0, c.Days), Reason: "made at the command line",
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, token)
		return nil
	})
}
