package issuer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/language"

	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Issuers are the credential issuers of one registry: the one at the root of the
// public URL, and those that have a path of their own, /issuers/NAME. Each has its own
// identifier, keys, metadata, configurations, status lists and authorization server;
// people, staff, clients and wallet providers they share. What nobody asks of all of
// them is asked of the one at the root, whose methods these are.
//
// They are read at the start: one that is added later is served after the next.
type Issuers struct {
	*Issuer           // the one at the root
	all     []*Issuer // that one first, the others by name
	bundles bundles
}

// Open makes all issuers of the database. It returns what New returns.
func Open(ctx context.Context, c Config) (*Issuers, error) {
	root, err := New(ctx, c)
	if err != nil {
		return nil, err
	}
	named, err := root.ledger.NamedIssuers(ctx)
	if err != nil {
		return nil, fmt.Errorf("start the issuers: %w", err)
	}
	s := Alone(root)
	for _, n := range named {
		i, err := newIssuer(ctx, c, n)
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, i)
	}
	return s, s.join(ctx, c.Master)
}

// Alone is an issuer that has no others beside it.
func Alone(root *Issuer) *Issuers { return &Issuers{Issuer: root, all: []*Issuer{root}} }

// All gives every issuer, the one at the root first.
func (s *Issuers) All() []*Issuer { return slices.Clone(s.all) }

// Of gives the issuer with a name, "" for the one at the root. It returns NotFound
// "issuer_not_found".
func (s *Issuers) Of(name string) (*Issuer, error) {
	for _, i := range s.all {
		if i.name == name {
			return i, nil
		}
	}
	return nil, fault.New(fault.NotFound, "issuer_not_found", "There is no such credential issuer.")
}

// Identifier is the credential issuer identifier (OID4VCI 1.0 §12.2.1), which is that
// of the authorization server too.
func (i *Issuer) Identifier() string { return i.url }

// IssuerName is the last part of the path of the issuer, "" for the one at the root.
func (i *Issuer) IssuerName() string { return i.name }

// Title is what the issuer is called in a language, or in one that it has a name in.
func (i *Issuer) Title(locale string) string {
	return cmp.Or(i.names[locale], i.names[english], i.names[slices.Min(slices.Collect(maps.Keys(i.names)))])
}

// IdentifierOf gives the identifier of the issuer with a name below a public URL.
func IdentifierOf(publicURL, name string) string {
	if name == "" {
		return publicURL
	}
	return publicURL + "/issuers/" + name
}

// derive makes a key that belongs to this issuer alone: what one of them seals, hashes
// or wraps means nothing to another.
func (i *Issuer) derive(m secret.Master, purpose string) secret.Key {
	if i.name == "" {
		return m.Derive("issuer/" + purpose)
	}
	return m.Derive("issuers/" + i.name + "/" + purpose)
}

// NewIssuer is what an issuer with a name is made of.
type NewIssuer struct {
	Name      string            // in its identifier: 1 to 40 of a to z, 0 to 9 and -
	Names     map[string]string // what it is called, by language (BCP 47), at least one
	Country   string            // in certificates, ISO 3166-1 alpha-2; "" = that of the one at the root
	ConfigIDs []string          // of the one at the root: it begins with copies of them
	Reason    string            // kept
}

// maxTitle bounds what an issuer is called, in characters: it stands in certificates
// (RFC 5280 appendix A.1, ub-common-name).
const maxTitle = 64

// AddIssuer makes an issuer and gives its identifier. Servers that run do not serve it
// before their next start. It returns Invalid "bad_issuer" and
// "unknown_configuration", "reason_required", Conflict "issuer_there", Forbidden,
// Unauthenticated.
func (s *Issuers) AddIssuer(ctx context.Context, a registry.Actor, n NewIssuer) (identifier string, err error) {
	if err := mayKeep(a, toKeepIssuers); err != nil {
		return "", err
	}
	if err := n.check(); err != nil {
		return "", err
	}
	if err := s.checkConfigIDs(n.ConfigIDs); err != nil {
		return "", err
	}
	identifier = IdentifierOf(s.url, n.Name)
	err = s.ledger.AddIssuer(ctx, ledger.NamedIssuer{Name: n.Name, Names: n.Names, Country: n.Country}, identifier, n.ConfigIDs, ledger.Entry{Actor: a.Name, Reason: n.Reason})
	if errors.Is(err, ledger.ErrExists) {
		return "", fault.Wrap(fault.Conflict, "issuer_there", "There is an issuer with this name already.", err)
	}
	return identifier, err
}

func (n NewIssuer) check() error {
	bad := func(detail string) error { return fault.New(fault.Invalid, "bad_issuer", detail) }
	switch {
	case !regexp.MustCompile(`^[a-z0-9-]{1,40}$`).MatchString(n.Name):
		return bad("The name of an issuer has 1 to 40 of the characters a to z, 0 to 9 and -.")
	case len(n.Names) == 0:
		return bad("Say what the issuer is called, in one language at least.")
	case n.Country != "" && !regexp.MustCompile(`^[A-Z]{2}$`).MatchString(n.Country):
		return bad("A country is two capital letters (ISO 3166-1).")
	case !goodReason(n.Reason):
		return reasonRequired()
	}
	for locale, title := range n.Names {
		if tag, err := language.Parse(locale); err != nil || tag.String() != locale {
			return bad("A name is in a language with a tag such as en or ar (BCP 47).")
		}
		if !goodReason(title) || utf8.RuneCountInString(title) > maxTitle {
			return bad("What an issuer is called has 1 to 64 characters, and no control characters.")
		}
	}
	return nil
}
