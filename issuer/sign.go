package issuer

import (
	"fmt"

	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/issuer/sdjwt"
)

// sign is the one place where a credential is signed. It adds nothing to the
// statement but what its format asks for.
func (i *Issuer) sign(s statement) (any, error) {
	switch s.Format {
	case oid4vci.FormatLDP:
		return i.signLDP(s)
	case oid4vci.FormatSDJWT:
		return i.signSDJWT(s)
	}
	return nil, fmt.Errorf("format %q is not known", s.Format)
}

// signLDP makes a W3C credential (VCDM 2.0) with a proof by eddsa-rdfc-2022. A
// claim without a term in the contexts is an error of Sign, never left out.
func (i *Issuer) signLDP(s statement) (map[string]any, error) {
	return dataintegrity.Sign(i.contexts, i.ldpDocument(s), s.key.Signer, i.method(s.key), s.ValidFrom)
}

// method names a key in our DID document.
func (i *Issuer) method(k keys.Key) string { return i.did + "#" + k.KID }

// ldpDocument is the credential without its proof (VCDM 2.0 §4).
func (i *Issuer) ldpDocument(s statement) map[string]any {
	subject := map[string]any{"id": s.proof.DID}
	for claim, v := range s.claims {
		subject[claim] = v
	}
	return map[string]any{
		"@context":          i.ldpContexts(),
		"id":                "urn:uuid:" + s.ID.String(),
		"type":              ldpTypes(s.config),
		"issuer":            i.did,
		"validFrom":         dateTime(s.ValidFrom),
		"validUntil":        dateTime(s.ValidUntil),
		"credentialSubject": subject,
		"credentialStatus":  i.credentialStatus(s.config, s.ListID, s.ListIndex),
	}
}

// signSDJWT makes an SD-JWT VC (RFC 9901). Every claim about the person can be
// disclosed on its own; what says who vouches, until when and for whom cannot
// be left out (SD-JWT VC §3.2.2.2).
func (i *Issuer) signSDJWT(s statement) (string, error) {
	return sdjwt.Issue{
		Key: s.key.Signer, Alg: s.key.Alg, KID: s.key.KID,
		Plain: map[string]any{
			"iss": i.url, "vct": i.vct(s.config), "cnf": confirmation(s.proof),
			"iat": s.ValidFrom.Unix(), "nbf": s.ValidFrom.Unix(), "exp": s.ValidUntil.Unix(),
			"status": map[string]any{"status_list": map[string]any{ // Token Status List §6.1
				"idx": s.ListIndex, "uri": i.listURL(ledger.TokenList, s.ListID)}},
		},
		Disclose: s.claims,
	}.Sign()
}

// confirmation names the holder's key as the wallet named it in its proof: the
// key itself, or a DID URL. Wallets refuse the other form.
func confirmation(p oid4vci.Proof) map[string]any {
	if p.JWK != nil {
		return map[string]any{"jwk": p.JWK}
	}
	return map[string]any{"kid": p.KID}
}
