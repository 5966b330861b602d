package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/demodata"
)

// What somebody who tries the product out finds in it.
const (
	tryPeople = 200
	trySeed   = 1
	// tryPassword opens every staff account of a trial. Everybody knows it, so a
	// trial listens on this machine only.
	tryPassword = "try-it-out-2026"
)

// tryAccounts are the staff accounts of a trial, one per role.
func tryAccounts() []tryAccount {
	return []tryAccount{
		{"admin", registry.RoleAdmin, "does everything"},
		{"registrar", registry.RoleRegistrar, "registers and edits people, hands out activation codes"},
		{"attester", registry.RoleAttester, "attests details"},
		{"auditor", registry.RoleAuditor, "reads everything, changes nothing"},
	}
}

type tryAccount struct {
	name string
	role registry.Role
	does string
}

// fillForTrying makes staff accounts, imports generated people into an empty
// registry, attests one of them, and prints how to get in. A registry that holds
// people already is left as it is: a later start changes nothing.
func fillForTrying(ctx context.Context, a *app, p *parts) error {
	if err := onlyHere(a.config); err != nil {
		return err
	}
	admin := tryActor(registry.RoleAdmin)
	page, err := p.registry.Search(ctx, admin, registry.Query{Limit: 1})
	if err != nil {
		return err
	}
	if len(page.People) > 0 {
		return tellAgain(ctx, a, p.registry, page.People[0])
	}
	if err := openTryAccounts(ctx, p.registry); err != nil {
		return err
	}
	person, err := fillWithPeople(ctx, a, p.registry)
	if err != nil {
		return err
	}
	code, _, err := p.registry.NewActivationCode(ctx, admin, person.ID)
	if err != nil {
		return fmt.Errorf("make an activation code: %w", err)
	}
	open, err := openTrials(ctx, p.registry)
	if err != nil {
		return err
	}
	tell(a.out, a.config.PublicURL, open, []string{"A registrant activates at " + a.config.PublicURL + "/activate:",
		"number     " + person.Number, "code       " + code})
	return nil
}

// tellAgain prints the way into a registry that holds people.
func tellAgain(ctx context.Context, a *app, r *registry.Registry, person registry.Person) error {
	open, err := openTrials(ctx, r)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		fmt.Fprintf(a.out, "\nThe social registry is at %s\n\nIt holds people, and no account has the password of a trial, so nothing was added to it. Ctrl-C stops the server.\n\n", a.config.PublicURL)
		return nil
	}
	activated, err := r.Activated(ctx, tryActor(registry.RoleAdmin), person.ID)
	if err != nil {
		return err
	}
	way := []string{"A registrant activates at " + a.config.PublicURL + "/activate:",
		"number     " + person.Number, "code       the one that the first start printed, or a new one from the person's page (registrar)"}
	if activated {
		way = []string{"A registrant, activated already, signs in at " + a.config.PublicURL + "/login:",
			"number     " + person.Number, "passphrase the one you chose"}
	}
	tell(a.out, a.config.PublicURL, open, way)
	return nil
}

// onlyHere refuses a trial that other machines could reach.
func onlyHere(c Config) error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return err
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		return err
	}
	if !isLoopback(host) || !isLoopback(public.Hostname()) {
		return errors.New("its accounts have passwords that everybody knows, so SR_LISTEN and SR_PUBLIC_URL must be of this machine (127.0.0.1, localhost)")
	}
	return nil
}

// openTrials gives the names of the accounts that everybody can open.
func openTrials(ctx context.Context, r *registry.Registry) ([]string, error) {
	accounts, err := allStaff(ctx, r)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, account := range accounts {
		if account.OpenSecret && account.DisabledAt.IsZero() {
			names = append(names, account.Username)
		}
	}
	return names, nil
}

func openTryAccounts(ctx context.Context, r *registry.Registry) error {
	for _, account := range tryAccounts() {
		_, err := r.CreateTrialStaff(ctx, commandLine(), account.name, tryPassword, []registry.Role{account.role})
		if err != nil && fault.KindOf(err) != fault.Conflict { // a start that was cut off had opened it
			return fmt.Errorf("open the account %s: %w", account.name, err)
		}
	}
	return nil
}

