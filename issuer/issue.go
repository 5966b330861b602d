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
	"socialregistry/internal/secret"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// Credential answers a credential request (OID4VCI 1.0 §8). This is the whole
// pipeline, in order: open the token, decrypt and read the request, check the
// proofs; then issue, or promise to (§9). contentType is the media type of the
// body. Errors are *oauth.Error with the codes of §8.3.1.2, RFC 6750 §3.1 and RFC
// 9449 §7.1.
func (i *Issuer) Credential(ctx context.Context, call oauth.Call, contentType string, body []byte) (Answer, error) {
	o, err := i.order(ctx, call, contentType, body)
	if err != nil {
		return Answer{}, err
	}
	response, err := i.issue(ctx, o)
	if errors.Is(err, errAwaiting) {
		response, err = i.promise(ctx, o)
	}
	if err != nil {
		return Answer{}, err
	}
	return answer(response, o.encryption)
}

// Answer is what the credential endpoint and the deferred credential endpoint
// send: the response in the clear or, if JWE is not empty, that (OID4VCI 1.0
// §10), as application/jwt.
type Answer struct {
	oid4vci.CredentialResponse
	JWE string
}

// statement is what is going to be signed: one copy of a response, bound to the
// key of its proof.
type statement struct {
	order
	ledger.Issuance
	proof  oid4vci.Proof
	claims map[string]any
	key    keys.Key
}

// issue reads what is attested now, reserves, signs, records. The signatures are
// made outside every transaction, and last: what they cover is stored before,
// and they are handed out only if the reservations still stand after.
func (i *Issuer) issue(ctx context.Context, o order) (oid4vci.CredentialResponse, error) {
	batch, err := i.reserve(ctx, o)
	if err != nil {
		return oid4vci.CredentialResponse{}, err
	}
	return i.finish(ctx, o, batch)
}

// finish asks again who may hold what was reserved, signs it, records it and gives the
// answer.
func (i *Issuer) finish(ctx context.Context, o order, batch []statement) (oid4vci.CredentialResponse, error) {
	if err := i.confirm(ctx, o, batch); err != nil {
		return oid4vci.CredentialResponse{}, err
	}
	credentials, ids := make([]any, len(batch)), make([]uuid.UUID, len(batch))
	for n, s := range batch {
		var err error
		if credentials[n], err = i.sign(s); err != nil {
			return oid4vci.CredentialResponse{}, fmt.Errorf("sign credential %s: %w", s.ID, err)
		}
		ids[n] = s.ID
	}
	if err := i.record(ctx, o, ids); err != nil {
		return oid4vci.CredentialResponse{}, err
	}
	id, err := i.notificationID(o, batch[0].ResponseID, batch[0].ValidUntil)
	return oid4vci.NewCredentialResponse(id, credentials...), err
}

// record closes the reservations, and the promise that they keep.
func (i *Issuer) record(ctx context.Context, o order, ids []uuid.UUID) error {
	var err error
	if o.deferral != "" {
		err = i.ledger.Deliver(ctx, o.deferral, ids...)
	} else {
		err = i.ledger.Record(ctx, ids...)
	}
	switch {
	case errors.Is(err, ledger.ErrNotReserved):
		return oid4vci.CredentialRequestDenied("The record changed while the credential was made. Ask for a new offer.").Because(err)
	case errors.Is(err, ledger.ErrUsed): // delivered by another request at the same time
		return oid4vci.InvalidTransactionID().Because(err)
	}
	return err
}

// reserve draws up what will be signed, and stores it: see reserving.
func (i *Issuer) reserve(ctx context.Context, o order) ([]statement, error) {
	_, until := validity(i.now(), o.config.ValidityDays)
	draw := func(places []slot) ([]statement, error) { return i.prepare(ctx, o, places) }
	store := func(batch []statement) ([]statement, error) {
		rows, err := i.ledger.Reserve(ctx, ledger.Reservation{Issuances: issuances(batch), Nonce: o.nonce, NonceExpires: i.now().Add(nonceLife)})
		for n := range rows {
			batch[n].Issuance = rows[n]
		}
		return batch, err
	}
	batch, err := reserving(ctx, i, classOf(listKind(o.config.Format), until), len(o.proofs), draw, store)
	return batch, reserveError(err)
}

