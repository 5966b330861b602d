package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

type bundleCmd struct {
	issuerFlag

	Out string `help:"File to write; it is replaced in one step. Without it the bundle goes to standard output." placeholder:"FILE" type:"path"`
}

// Run exports the trust bundle: what a verifier without network needs to check
// our credentials (keys with their windows, contexts, status lists as of now).
// It holds no secret and nothing about a person.
func (b bundleCmd) Run(ctx context.Context, a *app) error {
	p, err := a.open(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer p.Close()
	i, err := p.issuer.Of(b.Issuer)
	if err != nil {
		return err
	}
	bundle, err := i.Bundle(ctx)
	if err != nil {
		return fmt.Errorf("make the trust bundle: %w", err)
	}
	raw, err := json.MarshalIndent(bundle, "", " ")
	if err != nil {
		return fmt.Errorf("write the trust bundle: %w", err)
	}
	raw = append(raw, '\n')
	if b.Out == "" {
		_, err = a.out.Write(raw)
		return err
	}
	if err := replaceFile(b.Out, raw); err != nil {
		return fmt.Errorf("write the trust bundle: %w", err)
	}
	fmt.Fprintf(a.errOut, "Wrote the trust bundle to %s (%d bytes).\n", b.Out, len(raw))
	return nil
}

// replaceFile writes a file whole or not at all: whoever reads it meanwhile sees
// the old one or the new one.
func replaceFile(name string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	if _, err = temp.Write(data); err == nil {
		err = temp.Chmod(0o644)
	}
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}
