package specimen

import (
	"encoding/base64"
	"strings"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/jwtvc"
	"socialregistry/issuer/mdoc"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/verify"
)

// variant is a format with what signs it.
type variant struct {
	format, curve string
	profile       claim169.Profile // of codes
}

func (v variant) String() string {
	if v.profile != "" {
		return v.format + " " + string(v.profile) + " " + v.alg()
	}
	return v.format + " " + v.alg()
}

func (v variant) alg() string {
	if v.curve == "ed" {
		return jose.EdDSA
	}
	return jose.ES256
}

// variants lists all.
func variants() []variant {
	return []variant{{verify.FormatSDJWT, "es", ""}, {verify.FormatSDJWT, "ed", ""}, {verify.FormatLDP, "ed", ""}, {verify.FormatLDP, "es", ""},
		{verify.FormatJWTVC, "ed", ""}, {verify.FormatJWTVC, "es", ""}, {verify.FormatMdoc, "es", ""},
		{verify.FormatClaim169, "ed", claim169.Spec}, {verify.FormatClaim169, "es", claim169.Spec}, {verify.FormatClaim169, "es", claim169.Inji}}
}

// plan is what a credential says, in whatever format.
type plan struct {
	key               string // ends its name: 1 of es-1
	signer            string // signs in the name of key; "": key
	made, from, until time.Time
	list              string // name of the status list; "": it has none
	index             int
}

// usual is a credential that is in order.
func usual() plan {
	return plan{key: "1", made: day(2026, 11, 1), from: day(2026, 11, 1), until: day(2026, 12, 1), list: "now", index: valid}
}

// person is what all credentials say of somebody.
func person(format string) map[string]any {
	switch format {
	case verify.FormatSDJWT, verify.FormatMdoc:
		return map[string]any{"given_name": "Amina", "family_name": "Diallo"}
	case verify.FormatClaim169:
		return map[string]any{"id": "2847-1029-4416", "full_name": "Amina Diallo", "birth_date": "1990-04-12", "gender": "female"}
	}
	return map[string]any{"givenName": "Amina", "familyName": "Diallo"}
}

// names gives the key that a plan names, and the one that signs.
func (p plan) names(v variant) (kid, signer string) {
	kid = v.curve + "-" + p.key
	if p.signer == "" {
		return kid, kid
	}
	return kid, v.curve + "-" + p.signer
}

// credential makes one in the form of a variant.
func (g *generator) credential(v variant, p plan) string {
	switch v.format {
	case verify.FormatSDJWT:
		return g.sign(g.sdIssue(v, p))
	case verify.FormatLDP:
		return g.prove(v, p, g.doc(p))
	case verify.FormatJWTVC:
		return g.jwt(v, p)
	case verify.FormatClaim169:
		return g.code(g.codeIssue(v, p))
	}
	return g.encode(g.mdocIssue(v, p))
}

func (g *generator) sdIssue(v variant, p plan) sdjwt.Issue {
	kid, signer := p.names(v)
	i := sdjwt.Issue{Key: g.key(signer), Alg: v.alg(), KID: kid, Disclose: person(v.format), Rand: g.salts,
		Plain: map[string]any{"iss": url, "iat": p.made.Unix(), "nbf": p.from.Unix(), "exp": p.until.Unix(), "vct": vct, "cnf": map[string]any{"kid": holderDID}}}
	if p.list != "" {
		i.Plain["status"] = map[string]any{"status_list": map[string]any{"idx": p.index, "uri": tokenURI(p.list)}}
	}
	return i
}

func (g *generator) sign(i sdjwt.Issue) string {
	s, err := i.Sign()
	g.fail(err)
	return s
}

// doc is the credential of data model 2.0 without its proof.
func (g *generator) doc(p plan) map[string]any {
	d := map[string]any{"@context": []any{contexts.CredentialsV2, g.iri}, "id": "urn:uuid:4f7a2f0e-6c0e-4b8e-9b6e-0a6a3a3b0c11",
		"type": []any{"VerifiableCredential", ldpType}, "issuer": did, "validFrom": stamp(p.from), "validUntil": stamp(p.until),
		"credentialSubject": map[string]any{"id": holderDID, "givenName": "Amina", "familyName": "Diallo"}}
	if p.list != "" {
		d["credentialStatus"] = []any{entry(p, "revocation"), entry(p, "suspension")}
	}
	return d
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (g *generator) prove(v variant, p plan, doc map[string]any) string {
	kid, signer := p.names(v)
	signed, err := dataintegrity.Sign(g.set, doc, g.key(signer), did+"#"+kid, p.made)
	g.fail(err)
	return string(g.json(signed))
}

func (g *generator) jwtContent(v variant, p plan) jwtvc.Content {
	c := jwtvc.Content{ID: "urn:uuid:4f7a2f0e-6c0e-4b8e-9b6e-0a6a3a3b0c12", Issuer: did, Holder: holderDID, Contexts: []string{g.iri}, Types: []string{ldpType},
		ValidFrom: p.from, ValidUntil: p.until, Claims: person(v.format)}
	if p.list != "" {
		c.Status = []any{entry(p, "revocation"), entry(p, "suspension")}
	}
	return c
}

func (g *generator) jwt(v variant, p plan) string {
	kid, signer := p.names(v)
	token, err := g.jwtContent(v, p).Sign(g.key(signer), v.alg(), did+"#"+kid)
	g.fail(err)
	return token
}

func (g *generator) mdocIssue(v variant, p plan) mdoc.Issue {
	kid, signer := p.names(v)
	i := mdoc.Issue{Key: g.key(signer), Chain: [][]byte{g.leaf(kid, day(2026, 1, 2), day(2029, 1, 1))}, DocType: docType, DeviceKey: g.key("es-holder").Public(),
		Elements: map[string]map[string]any{docType: person(v.format)}, Signed: p.made, ValidFrom: p.from, ValidUntil: p.until, Rand: g.salts}
	if p.list != "" {
		i.Status = &mdoc.Status{Index: int64(p.index), URI: tokenURI(p.list)}
	}
	return i
}

func (g *generator) encode(i mdoc.Issue) string {
	raw, err := i.Sign()
	g.fail(err)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (g *generator) codeIssue(v variant, p plan) claim169.Issue {
	kid, signer := p.names(v)
	i := claim169.Issue{Profile: v.profile, Key: g.key(signer), KID: g.coseKID(kid), Issuer: url, Issued: p.made, NotBefore: p.from, Expires: p.until,
		Attributes: map[int]any{claim169.ID: "2847-1029-4416", claim169.FullName: "Amina Diallo", claim169.BirthDate: "19900412", claim169.Gender: 2}}
	if p.list != "" {
		i.Status = &claim169.Status{Index: int64(p.index), URI: tokenURI(p.list)}
	}
	return i
}

func (g *generator) code(i claim169.Issue) string {
	s, err := i.Sign()
	g.fail(err)
	return s
}

// coseKID is how codes name a key.
func (g *generator) coseKID(name string) []byte {
	kid, err := claim169.KIDOf(g.key(name).Public())
	g.fail(err)
	return kid
}

// compact is the text of a JWT in its three parts.
func compact(token string) (header, payload, signature string) {
	parts := strings.SplitN(token, ".", 3)
	return parts[0], parts[1], parts[2]
}
