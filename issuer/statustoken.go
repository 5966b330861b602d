package issuer

import (
	"encoding/json"
	"errors"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/cwt"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/status"
)

// tokenBits is the width of an entry in a Token Status List: room for three values.
const tokenBits = 2

// tokenValue puts a state into the values of Token Status List §7.1.
func tokenValue(e ledger.StatusEntry) byte {
	switch e.State {
	case ledger.Withdrawn, ledger.Failed:
		return status.Invalid
	case ledger.Suspended:
		return status.Suspended
	}
	return status.Valid
}

// signTokenList makes a Status List Token (Token Status List §5.1). Its ttl is in
// seconds.
func (i *Issuer) signTokenList(list ledger.StatusList, entries []ledger.StatusEntry, now time.Time) ([]byte, error) {
	bits, err := fill(list, tokenBits, tokenValue, entries)
	if err != nil {
		return nil, err
	}
	key, err := i.ring.Current(jose.ES256, now)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(map[string]any{
		"iss": i.url, "sub": i.listURL(list.Kind, list.ID), "iat": now.Unix(), "exp": now.Add(statusLife).Unix(), "ttl": int64(statusTTL.Seconds()),
		"status_list": map[string]any{"bits": tokenBits, "lst": bits.TokenList(), "aggregation_uri": i.aggregationURL()},
	})
	if err != nil {
		return nil, err
	}
	header := map[string]any{"typ": "statuslist+jwt", "kid": key.KID}
	if chain, err := i.chain(key, now); err == nil { // HAIP 1.0 §6.1: by x5c where there are certificates
		header["x5c"] = chain
	}
	signed, err := jose.Sign(key.Signer, key.Alg, header, payload)
	return []byte(signed), err
}

// signTokenListCWT makes the same as a CWT (Token Status List §5.2).
func (i *Issuer) signTokenListCWT(list ledger.StatusList, entries []ledger.StatusEntry, now time.Time) ([]byte, error) {
	bits, err := fill(list, tokenBits, tokenValue, entries)
	if err != nil {
		return nil, err
	}
	key, err := i.ring.Current(jose.ES256, now)
	if err != nil {
		return nil, err
	}
	chain, err := i.chainDER(key, now)
	if err != nil && !errors.Is(err, keys.ErrNoCertificate) {
		return nil, err
	}
	return cwt.Claims{
		Subject: i.listURL(list.Kind, list.ID), Issued: now, Expires: now.Add(statusLife), TTL: statusTTL,
		Bits: tokenBits, List: bits.Packed(), Aggregation: i.aggregationURL(),
	}.Sign(key.Signer, key.KID, chain)
}
