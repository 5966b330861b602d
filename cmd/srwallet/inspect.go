package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"socialregistry/internal/vciclient"
)

// inspect refuses a credential that is not what was offered, not signed by the
// issuer of the offer, or not bound to the key that was proved.
func (w *wallet) inspect(ctx context.Context, i *vciclient.Issuer, c vciclient.Configuration, key *vciclient.Key, credential []byte) error {
	switch c.Format {
	case vciclient.FormatLDP:
		return w.inspectLDP(ctx, i, c, key, credential)
	case vciclient.FormatJWT:
		return w.inspectJWT(ctx, i, c, key, string(credential))
	case vciclient.FormatMdoc:
		return w.inspectMdoc(ctx, i, c, key, string(credential))
	}
	return w.inspectSDJWT(ctx, i, c, key, string(credential))
}

// texts reads a JSON value that is one string or a list of strings.
func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	list, _ := v.([]any)
	var all []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// hasAll says whether every wanted text is among those given.
func hasAll(given, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(given, s) })
}

// window checks seconds since 1970 of RFC 7519 §4.1.4, §4.1.5: exp must be in
// the future, nbf must not. Absent is fine.
func window(claims map[string]any, now int64) error {
	const skew = 60
	for name, wrong := range map[string]func(at float64) bool{
		"exp": func(at float64) bool { return at <= float64(now) },
		"nbf": func(at float64) bool { return at > float64(now+skew) },
	} {
		v, there := claims[name]
		at, ok := v.(float64)
		if there && !ok {
			return fmt.Errorf("%s is no number", name)
		}
		if there && wrong(at) {
			return fmt.Errorf("it is not valid now (%s)", name)
		}
	}
	return nil
}

var errNotBound = errors.New("it is not bound to the key that I proved")
