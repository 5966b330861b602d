package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// plantUnattested offers the credentials to a second person, of whom one
// mandatory detail is not attested. Its twin is the first person.
func (d *demo) plantUnattested(ctx context.Context) (string, error) {
	people, err := d.parts.registry.Search(ctx, d.admin, registry.Query{Limit: 2})
	if err != nil {
		return "", err
	}
	second := people.People[1]
	ids, err := d.offerable(ctx, d.person)
	if err != nil {
		return "", err
	}
	if err := attestAll(ctx, d.parts.registry, second); err != nil {
		return "", err
	}
	field, err := d.issuedText(ctx)
	if err != nil {
		return "", err
	}
	if err := d.reject(ctx, second, field.Key); err != nil {
		return "", err
	}
	if err := d.missing(ctx, second, field.Key); err != nil {
		return "", err
	}
	if err := d.offerTo(ctx, second, ids); err != nil {
		return "", err
	}
	const want = "credential_request_denied"
	taken, said, _ := d.walletTakes(ctx)
	if len(taken) > 0 || !strings.Contains(said, want) {
		return "", fmt.Errorf("the wallet got %d credentials of a detail that is not attested: %s", len(taken), said)
	}
	return "", planted{want, "a mandatory detail is not attested", exitUnattested}
}

func (d *demo) reject(ctx context.Context, p registry.Person, field string) error {
	return d.parts.registry.Attest(ctx, tryActor(registry.RoleAttester), p.ID, p.VersionNo, []registry.Decision{
		{Field: field, State: registry.StateRejected, Comment: "planted by the demo"},
	})
}

// missing demands that the person is told beforehand which detail is missing.
func (d *demo) missing(ctx context.Context, p registry.Person, field string) error {
	ready, err := d.parts.issuer.Readiness(ctx, d.admin, p.ID)
	if err != nil {
		return err
	}
	for _, r := range ready {
		if !slices.Equal(r.Missing, []string{field}) {
			return fmt.Errorf("%s: said to be missing: %v, want %s", r.Config.ID, r.Missing, field)
		}
	}
	return nil
}

// plantAltered flips one bit in a signed value of a copy of each credential. The
// twins are the credentials themselves.
func (d *demo) plantAltered(ctx context.Context) (string, error) {
	for n, c := range d.wallet {
		text, err := os.ReadFile(c.file)
		if err != nil {
			return "", err
		}
		bad, err := flipBit(text)
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.config, err)
		}
		copied := credential{file: filepath.Join(d.folder, fmt.Sprintf("altered-%d-%s", n, filepath.Base(c.file))), config: c.config}
		if err := os.WriteFile(copied.file, bad, 0o600); err != nil {
			return "", err
		}
		if err := d.checkAll(ctx, []credential{copied}, verify.Altered); err != nil {
			return "", err
		}
	}
	return "", planted{string(verify.Altered), "one bit flipped in a signed value of each credential", exitAltered}
}

// plantOldBundle checks the same credentials with the same bundle on a day when
// its status lists are over. The twin is the check of today.
func (d *demo) plantOldBundle(ctx context.Context) (string, error) {
	later := d.app.now().Add(30 * 24 * time.Hour).UTC().Format(time.RFC3339)
	if err := d.checkAll(ctx, d.wallet, verify.GenuineStatusUnknown, "--at", later); err != nil {
		return "", err
	}
	return "", planted{string(verify.GenuineStatusUnknown), "a trust bundle that is too old", exitOldBundle}
}
