package vci_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
)

// bare answers the same HTTP calls as the product with the same cryptography,
// the same statements and the same commits, and does nothing else: it decides
// nothing, knows no person and builds no document. It is what the product's
// flows are measured against.
type bare struct {
	pool   *pgxpool.Pool
	tokens secret.Tokens
	key    *ecdsa.PrivateKey
	index  atomic.Int64
}

func newBare(ctx context.Context, database string) (http.Handler, error) {
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return nil, err
	}
	b := &bare{pool: pool, tokens: secret.NewTokens("k1", secret.NewKey())}
	if b.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for path, f := range map[string]func(*http.Request) (any, error){
		"GET /oid4vci/offers/{id}": b.offer, "POST /oid4vci/token": b.token, "POST /oid4vci/nonce": b.nonce, "POST /oid4vci/credential": b.credential,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			answer, err := f(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			if r.Method == http.MethodPost { // the next DPoP proof's nonce
				w.Header().Set("DPoP-Nonce", b.sealed("dpop", sealed{ID: secret.RandomID(8)}))
			}
			json.NewEncoder(w).Encode(answer)
		})
	}
	return mux, nil
}

// sealed stands in each of the tokens.
type sealed struct {
	ID     string    `json:"i"`
	Person uuid.UUID `json:"p"`
}

func (b *bare) sealed(kind string, s sealed) string {
	token, err := b.tokens.Seal(kind, s, time.Now().Add(time.Minute))
	if err != nil {
		panic(err)
	}
	return token
}

const markUsed = `INSERT INTO used_id (issuer, kind, id, expires_at) VALUES ('', $1, $2, $3) ON CONFLICT DO NOTHING`

const readOffer = `SELECT id, registrant_id, config_ids, grant_types, state, tx_code_hash, tx_code_mode, tx_failures, created_by, cancelled_by, created_at, expires_at
	FROM credential_offer WHERE id = $1`

func (b *bare) offer(r *http.Request) (any, error) {
	var code string
	err := b.inTx(r.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(q *query) {
		o := q.row(readOffer, r.PathValue("id"))
		if q.err == nil {
			code = b.sealed("code", sealed{o[0].(string), uuid.UUID(o[1].([16]byte))})
		}
	})
	return map[string]any{"grants": map[string]any{"urn:ietf:params:oauth:grant-type:pre-authorized_code": map[string]any{"pre-authorized_code": code}}}, err
}

func (b *bare) token(r *http.Request) (any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, err
	}
	var code sealed
	if err := b.tokens.Open("code", form.Get("pre-authorized_code"), time.Now(), &code); err != nil {
		return nil, err
	}
	if err := b.bound(r, nil); err != nil {
		return nil, err
	}
	grant, now := secret.RandomID(16), time.Now()
	err = b.inTx(r.Context(), pgx.TxOptions{}, func(q *query) {
		q.row(readOffer+` FOR UPDATE`, code.ID)
		q.exec(markUsed, "bare", code.ID, now)
		q.exec(`UPDATE credential_offer SET state = $1 WHERE id = $2 AND state IN ($3)`, "redeemed", code.ID, "waiting")
		q.exec(`INSERT INTO issue_grant (issuer, id, family, kind, offer_id, registrant_id, config_ids, client_id, jkt, consent_id, identifiers, created_at, expires_at, revoked_at)
			VALUES ('', $1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, grant, "pre-authorized_code", code.ID, code.Person, sd, "", "", "", map[string]any{}, now, now.Add(time.Minute), nil)
	})
	return map[string]any{"access_token": b.sealed("access", sealed{grant, code.Person}), "token_type": "Bearer", "expires_in": 300}, err
}

func (b *bare) nonce(*http.Request) (any, error) {
	return map[string]any{"c_nonce": b.sealed("nonce", sealed{ID: secret.RandomID(16)})}, nil
}

func (b *bare) credential(r *http.Request) (any, error) {
	var access, nonce sealed
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if err := b.tokens.Open("access", token, time.Now(), &access); err != nil {
		return nil, err
	}
	var request struct {
		Proofs struct{ JWT []string }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, err
	}
	if err := b.present(r, access.ID); err != nil {
		return nil, err
	}
	claims, err := verified(request.Proofs.JWT[0])
	if err != nil {
		return nil, err
	}
	if err := b.tokens.Open("nonce", claims.Nonce, time.Now(), &nonce); err != nil {
		return nil, err
	}
	if err := b.readPerson(r.Context(), access.Person); err != nil {
		return nil, err
	}
	issuance, err := b.reserve(r.Context(), access, nonce.ID)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(map[string]any{"iss": publicURL, "sub": issuance, "cnf": claims})
	if err != nil {
		return nil, err
	}
	signed, err := jose.Sign(b.key, jose.ES256, map[string]any{"typ": "dc+sd-jwt"}, payload)
	if err != nil {
		return nil, err
	}
	return map[string]any{"credentials": []any{map[string]any{"credential": signed}}}, b.record(r.Context(), access, issuance)
}

const readGrant = `SELECT id, family, kind, offer_id, registrant_id, config_ids, client_id, jkt, consent_id, identifiers, created_at, expires_at, revoked_at
	FROM issue_grant WHERE id = $1`

// present reads the grant behind a token, and uses up the DPoP proof if there is
// one.
func (b *bare) present(r *http.Request, grant string) error {
	read := func(q *query) { q.row(readGrant, grant) }
	if r.Header.Get("DPoP") == "" {
		return b.inTx(r.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, read)
	}
	return b.bound(r, read)
}

// bound verifies a DPoP proof, if there is one, and uses it up in one transaction
// with before.
func (b *bare) bound(r *http.Request, before func(*query)) error {
	proof := r.Header.Get("DPoP")
	if proof == "" {
		return nil
	}
	claims, err := verified(proof)
	if err != nil {
		return err
	}
	return b.inTx(r.Context(), pgx.TxOptions{}, func(q *query) {
		if before != nil {
			before(q)
		}
		q.exec(markUsed, "dpop", claims.JTI, time.Now())
	})
}

func (b *bare) readPerson(ctx context.Context, id uuid.UUID) error {
	return b.inTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(q *query) {
		q.row(`SELECT id, number, kind, status, version_no, latest_no, area, given_name, family_name, full_name_norm, sex, birth_date, region, extra, enc, times,
			vhash, hash_key_id, chain_head, chain_no, created_at, updated_at FROM registrant WHERE id IN ($1) ORDER BY id`, id)
		q.row(`SELECT * FROM record_key WHERE registrant_id = $1`, id)
		q.row(`SELECT revision FROM field_revision WHERE one = 1`)
		q.row(`SELECT * FROM field_state WHERE registrant_id = $1`, id)
	})
}

func (b *bare) reserve(ctx context.Context, access sealed, nonce string) (id uuid.UUID, err error) {
	id, now := uuid.New(), time.Now()
	return id, b.inTx(ctx, pgx.TxOptions{}, func(q *query) {
		chain := q.row(`SELECT chain_no FROM registrant_gate WHERE id = $1 FOR SHARE`, access.Person)
		q.row(readGrant+` FOR UPDATE`, access.ID)
		q.row(`SELECT COUNT(DISTINCT(response_id)) FROM issuance WHERE grant_id = $1 AND config_id = $2`, access.ID, sd)
		q.exec(markUsed, "bare", nonce, now)
		if q.err != nil {
			return
		}
		q.exec(`INSERT INTO issuance (issuer, id, registrant_id, config_id, format, grant_id, response_id, state, kid, holder, fields, version_no, chain_no, list_id, list_index,
			valid_from, valid_until, reserved_at, issued_at, closed_at, closed_by, reason) VALUES ('', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
			id, access.Person, sd, "dc+sd-jwt", access.ID, id, "reserved", "key", "holder", map[string]any{"given_name": nonce, "family_name": nonce, "birth_date": nonce}, 1, chain[0],
			"bare", b.index.Add(1), now, now, now, nil, nil, "", "")
	})
}

