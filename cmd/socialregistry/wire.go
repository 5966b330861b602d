package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/outbound"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

// parts is everything that the commands work with, built together in one place.
type parts struct {
	db       *db.DB
	master   secret.Master
	registry *registry.Registry
	issuer   *issuer.Issuers

	setupToken string // opens the pages of the first run from other machines
}

// absence says what a command does where there is no registry yet.
type absence int

const (
	mustBeThere absence = iota // it only reads or manages one, and fails
	mayBegin                   // it begins one
)

// open builds the parts on a migrated database. The caller closes them.
func (a *app) open(ctx context.Context, absent absence) (*parts, error) {
	d, r, master, err := a.openKeyed(ctx, absent)
	if err != nil {
		return nil, err
	}
	p := &parts{db: d, master: master, registry: r}
	if err := p.build(ctx, a, absent); err != nil {
		d.Close()
		return nil, err
	}
	return p, nil
}

// openRegistry opens the database, migrated, and the registry alone. The caller
// closes the database.
func (a *app) openRegistry(ctx context.Context, absent absence) (*db.DB, *registry.Registry, error) {
	d, r, _, err := a.openKeyed(ctx, absent)
	return d, r, err
}

// openKeyed opens the database, migrated, finds the master key that belongs to
// it, and builds the registry. The caller closes the database.
func (a *app) openKeyed(ctx context.Context, absent absence) (*db.DB, *registry.Registry, secret.Master, error) {
	d, err := openDatabase(ctx, a.config, absent)
	if err != nil {
		return nil, nil, secret.Master{}, err
	}
	r, master, err := a.openWithKey(ctx, d)
	if err != nil {
		return nil, nil, secret.Master{}, errors.Join(err, d.Close())
	}
	return d, r, master, nil
}

func (a *app) openWithKey(ctx context.Context, d *db.DB) (*registry.Registry, secret.Master, error) {
	bound, err := registry.HasMasterKey(ctx, d)
	if err != nil {
		return nil, secret.Master{}, err
	}
	master, err := masterKey(a.config, bound, a.log)
	if err != nil {
		return nil, master, err
	}
	hosts, err := outbound.ParseHosts(a.config.SourceHosts)
	if err != nil {
		return nil, master, fmt.Errorf("read SR_SOURCE_HOSTS: %w", err)
	}
	r, err := registry.New(ctx, registry.Config{DB: d, Master: master, Now: a.now, Kinship: a.config.Kinship, OwnEdit: a.config.OwnEdit,
		Sources: outbound.Config{Hosts: hosts}, Scan: scanner(a.config.ScanCommand, scanTime),
		PublicURL: a.config.PublicURL, ServiceName: a.config.IssuerName, StepUp: a.config.StepUp, NeedTOTP: a.config.StaffTOTP})
	if errors.Is(err, registry.ErrOtherMasterKey) {
		return nil, master, fault.Wrap(fault.Conflict, "other_master_key",
			"The database was begun with another master key: give it that key by SR_MASTER_KEY or SR_MASTER_KEY_FILE, or name another database by DATABASE_URL; nothing was changed.", err)
	}
	if err != nil {
		return nil, master, fmt.Errorf("start the registry: %w", err)
	}
	return r, master, nil
}

// build starts the issuers. Only a server keeps the journal: other commands issue
// nothing, and may run on another machine.
func (p *parts) build(ctx context.Context, a *app, absent absence) (err error) {
	state := ""
	if absent == mayBegin {
		state = a.config.StateDir
	}
	logo, err := readLogo(a.config.LogoFile)
	if err != nil {
		return fmt.Errorf("read the logo (SR_LOGO): %w", err)
	}
	names := map[string]string{}
	if a.config.ArabicName != "" {
		names["ar"] = a.config.ArabicName
	}
	p.issuer, err = issuer.Open(ctx, issuer.Config{
		DB: p.db, Registry: p.registry, Master: p.master, PublicURL: a.config.PublicURL, Now: a.now, Resolver: did.NewResolver(),
		Country: a.config.Country, Name: a.config.IssuerName, Names: names, Logo: logo, Overlap: a.config.KeyOverlap, StateDir: state,
		Drafts: a.config.Drafts, BatchSize: a.config.BatchSize, Encrypted: a.config.Encrypted,
		DPoP:          issuer.DPoP{Required: a.config.DPoPRequired, Nonce: a.config.DPoPNonce},
		Authorization: issuer.AuthorizationPolicy{RequireClient: !a.config.Anonymous, RefreshLife: a.config.RefreshLife},
		Messages:      issuer.MessagePolicy{Hook: a.config.MessageHook != "", Kinds: messageKinds(a.config)},
	})
	return err // it says that the issuer was to start
}

