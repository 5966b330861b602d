package vci_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/oauth"
)

const readOffer = `SELECT id, registrant_id, representative_id, config_ids, grant_types, state, tx_code_hash, tx_code_mode, tx_failures, replaces, created_by,
	cancelled_by, created_at, expires_at FROM credential_offer WHERE issuer = $1 AND id = $2`

func (b *bare) offer(r *http.Request) (any, error) {
	var code string
	err := b.read(r.Context(), func(q *query) {
		o := q.row(`SELECT * FROM credential_offer WHERE (id = $1 AND state = $2 AND expires_at > $3) AND issuer = $4 LIMIT $5`,
			r.PathValue("id"), "waiting", time.Now(), rootIssuer, 1)
		if q.err == nil {
			code = b.sealed("code", sealed{ID: o["id"].(string), Person: o["registrant_id"].([16]byte)})
		}
	})
	return object{"grants": object{oauth.GrantPreAuthorizedCode: object{"pre-authorized_code": code}}}, err
}

func (b *bare) token(r *http.Request) (any, error) {
	form, err := formOf(r)
	if err != nil {
		return nil, err
	}
	if form.Get("grant_type") == oauth.GrantAuthorizationCode {
		return b.redeemCode(r, form)
	}
	code, err := b.open("code", form.Get("pre-authorized_code"))
	if err != nil {
		return nil, err
	}
	if err := b.bound(r); err != nil {
		return nil, err
	}
	grant := secret.RandomID(16)
	err = b.write(r.Context(), func(q *query) {
		q.row(readOffer+` FOR UPDATE`, rootIssuer, code.ID)
		q.use("bare", code.ID)
		q.exec(`UPDATE credential_offer SET state = $1 WHERE id = $2 AND state IN ($3) AND issuer = $4`, "redeemed", code.ID, "waiting", rootIssuer)
		q.grant(grant, "pre-authorized_code", code.ID, "", code)
	})
	return b.tokenFor(grant, code.Person), err
}

func (q *query) grant(id, kind, offer, consent string, s sealed) {
	now := time.Now()
	q.insert("issue_grant", "id, family, kind, offer_id, registrant_id, representative_id, config_ids, client_id, jkt, consent_id, identifiers, created_at, expires_at, revoked_at",
		id, id, kind, offer, s.Person, nil, sd, s.Client, "", consent, object{}, now, now.Add(time.Minute), nil)
}

func (b *bare) tokenFor(grant string, person uuid.UUID) any {
	return object{"access_token": b.sealed("access", sealed{ID: grant, Person: person}), "token_type": "Bearer", "expires_in": 300}
}

func (b *bare) nonce(*http.Request) (any, error) {
	return object{"c_nonce": b.sealed("nonce", sealed{ID: secret.RandomID(16)})}, nil
}

func (b *bare) credential(r *http.Request) (any, error) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	access, err := b.open("access", token)
	if err != nil {
		return nil, err
	}
	if err := b.present(r, access.ID); err != nil {
		return nil, err
	}
	var request struct {
		Proofs struct{ JWT []string }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, err
	}
	claims, err := verified(request.Proofs.JWT[0])
	if err != nil {
		return nil, err
	}
	nonce, err := b.open("nonce", claims.Nonce)
	if err != nil {
		return nil, err
	}
	if err := b.readPerson(r.Context(), access.Person); err != nil {
		return nil, err
	}
	issuance, err := b.reserve(r.Context(), access, nonce.ID)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(object{"iss": publicURL, "sub": issuance, "cnf": claims})
	if err != nil {
		return nil, err
	}
	signed, err := jose.Sign(b.key, jose.ES256, object{"typ": "dc+sd-jwt"}, payload)
	if err != nil {
		return nil, err
	}
	notification := b.sealed("notification", sealed{ID: issuance.String()})
	return object{"credentials": []any{object{"credential": signed}}, "notification_id": notification}, b.record(r.Context(), access, issuance)
}

const readGrant = `SELECT id, family, kind, offer_id, registrant_id, representative_id, config_ids, client_id, jkt, consent_id, identifiers, created_at, expires_at, revoked_at
	FROM issue_grant WHERE issuer = $1 AND id = $2`

// present reads the grant behind a token, and uses up the DPoP proof if there is
// one.
func (b *bare) present(r *http.Request, grant string) error {
	proof := r.Header.Get("DPoP")
	if proof == "" {
		return b.read(r.Context(), func(q *query) { q.row(readGrant, rootIssuer, grant) })
	}
	claims, err := verified(proof)
	if err != nil {
		return err
	}
	return b.write(r.Context(), func(q *query) {
		q.row(readGrant, rootIssuer, grant)
		q.use("dpop", claims.JTI)
	})
}

// bound verifies a DPoP proof, if there is one, and uses it up.
func (b *bare) bound(r *http.Request) error {
	proof := r.Header.Get("DPoP")
	if proof == "" {
		return nil
	}
	claims, err := verified(proof)
	if err != nil {
		return err
	}
	return b.write(r.Context(), func(q *query) { q.use("dpop", claims.JTI) })
}

