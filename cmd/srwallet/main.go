package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"socialregistry/internal/cli"
)

// commands is the whole command line.
type commands struct {
	Version kong.VersionFlag `help:"Print the version and stop."`

	Accept  acceptCmd  `cmd:"" help:"Take what an offer offers, and keep it."`
	Request requestCmd `cmd:"" help:"Ask an issuer for credentials without an offer, over the browser."`
	Refresh refreshCmd `cmd:"" help:"Take a credential again, with its details of today."`
	List    listCmd    `cmd:"" help:"List the credentials in the folder."`
	Show    showCmd    `cmd:"" help:"Show one credential with its details."`
	Present presentCmd `cmd:"" help:"Show an SD-JWT VC to somebody who checks it in person: as codes, with a proof of its key."`

	Provider providerCmd `cmd:"" help:"Make a trial wallet provider: its key and certificate into a file, its root to the output."`
}

// folder is where keys and credentials are kept.
type folder struct {
	Dir string `required:"" help:"Folder for keys and credentials; accept makes it." placeholder:"DIR"`
}

type acceptCmd struct {
	folder
	client
	Offer  string `arg:"" help:"The offer: openid-credential-offer://?..." name:"offer-uri"`
	TxCode string `help:"The transaction code, if the offer needs one." placeholder:"CODE"`
}

type requestCmd struct {
	folder
	client
	Issuer         string   `arg:"" help:"The issuer: https://..."`
	Configurations []string `arg:"" help:"Ids of credential configurations, as its metadata names them."`
}

type refreshCmd struct {
	folder
	client
	ID int `arg:"" help:"Number of the credential, as list gives it."`
}

type listCmd struct{ folder }

type showCmd struct {
	folder
	ID int `arg:"" help:"Number of the credential, as list gives it."`
}

// terminal is the world outside: results go to out, words to words.
type terminal struct {
	out, words io.Writer
	now        func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, time.Now))
}

// run is main without the process around it. The exit code is 0, 1 for a
// refusal or failure, 2 for a wrong command line.
func run(ctx context.Context, args []string, out, words io.Writer, now func() time.Time) int {
	var c commands
	exited := -1
	parser, err := kong.New(&c, kong.Name("srwallet"), kong.Writers(out, words), kong.Vars{"version": cli.Version("srwallet")},
		kong.Description("A wallet for verifiable credentials on the command line."), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		return fail(words, 1, err)
	}
	parsed, err := parser.Parse(cli.Args(args))
	if exited >= 0 {
		return exited // --help, --version
	}
	if err != nil {
		return fail(words, 2, errors.New(cli.Words("srwallet", args, err)))
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&terminal{out: out, words: words, now: now}); err != nil {
		return fail(words, 1, err)
	}
	return 0
}

func fail(w io.Writer, code int, err error) int {
	fmt.Fprintln(w, "srwallet:", safe(err.Error()))
	return code
}

// Run takes the offer.
func (c acceptCmd) Run(ctx context.Context, t *terminal) error {
	return c.folder.fill(t, c.client, func(w *wallet) ([]kept, error) { return w.accept(ctx, c.Offer, c.TxCode) })
}

// Run asks the issuer.
func (c requestCmd) Run(ctx context.Context, t *terminal) error {
	return c.folder.fill(t, c.client, func(w *wallet) ([]kept, error) { return w.request(ctx, c.Issuer, c.Configurations) })
}

// Run takes the credential again.
func (c refreshCmd) Run(ctx context.Context, t *terminal) error {
	if _, err := existingStore(c.Dir); err != nil {
		return err
	}
	return c.folder.fill(t, c.client, func(w *wallet) ([]kept, error) { return w.refresh(ctx, c.ID) })
}

// fill lets a wallet take credentials into the folder. For each one line goes to
// the results: its number, configuration and file.
func (f folder) fill(t *terminal, c client, take func(*wallet) ([]kept, error)) error {
	store, err := openStore(f.Dir)
	if err != nil {
		return err
	}
	w, err := c.wallet(store, t)
	if err != nil {
		return err
	}
	all, err := take(w)
	for _, k := range all {
		fmt.Fprintf(t.out, "%d\t%s\t%s\n", k.ID, k.Configuration, k.Path)
	}
	return err
}

// Run lists one credential per line.
func (c listCmd) Run(t *terminal) error {
	store, err := existingStore(c.Dir)
	if err != nil {
		return err
	}
	all, err := store.list()
	if err != nil {
		return err
	}
	for _, k := range all {
		fmt.Fprintf(t.out, "%d\t%s\t%s\t%s\t%s\n", k.ID, k.Configuration, k.Format, k.Issuer, k.Path)
	}
	return nil
}

// Run shows what is in one credential.
func (c showCmd) Run(t *terminal) error {
	store, err := existingStore(c.Dir)
	if err != nil {
		return err
	}
	k, err := store.load(c.ID)
	if err != nil {
		return err
	}
	return show(t.out, k)
}
