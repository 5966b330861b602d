package issuer

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"socialregistry/internal/jose"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// The configurations of a new installation. They are stored at the first start
// and are data from then on.
//
//go:embed configurations.json
var seedConfigurations []byte

// suiteEdDSA is the one Data Integrity cryptosuite that is signed with.
const suiteEdDSA = "eddsa-rdfc-2022"

// Configuration is one kind of credential: its format, its type, and which
// field of the registry becomes which claim.
type Configuration struct {
	ID        string
	Format    string // oid4vci.FormatSDJWT, FormatLDP, FormatJWTVC or FormatMdoc
	Type      string // ldp_vc and jwt_vc_json: the credential's type; dc+sd-jwt: the last part of the vct URL; mso_mdoc: the doctype
	Namespace string // mso_mdoc: where claims stand that name no namespace of their own; "": the doctype
	Alg       string // JOSE name of the algorithm of the signing key
	Suite     string // ldp_vc: the Data Integrity cryptosuite
	Scope     string // OAuth scope that stands for the configuration (OID4VCI 1.0 §5.1.2); "": none
	For       Subject
	Deferred  bool    // a mandatory detail that awaits attestation defers the credential (§9) instead of refusing it
	Refresh   Refresh // what becomes of the old credential when it is issued anew (§14.5)
	// KeyAttestations says what the wallet must attest of the holder's keys
	// (§12.2.4, appendix D); nil: nothing.
	KeyAttestations *KeyAttestations
	// StatusPurposes are the status lists that a W3C credential names (Bitstring
	// Status List 1.0 §2.1): revocation, suspension, refresh, and message if asked for.
	StatusPurposes []string
	ValidityDays   int
	Display        []Display
	Fields         []ClaimField
}

// Subject is whom a credential is about.
type Subject string

// The subjects: a person, or the household of its holder.
const (
	ForPerson    Subject = "person"
	ForHousehold Subject = "household"
)

// Refresh says when the old credential is withdrawn once a new one is issued.
type Refresh string

// The policies: when the wallet says that it took the new one (OID4VCI 1.0 §11),
// or with the issue.
const (
	RefreshAccepted Refresh = "accepted"
	RefreshAtOnce   Refresh = "at_once"
)

// KeyAttestations are the levels that a key attestation must name, by any one of
// each list (ISO 18045 names); an empty list asks for none.
type KeyAttestations struct {
	KeyStorage         []string `json:"key_storage,omitempty"`
	UserAuthentication []string `json:"user_authentication,omitempty"`
}

// Display is how a configuration is shown in one language.
type Display struct {
	Name            string
	Locale          string // BCP 47
	Description     string
	BackgroundColor string // CSS colour
	TextColor       string
}

// ClaimField says that a registry field is issued as a claim. Without a
// mandatory field no credential is issued; without an optional one the claim is
// left out.
type ClaimField struct {
	Field     string
	Claim     string // dots lead into objects: address.locality
	Namespace string // mso_mdoc only; "": the configuration's
	Mandatory bool
}

// Name is the configuration's name in a language, or in its first language.
func (c Configuration) Name(locale string) string {
	for _, d := range c.Display {
		if d.Locale == locale {
			return d.Name
		}
	}
	return c.Display[0].Name
}

// configurationDoc is the stored form.
type configurationDoc struct {
	Format          string           `json:"format"`
	Type            string           `json:"type,omitempty"`
	DocType         string           `json:"doctype,omitempty"` // mso_mdoc: instead of type
	Namespace       string           `json:"namespace,omitempty"`
	Alg             string           `json:"alg"`
	Suite           string           `json:"suite,omitempty"`
	Scope           string           `json:"scope,omitempty"`
	For             Subject          `json:"for,omitempty"` // "": person
	Deferred        bool             `json:"deferred,omitempty"`
	Refresh         Refresh          `json:"refresh,omitempty"` // "": at_once
	KeyAttestations *KeyAttestations `json:"key_attestations_required,omitempty"`
	StatusPurposes  []string         `json:"status_purposes,omitempty"` // none: all but message
	ValidityDays    int              `json:"validity_days"`
	Display         []displayDoc     `json:"display"`
	Fields          []fieldDoc       `json:"fields"`
}

type displayDoc struct {
	Name            string `json:"name"`
	Locale          string `json:"locale"`
	Description     string `json:"description"`
	BackgroundColor string `json:"background_color,omitempty"`
	TextColor       string `json:"text_color,omitempty"`
}

type fieldDoc struct {
	Field     string `json:"field"`
	Claim     string `json:"claim"`
	Namespace string `json:"namespace,omitempty"`
	Mandatory bool   `json:"mandatory,omitempty"`
}

func toConfiguration(id string, d configurationDoc) Configuration {
	c := Configuration{ID: id, Format: d.Format, Type: cmp.Or(d.Type, d.DocType), Namespace: d.Namespace, Alg: d.Alg, Suite: d.Suite,
		Scope: d.Scope, For: cmp.Or(d.For, ForPerson), Deferred: d.Deferred, Refresh: cmp.Or(d.Refresh, RefreshAtOnce),
		KeyAttestations: d.KeyAttestations, ValidityDays: d.ValidityDays}
	if c.StatusPurposes = d.StatusPurposes; len(c.StatusPurposes) == 0 {
		c.StatusPurposes = usualPurposes()
	}
	for _, x := range d.Display {
		c.Display = append(c.Display, Display(x))
	}
	for _, x := range d.Fields {
		c.Fields = append(c.Fields, ClaimField(x))
	}
	return c
}

