package oid4vci

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"socialregistry/internal/jose"
)

// Formats of OID4VCI 1.0 appendix A that the issuer knows.
const (
	FormatSDJWT = "dc+sd-jwt"   // appendix A.3
	FormatLDP   = "ldp_vc"      // appendix A.1.2
	FormatJWTVC = "jwt_vc_json" // appendix A.1.1
	FormatMdoc  = "mso_mdoc"    // appendix A.2
)

// ErrMetadata says that metadata breaks a rule of OID4VCI 1.0 §12.2.4.
var ErrMetadata = errors.New("oid4vci: bad issuer metadata")

// Metadata is the credential issuer's self-description (OID4VCI 1.0 §12.2.4).
// It has the members of what exists and no others. The issuer is its own
// authorization server, so authorization_servers is absent.
type Metadata struct {
	CredentialIssuer     string                   `json:"credential_issuer"`
	CredentialEndpoint   string                   `json:"credential_endpoint"`
	NonceEndpoint        string                   `json:"nonce_endpoint"`
	DeferredEndpoint     string                   `json:"deferred_credential_endpoint"`
	NotificationEndpoint string                   `json:"notification_endpoint"`
	RequestEncryption    *RequestEncryption       `json:"credential_request_encryption,omitempty"`
	ResponseEncryption   *EncryptionSupport       `json:"credential_response_encryption,omitempty"`
	Batch                *Batch                   `json:"batch_credential_issuance,omitempty"`
	Display              []Display                `json:"display,omitempty"`
	Configurations       map[string]Configuration `json:"credential_configurations_supported"`
}

// RequestEncryption says how a request may be encrypted (§10, §12.2.4), and by
// which keys.
type RequestEncryption struct {
	JWKS     KeySet   `json:"jwks"`
	Encs     []string `json:"enc_values_supported"`
	Zips     []string `json:"zip_values_supported"`
	Required bool     `json:"encryption_required"`
}

// KeySet is a set of public keys (RFC 7517 §5).
type KeySet struct {
	Keys []map[string]any `json:"keys"`
}

// EncryptionSupport says how an answer may be encrypted (§10, §12.2.4).
type EncryptionSupport struct {
	Algs     []string `json:"alg_values_supported"`
	Encs     []string `json:"enc_values_supported"`
	Zips     []string `json:"zip_values_supported"`
	Required bool     `json:"encryption_required"`
}

// Batch says how many keys a request may have, two at least (§12.2.4).
type Batch struct {
	Size int `json:"batch_size"`
}

// WithEncryption gives the metadata with both encryptions, requests being
// encrypted to jwk.
func (m Metadata) WithEncryption(jwk map[string]any, required bool) Metadata {
	zips := []string{jose.DEF}
	m.RequestEncryption = &RequestEncryption{JWKS: KeySet{[]map[string]any{jwk}}, Encs: jose.Encs(), Zips: zips, Required: required}
	m.ResponseEncryption = &EncryptionSupport{Algs: []string{jose.ECDHES}, Encs: jose.Encs(), Zips: zips, Required: required}
	return m
}

// WithBatch gives the metadata with the size of a batch, if there are batches.
func (m Metadata) WithBatch(size int) Metadata {
	if size > 1 {
		m.Batch = &Batch{Size: size}
	}
	return m
}

// Configuration describes one kind of credential. Make it with the function of
// its format. CredentialMetadata is always
// there: wallets tell by it that the issuer speaks 1.0 and no earlier draft.
type Configuration struct {
	Format             string               `json:"format"`
	Scope              string               `json:"scope,omitempty"`
	VCT                string               `json:"vct,omitempty"`
	DocType            string               `json:"doctype,omitempty"`
	Definition         *Definition          `json:"credential_definition,omitempty"`
	SigningAlgs        []any                `json:"credential_signing_alg_values_supported"`
	BindingMethods     []string             `json:"cryptographic_binding_methods_supported"`
	ProofTypes         map[string]ProofType `json:"proof_types_supported"`
	CredentialMetadata CredentialMetadata   `json:"credential_metadata"`
}

// Definition names the types of a W3C credential and, of an ldp_vc, its JSON-LD
// contexts (appendices A.1.1 and A.1.2).
type Definition struct {
	Context []string `json:"@context,omitempty"`
	Type    []string `json:"type"`
}