func (b *bare) readPerson(ctx context.Context, id uuid.UUID) error {
	return b.read(ctx, func(q *query) {
		q.registrant(id)
		q.revision()
		q.row(`SELECT * FROM field_state WHERE registrant_id = $1`, id)
	})
}

func (q *query) registrant(id uuid.UUID) {
	q.row(`SELECT id, number, kind, status, version_no, latest_no, area, given_name, family_name, full_name_norm, sex, birth_date, region, extra, enc, times,
		vhash, hash_key_id, chain_head, chain_no, created_at, updated_at FROM registrant WHERE id IN ($1) ORDER BY id`, id)
	q.row(`SELECT * FROM record_key WHERE registrant_id = $1`, id)
}

func (q *query) revision() { q.row(`SELECT revision FROM field_revision WHERE one = 1`) }

func (b *bare) reserve(ctx context.Context, access sealed, nonce string) (id uuid.UUID, err error) {
	id, now := uuid.New(), time.Now()
	return id, b.write(ctx, func(q *query) {
		gate := q.row(`SELECT chain_no, (SELECT count(*) FROM signing_key WHERE issuer = $1 AND kid = $2 AND revoked_at IS NOT NULL) AS revoked
			FROM registrant_gate WHERE id = $3 FOR SHARE`, rootIssuer, "key", access.Person)
		grant := q.row(readGrant+` FOR UPDATE`, rootIssuer, access.ID)
		if q.err == nil && grant["consent_id"] != "" {
			q.row(`SELECT * FROM consent WHERE id = $1 AND issuer = $2 LIMIT $3`, grant["consent_id"], rootIssuer, 1)
		}
		q.row(`SELECT COUNT(DISTINCT(response_id)) FROM issuance WHERE grant_id = $1 AND config_id = $2 AND issuer = $3`, access.ID, sd, rootIssuer)
		q.row(`SELECT count(*) FROM issuance WHERE registrant_id = $1 AND config_id = $2 AND state = $3 AND issuer = $4`, access.Person, sd, "suspended", rootIssuer)
		q.use("bare", nonce)
		q.insert("issuance", `id, registrant_id, config_id, format, grant_id, family, response_id, state, kid, holder, fields, version_no, chain_no, list_id, list_index,
			valid_from, valid_until, reserved_at, issued_at, closed_at, closed_by, reason, accepted_at, failed_at, deleted_at, grace, supersedes, replaced_by, replace_at, representative_id`,
			id, access.Person, sd, "dc+sd-jwt", access.ID, access.ID, id.String(), "reserved", "key", "holder", object{"given_name": nonce, "family_name": nonce, "birth_date": nonce}, 1, gate["chain_no"],
			"bare", b.index.Add(1), now, now, now, nil, nil, "", "", nil, nil, nil, 0, nil, nil, nil, nil)
	})
}

func (b *bare) record(ctx context.Context, access sealed, id uuid.UUID) error {
	return b.write(ctx, func(q *query) {
		q.row(`SELECT * FROM issuance WHERE issuer = $1 AND response_id IN (SELECT response_id FROM issuance WHERE issuer = $2 AND id IN ($3)) AND state IN ($4)
			ORDER BY id FOR UPDATE`, rootIssuer, rootIssuer, id, "reserved")
		q.exec(`UPDATE issuance SET issued_at = $1, state = $2 WHERE id IN ($3) AND issuer = $4`, time.Now(), "issued", id, rootIssuer)
		offer := q.row(`SELECT id, config_ids, created_by, created_at, replaces FROM credential_offer
			WHERE issuer = $1 AND id = (SELECT offer_id FROM issue_grant WHERE issuer = $2 AND id = $3) FOR UPDATE`, rootIssuer, rootIssuer, access.ID)
		if offer != nil {
			q.row(`SELECT COUNT(DISTINCT(config_id)) FROM issuance WHERE grant_id = $1 AND issued_at IS NOT NULL AND issuer = $2`, access.ID, rootIssuer)
			q.exec(`UPDATE credential_offer SET state = $1 WHERE id = $2 AND state IN ($3) AND issuer = $4`, "issued", offer["id"], "redeemed", rootIssuer)
			q.event(id, access.Person, "offered")
		}
		q.event(id, access.Person, "issued")
		q.row(`SELECT kind FROM issue_grant WHERE issuer = $1 AND id = $2`, rootIssuer, access.ID)
		q.exec(`DELETE FROM standing_reissue WHERE issuer = $1 AND registrant_id = $2 AND config_id = $3`, rootIssuer, access.Person, sd)
	})
}

func (q *query) event(issuance, person uuid.UUID, step string) {
	q.insert("issuance_event", "id, issuance_id, registrant_id, step, at, by, reason, told_at", uuid.New(), issuance, person, step, time.Now(), "bare", "", nil)
}

func formOf(r *http.Request) (url.Values, error) {
	err := r.ParseForm()
	return r.PostForm, err
}
