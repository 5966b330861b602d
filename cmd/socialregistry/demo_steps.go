package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"socialregistry/issuer"
	"socialregistry/issuer/oid4vci"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// importPeople sends generated people through the CSV import of an office.
func (d *demo) importPeople(ctx context.Context) (string, error) {
	if err := importGenerated(ctx, d.app, d.parts.registry, d.admin); err != nil {
		return "", err
	}
	people, err := d.parts.registry.Search(ctx, d.admin, registry.Query{Limit: 2})
	if err != nil || len(people.People) < 2 {
		return "", errors.Join(err, errors.New("the people of the file are not there"))
	}
	d.person = people.People[0]
	return fmt.Sprintf("%d generated people from a CSV file", tryPeople), nil
}

// attest lets the attester approve every detail of one person.
func (d *demo) attest(ctx context.Context) (string, error) {
	if err := attestAll(ctx, d.parts.registry, d.person); err != nil {
		return "", err
	}
	states, err := d.parts.registry.FieldStates(ctx, d.admin, d.person.ID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d details of one person, by an attester", len(states)), nil
}

// offer makes one offer of both configurations, with a transaction code.
func (d *demo) offer(ctx context.Context) (string, error) {
	ids, err := d.offerable(ctx, d.person)
	if err != nil {
		return "", err
	}
	return "both credentials in one offer, with a transaction code", d.offerTo(ctx, d.person, ids)
}

// shown are the configurations in the two formats that the reference wallet checks.
func shown(ready []issuer.Readiness) []issuer.Readiness {
	return slices.DeleteFunc(ready, func(r issuer.Readiness) bool {
		return r.Config.Format != oid4vci.FormatLDP && r.Config.Format != oid4vci.FormatSDJWT
	})
}

// offerable lists the configurations, and fails if a detail is missing for one.
func (d *demo) offerable(ctx context.Context, p registry.Person) ([]string, error) {
	ready, err := d.parts.issuer.Readiness(ctx, d.admin, p.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range shown(ready) {
		if len(r.Missing) > 0 {
			return nil, fmt.Errorf("%s cannot be issued: not attested: %s", r.Config.ID, strings.Join(r.Missing, ", "))
		}
		ids = append(ids, r.Config.ID)
	}
	return ids, nil
}

func (d *demo) offerTo(ctx context.Context, p registry.Person, ids []string) error {
	o, err := d.parts.issuer.CreateOffer(ctx, d.admin, p.ID, ids, true)
	d.link, d.txCode = o.URI, o.TxCode
	return err
}

// take lets the wallet take what is offered.
func (d *demo) take(ctx context.Context) (string, error) {
	taken, said, err := d.walletTakes(ctx)
	if err != nil {
		return "", err
	}
	if len(taken) != 2 {
		return "", fmt.Errorf("the wallet took %d credentials, want 2: %s", len(taken), said)
	}
	d.wallet = taken
	return "took and kept both credentials", nil
}

// exportBundle exports the trust bundle as it is now: the only thing that the
// verifier gets from the server, and not over a network.
func (d *demo) exportBundle(ctx context.Context) (string, error) {
	d.bundle = filepath.Join(d.folder, "bundle.json")
	r, err := d.tool(ctx, "socialregistry", "bundle", "--out", d.bundle)
	if err == nil && r.code != 0 {
		err = fmt.Errorf("export the trust bundle: %s", r.words)
	}
	if err != nil {
		return "", err
	}
	if r, err = d.tool(ctx, "socialregistry", "bundle", "root"); err == nil && r.code != 0 {
		err = fmt.Errorf("read the root key: %s", r.words)
	}
	d.root = strings.TrimSpace(r.out)
	return "a fresh trust bundle for verifiers without network", err
}

// checkAll has the offline verifier look at credentials and demands one outcome
// for each.
func (d *demo) checkAll(ctx context.Context, list []credential, want verify.Outcome, flags ...string) error {
	for _, c := range list {
		got, err := d.verify(ctx, c.file, flags...)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%s: the verifier says %s, want %s", c.config, got, want)
		}
	}
	return nil
}

func (d *demo) checkGenuine(ctx context.Context) (string, error) {
	return "offline: both genuine", d.checkAll(ctx, d.wallet, verify.Genuine)
}

// change edits one detail that was issued, as an office would, and waits until
// the server has withdrawn what held the old value.
func (d *demo) change(ctx context.Context) (string, error) {
	field, err := d.issuedText(ctx)
	if err != nil {
		return "", err
	}
	d.before = d.wallet
	d.person, err = d.parts.registry.Edit(ctx, d.admin, d.person.ID, registry.Change{
		Set: map[string]string{field.Key: d.person.Values[field.Key].Text + " Rivera"}, Reason: "married", ExpectVersion: d.person.VersionNo,
	})
	if err != nil {
		return "", err
	}
	err = waitFor(ctx, "the credentials to be withdrawn", func() (bool, error) {
		issued, err := d.parts.issuer.Issued(ctx, d.admin, d.person.ID)
		live := slices.ContainsFunc(issued, func(c issuer.Issued) bool { return c.WithdrawnAt.IsZero() })
		return len(issued) == 2 && !live, err
	})
	return strings.ToLower(field.Label["en"]) + " edited; the server withdrew both credentials", err
}

// issuedText finds a mandatory detail that holds text.
func (d *demo) issuedText(ctx context.Context) (registry.Field, error) {
	fields, err := d.parts.registry.Fields(ctx)
	if err != nil {
		return registry.Field{}, err
	}
	ready, err := d.parts.issuer.Readiness(ctx, d.admin, d.person.ID)
	if err != nil {
		return registry.Field{}, err
	}
	for _, f := range slices.Backward(fields) {
		if f.Type == registry.TypeText && mandatoryInAll(ready, f.Key) {
			return f, nil
		}
	}
	return registry.Field{}, errors.New("no mandatory detail holds text")
}

func mandatoryInAll(ready []issuer.Readiness, key string) bool {
	for _, r := range ready {
		if !slices.ContainsFunc(r.Config.Fields, func(f issuer.ClaimField) bool { return f.Field == key && f.Mandatory }) {
			return false
		}
	}
	return len(ready) > 0
}

func (d *demo) checkWithdrawn(ctx context.Context) (string, error) {
	return "offline: both withdrawn", d.checkAll(ctx, d.wallet, verify.Withdrawn)
}

// attestAgain approves the new value. That a new credential is due must have
// been noted by the server.
func (d *demo) attestAgain(ctx context.Context) (string, error) {
	ready, err := d.parts.issuer.Readiness(ctx, d.admin, d.person.ID)
	if err != nil {
		return "", err
	}
	for _, r := range shown(ready) {
		if !r.ReissueDue || len(r.Missing) == 0 {
			return "", fmt.Errorf("%s: re-issue due %v, missing %v; want it due, and to wait for the changed detail", r.Config.ID, r.ReissueDue, r.Missing)
		}
	}
	return "the changed detail; a new credential was waiting for it", attestAll(ctx, d.parts.registry, d.person)
}

func (d *demo) checkReissued(ctx context.Context) (string, error) {
	if err := d.checkAll(ctx, d.before, verify.Withdrawn); err != nil {
		return "", err
	}
	return "offline: the new ones genuine, the old ones still withdrawn", d.checkAll(ctx, d.wallet, verify.Genuine)
}
