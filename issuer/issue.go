package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// maxTries is how often a reservation is tried while the record keeps moving.
const maxTries = 5

// Credential answers a credential request (OID4VCI 1.0 §8). This is the whole
// pipeline, in order: open the token, read the request, check the proof; then
// issue. Errors are *oauth.Error with the codes of §8.3.1.2 and RFC 6750 §3.1.
func (i *Issuer) Credential(ctx context.Context, accessToken string, body []byte) (oid4vci.CredentialResponse, error) {
	o, err := i.order(ctx, accessToken, body)
	if err != nil {
		return oid4vci.CredentialResponse{}, err
	}
	credential, err := i.issue(ctx, o)
	if err != nil {
		return oid4vci.CredentialResponse{}, err
	}
	return oid4vci.NewCredentialResponse(credential), nil
}

// order is a request that has passed every check that needs no record: who may
// get what, bound to which key.
type order struct {
	access accessClaims
	config Configuration
	proof  oid4vci.Proof
	nonce  string // id of the c_nonce in the proof
	holder string // thumbprint of the proof's key
}

// order checks what a wallet sends. Claims that it sends are not even read.
func (i *Issuer) order(ctx context.Context, accessToken string, body []byte) (order, error) {
	now := i.now()
	var o order
	if err := i.tokens.Open(kindAccess, accessToken, now, &o.access); err != nil {
		return o, oauth.InvalidToken(badToken).Because(err)
	}
	req, err := oid4vci.ParseCredentialRequest(body)
	if err != nil {
		return o, err
	}
	if o.config, err = i.granted(o.access, req.ConfigurationID); err != nil {
		return o, err
	}
	o.proof, err = oid4vci.CheckProof(ctx, req.ProofJWT, oid4vci.ProofPolicy{
		Issuer: i.url, Now: now, Algs: oid4vci.ProofAlgs(), Methods: bindingMethods(o.config.Format),
		Anonymous: o.access.ClientID == "", ClientID: o.access.ClientID, Resolve: i.resolver.Key,
	})
	if err != nil {
		return o, err
	}
	var nonce nonceClaims
	if err := i.tokens.Open(kindNonce, o.proof.Nonce, now, &nonce); err != nil {
		return o, oid4vci.InvalidNonce(badNonce).Because(err)
	}
	o.nonce = nonce.ID
	o.holder, err = jose.Thumbprint(o.proof.Key)
	return o, err
}

// granted gives the configuration that is asked for, if the token is for it.
func (i *Issuer) granted(access accessClaims, id string) (Configuration, error) {
	config, known := i.configuration(id)
	switch {
	case !known:
		return config, oid4vci.UnknownCredentialConfiguration("There is no such credential configuration.")
	case !slices.Contains(access.ConfigIDs, id):
		return config, oid4vci.CredentialRequestDenied("The access token is not for this credential configuration.")
	}
	return config, nil
}

// statement is what is going to be signed.
type statement struct {
	order
	ledger.Issuance
	claims map[string]any
	key    keys.Key
}

// issue reads what is attested now, reserves, signs, records. The signature is
// made outside every transaction, and last: what it covers is stored before,
// and it is handed out only if the reservation still stands after.
func (i *Issuer) issue(ctx context.Context, o order) (any, error) {
	s, err := i.reserve(ctx, o)
	if err != nil {
		return nil, err
	}
	return i.finish(ctx, s)
}

// finish signs what was reserved and records it.
func (i *Issuer) finish(ctx context.Context, s statement) (any, error) {
	credential, err := i.sign(s)
	if err != nil {
		return nil, fmt.Errorf("sign credential %s: %w", s.ID, err)
	}
	err = i.ledger.Record(ctx, s.ID)
	if errors.Is(err, ledger.ErrNotReserved) {
		return nil, oid4vci.CredentialRequestDenied("The record changed while the credential was made. Ask for a new offer.").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return credential, nil
}

// reserve reads the record and passes the gate, again if the record moved in
// between: the values and the reservation belong to one state of the record.
func (i *Issuer) reserve(ctx context.Context, o order) (statement, error) {
	key, err := i.ring.Current(o.config.Alg, i.now())
	if err != nil {
		return statement{}, err
	}
	kind := listKind(o.config.Format)
	place, err := i.indices.take(ctx, kind)
	if err != nil {
		return statement{}, err
	}
	for range maxTries {
		var s statement
		s, err = i.prepare(ctx, o, key, place)
		if err != nil {
			break
		}
		s.Issuance, err = i.ledger.Reserve(ctx, ledger.Reservation{Issuance: s.Issuance, Nonce: o.nonce, NonceExpires: i.now().Add(nonceLife)})
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, ledger.ErrMoved) {
			break
		}
	}
	if refusedBeforeWriting(err) {
		i.indices.giveBack(kind, place)
	}
	return statement{}, reserveError(err)
}

// prepare reads what is attested now and draws up the statement.
func (i *Issuer) prepare(ctx context.Context, o order, key keys.Key, place slot) (statement, error) {
	attested, err := i.registry.Attested(ctx, o.access.Registrant)
	if fault.KindOf(err) == fault.NotFound {
		return statement{}, oid4vci.CredentialRequestDenied("There is no such record any more.").Because(err)
	}
	if err != nil {
		return statement{}, err
	}
	selected, missing := i.selectClaims(o.config, attested)
	if len(missing) > 0 { // names of fields are no personal data
		return statement{}, oid4vci.CredentialRequestDenied("These details are not attested: " + strings.Join(missing, ", ") + ".")
	}
	from, until := validity(i.now(), o.config.ValidityDays)
	return statement{order: o, claims: selected.claims, key: key, Issuance: ledger.Issuance{
		ID: uuid.New(), RegistrantID: attested.RegistrantID, ConfigID: o.config.ID, Format: o.config.Format, GrantID: o.access.Grant,
		KID: key.KID, Holder: o.holder, Fields: selected.hashes, VersionNo: attested.VersionNo, ChainNo: attested.ChainNo,
		ListID: place.listID, ListIndex: place.index, ValidFrom: from, ValidUntil: until,
	}}, nil
}

// validity begins with the day, in UTC, so that the times in a credential link
// nobody to the moment of an issue (OID4VCI 1.0 §15.4).
func validity(now time.Time, days int) (from, until time.Time) {
	from = startOfDay(now)
	return from, from.AddDate(0, 0, days)
}

func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

const (
	badToken = "The access token is not valid, or it is over."
	badNonce = "The c_nonce is not valid, over or used; get a new one from the nonce endpoint."
)

// refusedBeforeWriting says that a reservation certainly left nothing behind.
func refusedBeforeWriting(err error) bool {
	for _, refusal := range []error{ledger.ErrMoved, ledger.ErrRevoked, ledger.ErrExpired, ledger.ErrTooMany, ledger.ErrUsed, ledger.ErrNotFound} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return oauth.CodeOf(err) != ""
}

func reserveError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrUsed):
		return oid4vci.InvalidNonce(badNonce).Because(err)
	case errors.Is(err, ledger.ErrRevoked), errors.Is(err, ledger.ErrExpired):
		return oauth.InvalidToken(badToken).Because(err)
	case errors.Is(err, ledger.ErrNotFound):
		return oid4vci.CredentialRequestDenied("There is no such record any more.").Because(err)
	case errors.Is(err, ledger.ErrTooMany):
		return oid4vci.CredentialRequestDenied("This offer has led to enough credentials. Ask for a new offer.").Because(err)
	case errors.Is(err, ledger.ErrMoved):
		return fault.Wrap(fault.Unavailable, "record_busy", "The record is being changed. Try again.", err)
	}
	return err
}
