package issuer

import (
	"errors"
	"maps"
	"time"

	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/issuer/sdjwt"
)

// signSDJWT makes an SD-JWT VC (RFC 9901). What of the claims about the person can be
// left out says the configuration; what says who vouches, until when and for whom
// never can (SD-JWT VC §3.2.2.2).
func (i *Issuer) signSDJWT(s statement) (string, error) {
	header, err := i.x5c(s.key, i.now())
	if err != nil {
		return "", err
	}
	claims := s.config.disclosures(s.claims)
	maps.Copy(claims, map[string]any{
		"iss": i.url, "cnf": confirmation(s.proof),
		"iat": s.ValidFrom.Unix(), "nbf": s.ValidFrom.Unix(), "exp": s.ValidUntil.Unix(),
		"status": map[string]any{"status_list": map[string]any{ // Token Status List §6.1
			"idx": s.ListIndex, "uri": i.listURL(ledger.TokenList, s.ListID)}},
	})
	maps.Copy(claims, i.types[s.config.Type].claims())
	return sdjwt.Issue{Key: s.key.Signer, Alg: s.key.Alg, KID: s.key.KID, Header: header, Plain: claims, Decoys: s.config.Decoys}.Sign()
}

// x5c gives the header that lets a verifier find the key by certificates (HAIP
// 1.0 §6.1.1), beside the kid, which finds it in the issuer's metadata. A key
// without certificates has the latter alone.
func (i *Issuer) x5c(k keys.Key, at time.Time) (map[string]any, error) {
	chain, err := i.chain(k, at)
	if errors.Is(err, keys.ErrNoCertificate) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"x5c": chain}, nil
}

// confirmation names the holder's key as the wallet named it in its proof: the
// key itself, or a DID URL. Wallets refuse the other form.
func confirmation(p oid4vci.Proof) map[string]any {
	if p.JWK != nil {
		return map[string]any{"jwk": p.JWK}
	}
	return map[string]any{"kid": p.KID}
}
