package vci_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"socialregistry/internal/secret"
)

// bare answers the same HTTP calls as the product with the same cryptography,
// the same statements and the same commits, and does nothing else: it decides
// nothing, knows no person, builds no document and draws no page. It is what the
// product's flows are measured against.
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
		"GET /oid4vci/offers/{id}": b.offer, "POST /oid4vci/par": b.push, "POST /oid4vci/token": b.token, "POST /oid4vci/nonce": b.nonce, "POST /oid4vci/credential": b.credential,
		"GET /oid4vci/authorize": b.authorize, "GET /me/authorize/{decision}": b.consent, "POST /me/authorize/{decision}": b.decide,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			answer, err := f(r)
			if err == nil {
				err = b.answer(w, r, answer)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	return mux, nil
}

// page is an answer for the browser: HTML, or where it goes next.
type page struct{ html, location string }

func (b *bare) answer(w http.ResponseWriter, r *http.Request, answer any) error {
	if p, browser := answer.(page); browser {
		if p.location != "" {
			http.Redirect(w, r, p.location, http.StatusSeeOther)
			return nil
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := fmt.Fprint(w, p.html)
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPost { // the next DPoP proof's nonce
		w.Header().Set("DPoP-Nonce", b.sealed("dpop", sealed{ID: secret.RandomID(8)}))
	}
	return json.NewEncoder(w).Encode(answer)
}

// sealed stands in each of the tokens.
type sealed struct {
	ID        string    `json:"i"`
	Person    uuid.UUID `json:"p"`
	Account   uuid.UUID `json:"a"`
	Client    string    `json:"c,omitempty"`
	Redirect  string    `json:"u,omitempty"`
	Challenge string    `json:"h,omitempty"`
}

func (b *bare) sealed(kind string, s sealed) string {
	token, err := b.tokens.Seal(kind, s, time.Now().Add(time.Minute))
	if err != nil {
		panic(err)
	}
	return token
}

func (b *bare) open(kind, token string) (s sealed, err error) {
	return s, b.tokens.Open(kind, token, time.Now(), &s)
}

// query sends statements in one transaction until one fails.
type query struct {
	ctx context.Context
	tx  pgx.Tx
	err error
}

// read is a transaction that sees one moment, write one that is committed.
func (b *bare) read(ctx context.Context, f func(*query)) error {
	return b.inTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

func (b *bare) write(ctx context.Context, f func(*query)) error {
	return b.inTx(ctx, pgx.TxOptions{}, f)
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
		_, q.err = q.tx.Exec(q.ctx, sql, sent(args)...)
	}
}

// sent gives UUIDs as bytes, as the product sends them: pgx takes a uuid.UUID for text.
func sent(args []any) []any {
	out := slices.Clone(args)
	for n, arg := range out {
		if id, ok := arg.(uuid.UUID); ok {
			out[n] = [16]byte(id)
		}
	}
	return out
}

// rootIssuer is whose rows they are.
const rootIssuer = ""

// insert writes one row of the issuer; columns are separated by commas.
func (q *query) insert(table, columns string, values ...any) {
	places := make([]string, len(values))
	for n := range values {
		places[n] = fmt.Sprintf("$%d", n+2)
	}
	q.exec("INSERT INTO "+table+" (issuer, "+columns+") VALUES ($1, "+strings.Join(places, ", ")+")", append([]any{rootIssuer}, values...)...)
}

// use marks an id as used.
func (q *query) use(kind, id string) {
	q.exec(`INSERT INTO used_id (issuer, kind, id, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, rootIssuer, kind, id, time.Now())
}

// row gives the values of the last row, by column.
func (q *query) row(sql string, args ...any) map[string]any {
	if q.err != nil {
		return nil
	}
	var rows pgx.Rows
	if rows, q.err = q.tx.Query(q.ctx, sql, sent(args)...); q.err != nil {
		return nil
	}
	defer rows.Close()
	var last map[string]any
	for rows.Next() {
		var values []any
		if values, q.err = rows.Values(); q.err != nil {
			return nil
		}
		last = make(map[string]any, len(values))
		for n, field := range rows.FieldDescriptions() {
			last[field.Name] = values[n]
		}
	}
	return last
}
