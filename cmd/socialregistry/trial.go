package main

import (
	"context"
	"errors"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

// trial makes offers of a generated person to those who make wallets.
type trial struct{ *parts }

// trial is there for a registry of generated people, which this machine alone
// reaches (onlyHere).
func (p *parts) trial(c Config) web.Trial {
	if !c.Demo {
		return nil
	}
	return trial{p}
}

// generated says that the people of the registry are generated: it has accounts
// that everybody can open. SR_DEMO alone does not say so, a registry of real
// people may have been named by mistake. It returns NotFound.
func (t trial) generated(ctx context.Context) error {
	open, err := openTrials(ctx, t.registry)
	if err == nil && len(open) == 0 {
		err = fault.New(fault.NotFound, "not_found", "Test offers are made where only generated people are registered.")
	}
	return err
}

// MakeOffer offers a credential of the person whose details are attested.
func (t trial) MakeOffer(ctx context.Context, configID string, withTxCode bool) (issuer.Offer, error) {
	if err := t.generated(ctx); err != nil {
		return issuer.Offer{}, err
	}
	office := tryActor(registry.RoleRegistrar)
	page, err := t.registry.Search(ctx, office, registry.Query{Limit: 1})
	if err != nil {
		return issuer.Offer{}, err
	}
	if len(page.People) == 0 {
		return issuer.Offer{}, errors.New("the generated people are not there")
	}
	return t.issuer.CreateOffer(ctx, office, page.People[0].ID, []string{configID}, withTxCode)
}

// Offer gives an offer that a trial made.
func (t trial) Offer(ctx context.Context, id string) (issuer.Offer, error) {
	if err := t.generated(ctx); err != nil {
		return issuer.Offer{}, err
	}
	o, err := t.issuer.Offer(ctx, tryActor(registry.RoleRegistrar), id)
	if err == nil && len(o.ConfigIDs) != 1 {
		err = fault.New(fault.NotFound, "not_found", "There is no such offer.")
	}
	return o, err
}
