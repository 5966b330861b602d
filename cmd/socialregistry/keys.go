package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
)

type keysCmd struct {
	List        keysListCmd        `cmd:"" help:"List the issuer's keys: id, kind, window and state. Private parts are never shown."`
	Rotate      keysRotateCmd      `cmd:"" help:"Make the next key of a kind. It is published now and used a day from now."`
	Revoke      keysRevokeCmd      `cmd:"" help:"End a key at once: verifiers refuse what it signed."`
	CSR         keysCSRCmd         `cmd:"" name:"csr" help:"Print a certificate signing request for a signing key, for a CA outside."`
	Certificate keysCertificateCmd `cmd:"" help:"Give a signing key the certificates of a CA outside (PEM, its own first)."`
}

type keysListCmd struct{ issuerFlag }

// Run prints one line per key, oldest first. It makes no key: the first start of
// the server does.
func (c keysListCmd) Run(ctx context.Context, a *app) error {
	d, err := openDatabase(ctx, a.config, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	stored, _, err := ledger.New(d, a.now).Of(c.Issuer).Keys(ctx)
	if err != nil {
		return err
	}
	if len(stored) == 0 {
		fmt.Fprintln(a.errOut, "There are no keys yet; the first start of the server makes them.")
		return nil
	}
	return printKeys(a.out, issuer.KeyInfos(stored, a.now()))
}

func printKeys(out io.Writer, keys []issuer.KeyInfo) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tKIND\tUSED FROM\tUNTIL\tCERTIFICATE\tSTATE")
	for _, k := range keys {
		certificate := "-"
		if !k.CertificateUntil.IsZero() {
			certificate = day(k.CertificateUntil)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", k.KID, k.Kind, day(k.NotBefore), day(k.NotAfter), certificate, keyState(k))
	}
	return table.Flush()
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func keyState(k issuer.KeyInfo) string {
	switch k.State {
	case issuer.KeyRevoked:
		return "revoked on " + day(k.RevokedAt)
	case issuer.KeyToCome:
		return "to come"
	case issuer.KeyInUse:
		return "in use"
	}
	return "retired"
}

type keysRotateCmd struct {
	issuerFlag
	Kind   string    `arg:"" enum:"ES256,EdDSA,ECDH-ES,CA,ROOT" help:"ES256 or EdDSA (signatures), ECDH-ES (encrypted requests), CA (issuer CA) or ROOT (trust bundles)."`
	At     time.Time `help:"When it is used from, in RFC 3339; without it, a day from now." placeholder:"TIME" xor:"when"`
	Now    bool      `help:"Use it at once: for emergencies, as verifiers do not know it yet." xor:"when"`
	Reason string    `required:"" help:"Why; it is kept."`
}

// Run makes the key and prints it.
func (c keysRotateCmd) Run(ctx context.Context, a *app) error {
	if c.Now {
		c.At = a.now()
	}
	return a.withIssuer(ctx, c.Issuer, func(i *issuer.Issuer) error {
		k, err := i.RotateKey(ctx, commandLine(), c.Kind, c.At, c.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is the next %s key. It is published now and used from %s.\n", k.KID, k.Kind, k.NotBefore.UTC().Format(time.RFC3339))
		return nil
	})
}

type keysRevokeCmd struct {
	issuerFlag
	KID    string `arg:"" name:"key" help:"Id of the key, as in the list."`
	Reason string `required:"" help:"Why; it is kept."`
}

// Run ends the key.
func (c keysRevokeCmd) Run(ctx context.Context, a *app) error {
	return a.withIssuer(ctx, c.Issuer, func(i *issuer.Issuer) error {
		if err := i.RevokeKey(ctx, commandLine(), c.KID, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is revoked. Give every verifier a new trust bundle: socialregistry bundle\n", c.KID)
		return nil
	})
}

type keysCSRCmd struct {
	issuerFlag
	KID string `arg:"" name:"key" help:"Id of an ES256 key, as in the list."`
}

// Run prints the request.
func (c keysCSRCmd) Run(ctx context.Context, a *app) error {
	return a.withIssuer(ctx, c.Issuer, func(i *issuer.Issuer) error {
		request, err := i.KeyRequest(ctx, commandLine(), c.KID)
		if err != nil {
			return err
		}
		_, err = a.out.Write(request)
		return err
	})
}

type keysCertificateCmd struct {
	issuerFlag
	KID    string `arg:"" name:"key" help:"Id of an ES256 key, as in the list."`
	File   string `arg:"" type:"existingfile" help:"PEM file: the key's certificate, then those above it."`
	Reason string `required:"" help:"Why; it is kept."`
}

// maxChainFile bounds a file of certificates in bytes.
const maxChainFile = 64 << 10

// Run stores the certificates.
func (c keysCertificateCmd) Run(ctx context.Context, a *app) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("read the certificates: %w", err)
	}
	defer file.Close()
	chain, err := io.ReadAll(io.LimitReader(file, maxChainFile+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the certificates: %w", err)
	case len(chain) > maxChainFile:
		return errors.New("read the certificates: the file is too long")
	}
	return a.withIssuer(ctx, c.Issuer, func(i *issuer.Issuer) error {
		if err := i.CertifyKey(ctx, commandLine(), c.KID, chain, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s has its certificates.\n", c.KID)
		return nil
	})
}

// issuerFlag says which issuer a command is about.
type issuerFlag struct {
	Issuer string `help:"Name of the issuer, as in socialregistry issuers list; without it, the one at the root of the public URL." placeholder:"NAME"`
}

// withIssuer opens the registry and the issuer with a name, "" for the one at the root,
// for f.
func (a *app) withIssuer(ctx context.Context, name string, f func(*issuer.Issuer) error) error {
	p, err := a.open(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer p.Close()
	i, err := p.issuer.Of(name)
	if err != nil {
		return err
	}
	return f(i)
}
