package main

import (
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
)

// A field is defined, indexed, retired and taken back on the command line.
func TestFieldsAreChangedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := &office{url: url}
		for _, c := range []struct {
			says string
			args []string
		}{
			{"Field rooms is defined", []string{"fields", "add", "rooms", "--type", "number", "--label", "en=Rooms", "--searchable", "--reason", "survey"}},
			{"Field crowded is defined", []string{"fields", "add", "crowded", "--type", "computed", "--result", "boolean", "--rule", "rooms < 2", "--label", "en=Crowded"}},
			{"People are found by rooms (0 records", []string{"fields", "index", "rooms"}},
			{"Field rooms is retired (version 2)", []string{"fields", "retire", "rooms", "--reason", "old"}},
			{"computed", []string{"fields"}},
			{"Field rooms is in use (version 3)", []string{"fields", "retire", "rooms", "--revive"}},
		} {
			if err := o.do(t, "", c.args...); err != nil {
				t.Fatal(c.args, err, o.errOut.String())
			}
			o.says(t, c.says)
		}
		if err := o.do(t, "", "fields", "index", "given_name"); fault.CodeOf(err) != "not_searchable" {
			t.Errorf("index of another field: %v", err)
		}
		if err := o.do(t, "", "fields", "retire", "nothing"); fault.CodeOf(err) != "no_such_field" {
			t.Errorf("retire of no field: %v", err)
		}
	})
}
