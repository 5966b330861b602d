package oid4vci

import (
	"encoding/json"
	"fmt"
	"time"
)

// MetadataType is the typ header of signed metadata (OID4VCI 1.0 §12.2.3).
const MetadataType = "openidvci-issuer-metadata+jwt"

// Claims gives the payload of signed metadata (§12.2.3): every member of the
// metadata at the top, with sub, iss, iat and exp.
func (m Metadata) Claims(now time.Time, life time.Duration) ([]byte, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the metadata: %w", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil, fmt.Errorf("encode the metadata: %w", err)
	}
	claims["sub"], claims["iss"] = m.CredentialIssuer, m.CredentialIssuer
	claims["iat"], claims["exp"] = now.Unix(), now.Add(life).Unix()
	return json.Marshal(claims)
}