// refuseOpenSecrets refuses to let other machines reach accounts whose passwords
// everybody knows: what a trial left behind.
func refuseOpenSecrets(ctx context.Context, c Config, r *registry.Registry) error {
	if onlyHere(c) == nil {
		return nil
	}
	names, err := openTrials(ctx, r)
	if err != nil || len(names) == 0 {
		return err
	}
	return fmt.Errorf("everybody knows the passwords of %s: give them others (socialregistry staff password NAME) or close them (socialregistry staff disable NAME), or serve this machine alone (SR_LISTEN, SR_PUBLIC_URL)",
		strings.Join(names, ", "))
}

// tryActor acts as a trial account does, without its password: somebody may have
// changed or locked it.
func tryActor(role registry.Role) registry.Actor {
	return registry.Actor{Name: string(role), Roles: []registry.Role{role}, Channel: registry.ChannelStaff}
}

// fillWithPeople imports the generated people and has the first of them attested.
func fillWithPeople(ctx context.Context, a *app, r *registry.Registry) (registry.Person, error) {
	admin := tryActor(registry.RoleAdmin)
	if err := importGenerated(ctx, a, r, admin); err != nil {
		return registry.Person{}, fmt.Errorf("import generated people: %w", err)
	}
	page, err := r.Search(ctx, admin, registry.Query{Limit: 1})
	if err != nil {
		return registry.Person{}, err
	}
	if len(page.People) == 0 {
		return registry.Person{}, errors.New("the generated people are not there")
	}
	return page.People[0], attestAll(ctx, r, page.People[0])
}

// importGenerated sends the people through the same CSV import that an office uses.
func importGenerated(ctx context.Context, a *app, r *registry.Registry, admin registry.Actor) error {
	file, write := io.Pipe()
	go func() {
		write.CloseWithError(demodata.Write(write, demodata.Options{People: tryPeople, Seed: trySeed, AsOf: a.now()}))
	}()
	result, err := r.Import(ctx, admin, file, registry.ImportOptions{
		Name: "generated people", Mode: registry.ImportCreate, AllOrNothing: true, Reason: "generated people for trying out",
	})
	file.CloseWithError(err) // ends the writer when the import stopped early
	if err != nil {
		return err
	}
	a.log.Info("imported generated people", "created", result.Created)
	return nil
}

// attestAll lets the attester approve every detail of one person.
func attestAll(ctx context.Context, r *registry.Registry, person registry.Person) error {
	attester := tryActor(registry.RoleAttester)
	states, err := r.FieldStates(ctx, attester, person.ID)
	if err != nil {
		return err
	}
	var decisions []registry.Decision
	for field := range states {
		decisions = append(decisions, registry.Decision{Field: field, State: registry.StateAttested})
	}
	if err := r.Attest(ctx, attester, person.ID, person.VersionNo, decisions); err != nil {
		return fmt.Errorf("attest the first person: %w", err)
	}
	return nil
}

// tell prints the way in: the accounts that still have the password of a trial,
// and the way of a registrant, its first line being its heading.
func tell(out io.Writer, publicURL string, open []string, registrant []string) {
	fmt.Fprintf(out, "\nThe social registry is at %s\n\n", publicURL)
	fmt.Fprintf(out, "Staff sign in with the password %s:\n", tryPassword)
	for _, account := range tryAccounts() {
		if slices.Contains(open, account.name) {
			fmt.Fprintf(out, "  %-10s %s\n", account.name, account.does)
		}
	}
	fmt.Fprintf(out, "More accounts: socialregistry staff add NAME --role ROLE\n\n%s\n", registrant[0])
	for _, line := range registrant[1:] {
		fmt.Fprintf(out, "  %s\n", line)
	}
	fmt.Fprintf(out, "\nAll people are generated. Ctrl-C stops the server.\n\n")
}
