package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// show prints a credential with its details: the one command that shows any.
func show(out io.Writer, k kept) error {
	raw, err := os.ReadFile(k.Path)
	if err != nil {
		return fmt.Errorf("read credential %d: %w", k.ID, err)
	}
	details, err := detailsOf(k.Format, raw)
	if err != nil {
		return fmt.Errorf("read credential %d: %w", k.ID, err)
	}
	fmt.Fprintf(out, "number    %d\nkind      %s (%s)\nissuer    %s\nreceived  %s\nfile      %s\n\n",
		k.ID, k.Configuration, k.Format, k.Issuer, k.Received.Format(time.RFC3339), k.Path)
	for _, name := range slices.Sorted(maps.Keys(details)) {
		value, err := json.Marshal(details[name])
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-24s %s\n", name, safe(string(value)))
	}
	return nil
}

func detailsOf(format string, raw []byte) (map[string]any, error) {
	switch format {
	case vciclient.FormatLDP:
		document, err := jose.DecodeObject(raw)
		if err != nil {
			return nil, err
		}
		subject, _ := document["credentialSubject"].(map[string]any)
		return subject, nil
	case vciclient.FormatJWT:
		return jwtDetails(string(raw))
	case vciclient.FormatMdoc:
		return mdocDetails(string(raw))
	}
	s, err := parseSDJWT(string(raw))
	if err != nil {
		return nil, err
	}
	return s.details(), nil
}

// safe keeps what came from outside from steering the terminal.
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}
