package oid4vci

// NonceResponse is the answer of the nonce endpoint (OID4VCI 1.0 §7.2). It must
// be sent with Cache-Control: no-store.
type NonceResponse struct {
	CNonce string `json:"c_nonce"`
}

// CredentialResponse is the successful answer of the credential endpoint with
// the credentials at once (OID4VCI 1.0 §8.3).
type CredentialResponse struct {
	Credentials []IssuedCredential `json:"credentials"`
}

// IssuedCredential is one credential: a string for dc+sd-jwt, a JSON object
// (map or raw JSON) for ldp_vc (OID4VCI 1.0 appendix A).
type IssuedCredential struct {
	Credential any `json:"credential"`
}

// NewCredentialResponse answers with one credential.
func NewCredentialResponse(credential any) CredentialResponse {
	return CredentialResponse{Credentials: []IssuedCredential{{Credential: credential}}}
}
