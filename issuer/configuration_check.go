package issuer

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// ErrConfiguration says that a stored configuration must not be issued from.
var ErrConfiguration = errors.New("issuer: bad credential configuration")

// check refuses at start-up a configuration that could only make bad
// credentials: an algorithm that does not fit the format, a field that is
// unknown, not attestable or not issuable, a claim that is no plain name. That
// every claim has a term in the JSON-LD context is checked by checkTerms.
func (c Configuration) check(fields map[string]registry.Field) error {
	if err := c.checkShape(); err != nil {
		return err
	}
	mandatory := false
	for n, f := range c.Fields {
		def, known := fields[f.Field]
		switch {
		case !known:
			return c.bad("field %s is not defined for a %s", f.Field, c.For)
		case !def.Attestable || !def.Issuable:
			return c.bad("field %s is not attestable and issuable", f.Field)
		case def.Type == registry.TypeRepeat && c.Format != oid4vci.FormatSDJWT:
			return c.bad("field %s is a list of objects, which only a dc+sd-jwt holds", f.Field)
		case !c.plainClaim(f):
			return c.bad("claim %s is reserved or no plain name", f.Claim)
		case slices.ContainsFunc(c.Fields[:n], func(o ClaimField) bool { return within(c.path(o), c.path(f)) }):
			return c.bad("claim %s comes twice, or stands within another", f.Claim)
		}
		mandatory = mandatory || f.Mandatory
	}
	if !mandatory {
		return c.bad("no field is mandatory: a credential could say nothing")
	}
	return c.checkDisclosure(fields)
}

func (c Configuration) checkShape() error {
	switch {
	case !configID.MatchString(c.ID):
		return c.bad("the id must be 1 to 64 letters, digits, dots, dashes or underscores")
	case c.Scope != "" && !configID.MatchString(c.Scope): // RFC 6749 §3.3, and no wider than ids
		return c.bad("scope %q is no plain name", c.Scope)
	case c.For != ForPerson && c.For != ForHousehold || c.For == ForPerson && len(c.HolderRoles) > 0:
		return c.bad("for must be %s or %s, and holder_roles are for %[2]s alone", ForPerson, ForHousehold)
	case c.Refresh != RefreshAccepted && c.Refresh != RefreshAtOnce:
		return c.bad("refresh must be %s or %s", RefreshAccepted, RefreshAtOnce)
	case c.RefreshDays < 1 || c.RefreshDays > 365:
		return c.bad("refresh_days must be 1 to 365")
	case c.ConsentEnd != KeepIssued && c.ConsentEnd != WithdrawIssued:
		return c.bad("consent_end must be %s or %s", KeepIssued, WithdrawIssued)
	case c.OwnOnly && c.For != ForPerson:
		return c.bad("own_only is for %s alone", ForPerson)
	case !checkPurposes(c.StatusPurposes):
		return c.bad("status_purposes must hold revocation and suspension, and each known purpose once")
	case c.ValidityDays < 1 || c.ValidityDays > 3650:
		return c.bad("validity_days must be 1 to 3650")
	case c.PaperDays < 0 || c.PaperDays > c.ValidityDays:
		return c.bad("paper_days must be 0 to validity_days")
	case c.PaperProfile != claim169.Spec && c.PaperProfile != claim169.Inji:
		return c.bad("paper_profile must be %s or %s", claim169.Spec, claim169.Inji)
	case len(c.Display) == 0 || len(c.Fields) == 0:
		return c.bad("display and fields must not be empty")
	}
	for _, d := range c.Display {
		if err := c.checkDisplay(d); err != nil {
			return err
		}
	}
	return c.checkFormat()
}

// checkDisplay holds what is drawn to colours, and what wallets fetch to https.
func (c Configuration) checkDisplay(d Display) error {
	if !color.MatchString(d.BackgroundColor) || !color.MatchString(d.TextColor) {
		return c.bad("background_color and text_color of %s must be as #14532d", d.Locale)
	}
	for _, p := range []*Picture{d.Logo, d.BackgroundImage} {
		if p == nil {
			continue
		}
		if u, err := url.Parse(p.URI); err != nil || u.Scheme != "https" || u.Host == "" {
			return c.bad("the picture %q of %s must have an https address", p.URI, d.Locale)
		}
	}
	return nil
}

