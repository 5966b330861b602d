package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"socialregistry/issuer"
	"socialregistry/issuer/verify"
)

type bundleCmd struct {
	Write  bundleWriteCmd  `cmd:"" default:"withargs" help:"Write it, signed by the registry's root key."`
	Root   bundleRootCmd   `cmd:"" help:"Print the thumbprint of the root key, which verifiers pin."`
	Merge  bundleMergeCmd  `cmd:"" help:"Take the issuers of another registry into it."`
	Merged bundleMergedCmd `cmd:"" help:"List the registries that were merged."`
	Drop   bundleDropCmd   `cmd:"" help:"Take the issuers of a merged registry out again."`
}

type bundleWriteCmd struct {
	Out string `help:"File to write; it is replaced in one step. Without it the bundle goes to standard output." placeholder:"FILE" type:"path"`
}

// Run makes and exports the trust bundle: what a verifier without network needs to
// check our credentials (keys with their windows, contexts, status lists as of now).
// It holds no secret and nothing about a person.
func (b bundleWriteCmd) Run(ctx context.Context, a *app) error {
	return a.withIssuers(ctx, func(s *issuer.Issuers) error {
		if _, err := s.PublishedNow(ctx); err != nil {
			return err
		}
		doc, err := s.TrustBundle(ctx, issuer.Form{})
		if err != nil {
			return err
		}
		if b.Out == "" {
			_, err = a.out.Write(append(doc.Body, '\n'))
			return err
		}
		if err := replaceFile(b.Out, append(doc.Body, '\n')); err != nil {
			return fmt.Errorf("write the trust bundle: %w", err)
		}
		kid, _, err := verify.SignerOf(doc.Body)
		fmt.Fprintf(a.errOut, "Wrote the trust bundle to %s (%d bytes).\nIt is signed by the root key %s\n", b.Out, len(doc.Body), kid)
		return err
	})
}

type bundleRootCmd struct{}

// Run prints the thumbprint of the key that signs now.
func (bundleRootCmd) Run(ctx context.Context, a *app) error {
	return a.withIssuers(ctx, func(s *issuer.Issuers) error {
		kid, err := s.RootKey()
		if err == nil {
			fmt.Fprintln(a.out, kid)
		}
		return err
	})
}

type bundleMergeCmd struct {
	File   string `arg:"" help:"The other registry's bundle, as it exports it." type:"existingfile"`
	Root   string `help:"Thumbprint of the root key that signed it, as that registry told it by another way. Not needed for the next bundle of a registry that is merged." placeholder:"THUMBPRINT"`
	Reason string `required:"" help:"Why; it is kept."`
}

// Run merges the bundle.
func (c bundleMergeCmd) Run(ctx context.Context, a *app) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("read the bundle: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, verify.MaxSigned+1))
	if err != nil {
		return fmt.Errorf("read the bundle: %w", err)
	}
	return a.withIssuers(ctx, func(s *issuer.Issuers) error {
		url, err := s.MergeRegistry(ctx, commandLine(), raw, c.Root, c.Reason)
		if err == nil {
			fmt.Fprintf(a.out, "The issuers of %s stand in the trust bundle now.\n", url)
		}
		return err
	})
}

type bundleMergedCmd struct{}

// Run lists the merged registries.
func (bundleMergedCmd) Run(ctx context.Context, a *app) error {
	return a.withIssuers(ctx, func(s *issuer.Issuers) error {
		list, err := s.MergedRegistries(ctx, commandLine())
		if err != nil {
			return err
		}
		if len(list) == 0 {
			fmt.Fprintln(a.out, "No other registry is merged.")
		}
		for _, m := range list {
			fmt.Fprintf(a.out, "%s  number %d of %s  issuers: %d  root keys: %s\n", m.URL, m.Seq, m.Created.UTC().Format(time.RFC3339), len(m.Names), strings.Join(m.Roots, " "))
		}
		return nil
	})
}

type bundleDropCmd struct {
	URL    string `arg:"" help:"Address of the registry, as in the list."`
	Reason string `required:"" help:"Why; it is kept."`
}

// Run takes a registry out.
func (c bundleDropCmd) Run(ctx context.Context, a *app) error {
	return a.withIssuers(ctx, func(s *issuer.Issuers) error {
		if err := s.DropRegistry(ctx, commandLine(), c.URL, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "The issuers of %s stand in the trust bundle no more. Give every verifier a new one.\n", c.URL)
		return nil
	})
}

// withIssuers opens the installation for a command that is about all issuers.
func (a *app) withIssuers(ctx context.Context, do func(*issuer.Issuers) error) error {
	p, err := a.open(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer p.Close()
	return do(p.issuer)
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