// loadConfigurations stores the seed, once, and reads what is stored.
func loadConfigurations(ctx context.Context, l *ledger.Ledger, seed []byte) ([]Configuration, error) {
	var rows []struct {
		ID       string         `json:"id"`
		Document map[string]any `json:"document"`
	}
	if err := json.Unmarshal(seed, &rows); err != nil {
		return nil, fmt.Errorf("read seed configurations: %w", err)
	}
	stored := make([]ledger.Configuration, len(rows))
	for n, r := range rows {
		stored[n] = ledger.Configuration{ID: r.ID, Position: n + 1, Document: r.Document}
	}
	if err := l.SeedConfigurations(ctx, stored); err != nil {
		return nil, err
	}
	stored, err := l.Configurations(ctx)
	if err != nil {
		return nil, err
	}
	configs := make([]Configuration, len(stored))
	for n, s := range stored {
		if configs[n], err = parseConfiguration(s); err != nil {
			return nil, err
		}
		if other := slices.IndexFunc(configs[:n], configs[n].sameType); other >= 0 {
			return nil, configs[n].bad("it has the format and the type of %s", configs[other].ID)
		}
	}
	return configs, nil
}

// sameType: a verifier tells credentials by format and type, so two
// configurations must not share both.
func (c Configuration) sameType(o Configuration) bool {
	return c.Format == o.Format && c.Type == o.Type
}

func parseConfiguration(s ledger.Configuration) (Configuration, error) {
	raw, err := json.Marshal(s.Document)
	if err != nil {
		return Configuration{}, fmt.Errorf("configuration %s: %w", s.ID, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var d configurationDoc
	if err := dec.Decode(&d); err != nil {
		return Configuration{}, fmt.Errorf("configuration %s: %w", s.ID, err)
	}
	return toConfiguration(s.ID, d), nil
}

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
	claims, mandatory := map[string]bool{}, false
	for _, f := range c.Fields {
		def, known := fields[f.Field]
		switch {
		case !known:
			return c.bad("field %s is not defined", f.Field)
		case !def.Attestable || !def.Issuable:
			return c.bad("field %s is not attestable and issuable", f.Field)
		case !plainName.MatchString(f.Claim) || slices.Contains(reservedClaims(), f.Claim):
			return c.bad("claim %s is reserved or no plain name", f.Claim)
		case claims[f.Claim]:
			return c.bad("claim %s comes twice", f.Claim)
		}
		claims[f.Claim] = true
		mandatory = mandatory || f.Mandatory
	}
	if !mandatory {
		return c.bad("no field is mandatory: a credential could say nothing")
	}
	return nil
}

func (c Configuration) checkShape() error {
	switch {
	case !configID.MatchString(c.ID):
		return c.bad("the id must be 1 to 64 letters, digits, dots, dashes or underscores")
	case c.Format == oid4vci.FormatLDP && (c.Suite != suiteEdDSA || c.Alg != jose.EdDSA):
		return c.bad("an ldp_vc needs the suite %s and the algorithm %s", suiteEdDSA, jose.EdDSA)
	case c.Format == oid4vci.FormatSDJWT && (c.Suite != "" || c.Alg != jose.ES256 && c.Alg != jose.EdDSA):
		return c.bad("a dc+sd-jwt needs the algorithm %s or %s and no suite", jose.ES256, jose.EdDSA)
	case c.Format != oid4vci.FormatLDP && c.Format != oid4vci.FormatSDJWT:
		return c.bad("format %q is not known", c.Format)
	case !plainName.MatchString(c.Type):
		return c.bad("type %q is no plain name", c.Type)
	case c.For != ForPerson && c.For != ForHousehold:
		return c.bad("for must be %s or %s", ForPerson, ForHousehold)
	case c.Refresh != RefreshAccepted && c.Refresh != RefreshAtOnce:
		return c.bad("refresh must be %s or %s", RefreshAccepted, RefreshAtOnce)
	case !checkPurposes(c.StatusPurposes):
		return c.bad("status_purposes must hold revocation and suspension, and each known purpose once")
	case c.ValidityDays < 1 || c.ValidityDays > 3650:
		return c.bad("validity_days must be 1 to 3650")
	case len(c.Display) == 0 || len(c.Fields) == 0:
		return c.bad("display and fields must not be empty")
	}
	return nil
}

func (c Configuration) bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrConfiguration, c.ID, fmt.Sprintf(format, args...))
}

// Compiled once, never changed.
var (
	configID  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
)

// reservedClaims have a meaning of their own in a format (RFC 7519 §4.1, SD-JWT
// VC §3.2.2, VCDM 2.0 §4). id is among them: what becomes an id in a credential
// is an absolute IRI that the issuer makes, never a value of the registry.
func reservedClaims() []string {
	return []string{"id", "type", "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "vct", "status", "aka_vcts"}
}