// checkFormat holds a configuration to what its format can be: a key of another
// algorithm, or a member that belongs to another format, must be found at the
// start.
func (c Configuration) checkFormat() error {
	either := c.Alg == jose.ES256 || c.Alg == jose.EdDSA
	switch c.Format {
	case oid4vci.FormatLDP:
		if suite := suiteOf(c.Alg); suite == "" || c.Suite != suite {
			return c.bad("an ldp_vc needs the suite %s with %s, or %s with %s", dataintegrity.SuiteEdDSA, jose.EdDSA, dataintegrity.SuiteECDSA, jose.ES256)
		}
	case oid4vci.FormatSDJWT, oid4vci.FormatJWTVC:
		if c.Suite != "" || !either {
			return c.bad("the format %s needs the algorithm %s or %s and no suite", c.Format, jose.ES256, jose.EdDSA)
		}
	case oid4vci.FormatMdoc:
		if c.Suite != "" || c.Alg != jose.ES256 {
			return c.bad("an mso_mdoc needs the algorithm %s and no suite", jose.ES256)
		}
	default:
		return c.bad("format %q is not known", c.Format)
	}
	return c.checkNames()
}

// checkNames: a document type and its namespaces are dotted names (ISO/IEC
// 18013-5 §7.1), all other types are plain ones.
func (c Configuration) checkNames() error {
	mdoc := c.Format == oid4vci.FormatMdoc
	if mdoc && !dottedName.MatchString(c.Type) || !mdoc && !plainName.MatchString(c.Type) {
		return c.bad("type %q is no name", c.Type)
	}
	if c.Namespace != "" && (!mdoc || !dottedName.MatchString(c.Namespace)) {
		return c.bad("namespace %q is no dotted name, or stands in another format than mso_mdoc", c.Namespace)
	}
	for _, f := range c.Fields {
		if f.Namespace != "" && (!mdoc || !dottedName.MatchString(f.Namespace)) {
			return c.bad("namespace %q of %s is no dotted name, or stands in another format than mso_mdoc", f.Namespace, f.Field)
		}
	}
	return nil
}

// suiteOf gives the cryptosuite of an algorithm; "" if there is none.
func suiteOf(alg string) string {
	return map[string]string{jose.EdDSA: dataintegrity.SuiteEdDSA, jose.ES256: dataintegrity.SuiteECDSA}[alg]
}

func (c Configuration) bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrConfiguration, c.ID, fmt.Sprintf(format, args...))
}

// plainClaim says whether every part of a claim's name is plain and has no
// meaning of its own; parts are for formats whose claims nest.
func (c Configuration) plainClaim(f ClaimField) bool {
	parts := strings.Split(f.Claim, ".")
	for n, p := range parts {
		if !plainName.MatchString(p) || n == 0 && slices.Contains(reservedClaims(), p) || p == "id" || p == "type" {
			return false
		}
	}
	return len(parts) <= maxNesting && (len(parts) == 1 || c.Format != oid4vci.FormatMdoc)
}

// maxNesting bounds how deep claims lie in objects.
const maxNesting = 4

// path is where a claim stands among the claims of its format: the names of
// objects that lead to it, and its own.
func (c Configuration) path(f ClaimField) []string {
	if c.Format == oid4vci.FormatMdoc {
		return []string{cmp.Or(f.Namespace, c.Namespace, c.Type), f.Claim}
	}
	return strings.Split(f.Claim, ".")
}

// within says whether one path leads to or through the other.
func within(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

// Compiled once, never changed.
var (
	configID  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	color     = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
	plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

	dottedName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_-]{1,63}){1,8}$`)
)

// reservedClaims have a meaning of their own in a format (RFC 7519 §4.1, SD-JWT
// VC §3.2.2, VCDM 2.0 §4). id is among them: what becomes an id in a credential
// is an absolute IRI that the issuer makes, never a value of the registry.
func reservedClaims() []string {
	return []string{"id", "type", "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "vct", "status", "aka_vcts"}
}
