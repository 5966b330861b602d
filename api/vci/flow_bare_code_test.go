package vci_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/oauth"
)

// push takes an authorization request.
func (b *bare) push(r *http.Request) (any, error) {
	form, err := formOf(r)
	if err != nil {
		return nil, err
	}
	if err := b.authenticate(r, form); err != nil {
		return nil, err
	}
	if err := b.bound(r); err != nil {
		return nil, err
	}
	id, now := secret.RandomID(32), time.Now()
	document := object{"redirect_uri": form.Get("redirect_uri"), "challenge": form.Get("code_challenge"), "state": form.Get("state"), "scope": form.Get("scope")}
	err = b.write(r.Context(), func(q *query) {
		q.insert("pushed_request", "id, client_id, request, created_at, expires_at", id, form.Get("client_id"), document, now, now.Add(time.Minute))
	})
	return object{"request_uri": oauth.RequestURI(id), "expires_in": 60}, err
}

// authenticate verifies a client assertion by the registered key, and uses it up.
func (b *bare) authenticate(r *http.Request, form url.Values) error {
	client, err := b.client(r, form.Get("client_id"))
	if err != nil {
		return err
	}
	key, err := jose.ParseJWK(client["jwks"].(object)["keys"].([]any)[0].(object))
	if err != nil {
		return err
	}
	claims, err := verifiedBy(form.Get("client_assertion"), key)
	if err != nil {
		return err
	}
	return b.write(r.Context(), func(q *query) { q.use("assertion", claims.JTI) })
}

func (b *bare) client(r *http.Request, id string) (client map[string]any, err error) {
	return client, b.read(r.Context(), func(q *query) {
		client = q.row(`SELECT coalesce(c.id, '') AS id, coalesce(c.name, $6) AS name, coalesce(c.redirect_uris, $7) AS redirect_uris,
			coalesce(c.auth_method, $1) AS auth_method, coalesce(c.jwks, $2) AS jwks, coalesce(c.grant_types, $8) AS grant_types,
			coalesce(c.dpop_bound, FALSE) AS dpop_bound, coalesce(c.version_no, 0) AS version_no, coalesce(c.created_at, $3) AS created_at,
			coalesce(c.changed_at, $4) AS changed_at, c.disabled_at FROM oauth_client c RIGHT JOIN (SELECT 1 AS one) AS one ON c.id = $5`,
			oauth.AuthPrivateKeyJWT, object{}, time.Now(), time.Now(), id, "Wallet", redirect, oauth.GrantAuthorizationCode)
	})
}

// person reads who is signed in.
func (b *bare) person(r *http.Request) (s sealed, err error) {
	cookie, err := r.Cookie("sr_session")
	if err != nil {
		return s, err
	}
	hash := sha256.Sum256([]byte(cookie.Value))
	return s, b.read(r.Context(), func(q *query) {
		session := q.row(`SELECT * FROM session WHERE id_hash = $1 LIMIT $2`, hash[:], 1)
		account := q.row(`SELECT * FROM account WHERE id = $1 AND disabled_at IS NULL LIMIT $2`, session["account_id"], 1)
		if q.err == nil {
			s = sealed{Person: account["registrant_id"].([16]byte), Account: account["id"].([16]byte)}
		}
	})
}

// asked reads a pushed request and its client.
func (b *bare) asked(r *http.Request, id string) (request map[string]any, err error) {
	return request, b.read(r.Context(), func(q *query) {
		request = q.row(`SELECT * FROM pushed_request WHERE id = $1 AND issuer = $2 LIMIT $3`, id, rootIssuer, 1)
		q.row(`SELECT * FROM oauth_client WHERE id = $1 LIMIT $2`, request["client_id"], 1)
	})
}

// authorize sends the browser on to the page.
func (b *bare) authorize(r *http.Request) (any, error) {
	if _, err := b.person(r); err != nil {
		return nil, err
	}
	id := strings.TrimPrefix(r.URL.Query().Get("request_uri"), oauth.RequestURI(""))
	if _, err := b.asked(r, id); err != nil {
		return nil, err
	}
	return page{location: "/me/authorize/" + b.sealed("decision", sealed{ID: id})}, nil
}

// consent is the page: the form alone.
func (b *bare) consent(r *http.Request) (any, error) {
	person, err := b.person(r)
	if err != nil {
		return nil, err
	}
	decision, err := b.open("decision", r.PathValue("decision"))
	if err != nil {
		return nil, err
	}
	if _, err := b.asked(r, decision.ID); err != nil {
		return nil, err
	}
	if err := errors.Join(b.readRecord(r, person.Person), b.readWards(r, person.Person)); err != nil {
		return nil, err
	}
	var unread int // of messages, which the navigation tells
	if err := b.pool.QueryRow(r.Context(), `SELECT count(*) FROM (SELECT 1 FROM message WHERE registrant_id = $1 AND read_at IS NULL LIMIT $2) m`,
		person.Person, 100).Scan(&unread); err != nil {
		return nil, err
	}
	decision.Account = person.Account
	action := "/me/authorize/" + b.sealed("decision", decision)
	return page{html: fmt.Sprintf(`<!doctype html><title>Wallet</title><form method="post" action="%s"><button name="decision" value="allow">Allow</button></form>`, action)}, nil
}

