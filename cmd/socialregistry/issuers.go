package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"socialregistry/issuer"
)

type issuersCmd struct {
	List issuersListCmd `cmd:"" help:"List the credential issuers: name, identifier, what it is called, and what it issues."`
	Add  issuersAddCmd  `cmd:"" help:"Add a credential issuer with a path of its own. Servers serve it from their next start."`
}

type issuersListCmd struct{}

// Run prints one line per issuer, the one at the root first.
func (issuersListCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer p.Close()
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tIDENTIFIER\tCALLED\tKINDS OF CREDENTIAL")
	for _, i := range p.issuer.All() {
		name := i.IssuerName()
		if name == "" {
			name = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", name, i.Identifier(), i.Title("en"), len(i.Configurations()))
	}
	return table.Flush()
}

type issuersAddCmd struct {
	Name          string            `arg:"" help:"Last part of its identifier: 1 to 40 of a to z, 0 to 9 and -."`
	Called        map[string]string `required:"" help:"What it is called, by language: en=NAME;ar=NAME." placeholder:"LANGUAGE=NAME"`
	Country       string            `help:"Country in its certificates (two letters); without it, that of the issuer at the root." placeholder:"COUNTRY"`
	Configuration []string          `required:"" help:"Kind of credential that it issues, as of the issuer at the root; may be repeated." placeholder:"ID"`
	Reason        string            `required:"" help:"Why; it is kept."`
}

// Run makes the issuer and prints its identifier.
func (c issuersAddCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer p.Close()
	id, err := p.issuer.AddIssuer(ctx, commandLine(), issuer.NewIssuer{Name: c.Name, Names: c.Called, Country: c.Country, ConfigIDs: c.Configuration, Reason: c.Reason})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s is there. Start every server again: it serves an issuer from its next start.\n", id)
	return nil
}
