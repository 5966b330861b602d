package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"socialregistry/registry"
)

// staffCmd keeps the accounts of staff. Whoever may run it has the master key,
// so it also makes the first administrator. A password is never an argument:
// those stand in the list of processes and in the shell's history.
type staffCmd struct {
	Add      staffAddCmd      `cmd:"" help:"Open an account. The password is asked for, or is the first line of standard input."`
	List     staffListCmd     `cmd:"" help:"List the accounts of staff: name, roles with their bounds, and state."`
	Password staffPasswordCmd `cmd:"" help:"Set another password. It opens a disabled or locked account again and ends its sessions."`
	App      staffAppCmd      `cmd:"" help:"Take the authenticator app away from an account whose owner lost it and the recovery codes. Ends its sessions."`
	Disable  staffDisableCmd  `cmd:"" help:"Close an account and end its sessions and tokens."`
	Grant    staffGrantCmd    `cmd:"" help:"Give an account a role, within bounds if any are named."`
	Revoke   staffRevokeCmd   `cmd:"" help:"Take a role with the bounds that are named from an account. The last one stays: disable the account instead."`
	Token    staffTokenCmd    `cmd:"" help:"Make a personal access token of an account, for a program. It is printed once."`
}

type staffAddCmd struct {
	Name string   `arg:"" help:"3 to 40 letters, digits, dots, dashes and underscores; it begins with a letter and ends with a letter or digit."`
	Role []string `required:"" enum:"admin,registrar,field_worker,attester,auditor" help:"admin, registrar, field_worker, attester or auditor. May be repeated."`
}

// Run opens the account.
func (c staffAddCmd) Run(ctx context.Context, a *app) error {
	var roles []registry.Role
	for _, role := range c.Role {
		roles = append(roles, registry.Role(role))
	}
	return a.withRegistry(ctx, mayBegin, func(r *registry.Registry) error {
		if err := r.CheckNewStaff(ctx, commandLine(), c.Name); err != nil {
			return err
		}
		password, err := a.newPassword(ctx)
		if err != nil {
			return err
		}
		account, err := r.CreateStaff(ctx, commandLine(), c.Name, password, roles)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s may sign in as %s.\n", account.Username, strings.Join(c.Role, ", "))
		return nil
	})
}

type staffListCmd struct{}

// Run prints one line per account.
func (staffListCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		accounts, err := allStaff(ctx, r)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NAME\tROLES\tSINCE\tSTATE")
		for _, s := range accounts {
			roles := make([]string, len(s.Assignments))
			for i, held := range s.Assignments {
				roles[i] = grantWords(held.Grant)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Username, strings.Join(roles, ", "), day(s.CreatedAt), staffState(s))
		}
		return table.Flush()
	})
}

// allStaff reads every account of staff.
func allStaff(ctx context.Context, r *registry.Registry) (all []registry.StaffAccount, err error) {
	var page registry.StaffPage
	for more := true; more; more = page.Next != "" {
		if page, err = r.Staff(ctx, commandLine(), registry.StaffQuery{After: page.Next, Limit: 200}); err != nil {
			return nil, err
		}
		all = append(all, page.Accounts...)
	}
	return all, nil
}

func staffState(s registry.StaffAccount) string {
	switch {
	case !s.DisabledAt.IsZero():
		return "disabled on " + day(s.DisabledAt)
	case s.OpenSecret:
		return "open, with a password that everybody knows"
	}
	return "open"
}

type staffPasswordCmd struct {
	Name string `arg:"" help:"Whose password."`
}

// Run sets the password.
func (c staffPasswordCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		if err := r.CheckStaff(ctx, commandLine(), c.Name); err != nil {
			return err
		}
		password, err := a.newPassword(ctx)
		if err != nil {
			return err
		}
		if err := r.SetStaffPassword(ctx, commandLine(), c.Name, password); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s has another password.\n", c.Name)
		return nil
	})
}

type staffAppCmd struct {
	Name string `arg:"" help:"Whose account."`
}

// Run takes the app away.
func (c staffAppCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		if err := r.ResetStaffTOTP(ctx, commandLine(), c.Name, ""); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s signs in without an authenticator app, and may add another.\n", c.Name)
		return nil
	})
}

type staffDisableCmd struct {
	Name string `arg:"" help:"Whose account."`
}

// Run closes the account.
func (c staffDisableCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		if err := r.DisableStaff(ctx, commandLine(), c.Name); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s can no longer sign in.\n", c.Name)
		return nil
	})
}

// withRegistry opens the registry for f.
func (a *app) withRegistry(ctx context.Context, absent absence, f func(*registry.Registry) error) error {
	d, r, err := a.openRegistry(ctx, absent)
	if err != nil {
		return err
	}
	defer d.Close()
	return f(r)
}
