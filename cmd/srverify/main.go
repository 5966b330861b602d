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

const description = `Check credentials against a trust bundle, without network: SD-JWT VC, W3C credentials as JSON-LD or JWT, mobile documents in base64url, and the text of codes on paper (Claim 169).
The bundle must be signed by a root key that you trust: say which by --root the first time, and keep it by --pins.

A file holds one credential. With --lines, and in files that end in .jsonl or .ndjson, each line holds one, also as a JSON string.
Of a folder every file is checked, in the order of names, and of the folders in it; what begins with a dot, links, and the files of --bundle and --pins are left out.
A code is given as its text, as a scanner writes it: pictures of codes are read by the page /verify. A series of codes (SRV1:1/3:...) stands in one file, or with --lines among the others, each code in its own line.

Ends with
  0    every credential is genuine
  1    not to be trusted: altered, unknown_issuer, key_retired
  2    the command line, the trust bundle or a file cannot be used, or there is nothing to check
  3    genuine, but not in force: expired, not_yet_valid, withdrawn, suspended
  4    genuine, but whether it was withdrawn is unknown: genuine_status_unknown
  5    cannot be checked: unsupported_format, unreadable_code, incomplete_code
  6    genuine, but with --nonce nobody showed that they hold it: holder_not_checked
  130  stopped by Ctrl-C; what was answered until then holds
Of several credentials the worst decides: 1, then 3, 5, 4, 6. A file that cannot be read does not stop the others; the end is 2 then.`

// commandLine is what can be said on the command line.
type commandLine struct {
	Version  kong.VersionFlag `help:"Print the version and stop."`
	Bundle   []string         `required:"" sep:"none" placeholder:"FILE" help:"Trust bundle, as socialregistry bundle writes it. Again for each delta that follows it, in their order."`
	List     []string         `sep:"none" placeholder:"FILE" help:"Status list of a bundle that was made without its lists (?shards=apart). Again for each, or a folder of them; of a folder, what is no list of the bundle is passed over."`
	Root     []string         `placeholder:"THUMBPRINT" help:"Trust bundles that this root key signed; as the registry told it by another way than the bundle. Once --pins keeps a bundle, the roots of that bundle count, and no other."`
	Pins     string           `placeholder:"FILE" help:"Keep here what was trusted and seen: later bundles need no --root, and older ones are refused. Take the file away to begin anew."`
	Unsigned bool             `help:"Take a bundle that nobody signed: for trying out."`
	At       string           `placeholder:"TIME" help:"Check as of this time, like 2026-11-22T09:00:00Z, instead of now."`
	Nonce    *string          `and:"held" placeholder:"NONCE" help:"Demand that the holder signed this for you, as an SD-JWT VC shows it: what you asked for."`
	Audience *string          `and:"held" placeholder:"NAME" help:"And this: the name under which you asked."`
	Lines    bool             `help:"Each line of every file, and of standard input, holds a credential."`
	Jobs     int              `short:"j" placeholder:"N" help:"Check so many at once; without it, one for each processor. The answers keep their order."`
	MaxFiles int              `default:"100000" placeholder:"N" help:"Refuse folders that hold more files than this (${default})."`
	Lang     string           `default:"en" help:"Language of names and labels, where the bundle has it."`
	JSON     bool             `name:"json" xor:"form" help:"Answer in JSON, one object per line."`
	Quiet    bool             `short:"q" xor:"form" help:"Answer with the outcome alone; of several, with a tab and the file behind it."`
	Files    []string         `arg:"" name:"file" help:"Credentials, and folders of them; - is standard input."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, time.Now))
}

// run is main without the process around it; it gives the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, words io.Writer, now func() time.Time) int {
	var c commandLine
	exited := -1
	parser, err := kong.New(&c, kong.Name("srverify"), kong.Description(description), kong.Writers(out, words),
		kong.Vars{"version": cli.Version("srverify")}, kong.Exit(func(code int) { exited = code }))
	if err == nil {
		if _, err = parser.Parse(args); err != nil && len(args) == 0 {
			err = errors.New("say which credentials, and against which trust bundle: srverify --bundle FILE CREDENTIAL; see srverify --help")
		} else if err != nil {
			err = errors.New(cli.Words("srverify", args, err))
		}
	}
	if exited >= 0 {
		return exited // --help, --version
	}
	code := 0
	if err == nil {
		code, err = c.check(ctx, in, out, words, now)
	}
	if err != nil {
		fmt.Fprintln(words, "srverify:", err)
		return codeUnusable
	}
	return code
}
