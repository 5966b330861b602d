package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"socialregistry/registry"
)

// bounds are within what a role holds.
type bounds struct {
	Role    string `required:"" enum:"admin,registrar,field_worker,attester,auditor" help:"admin, registrar, field_worker, attester or auditor."`
	Area    string `placeholder:"CODE" help:"Records of this area and of those below it only."`
	Kind    string `placeholder:"KIND" help:"Records of one kind only: person, group (of every kind), or a kind of group."`
	Section string `placeholder:"NAME" help:"Edits of and decisions about this section of fields only."`
	Reason  string `help:"Why, for the history of the account."`
}

func (b bounds) grant() registry.Grant {
	return registry.Grant{Role: registry.Role(b.Role), Area: b.Area, Kind: b.Kind, Section: b.Section}
}

type staffGrantCmd struct {
	Name string `arg:"" help:"Whose account."`
	bounds
	Until string `placeholder:"DAY" help:"The last day on which it holds, as 2026-12-31; of a role that the account has, another one."`
}

// Run gives the role.
func (c staffGrantCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		g := c.grant()
		g.Until = c.Until
		if _, err := r.GrantRole(ctx, commandLine(), c.Name, g, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is %s.\n", c.Name, grantWords(g))
		return nil
	})
}

type staffRevokeCmd struct {
	Name string `arg:"" help:"Whose account."`
	bounds
}

// Run takes the role that has exactly these bounds.
func (c staffRevokeCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		account, err := r.StaffAccount(ctx, commandLine(), c.Name)
		if err != nil {
			return err
		}
		held := func(x registry.Assignment) bool {
			x.Until = "" // whenever it ends
			return x.Grant == c.grant()
		}
		i := slices.IndexFunc(account.Assignments, held)
		if i < 0 {
			return errors.New("this account has no such role with these bounds; socialregistry staff list shows what it has")
		}
		if err := r.RevokeRole(ctx, commandLine(), c.Name, account.Assignments[i].ID, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is no longer %s.\n", c.Name, grantWords(c.grant()))
		return nil
	})
}

// grantWords is a role with its bounds, as "registrar (area NL-W, section health)".
func grantWords(g registry.Grant) string {
	var within []string
	for _, bound := range [][2]string{{"area", g.Area}, {"kind", g.Kind}, {"section", g.Section}, {"until", g.Until}} {
		if bound[1] != "" {
			within = append(within, bound[0]+" "+bound[1])
		}
	}
	if len(within) == 0 {
		return string(g.Role)
	}
	return string(g.Role) + " (" + strings.Join(within, ", ") + ")"
}
