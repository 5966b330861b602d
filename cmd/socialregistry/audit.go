package main

import (
	"context"
	"fmt"

	"socialregistry/registry"
)

// auditCmd looks for what should be equal and is not: see registry.DriftCheck
// and registry.ChainCheck.
type auditCmd struct {
	Chains bool `help:"Play every change log again, too: it is much slower."`
}

// auditPage is how many records are looked at at once.
const auditPage = 500

// Run prints one finding per line, by the id of the record, and fails if there
// are any. No finding holds a value.
func (c auditCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		checked, found, err := a.audit(ctx, r.DriftCheck)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%d records checked for drift.\n", checked)
		if c.Chains {
			checked, broken, err := a.audit(ctx, r.ChainCheck)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%d change logs played again.\n", checked)
			found += broken
		}
		if found > 0 {
			return fmt.Errorf("the audit found %d differences", found)
		}
		return nil
	})
}

// audit runs one check over everybody.
func (a *app) audit(ctx context.Context, check func(context.Context, registry.Actor, string, int) (registry.DriftPage, error)) (checked, found int, err error) {
	for after := ""; ; {
		page, err := check(ctx, commandLine(), after, auditPage)
		if err != nil {
			return checked, found, err
		}
		for _, d := range page.Findings {
			fmt.Fprintf(a.out, "%s\t%s\t%s\n", d.RegistrantID, d.Kind, d.Field)
		}
		checked, found = checked+page.Checked, found+len(page.Findings)
		if after = page.Next; after == "" {
			return checked, found, nil
		}
	}
}
