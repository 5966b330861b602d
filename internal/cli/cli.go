package cli

import (
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
)

// Version is one line: the program, its version from the build information, or
// devel, and the version of Go.
func Version(program string) string {
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	return program + " " + version + " " + runtime.Version()
}

// Args lets "help" and "version" stand for their flags: "help staff add" is
// "staff add --help".
func Args(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(append([]string(nil), args[1:]...), "--help")
	case len(args) == 1 && args[0] == "version":
		return []string{"--version"}
	}
	return args
}

// How the parser tells a value that is no number.
var notInt = regexp.MustCompile(`expected (?:a valid \d+ bit u?int|an int) but got ("(?:[^"\\]|\\.)*")(?: \(\S+\))?`)

// Words tells a wrong command line without the vocabulary of the parser, and
// where the right ones are found.
func Words(program string, args []string, err error) string {
	if len(args) == 0 {
		return "say what to do; " + program + " --help lists it"
	}
	words := notInt.ReplaceAllString(err.Error(), "must be a whole number, not $1")
	return strings.TrimSuffix(words, ".") + "; see " + program + " --help"
}