// ProofType lists the JOSE algorithms of one proof type, and says what must be
// attested of its keys; nil: nothing.
type ProofType struct {
	Algs            []string         `json:"proof_signing_alg_values_supported"`
	KeyAttestations *KeyAttestations `json:"key_attestations_required,omitempty"`
}

// KeyAttestations are the levels of which a key attestation must name one each
// (§12.2.4, appendix D.2); an empty list asks for none.
type KeyAttestations struct {
	KeyStorage         []string `json:"key_storage,omitempty"`
	UserAuthentication []string `json:"user_authentication,omitempty"`
}

// WithKeyAttestations gives the configuration with key attestations required of
// proofs. A credential that binds to a bare key may then be had by a key
// attestation alone (appendix F.3).
func (c Configuration) WithKeyAttestations(required KeyAttestations) Configuration {
	c.ProofTypes = map[string]ProofType{"jwt": {ProofAlgs(), &required}}
	if slices.Contains(c.BindingMethods, BindJWK) {
		c.ProofTypes["attestation"] = ProofType{ProofAlgs(), &required}
	}
	return c
}

// CredentialMetadata says how to show a credential and its claims.
type CredentialMetadata struct {
	Display []Display `json:"display"`
	Claims  []Claim   `json:"claims"`
}

// Display is a name in one language; Locale is a BCP 47 tag.
type Display struct {
	Name            string           `json:"name"`
	Locale          string           `json:"locale"`
	Logo            *Logo            `json:"logo,omitempty"`
	Description     string           `json:"description,omitempty"`
	BackgroundColor string           `json:"background_color,omitempty"` // CSS colour
	BackgroundImage *BackgroundImage `json:"background_image,omitempty"`
	TextColor       string           `json:"text_color,omitempty"`
}

// Logo is a picture, and what it shows in words.
type Logo struct {
	URI     string `json:"uri"`
	AltText string `json:"alt_text,omitempty"`
}

// BackgroundImage is a picture behind a credential's name.
type BackgroundImage struct {
	URI string `json:"uri"`
}

// Claim describes one claim. Path is a claims path pointer (appendix C) of
// member names from the top of the credential: {"credentialSubject",
// "birthDate"} or {"birth_date"}.
type Claim struct {
	Path      []string  `json:"path"`
	Mandatory bool      `json:"mandatory,omitempty"`
	Display   []Display `json:"display,omitempty"`
}

// ProofAlgs are the algorithms of wallets' proofs that the issuer takes.
func ProofAlgs() []string { return []string{"ES256", "EdDSA"} }

// NewSDJWTConfiguration describes a dc+sd-jwt of type vct (appendix A.3),
// signed with one of algs (JOSE names). A wallet binds it to a bare key or to
// a did:key or did:jwk.
func NewSDJWTConfiguration(vct string, algs []string, meta CredentialMetadata) Configuration {
	return Configuration{
		Format:             FormatSDJWT,
		VCT:                vct,
		SigningAlgs:        names(algs),
		BindingMethods:     []string{BindJWK, BindDIDKey, BindDIDJWK},
		ProofTypes:         jwtProofs(),
		CredentialMetadata: meta,
	}
}

// NewLDPConfiguration describes an ldp_vc (appendix A.1.2) with these contexts
// and types, secured by one of suites (Data Integrity cryptosuite names). A
// wallet binds it to a did:key or did:jwk.
func NewLDPConfiguration(contexts, types, suites []string, meta CredentialMetadata) Configuration {
	return Configuration{
		Format:             FormatLDP,
		Definition:         &Definition{Context: contexts, Type: types},
		SigningAlgs:        names(suites),
		BindingMethods:     []string{BindDIDKey, BindDIDJWK},
		ProofTypes:         jwtProofs(),
		CredentialMetadata: meta,
	}
}

// NewJWTVCConfiguration describes a jwt_vc_json of these types (appendix A.1.1),
// signed with one of algs (JOSE names). A wallet binds it to a did:key or did:jwk.
func NewJWTVCConfiguration(types, algs []string, meta CredentialMetadata) Configuration {
	return Configuration{
		Format:             FormatJWTVC,
		Definition:         &Definition{Type: types},
		SigningAlgs:        names(algs),
		BindingMethods:     []string{BindDIDKey, BindDIDJWK},
		ProofTypes:         jwtProofs(),
		CredentialMetadata: meta,
	}
}

// coseES256 is ES256 in COSE (RFC 9053 §2.1), by which appendix A.2.2 names
// algorithms.
const coseES256 = -7

