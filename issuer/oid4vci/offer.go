package oid4vci

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"socialregistry/issuer/oauth"
)

// scheme begins every link that opens a wallet (OID4VCI 1.0 §4.1).
const scheme = "openid-credential-offer://?"

// Limits of an offer.
const (
	MaxQR             = 1800 // bytes of a link that a phone still reads well as a QR code
	maxTxDescription  = 300  // characters (OID4VCI 1.0 §4.1.1)
	maxConfigurations = 32   // configurations in one offer
)

// Sentinels of this file.
var (
	// ErrTooLong says that a link does not fit a QR code; offer by reference.
	ErrTooLong = errors.New("oid4vci: link is too long for a QR code")
	// ErrOffer says that an offer breaks a rule of OID4VCI 1.0 §4.1.1.
	ErrOffer = errors.New("oid4vci: bad credential offer")
)

// Offer is a credential offer with the pre-authorized code grant, the
// authorization code grant, or both (OID4VCI 1.0 §4.1.1). It holds nothing about
// the person.
type Offer struct {
	Issuer            string
	ConfigIDs         []string
	PreAuthorizedCode string  // "" = not by this grant
	TxCode            *TxCode // nil = the wallet need not ask for a transaction code
	AuthorizationCode bool    // by the authorization code grant
	IssuerState       string  // of that grant
}

// The input modes of a transaction code (OID4VCI 1.0 §4.1.1).
const (
	TxCodeNumeric = "numeric" // digits only
	TxCodeText    = "text"    // any characters
)

// TxCode describes the transaction code that the person gets by another way. It
// never holds the code itself. Length is in characters, 0 if not told.
type TxCode struct {
	InputMode   string `json:"input_mode,omitempty"` // TxCodeNumeric (the default) or TxCodeText
	Length      int    `json:"length,omitempty"`
	Description string `json:"description,omitempty"`
}

type preAuthorizedGrant struct {
	Code   string  `json:"pre-authorized_code"`
	TxCode *TxCode `json:"tx_code,omitempty"`
}

type authorizationGrant struct {
	IssuerState string `json:"issuer_state,omitempty"`
}

// Document gives the offer as JSON: the body behind credential_offer_uri, and
// what Link puts into the link. It returns ErrOffer if a rule is broken.
func (o Offer) Document() ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	grants := map[string]any{}
	if o.PreAuthorizedCode != "" {
		grants[oauth.GrantPreAuthorizedCode] = preAuthorizedGrant{Code: o.PreAuthorizedCode, TxCode: o.TxCode}
	}
	if o.AuthorizationCode {
		grants[oauth.GrantAuthorizationCode] = authorizationGrant{IssuerState: o.IssuerState}
	}
	return json.Marshal(struct {
		Issuer    string         `json:"credential_issuer"`
		ConfigIDs []string       `json:"credential_configuration_ids"`
		Grants    map[string]any `json:"grants"`
	}{o.Issuer, o.ConfigIDs, grants})
}

func (o Offer) check() error {
	switch {
	case o.Issuer == "" || o.PreAuthorizedCode == "" && !o.AuthorizationCode:
		return fmt.Errorf("%w: issuer or grant is missing", ErrOffer)
	case o.TxCode != nil && o.PreAuthorizedCode == "":
		return fmt.Errorf("%w: a transaction code goes with a pre-authorized code", ErrOffer)
	case len(o.ConfigIDs) == 0 || len(o.ConfigIDs) > maxConfigurations || slices.Contains(o.ConfigIDs, ""):
		return fmt.Errorf("%w: 1 to %d configurations", ErrOffer, maxConfigurations)
	case len(slices.Compact(slices.Sorted(slices.Values(o.ConfigIDs)))) != len(o.ConfigIDs):
		return fmt.Errorf("%w: a configuration comes twice", ErrOffer)
	}
	return o.TxCode.check()
}

func (c *TxCode) check() error {
	switch {
	case c == nil:
		return nil
	case c.InputMode != "" && c.InputMode != TxCodeNumeric && c.InputMode != TxCodeText:
		return fmt.Errorf("%w: input_mode is numeric or text", ErrOffer)
	case c.Length < 0 || len([]rune(c.Description)) > maxTxDescription:
		return fmt.Errorf("%w: length or description of tx_code", ErrOffer)
	}
	return nil
}

// Link gives the link that carries the offer by value. It returns ErrOffer, or
// ErrTooLong beyond MaxQR bytes.
func (o Offer) Link() (string, error) {
	doc, err := o.Document()
	if err != nil {
		return "", err
	}
	link := scheme + "credential_offer=" + escape(string(doc))
	if len(link) > MaxQR {
		return "", ErrTooLong
	}
	return link, nil
}

// LinkTo gives the link that names the URL where the offer is (by reference).
func LinkTo(offerURL string) string {
	return scheme + "credential_offer_uri=" + escape(offerURL)
}

// escape writes a space as %20: a wallet that decodes percent signs only would
// read a plus sign as itself. The link is put together by hand because
// url.URL.String writes an empty host away ("openid-credential-offer:?...").
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
