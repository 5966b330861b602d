package main

import (
	"encoding/pem"
	"fmt"
	"os"
	"slices"

	"socialregistry/internal/vciclient"
)

type providerCmd struct {
	File string `arg:"" help:"File for its private key and certificate; it must not be there yet."`
}

// Run makes a wallet provider for trials. Whoever holds the file can attest any
// wallet to an issuer that trusts the root.
func (c providerCmd) Run(t *terminal) error {
	p, err := vciclient.NewProvider(t.now())
	if err != nil {
		return err
	}
	private, err := privatePEM(p.Key)
	if err != nil {
		return err
	}
	for _, der := range p.Chain {
		private = slices.Concat(private, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the provider: %w", err)
	}
	if _, err := f.Write(private); err != nil {
		return fmt.Errorf("write the provider: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write the provider: %w", err)
	}
	_, err = t.out.Write(p.Root)
	return err
}