// readWards reads about whom else the page could be.
func (b *bare) readWards(r *http.Request, person uuid.UUID) error {
	day := time.Now().UTC().Format(time.DateOnly)
	return b.read(r.Context(), func(q *query) {
		q.row(`SELECT registrant_id FROM guardianship WHERE guardian_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $3)
			UNION SELECT group_id FROM membership WHERE member_id = $4 AND start_date <= $5 AND (end_date IS NULL OR end_date > $6)
			ORDER BY registrant_id LIMIT $7`, person, day, day, person, day, day, 100)
	})
}

// readRecord reads all that the page of the product shows.
func (b *bare) readRecord(r *http.Request, id uuid.UUID) error {
	return errors.Join(
		b.read(r.Context(), func(q *query) { q.revision() }),
		b.read(r.Context(), func(q *query) {
			q.revision()
			q.registrant(id)
		}),
		b.read(r.Context(), func(q *query) {
			q.registrant(id)
			q.revision()
			q.row(`SELECT s.field, s.state, s.status, s.seq, s.proposal, s.decided_hash, s.hash_key_id, s.since, s.expires_at,
				a.attested_by, a.comment, coalesce(a.version_no, 0) AS version_no,
				p.state AS p_state, p.status AS p_status, p.attested_by AS p_by, p.at AS p_at, p.comment AS p_comment,
				l.id AS l_id, l.state AS l_state, l.at AS l_at, l.answer AS l_answer
			FROM field_state s
			LEFT JOIN attestation a ON a.registrant_id = s.registrant_id AND a.field = s.field AND a.seq = s.seq
			LEFT JOIN attestation p ON p.registrant_id = s.registrant_id AND p.field = s.field AND p.seq = s.proposal
			LEFT JOIN attestation_appeal l ON l.registrant_id = s.registrant_id AND l.field = s.field AND l.seq = s.seq
			WHERE s.registrant_id = $1`, id)
			q.row(`SELECT * FROM registrant_version WHERE registrant_id = $1 AND version_no IN ($2, $3, $4)`, id, 1, 1, 1)
			q.row(`SELECT * FROM attestation_document WHERE registrant_id = $1 ORDER BY field, seq, document_id`, id)
		}))
}

// decide writes down the consent and sends the browser to the wallet, with a code.
func (b *bare) decide(r *http.Request) (any, error) {
	person, err := b.person(r)
	if err != nil {
		return nil, err
	}
	if _, err := formOf(r); err != nil {
		return nil, err
	}
	decision, err := b.open("decision", r.PathValue("decision"))
	if err != nil {
		return nil, err
	}
	request, err := b.asked(r, decision.ID)
	if err != nil {
		return nil, err
	}
	if err := b.readPerson(r.Context(), person.Person); err != nil {
		return nil, err
	}
	consent, now := secret.RandomID(16), time.Now()
	client, document := request["client_id"].(string), request["request"].(object)
	back, _ := document["redirect_uri"].(string)
	proof, _ := document["challenge"].(string)
	code := b.sealed("authorization", sealed{ID: consent, Person: person.Person, Client: client, Redirect: back, Challenge: proof})
	err = b.write(r.Context(), func(q *query) {
		q.exec(`DELETE FROM pushed_request WHERE id = $1 AND issuer = $2`, decision.ID, rootIssuer)
		q.insert("consent", "id, registrant_id, account_id, client_id, client_name, offer_id, details, given_at, expires_at, withdrawn_at, withdrawn_by",
			consent, person.Person, person.Account, client, "Wallet", "", object{sd: "given_name family_name birth_date"}, now, now.Add(time.Hour), nil, "")
	})
	return page{location: back + "?" + url.Values{"code": {code}}.Encode()}, err
}

func (b *bare) redeemCode(r *http.Request, form url.Values) (any, error) {
	if err := b.authenticate(r, form); err != nil {
		return nil, err
	}
	if err := b.bound(r); err != nil {
		return nil, err
	}
	code, err := b.open("authorization", form.Get("code"))
	if err != nil {
		return nil, err
	}
	if !oauth.VerifyS256(form.Get("code_verifier"), code.Challenge) {
		return nil, errors.New("the verifier is another's")
	}
	grant := secret.RandomID(16)
	err = b.write(r.Context(), func(q *query) {
		q.use("bare", grant)
		q.row(`SELECT id, disabled_at FROM oauth_client WHERE id = $1 FOR SHARE`, code.Client)
		q.row(`SELECT id, registrant_id, account_id, client_id, client_name, offer_id, details, given_at, expires_at, withdrawn_at, withdrawn_by
			FROM consent WHERE issuer = $1 AND id = $2 FOR UPDATE`, rootIssuer, code.ID)
		q.grant(grant, "authorization_code", "", code.ID, code)
	})
	return b.tokenFor(grant, code.Person), err
}

// proofClaims is what is read of a proof.
type proofClaims struct{ Nonce, JTI string }

// verified checks the signature of a proof by the key in its header.
func verified(proof string) (claims proofClaims, err error) {
	encoded, _, _ := strings.Cut(proof, ".")
	head, err := base64.RawURLEncoding.DecodeString(encoded)
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
	return verifiedBy(proof, key)
}

func verifiedBy(proof string, key crypto.PublicKey) (claims proofClaims, err error) {
	payload, err := jose.Verify(proof, key, jose.ES256)
	if err != nil {
		return claims, err
	}
	return claims, json.Unmarshal(payload, &claims)
}
