package main

import (
	"errors"
	"strings"

	"socialregistry/internal/fault"
)

// words tells an error to whoever typed the command. Of a fault these are its
// safe words and its fields; its code and its cause are for programs and the log.
// Whatever nobody classified is told whole: who has the command line has to mend it.
func words(err error) string {
	if all, ok := joined(err); ok {
		parts := make([]string, len(all))
		for i, e := range all {
			parts[i] = words(e)
		}
		return strings.Join(parts, "\n")
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		return err.Error()
	}
	if around := errors.Unwrap(err); around != nil && err != error(f) {
		return words(around)
	}
	var b strings.Builder
	b.WriteString(f.Detail)
	for _, x := range f.Fields {
		b.WriteString("\n  " + x.Name + ": " + x.Detail)
	}
	return b.String()
}

// joined gives the parts of what errors.Join made; an error that wraps several
// others in a sentence of its own is one error.
func joined(err error) ([]error, bool) {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	all := several.Unwrap()
	return all, errors.Join(all...).Error() == err.Error()
}
