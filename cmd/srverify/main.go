package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"socialregistry/internal/cli"
)

const description = `Check credentials against a trust bundle, without network: SD-JWT VC, W3C credentials as JSON-LD or JWT, mobile documents,
and the text of codes on paper (Claim 169).
The bundle must be signed by a root key that you trust: say which by --root, or keep it by --pins.

Ends with
  0  every credential is genuine
  1  not to be trusted: altered, unknown_issuer, key_retired
  2  the command line, the trust bundle or a file cannot be used
  3  genuine, but not in force: expired, not_yet_valid, withdrawn, suspended
  4  genuine, but whether it was withdrawn is unknown: genuine_status_unknown
  5  cannot be checked: unsupported_format, unreadable_code, incomplete_code
Of several credentials, the first that is not genuine decides.`

// commandLine is what can be said on the command line.
type commandLine struct {
	Version  kong.VersionFlag `help:"Print the version and stop."`
	Bundle   string           `required:"" placeholder:"FILE" help:"Trust bundle, as socialregistry bundle writes it."`
	Root     []string         `placeholder:"THUMBPRINT" help:"Trust bundles that this root key signed; as the registry told it by another way than the bundle."`
	Pins     string           `placeholder:"FILE" help:"Keep here what was trusted and seen: later bundles need no --root, and older ones are refused."`
	Unsigned bool             `help:"Take a bundle that nobody signed: for trying out."`
	At       string           `placeholder:"TIME" help:"Check as of this time, like 2026-11-22T09:00:00Z, instead of now."`
	Lang     string           `default:"en" help:"Language of names and labels, where the bundle has it."`
	JSON     bool             `name:"json" xor:"form" help:"Answer in JSON, one object per line."`
	Quiet    bool             `short:"q" xor:"form" help:"Answer with the outcome alone."`
	Files    []string         `arg:"" name:"file" help:"Credentials; - is standard input."`
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, time.Now))
}

// run is main without the process around it; it gives the exit code.
func run(args []string, in io.Reader, out, words io.Writer, now func() time.Time) int {
	var c commandLine
	exited := -1
	parser, err := kong.New(&c, kong.Name("srverify"), kong.Description(description), kong.Writers(out, words),
		kong.Vars{"version": cli.Version("srverify")}, kong.Exit(func(code int) { exited = code }))
	if err == nil {
		if _, err = parser.Parse(args); err != nil {
			err = errors.New(cli.Words("srverify", args, err))
		}
	}
	if exited >= 0 {
		return exited // --help, --version
	}
	code := 0
	if err == nil {
		code, err = c.check(in, out, words, now)
	}
	if err != nil {
		fmt.Fprintln(words, "srverify:", err)
		return 2
	}
	return code
}
