package issuer

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"socialregistry/issuer/claim169"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// The configurations of a new installation. They are stored at the first start
// and are data from then on.
//
//go:embed configurations.json
var seedConfigurations []byte

// Configuration is one kind of credential: its format, its type, and which
// field of the registry becomes which claim.
type Configuration struct {
	ID          string
	Format      string // oid4vci.FormatSDJWT, FormatLDP, FormatJWTVC or FormatMdoc
	Type        string // ldp_vc and jwt_vc_json: the credential's type; dc+sd-jwt: the last part of the vct URL; mso_mdoc: the doctype
	Namespace   string // mso_mdoc: where claims stand that name no namespace of their own; "": the doctype
	Alg         string // JOSE name of the algorithm of the signing key
	Suite       string // ldp_vc: the Data Integrity cryptosuite
	Scope       string // OAuth scope that stands for the configuration (OID4VCI 1.0 §5.1.2); "": none
	For         Subject
	HolderRoles []string // of a household: which of its members may hold the credential
	Deferred    bool     // a mandatory detail that awaits attestation defers the credential (§9) instead of refusing it
	Refresh     Refresh  // what becomes of the old credential when it is issued anew (§14.5)
	// ConsentEnd says what becomes of a credential when the consent that it was issued
	// under is withdrawn.
	ConsentEnd ConsentEnd
	OwnOnly    bool // of a person: no guardian may hold it for a ward
	// RefreshDays is for how long RefreshAccepted waits for the wallet's word.
	RefreshDays int
	// KeyAttestations says what the wallet must attest of the holder's keys
	// (§12.2.4, appendix D); nil: nothing.
	KeyAttestations *KeyAttestations
	// StatusPurposes are the status lists that a W3C credential names (Bitstring
	// Status List 1.0 §2.1): revocation, suspension, refresh, and message if asked for.
	StatusPurposes []string
	// Visible are the claims of a dc+sd-jwt, and the objects that claims stand in, that
	// the holder cannot leave out.
	Visible []string
	// Decoys is how many digests of nothing a dc+sd-jwt has wherever it hides
	// something (RFC 9901 §4.2.5).
	Decoys       int
	ValidityDays int
	// PaperDays is for how long what is printed of it is valid, never longer than the
	// credential; 0: nothing is printed of it.
	PaperDays    int
	PaperProfile claim169.Profile
	Display      []Display
	Fields       []ClaimField
}

// Subject is whom a credential is about.
type Subject string

// The subjects: a person, or the household of its holder.
const (
	ForPerson    Subject = "person"
	ForHousehold Subject = "household"
)

// subjectOf says whom a record of a kind is about; "" for kinds of which nothing
// is issued.
func subjectOf(kind string) Subject {
	switch kind {
	case registry.PersonKind:
		return ForPerson
	case registry.HouseholdKind:
		return ForHousehold
	}
	return ""
}

// Refresh says when the old credential is withdrawn once a new one is issued.
type Refresh string

// The policies: when the wallet says that it took the new one (OID4VCI 1.0 §11),
// or with the issue.
const (
	RefreshAccepted Refresh = "accepted"
	RefreshAtOnce   Refresh = "at_once"
)

// ConsentEnd is what a withdrawn consent does to a credential.
type ConsentEnd string

// The policies. In both nothing new is issued and nothing is refreshed.
const (
	KeepIssued     ConsentEnd = "keep"
	WithdrawIssued ConsentEnd = "withdraw"
)

// usualRefreshDays is long enough for a wallet that is offline for a while.
const usualRefreshDays = 14

// usualPaperDays is short: a paper is good for whoever holds it, and readers without
// network may know its status only as it was.
const usualPaperDays = 30

// grace is how long the old credential stays valid beside a new one, if the wallet
// says nothing.
func (c Configuration) grace() time.Duration {
	if c.Refresh == RefreshAtOnce {
		return 0
	}
	return time.Duration(c.RefreshDays) * 24 * time.Hour
}

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
	BackgroundColor string // CSS colour, #rrggbb
	TextColor       string
	Logo            *Picture // nil: the issuer's
	BackgroundImage *Picture // nil: one that is drawn in BackgroundColor
}

// Picture is one that is served elsewhere.
type Picture struct {
	URI     string `json:"uri"` // https
	AltText string `json:"alt_text,omitempty"`
}