// NewMdocConfiguration describes an mso_mdoc of a document type (appendix A.2),
// signed with ES256. A wallet binds it to a bare key.
func NewMdocConfiguration(docType string, meta CredentialMetadata) Configuration {
	return Configuration{
		Format:             FormatMdoc,
		DocType:            docType,
		SigningAlgs:        []any{coseES256},
		BindingMethods:     []string{BindJWK, BindCOSEKey},
		ProofTypes:         jwtProofs(),
		CredentialMetadata: meta,
	}
}

func names(list []string) []any {
	out := make([]any, len(list))
	for n, s := range list {
		out[n] = s
	}
	return out
}

func jwtProofs() map[string]ProofType { return map[string]ProofType{"jwt": {Algs: ProofAlgs()}} }

// Check returns ErrMetadata, with the place in words, if a rule of §12.2.4 is
// broken. Call it once at start: a wrong configuration must never be served.
func (m Metadata) Check() error {
	for _, u := range []string{m.CredentialIssuer, m.CredentialEndpoint, m.NonceEndpoint, m.DeferredEndpoint, m.NotificationEndpoint} {
		if err := checkURL(u); err != nil {
			return err
		}
	}
	if m.Batch != nil && m.Batch.Size < 2 {
		return fmt.Errorf("%w: batch_size must be 2 at least", ErrMetadata)
	}
	if len(m.Configurations) == 0 {
		return fmt.Errorf("%w: no credential configuration", ErrMetadata)
	}
	if err := checkDisplays("display", m.Display, 0); err != nil {
		return err
	}
	for id, c := range m.Configurations {
		if err := c.check(); err != nil {
			return fmt.Errorf("%w in configuration %q", err, id)
		}
		if id == "" || len(id) > maxIdentifier {
			return fmt.Errorf("%w: configuration id %q", ErrMetadata, id)
		}
	}
	return nil
}

// checkURL: absolute, without query and fragment (§12.2.1). That http is for
// loopback only is held where the public URL is read.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Fragment != "" || u.RawQuery != "" || strings.HasSuffix(s, "#") {
		return fmt.Errorf("%w: %q is not an absolute http(s) URL without query and fragment", ErrMetadata, s)
	}
	return nil
}

func (c Configuration) check() error {
	switch {
	case c.Format == FormatSDJWT && c.VCT == "":
		return fmt.Errorf("%w: vct is missing", ErrMetadata)
	case c.Format == FormatLDP && (c.Definition == nil || len(c.Definition.Context) == 0 || len(c.Definition.Type) == 0):
		return fmt.Errorf("%w: credential_definition is missing", ErrMetadata)
	case c.Format == FormatJWTVC && (c.Definition == nil || len(c.Definition.Type) == 0):
		return fmt.Errorf("%w: credential_definition is missing", ErrMetadata)
	case c.Format == FormatMdoc && c.DocType == "":
		return fmt.Errorf("%w: doctype is missing", ErrMetadata)
	case !slices.Contains([]string{FormatSDJWT, FormatLDP, FormatJWTVC, FormatMdoc}, c.Format):
		return fmt.Errorf("%w: format %q is not known", ErrMetadata, c.Format)
	case len(c.SigningAlgs) == 0 || len(c.BindingMethods) == 0 || len(c.ProofTypes["jwt"].Algs) == 0:
		return fmt.Errorf("%w: algorithms, binding methods and the proof type jwt must be listed", ErrMetadata)
	case len(c.CredentialMetadata.Claims) == 0:
		return fmt.Errorf("%w: no claim is described", ErrMetadata)
	}
	for _, claim := range c.CredentialMetadata.Claims {
		if len(claim.Path) == 0 {
			return fmt.Errorf("%w: a claim without path", ErrMetadata)
		}
		if err := checkDisplays(strings.Join(claim.Path, "."), claim.Display, 0); err != nil {
			return err
		}
	}
	return checkDisplays("credential_metadata", c.CredentialMetadata.Display, 1)
}

// checkDisplays: a name in each, one object per language (§12.2.4).
func checkDisplays(where string, displays []Display, least int) error {
	if len(displays) < least {
		return fmt.Errorf("%w: %s has no display", ErrMetadata, where)
	}
	seen := map[string]bool{}
	for _, d := range displays {
		if d.Name == "" || d.Locale == "" || seen[d.Locale] {
			return fmt.Errorf("%w: %s needs one name per language", ErrMetadata, where)
		}
		seen[d.Locale] = true
	}
	return nil
}
