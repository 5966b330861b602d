package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"socialregistry/issuer"
	"socialregistry/web"
)

type verifierCmd struct {
	Out  string `required:"" help:"Folder to write; files of the same names are replaced, others stay." placeholder:"DIR" type:"path"`
	Lang string `default:"en" help:"Language of its first page; the others are one press away."`
}

// Run writes the verifier page with the trust bundle of this moment as a folder that
// any server of files can give out.
func (v verifierCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer p.Close()
	if _, err := p.issuer.PublishedNow(ctx); err != nil {
		return err
	}
	bundle, err := p.issuer.TrustBundle(ctx, issuer.Form{})
	if err != nil {
		return err
	}
	look, err := theme(a.config)
	if err != nil {
		return fmt.Errorf("read the theme (SR_THEME_...): %w", err)
	}
	pages, err := web.New(web.Config{Registry: p.registry, Issuer: p.issuer, PublicURL: a.config.PublicURL, Now: a.now, Theme: look})
	if err != nil {
		return fmt.Errorf("build the pages: %w", err)
	}
	files, err := pages.VerifierFolder(ctx, bundle.Body, v.Lang)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(v.Out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("write the folder: %w", err)
		}
		if err := replaceFile(file, files[name]); err != nil {
			return fmt.Errorf("write the folder: %w", err)
		}
	}
	root, err := p.issuer.RootKey()
	fmt.Fprintf(a.errOut, "Wrote the verifier page to %s (%d files).\nIt trusts bundles that are signed by the root key %s\nAny server of files can give it out; browsers do not run it from a file.\n", v.Out, len(files), root)
	return err
}
