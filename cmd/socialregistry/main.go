package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"socialregistry/internal/cli"
)

// commands is the whole command line. Each command is a struct in a file of its
// own, with Run(ctx context.Context, a *app) error.
type commands struct {
	Config  string           `help:"File of KEY=VALUE settings; the environment wins over it." placeholder:"FILE"`
	Version kong.VersionFlag `help:"Print the version and stop, as does the command version."`

	Serve    serveCmd    `cmd:"" help:"Start the server."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database to the newest schema, then stop."`
	Import   importCmd   `cmd:"" help:"Import a CSV or XLSX of people."`
	Export   exportCmd   `cmd:"" help:"Write chosen fields to a CSV or XLSX, for a purpose that is recorded."`
	Staff    staffCmd    `cmd:"" help:"Open, list and disable the accounts of staff, and set their passwords."`
	Sources  sourcesCmd  `cmd:"" help:"List other systems whose people are pulled, and pull from one."`
	Areas    areasCmd    `cmd:"" help:"Import the administrative hierarchy."`
	Fields   fieldsCmd   `cmd:"" help:"List and define what can be known about a person."`
	Audit    auditCmd    `cmd:"" help:"Check that what is stored twice is equal."`
	Jobs     jobsCmd     `cmd:"" help:"Follow and end work that takes long."`
	DemoData demoDataCmd `cmd:"" help:"Write a CSV of generated people."`
	Bundle   bundleCmd   `cmd:"" help:"Write the trust bundle for offline verifiers."`
	Verifier verifierCmd `cmd:"" help:"Write the verifier page, with the trust bundle, as a folder for any static server."`
	Keys     keysCmd     `cmd:"" help:"List, rotate, certify and revoke the issuer's keys."`
	Issuers  issuersCmd  `cmd:"" help:"List and add credential issuers beside the one at the root of the public URL."`
	Backup   backupCmd   `cmd:"" help:"Say what becomes of a database whose record outside is lost."`
	Demo     demoCmd     `cmd:"" help:"Play the main job against a fresh instance, from CSV to a wallet and back."`
}

// app is what every command is handed: the settings and the world outside.
type app struct {
	config Config
	log    *slog.Logger
	in     io.Reader
	out    io.Writer // results
	errOut io.Writer // progress and words for people
	now    func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr)
	os.Exit(code)
}

// run is main without the process around it: it gives the exit code, 2 for a
// wrong command line.
func run(ctx context.Context, args []string, env func(string) (string, bool), in io.Reader, out, errOut io.Writer) int {
	var cmds commands
	exited := -1
	parser, err := kong.New(&cmds, kong.Name("socialregistry"), kong.Writers(out, errOut), kong.Vars{"version": cli.Version("socialregistry")},
		kong.Description("A social registry that issues attested details as verifiable credentials."),
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		return fail(errOut, err)
	}
	parsed, err := parser.Parse(cli.Args(args))
	if exited >= 0 {
		return exited // --help, --version
	}
	if err != nil {
		fmt.Fprintln(errOut, "socialregistry:", cli.Words("socialregistry", args, err))
		return 2
	}
	config, err := loadConfigFile(env, cmds.Config)
	if err != nil {
		return fail(errOut, err)
	}
	a := &app{config: config, log: newLog(errOut, config), in: in, out: out, errOut: errOut, now: time.Now}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(a); err != nil {
		return fail(errOut, err)
	}
	return 0
}

// fail tells err and gives the exit code: 1, or the one that err asks for.
func fail(w io.Writer, err error) int {
	fmt.Fprintln(w, "socialregistry:", words(err))
	return exitCode(err)
}

// loadConfigFile is LoadConfig with the file of the command line, "" for none.
func loadConfigFile(env func(string) (string, bool), name string) (Config, error) {
	if name == "" {
		return LoadConfig(env, nil)
	}
	file, err := os.Open(name)
	if err != nil {
		return Config{}, fmt.Errorf("read the settings: %w", err)
	}
	defer file.Close()
	return LoadConfig(env, file)
}
