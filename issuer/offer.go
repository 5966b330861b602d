package issuer

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// txCodeLength is the length of a transaction code: five tries of a million, or
// of more.
const txCodeLength = 6

// Offer is a credential offer as its maker sees it.
type Offer struct {
	ID         string
	Issuer     string    // name of the one that made it, "" = the one at the root
	About      uuid.UUID // whose record it is about
	URI        string    // openid-credential-offer:// link by reference: short, for the QR code; "": not for the reader
	URIByValue string    // the same by value; "" if it is too long for a QR code, or the offer is over
	TxCode     string    // told once, to whoever makes the offer; it goes to the person by another way; "" if there is none, or TxCodeSent
	TxCodeSent bool      // staff made the offer, and the code goes to the person by the hook
	ConfigIDs  []string
	ExpiresAt  time.Time
	State      string    // waiting, redeemed, issued, expired, cancelled
	Replaces   uuid.UUID // the credential in whose place it is; zero: in nobody's
}

// GrantKind is a way in which an offer is redeemed.
type GrantKind = ledger.GrantKind

// The grants of an offer, and what a transaction code is made of.
const (
	AuthorizationCode = ledger.AuthorizationCode // the person signs in
	PreAuthorizedCode = ledger.PreAuthorizedCode // whoever has the link

	TxCodeNumeric = oid4vci.TxCodeNumeric
	TxCodeText    = oid4vci.TxCodeText
)

// NewOffer is what an offer is made of.
type NewOffer struct {
	RegistrantID uuid.UUID
	ConfigIDs    []string
	GrantTypes   []ledger.GrantKind // AuthorizationCode, PreAuthorizedCode or both
	// TxCodeMode asks for a transaction code with the pre-authorized code:
	// oid4vci.TxCodeNumeric or TxCodeText; "" = none.
	TxCodeMode string
}

// CreateOffer is MakeOffer for the pre-authorized code grant, perhaps with a
// numeric transaction code.
func (i *Issuer) CreateOffer(ctx context.Context, a registry.Actor, registrantID uuid.UUID, configIDs []string, withTxCode bool) (Offer, error) {
	n := NewOffer{RegistrantID: registrantID, ConfigIDs: configIDs, GrantTypes: []ledger.GrantKind{ledger.PreAuthorizedCode}}
	if withTxCode {
		n.TxCodeMode = oid4vci.TxCodeNumeric
	}
	return i.MakeOffer(ctx, a, n)
}

// MakeOffer makes an offer of one or more configurations to a registrant.
// Registrants may make one for themselves, for their wards and for the household
// that they stand for, and then hold what is issued; admins and registrars for
// anybody; all others are refused. It lives ten minutes and is redeemed once, by
// whichever of its grants.
//
// Whether the details are attested is not asked here but when the credential is
// requested, for they may change in between; see Readiness for what to tell the
// person beforehand.
//
// It returns Unauthenticated, Forbidden, NotFound (also for somebody else's
// record), Invalid "unknown_configuration", "bad_offer", or Conflict "no_contact" where
// a transaction code is to be sent and there is no way, or "suspended" where one of the
// kind is.
func (i *Issuer) MakeOffer(ctx context.Context, a registry.Actor, n NewOffer) (Offer, error) {
	if err := i.may(ctx, a, toOffer, n.RegistrantID); err != nil {
		return Offer{}, err
	}
	if err := i.checkOffer(n); err != nil {
		return Offer{}, err
	}
	heldBy, err := i.holderOf(ctx, a, n.RegistrantID, n.ConfigIDs)
	if err != nil {
		return Offer{}, err
	}
	return i.makeOffer(ctx, a, ledger.Offer{RegistrantID: n.RegistrantID, RepresentativeID: heldBy, ConfigIDs: n.ConfigIDs,
		GrantTypes: n.GrantTypes, TxCodeMode: n.TxCodeMode, CreatedBy: a.AccountID.String()})
}

// makeOffer stores an offer, and makes its transaction code if it asks for one. The
// code is for whoever makes the offer, or leaves by the hook: see sendsTxCode.
func (i *Issuer) makeOffer(ctx context.Context, a registry.Actor, o ledger.Offer) (Offer, error) {
	if err := i.checkSuspended(ctx, o); err != nil {
		return Offer{}, err
	}
	sends, err := i.sendsTxCode(ctx, a, o)
	if err != nil {
		return Offer{}, err
	}
	o.ID = secret.RandomID(16)
	txCode := newTxCode(o.TxCodeMode)
	if txCode != "" {
		o.TxCodeHash = i.txCodeHash(o.ID, txCode)
	}
	if sends {
		if o.SealedCode, err = i.sealTxCode(o, txCode); err != nil {
			return Offer{}, err
		}
		txCode = ""
	}
	if o, err = i.ledger.CreateOffer(ctx, o, offerLife); err != nil {
		return Offer{}, err
	}
	out, err := i.toOffer(o)
	out.TxCode, out.TxCodeSent = txCode, sends
	return out, err
}

// checkOffer refuses an offer that no wallet could redeem.
func (i *Issuer) checkOffer(n NewOffer) error {
	bad := func(detail string) error { return fault.New(fault.Invalid, "bad_offer", detail) }
	for _, g := range n.GrantTypes {
		if g != ledger.AuthorizationCode && g != ledger.PreAuthorizedCode {
			return bad("The grants of an offer are the authorization code and the pre-authorized code.")
		}
	}
	switch {
	case len(n.GrantTypes) == 0 || repeats(n.GrantTypes):
		return bad("Name one grant or two, each once.")
	case n.TxCodeMode != "" && n.TxCodeMode != oid4vci.TxCodeNumeric && n.TxCodeMode != oid4vci.TxCodeText:
		return bad("A transaction code is numeric or text.")
	case n.TxCodeMode != "" && !slices.Contains(n.GrantTypes, ledger.PreAuthorizedCode):
		return bad("A transaction code goes with a pre-authorized code.")
	}
	return i.checkConfigIDs(n.ConfigIDs)
}

