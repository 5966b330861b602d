package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// Deferred credentials (OID4VCI 1.0 §9).
const (
	deferredLife     = 90 * 24 * time.Hour // how long a transaction_id is good
	deferredInterval = 30                  // seconds that a wallet should wait between two requests
)

// Why a credential cannot be made, beside a refusal of its own: both are causes
// of a protocol error, or come to no wallet at all.
var (
	errAwaiting   = errors.New("issuer: a detail awaits attestation")
	errUnattested = errors.New("issuer: a detail is not attested")
)

// transactionClaims stand in a transaction_id. The deferral's row says what it is
// for, and whether it still is.
type transactionClaims struct {
	ID string `json:"d"`
}

// promise keeps an order whose credentials are not ready and gives the answer that
// names it: 202 (§8.3). The c_nonce of its proofs is used up here.
func (i *Issuer) promise(ctx context.Context, o order) (oid4vci.CredentialResponse, error) {
	expires := i.now().Add(deferredLife)
	d := ledger.Deferral{ID: secret.RandomID(16), RegistrantID: o.access.Registrant, ConfigID: o.config.ID, GrantID: o.access.Grant, ConsentID: o.access.Consent,
		ClientID: o.access.ClientID, ExpiresAt: expires}
	for _, p := range o.proofs {
		jwk, err := jose.PublicJWK(p.Key)
		if err != nil {
			return oid4vci.CredentialResponse{}, err
		}
		d.Keys = append(d.Keys, ledger.DeferredKey{JWK: jwk, KID: p.KID})
	}
	if err := i.ledger.Defer(ctx, d, o.nonce, i.now().Add(nonceLife)); err != nil {
		return oid4vci.CredentialResponse{}, reserveError(err)
	}
	id, err := i.tokens.Seal(kindTransaction, transactionClaims{ID: d.ID}, expires)
	return oid4vci.CredentialResponse{TransactionID: id, Interval: deferredInterval}, err
}

// Deferred answers a request for credentials that were not ready (OID4VCI 1.0
// §9): the credentials, once; or that they still are not; or credential_request_denied
// when a detail was rejected or removed meanwhile. Any token of the same person,
// client and configuration will do, also a refreshed one. Errors are *oauth.Error:
// those of Credential, and invalid_transaction_id.
func (i *Issuer) Deferred(ctx context.Context, call oauth.Call, contentType string, body []byte) (Answer, error) {
	access, err := i.access(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	body, policy, err := i.open(contentType, body)
	if err != nil {
		return Answer{}, err
	}
	req, err := oid4vci.ParseDeferredRequest(body, policy)
	if err != nil {
		return Answer{}, err
	}
	o, err := i.promised(ctx, access, req.TransactionID)
	if err != nil {
		return Answer{}, err
	}
	response, err := i.issue(ctx, o)
	switch {
	case errors.Is(err, errAwaiting):
		response, err = oid4vci.CredentialResponse{TransactionID: req.TransactionID, Interval: deferredInterval}, nil
	case errors.Is(err, errUnattested):
		if denied := i.ledger.Deny(ctx, o.deferral); denied != nil && !errors.Is(denied, ledger.ErrUsed) {
			return Answer{}, denied
		}
	}
	if err != nil {
		return Answer{}, err
	}
	return answer(response, req.Encryption)
}

// promised finds the order behind a transaction_id, if it is the caller's and
// neither delivered nor denied.
func (i *Issuer) promised(ctx context.Context, access accessClaims, transactionID string) (order, error) {
	var claims transactionClaims
	if err := i.tokens.Open(kindTransaction, transactionID, i.now(), &claims); err != nil {
		return order{}, oid4vci.InvalidTransactionID().Because(err)
	}
	d, err := i.ledger.Deferral(ctx, claims.ID)
	if errors.Is(err, ledger.ErrNotFound) {
		return order{}, oid4vci.InvalidTransactionID().Because(err)
	}
	if err != nil {
		return order{}, err
	}
	config, known := i.configuration(d.ConfigID)
	if !known || d.RegistrantID != access.Registrant || d.ClientID != access.ClientID || !slices.Contains(access.ConfigIDs, d.ConfigID) {
		return order{}, oid4vci.InvalidTransactionID()
	}
	switch d.State {
	case ledger.DeferralDelivered:
		return order{}, oid4vci.InvalidTransactionID()
	case ledger.DeferralDenied:
		return order{}, oid4vci.CredentialRequestDenied("This credential was refused. Ask for a new offer.")
	}
	o := order{access: access, config: config, deferral: d.ID}
	for _, k := range d.Keys {
		proof, err := proofOf(k)
		if err != nil {
			return order{}, fmt.Errorf("read the keys of deferral %s: %w", d.ID, err)
		}
		o.proofs = append(o.proofs, proof)
	}
	return o, nil
}

// proofOf gives back the proof that was checked when its order was deferred.
func proofOf(k ledger.DeferredKey) (oid4vci.Proof, error) {
	key, err := jose.ParseJWK(k.JWK)
	if err != nil {
		return oid4vci.Proof{}, err
	}
	if k.KID == "" {
		return oid4vci.Proof{Key: key, JWK: k.JWK}, nil
	}
	return oid4vci.ProofByDID(key, k.KID), nil
}
