package vciclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"socialregistry/internal/jose"
)

// Grant types (RFC 6749 §4.1.3, §6; OID4VCI 1.0 §6.1).
const (
	GrantCode          = "authorization_code"
	GrantPreAuthorized = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
	GrantRefresh       = "refresh_token"
)

// Offer is a credential offer (OID4VCI 1.0 §4.1.1).
type Offer struct {
	Issuer         string   `json:"credential_issuer"`
	Configurations []string `json:"credential_configuration_ids"`
	Grants         struct {
		Code          *CodeGrant          `json:"authorization_code"`
		PreAuthorized *PreAuthorizedGrant `json:"urn:ietf:params:oauth:grant-type:pre-authorized_code"`
	} `json:"grants"`
}

// CodeGrant offers the way over the browser.
type CodeGrant struct {
	IssuerState         string `json:"issuer_state"`
	AuthorizationServer string `json:"authorization_server"`
}

// PreAuthorizedGrant offers a code that is already good.
type PreAuthorizedGrant struct {
	Code                string  `json:"pre-authorized_code"`
	TxCode              *TxCode `json:"tx_code"`
	AuthorizationServer string  `json:"authorization_server"`
}

// TxCode says that a code is needed that came another way; an empty object says
// so too.
type TxCode struct {
	InputMode   string `json:"input_mode"`
	Length      int    `json:"length"`
	Description string `json:"description"`
}

// ReadOffer takes the offer from its link: by value, or fetched by reference.
func (c *Client) ReadOffer(ctx context.Context, link string) (*Offer, error) {
	value, reference, err := ParseLink(link)
	if err != nil {
		return nil, fmt.Errorf("the offer: %w", err)
	}
	var o Offer
	if reference == "" {
		c.Say("The offer is in the link itself.")
		if _, err := jose.DecodeObject([]byte(value)); err != nil {
			return nil, fmt.Errorf("the offer: %w", err)
		}
		if err := json.Unmarshal([]byte(value), &o); err != nil {
			return nil, errors.New("the offer: a member has the wrong type")
		}
	} else {
		c.Say("Fetching the offer from %s", reference)
		if err := c.Fetch(ctx, reference, &o); over(err) {
			return nil, fmt.Errorf("the offer is used already, or over (%w)", err)
		} else if err != nil {
			return nil, fmt.Errorf("the offer: %w", err)
		}
	}
	if err := o.check(reference); err != nil {
		return nil, fmt.Errorf("the offer: %w", err)
	}
	return &o, nil
}

// over says that a server knows nothing of what was asked for, or no longer.
func over(err error) bool {
	var u *Unanswered
	return errors.As(err, &u) && (u.Status == http.StatusNotFound || u.Status == http.StatusGone)
}

// ParseLink splits the link. OID4VCI 1.0 §4.1: credential_offer and
// credential_offer_uri exclude each other.
func ParseLink(link string) (value, reference string, err error) {
	rest, ok := strings.CutPrefix(link, "openid-credential-offer://")
	if !ok {
		return "", "", errors.New("the link does not begin with openid-credential-offer://")
	}
	_, rawQuery, _ := strings.Cut(rest, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return "", "", errors.New("the link is malformed")
	}
	values, references := query["credential_offer"], query["credential_offer_uri"]
	switch {
	case len(values)+len(references) != 1:
		return "", "", errors.New("the link must have either credential_offer or credential_offer_uri, and once")
	case len(values) == 1:
		return values[0], "", nil
	}
	if _, err := CheckURL(references[0]); err != nil {
		return "", "", err
	}
	return "", references[0], nil
}

// check holds an offer to OID4VCI 1.0 §4.1.1. It is not signed: all that it can
// do is to name an issuer, so one that stands on another host than its issuer is
// refused as a lure. (The specification leaves that open.)
func (o *Offer) check(reference string) error {
	issuer, err := CheckURL(o.Issuer)
	if err != nil {
		return fmt.Errorf("credential_issuer: %w", err)
	}
	if issuer.RawQuery != "" || issuer.ForceQuery { // §12.2.1
		return errors.New("credential_issuer has a query")
	}
	if reference != "" {
		from, err := url.Parse(reference)
		if err != nil || from.Scheme != issuer.Scheme || from.Host != issuer.Host {
			return fmt.Errorf("it stands at %s, but is for another issuer, %s", reference, o.Issuer)
		}
	}
	ids := slices.Sorted(slices.Values(o.Configurations))
	if len(ids) == 0 || ids[0] == "" || len(slices.Compact(ids)) != len(o.Configurations) {
		return errors.New("credential_configuration_ids must be there, and none twice")
	}
	if slices.ContainsFunc(ids, func(id string) bool { return strings.ContainsFunc(id, unicode.IsControl) }) {
		return errors.New("credential_configuration_ids has a control character")
	}
	if o.Grants.PreAuthorized != nil && o.Grants.PreAuthorized.Code == "" {
		return errors.New("its pre-authorized code is empty")
	}
	if o.Grants.PreAuthorized == nil && o.Grants.Code == nil {
		return errors.New("it has neither a pre-authorized code nor the way over the browser, the only ways that this wallet knows")
	}
	return nil
}

// AuthorizationServer is the one that the offer names, "" for none.
func (o *Offer) AuthorizationServer() string {
	switch {
	case o.Grants.PreAuthorized != nil:
		return o.Grants.PreAuthorized.AuthorizationServer
	case o.Grants.Code != nil:
		return o.Grants.Code.AuthorizationServer
	}
	return ""
}

// CheckTxCode finds a wrong transaction code before the server counts it as a
// try (OID4VCI 1.0 §4.1.1, §6.1).
func (g *PreAuthorizedGrant) CheckTxCode(code string) error {
	switch {
	case g.TxCode == nil && code != "":
		return errors.New("this offer takes no transaction code: leave --tx-code out")
	case g.TxCode == nil:
		return nil
	case code == "":
		return fmt.Errorf("this offer needs a transaction code (%s): give it by --tx-code", g.TxCode)
	case g.TxCode.Length > 0 && len([]rune(code)) != g.TxCode.Length:
		return fmt.Errorf("the transaction code must have %d characters", g.TxCode.Length)
	case g.TxCode.InputMode != "text" && strings.Trim(code, "0123456789") != "":
		return errors.New("the transaction code has digits only")
	}
	return nil
}

// String tells a person where to look for the code.
func (c *TxCode) String() string {
	words := "you got it another way"
	if c.Description != "" {
		words = Printable(c.Description)
	}
	if c.Length > 0 {
		words += fmt.Sprintf(", %d characters", c.Length)
	}
	return words
}
