package cli_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/cli"
)

func TestVersionNamesProgramAndGo(t *testing.T) {
	t.Parallel()
	got := strings.Fields(cli.Version("srverify"))
	if len(got) < 3 || got[0] != "srverify" || got[1] == "" || strings.Contains(got[1], "(") || !strings.HasPrefix(got[2], "go") {
		t.Errorf("got %q", got)
	}
}

func TestWordsForFlags(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "help": "--help", "help staff add": "staff add --help", "version": "--version",
		"staff help": "staff help", "version x": "version x", "import help": "import help",
	} {
		if got := cli.Args(strings.Fields(in)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`--people: expected a valid 64 bit int but got "many"`: `--people: must be a whole number, not "many"; see x --help`,
		`--seed: expected a valid 64 bit uint but got "-1"`:    `--seed: must be a whole number, not "-1"; see x --help`,
		`unexpected argument dance`:                            `unexpected argument dance; see x --help`,
	} {
		if got := cli.Words("x", []string{"y"}, errors.New(in)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := cli.Words("x", nil, errors.New("expected one of")); got != "say what to do; x --help lists it" {
		t.Errorf("without arguments: %q", got)
	}
}