func issuances(batch []statement) []ledger.Issuance {
	out := make([]ledger.Issuance, len(batch))
	for n, s := range batch {
		out[n] = s.Issuance
	}
	return out
}

// prepare reads what is attested now and draws up the statements. The copies of
// a batch differ in their key, their id, their status index and, once signed,
// their salts; nothing that they share is theirs alone (OID4VCI 1.0 §15.4.1).
func (i *Issuer) prepare(ctx context.Context, o order, places []slot) ([]statement, error) {
	key, err := i.ring.Current(o.config.Alg, i.now())
	if err != nil {
		return nil, err
	}
	of, err := i.materialOf(ctx, o.access.Registrant, o.access.HeldBy, o.config)
	if err != nil {
		return nil, noMaterial(err)
	}
	if len(of.missing) > 0 {
		return nil, unattested(o.config, of.missing, of.Waiting)
	}
	from, until := validity(i.now(), o.config.ValidityDays)
	response := secret.RandomID(16)
	batch := make([]statement, len(o.proofs))
	for n, proof := range o.proofs {
		holder, err := jose.Thumbprint(proof.Key)
		if err != nil {
			return nil, err
		}
		batch[n] = statement{order: o, proof: proof, claims: of.claims, key: key, Issuance: ledger.Issuance{
			ID: uuid.New(), RegistrantID: of.RegistrantID, RepresentativeID: o.access.HeldBy, ConfigID: o.config.ID, Format: o.config.Format, GrantID: o.access.Grant, ConsentID: o.access.Consent,
			ResponseID: response, Grace: o.config.grace(), KID: key.KID, Holder: holder, Fields: of.hashes, VersionNo: of.VersionNo, ChainNo: of.ChainNo,
			ListID: places[n].listID, ListIndex: places[n].index, ValidFrom: from, ValidUntil: until,
		}}
	}
	return batch, nil
}

func notHeld() error {
	return oid4vci.CredentialRequestDenied("You may not hold this credential any more.")
}

// noMaterial says so to a wallet.
func noMaterial(err error) error {
	kind := fault.KindOf(err)
	switch {
	case kind == fault.NotFound, kind == fault.Gone:
		return oid4vci.CredentialRequestDenied("There is no such record any more.").Because(err)
	case errors.Is(err, errOtherRecord):
		return oid4vci.CredentialRequestDenied("This credential is not about such a record.")
	case errors.Is(err, errBarred): // whose record it is knows why; a wallet need not
		return oid4vci.CredentialRequestDenied("No credential can be issued from this record. Ask the office.")
	case errors.Is(err, errNotHeld):
		return notHeld()
	}
	return err
}

// unattested says what to do without a mandatory detail: wait, if that is the
// configuration's policy and all that is missing awaits its attestation (OID4VCI
// 1.0 §9); else refuse.
func unattested(c Configuration, missing []string, waiting map[string]bool) error {
	if c.Deferred && !slices.ContainsFunc(missing, func(field string) bool { return !waiting[field] }) {
		return errAwaiting
	}
	// Names of fields are no personal data.
	return oid4vci.CredentialRequestDenied("These details are not attested: " + strings.Join(missing, ", ") + ".").Because(errUnattested)
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

func reserveError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrUsed):
		return oid4vci.InvalidNonce(badNonce).Because(err)
	case errors.Is(err, ledger.ErrRevoked), errors.Is(err, ledger.ErrExpired):
		return oauth.InvalidToken(badToken).Because(err)
	case errors.Is(err, ledger.ErrNotFound):
		return oid4vci.CredentialRequestDenied("There is no such record any more.").Because(err)
	case errors.Is(err, ledger.ErrSuspended):
		return oid4vci.CredentialRequestDenied("A credential of this kind is suspended. Ask the office.").Because(err)
	case errors.Is(err, ledger.ErrNoConsent):
		return oid4vci.CredentialRequestDenied("The person did not agree to this, or not any more.").Because(err)
	case errors.Is(err, ledger.ErrTooMany):
		return oid4vci.CredentialRequestDenied("This offer has led to enough credentials. Ask for a new offer.").Because(err)
	case errors.Is(err, ledger.ErrMoved):
		return fault.Wrap(fault.Unavailable, "record_busy", "The record is being changed. Try again.", err)
	}
	return err
}