func (b *bare) record(ctx context.Context, access sealed, id uuid.UUID) error {
	return b.inTx(ctx, pgx.TxOptions{}, func(q *query) {
		q.exec(`UPDATE issuance SET issued_at = $1, state = $2 WHERE id IN ($3) AND state = $4`, time.Now(), "issued", id, "reserved")
		q.row(`SELECT * FROM issuance WHERE id = $1 LIMIT 1`, id)
		offer := q.row(`SELECT id, config_ids FROM credential_offer WHERE id = (SELECT offer_id FROM issue_grant WHERE id = $1) FOR UPDATE`, access.ID)
		q.row(`SELECT COUNT(DISTINCT(config_id)) FROM issuance WHERE grant_id = $1 AND issued_at IS NOT NULL`, access.ID)
		if q.err != nil {
			return
		}
		q.exec(`UPDATE credential_offer SET state = $1 WHERE id = $2 AND state IN ($3)`, "issued", offer[0], "redeemed")
		q.exec(`DELETE FROM standing_reissue WHERE EXISTS (SELECT 1 FROM issuance i WHERE i.id = $1
			AND i.registrant_id = standing_reissue.registrant_id AND i.config_id = standing_reissue.config_id)`, id)
	})
}

// proofClaims is what is read of a proof.
type proofClaims struct{ Nonce, JTI string }

// verified checks the signature of a proof by the key in its header.
func verified(proof string) (claims proofClaims, err error) {
	parts := strings.Split(proof, ".")
	if len(parts) != 3 {
		return claims, fmt.Errorf("%d parts", len(parts))
	}
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return claims, err
	}
	var h struct{ JWK map[string]any }
	if err := json.Unmarshal(head, &h); err != nil {
		return claims, err
	}
	key, err := jose.ParseJWK(h.JWK)
	if err != nil {
		return claims, err
	}
	payload, err := jose.Verify(proof, key, jose.ES256)
	if err != nil {
		return claims, err
	}
	return claims, json.Unmarshal(payload, &claims)
}

// query sends statements in one transaction until one fails.
type query struct {
	ctx context.Context
	tx  pgx.Tx
	err error
}

func (b *bare) inTx(ctx context.Context, how pgx.TxOptions, f func(*query)) error {
	return pgx.BeginTxFunc(ctx, b.pool, how, func(tx pgx.Tx) error {
		q := &query{ctx: ctx, tx: tx}
		f(q)
		return q.err
	})
}

func (q *query) exec(sql string, args ...any) {
	if q.err == nil {
		_, q.err = q.tx.Exec(q.ctx, sql, args...)
	}
}

// row gives the values of the last row.
func (q *query) row(sql string, args ...any) (values []any) {
	if q.err != nil {
		return nil
	}
	var rows pgx.Rows
	if rows, q.err = q.tx.Query(q.ctx, sql, args...); q.err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		values, q.err = rows.Values()
	}
	return values
}
