package issuer

import (
	"errors"

	"socialregistry/contexts"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/jwtvc"
)

// errSuite says that the key is not of the suite that the configuration promises.
var errSuite = errors.New("issuer: the signing key is not of the configuration's suite")

// signLDP makes a W3C credential (VCDM 2.0) with a Data Integrity proof. A claim
// without a term in the contexts is an error of Sign, never left out.
func (i *Issuer) signLDP(s statement) (map[string]any, error) {
	if suite, err := dataintegrity.SuiteOf(s.key.Public()); err != nil || suite != s.config.Suite {
		return nil, errSuite
	}
	return dataintegrity.Sign(i.contexts, i.ldpDocument(s), s.key.Signer, i.method(s.key), s.ValidFrom)
}

// ldpDocument is the credential without its proof (VCDM 2.0 §4).
func (i *Issuer) ldpDocument(s statement) map[string]any {
	subject := map[string]any{"id": s.proof.DID}
	for claim, v := range s.claims {
		subject[claim] = v
	}
	return map[string]any{
		"@context":          i.ldpContexts(),
		"id":                credentialID(s),
		"type":              w3cTypes(s.config),
		"issuer":            i.did,
		"validFrom":         dateTime(s.ValidFrom),
		"validUntil":        dateTime(s.ValidUntil),
		"credentialSubject": subject,
		"credentialStatus":  i.credentialStatus(s.config, s.ListID, s.ListIndex),
	}
}

// signJWTVC makes a W3C credential of data model 1.1 as a JWT with a vc claim
// (OID4VCI 1.0 appendix A.1.1): what wallets mean by jwt_vc_json.
func (i *Issuer) signJWTVC(s statement) (string, error) {
	return jwtvc.Content{
		ID: credentialID(s), Issuer: i.did, Holder: s.proof.DID,
		Contexts: []string{contexts.StatusV1, i.contextIRI}, Types: []string{s.config.Type},
		ValidFrom: s.ValidFrom, ValidUntil: s.ValidUntil, Claims: s.claims, Status: i.credentialStatus(s.config, s.ListID, s.ListIndex),
	}.Sign(s.key.Signer, s.key.Alg, i.method(s.key))
}

func (i *Issuer) ldpContexts() []string { return []string{contexts.CredentialsV2, i.contextIRI} }

func w3cTypes(c Configuration) []string { return []string{"VerifiableCredential", c.Type} }