// newTxCode makes a transaction code; "" for no mode.
func newTxCode(mode string) string {
	switch mode {
	case oid4vci.TxCodeNumeric:
		return secret.RandomDigits(txCodeLength)
	case oid4vci.TxCodeText:
		return secret.RandomText(txCodeLength)
	}
	return ""
}

// Offer gives an offer and how far it went; what redeems it only to those who may make
// one. It returns NotFound for an unknown one and for somebody else's.
func (i *Issuer) Offer(ctx context.Context, a registry.Actor, id string) (Offer, error) {
	o, err := i.offerFor(ctx, a, toSee, id)
	if err != nil {
		return Offer{}, err
	}
	out, err := i.toOffer(o)
	if err == nil && i.may(ctx, a, toOffer, o.RegistrantID) != nil {
		out.URI, out.URIByValue = "", ""
	}
	return out, err
}

// CancelOffer ends an offer: its code is no longer redeemed, and a token that
// came from it gets no credential. It returns NotFound as Offer does.
func (i *Issuer) CancelOffer(ctx context.Context, a registry.Actor, id string) error {
	if _, err := i.offerFor(ctx, a, toOffer, id); err != nil {
		return err
	}
	return i.ledger.CancelOffer(ctx, id, a.AccountID.String())
}

// OfferDocument is the body behind an offer by reference (OID4VCI 1.0 §4.1.3).
// It may be fetched more than once; wallets do. Unknown, redeemed, expired and
// cancelled offers are one and the same NotFound.
func (i *Issuer) OfferDocument(ctx context.Context, id string) ([]byte, error) {
	gone := fault.New(fault.NotFound, "offer_not_found", "There is no such offer, or it is over.")
	o, err := i.ledger.WaitingOffer(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	message, err := i.offerMessage(o)
	if err != nil {
		return nil, err
	}
	return message.Document()
}

func (i *Issuer) offerFor(ctx context.Context, a registry.Actor, act action, id string) (ledger.Offer, error) {
	if err := inScope(a, act); err != nil {
		return ledger.Offer{}, err
	}
	o, err := i.ledger.Offer(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return o, notFound()
	}
	if err != nil {
		return o, err
	}
	return o, i.may(ctx, a, act, o.RegistrantID)
}

func (i *Issuer) checkConfigIDs(ids []string) error {
	for n, id := range ids {
		if _, ok := i.configuration(id); !ok || slices.Contains(ids[:n], id) {
			return fault.New(fault.Invalid, "unknown_configuration", "A credential configuration is unknown or named twice.")
		}
	}
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "unknown_configuration", "Name at least one credential configuration.")
	}
	return nil
}

func (i *Issuer) toOffer(o ledger.Offer) (Offer, error) {
	out := Offer{ID: o.ID, Issuer: i.name, About: o.RegistrantID, Replaces: o.Replaces, ConfigIDs: o.ConfigIDs, ExpiresAt: o.ExpiresAt, State: i.offerState(o),
		URI: oid4vci.LinkTo(i.url + "/oid4vci/offers/" + o.ID)}
	if out.State != string(ledger.OfferWaiting) {
		return out, nil
	}
	message, err := i.offerMessage(o)
	if err != nil {
		return Offer{}, err
	}
	out.URIByValue, err = message.Link()
	if errors.Is(err, oid4vci.ErrTooLong) {
		err = nil
	}
	return out, err
}

// offerState adds what only the clock knows.
func (i *Issuer) offerState(o ledger.Offer) string {
	if o.State == ledger.OfferWaiting && !i.now().Before(o.ExpiresAt) {
		return "expired"
	}
	return string(o.State)
}

// offerMessage is the protocol's form of an offer. Each call seals the codes
// anew; all of them redeem the same offer, once.
func (i *Issuer) offerMessage(o ledger.Offer) (oid4vci.Offer, error) {
	m := oid4vci.Offer{Issuer: i.url, ConfigIDs: o.ConfigIDs}
	var err error
	if slices.Contains(o.GrantTypes, ledger.PreAuthorizedCode) {
		if m.PreAuthorizedCode, err = i.tokens.Seal(kindCode, codeClaims{Offer: o.ID}, o.ExpiresAt); err != nil {
			return m, err
		}
	}
	if o.TxCodeHash != "" {
		m.TxCode = &oid4vci.TxCode{InputMode: o.TxCodeMode, Length: txCodeLength, Description: txCodeDescription}
	}
	if slices.Contains(o.GrantTypes, ledger.AuthorizationCode) {
		m.AuthorizationCode = true
		m.IssuerState, err = i.tokens.Seal(kindIssuerState, stateClaims{Offer: o.ID}, o.ExpiresAt)
	}
	return m, err
}

// txCodeDescription is what a wallet says as it asks for the transaction code
// (OID4VCI 1.0 §4.1.1): the code itself comes by another way.
const txCodeDescription = "The code that you were given apart from this offer"

// txCodeHash is bound to the offer, so that one code says nothing of another.
// Letters count in either case: people type them.
func (i *Issuer) txCodeHash(offerID, code string) string {
	return base64.RawURLEncoding.EncodeToString(i.txCodes.MAC([]byte(offerID), []byte(strings.ToUpper(code))))
}