// Close lets go of the database.
func (p *parts) Close() error { return p.db.Close() }

// openDatabase opens the database of DATABASE_URL and migrates it. Where there is
// none, or something else, it leaves nothing behind.
func openDatabase(ctx context.Context, c Config, absent absence) (*db.DB, error) {
	if err := lookAtDatabase(ctx, c, absent); err != nil {
		return nil, err
	}
	if path, ok := strings.CutPrefix(c.DatabaseURL, "sqlite:"); ok {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of the database (DATABASE_URL): %w", err)
		}
	}
	d, err := db.Open(ctx, c.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("open the database (DATABASE_URL): %w", err)
	}
	if err := db.Migrate(ctx, d); err != nil {
		d.Close()
		return nil, fmt.Errorf("bring the database to the newest schema: %w", err)
	}
	return d, nil
}

// lookAtDatabase refuses a file that is no registry, and where one must be there,
// its absence.
func lookAtDatabase(ctx context.Context, c Config, absent absence) error {
	path := strings.TrimPrefix(c.DatabaseURL, "sqlite:")
	begun, err := db.Begun(ctx, c.DatabaseURL)
	switch {
	case errors.Is(err, db.ErrForeign):
		return fmt.Errorf("%s is no registry: name another file by DATABASE_URL; it was not touched", path)
	case err != nil:
		return fmt.Errorf("open the database (DATABASE_URL): %w", err)
	case !begun && absent == mustBeThere:
		return fmt.Errorf("there is no registry at %s; `socialregistry serve` begins one", path)
	}
	return nil
}

// pages builds what people see.
func (p *parts) pages(ctx context.Context, a *app) (*web.Pages, error) {
	provider, err := openProvider(ctx, a.config, p.registry, a.now)
	if err != nil {
		return nil, err
	}
	wallets, err := web.ParseWebWallets(a.config.WebWallets)
	if err != nil {
		return nil, fmt.Errorf("build the pages: %w", err)
	}
	look, err := theme(a.config)
	if err != nil {
		return nil, fmt.Errorf("read the theme (SR_THEME_...): %w", err)
	}
	here := onlyHere(a.config) == nil
	pages, err := web.New(web.Config{Registry: p.registry, Issuer: p.issuer, PublicURL: a.config.PublicURL, Now: a.now, Trial: p.trial(a.config), Provider: provider, Wallets: wallets,
		Theme: look, Gallery: here, FirstRun: p.firstRun(a, here),
		Kept: web.Kept{Looks: a.config.KeepLook, Files: a.config.Keep, Consent: a.config.RefreshLife, Hook: a.config.MessageHook != "", Scan: a.config.ScanCommand != "", Contact: a.config.Contact}})
	if err != nil {
		return nil, fmt.Errorf("build the pages: %w", err)
	}
	return pages, nil
}

// handler builds the HTTP face on the parts.
func (p *parts) handler(a *app, pages *web.Pages) (http.Handler, error) {
	proxies, err := api.ParseProxies(a.config.Proxies)
	if err != nil {
		return nil, fmt.Errorf("read the proxies (SR_TRUSTED_PROXIES): %w", err)
	}
	return api.New(api.Deps{
		Registry: p.registry, Issuer: p.issuer, Pages: pages, PublicURL: a.config.PublicURL, Log: a.log, Now: a.now,
		MetricsToken: a.config.MetricsToken, Proxies: proxies, Ready: p.checks(),
	})
}

// checks are what must work before the service is ready.
func (p *parts) checks() []api.Check {
	list := []api.Check{{Name: "database", Run: p.db.SQL.PingContext}}
	for _, i := range p.issuer.All() {
		list = append(list,
			api.Check{Name: "signing keys" + ofIssuer(i), Run: i.Ready},
			api.Check{Name: "follower of the change log" + ofIssuer(i), Run: func(ctx context.Context) error { return keepsUp(ctx, i) }})
	}
	return list
}

// ofIssuer says which issuer a check is about, if it is not the one at the root.
func ofIssuer(i *issuer.Issuer) string {
	if i.IssuerName() == "" {
		return ""
	}
	return " of " + i.IssuerName()
}