// ClaimField says that a registry field is issued as a claim. Without a
// mandatory field no credential is issued; without an optional one the claim is
// left out.
type ClaimField struct {
	Field     string
	Claim     string // dots lead into objects: address.locality
	Namespace string // mso_mdoc only; "": the configuration's
	Mandatory bool
	Elements  bool // dc+sd-jwt only: of a list, the holder may leave out each element on its own
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

// Configurations gives every configuration, in the order of their ids.
func (i *Issuer) Configurations() []Configuration { return slices.Clone(i.configs) }

// configurationDoc is the stored form.
type configurationDoc struct {
	Format          string           `json:"format"`
	Type            string           `json:"type,omitempty"`
	DocType         string           `json:"doctype,omitempty"` // mso_mdoc: instead of type
	Namespace       string           `json:"namespace,omitempty"`
	Alg             string           `json:"alg"`
	Suite           string           `json:"suite,omitempty"`
	Scope           string           `json:"scope,omitempty"`
	For             Subject          `json:"for,omitempty"`          // "": person
	HolderRoles     []string         `json:"holder_roles,omitempty"` // household: none means head
	Deferred        bool             `json:"deferred,omitempty"`
	Refresh         Refresh          `json:"refresh,omitempty"`      // "": at_once
	RefreshDays     int              `json:"refresh_days,omitempty"` // none: 14
	ConsentEnd      ConsentEnd       `json:"consent_end,omitempty"`  // "": keep
	OwnOnly         bool             `json:"own_only,omitempty"`
	KeyAttestations *KeyAttestations `json:"key_attestations_required,omitempty"`
	StatusPurposes  []string         `json:"status_purposes,omitempty"` // none: all but message
	Visible         []string         `json:"visible,omitempty"`
	Decoys          *int             `json:"decoys,omitempty"` // none: 3, of a dc+sd-jwt
	ValidityDays    int              `json:"validity_days"`
	PaperDays       *int             `json:"paper_days,omitempty"`    // none: 30, or validity_days if that is less
	PaperProfile    claim169.Profile `json:"paper_profile,omitempty"` // "": spec
	Display         []displayDoc     `json:"display"`
	Fields          []fieldDoc       `json:"fields"`
}

type displayDoc struct {
	Name            string `json:"name"`
	Locale          string `json:"locale"`
	Description     string `json:"description"`
	BackgroundColor string `json:"background_color,omitempty"`
	TextColor       string `json:"text_color,omitempty"`

	Logo            *Picture `json:"logo,omitempty"`
	BackgroundImage *Picture `json:"background_image,omitempty"`
}

type fieldDoc struct {
	Field     string `json:"field"`
	Claim     string `json:"claim"`
	Namespace string `json:"namespace,omitempty"`
	Mandatory bool   `json:"mandatory,omitempty"`
	Elements  bool   `json:"elements,omitempty"`
}

func toConfiguration(id string, d configurationDoc) Configuration {
	c := Configuration{ID: id, Format: d.Format, Type: cmp.Or(d.Type, d.DocType), Namespace: d.Namespace, Alg: d.Alg, Suite: d.Suite,
		Scope: cmp.Or(d.Scope, id), For: cmp.Or(d.For, ForPerson), Deferred: d.Deferred, Refresh: cmp.Or(d.Refresh, RefreshAtOnce),
		RefreshDays: cmp.Or(d.RefreshDays, usualRefreshDays),
		ConsentEnd:  cmp.Or(d.ConsentEnd, KeepIssued), OwnOnly: d.OwnOnly,
		HolderRoles: d.HolderRoles, KeyAttestations: d.KeyAttestations, ValidityDays: d.ValidityDays, Visible: d.Visible}
	c.PaperDays, c.PaperProfile = min(usualPaperDays, c.ValidityDays), cmp.Or(d.PaperProfile, claim169.Spec)
	if d.PaperDays != nil {
		c.PaperDays = *d.PaperDays
	}
	if c.For == ForHousehold && len(c.HolderRoles) == 0 {
		c.HolderRoles = []string{registry.HeadRole}
	}
	if c.StatusPurposes = d.StatusPurposes; len(c.StatusPurposes) == 0 {
		c.StatusPurposes = usualPurposes()
	}
	switch {
	case d.Decoys != nil:
		c.Decoys = *d.Decoys
	case c.Format == oid4vci.FormatSDJWT:
		c.Decoys = usualDecoys
	}
	for _, x := range d.Display {
		x.BackgroundColor, x.TextColor = cmp.Or(x.BackgroundColor, "#14532d"), cmp.Or(x.TextColor, "#ffffff")
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
// configurations must not share both, unless they say the same and are only
// signed in another way.
func (c Configuration) sameType(o Configuration) bool {
	return c.Format == o.Format && c.Type == o.Type && (c.Suite == o.Suite || !slices.Equal(c.Fields, o.Fields))
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
