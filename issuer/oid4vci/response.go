package oid4vci

// NonceResponse is the answer of the nonce endpoint (OID4VCI 1.0 §7.2). It must
// be sent with Cache-Control: no-store.
type NonceResponse struct {
	CNonce string `json:"c_nonce"`
}

// CredentialResponse is the successful answer of the credential endpoint and of
// the deferred credential endpoint (OID4VCI 1.0 §8.3, §9.2): Credentials and
// perhaps NotificationID; or, if the credentials are not ready, TransactionID
// and Interval, in seconds.
type CredentialResponse struct {
	Credentials    []IssuedCredential `json:"credentials,omitempty"`
	NotificationID string             `json:"notification_id,omitempty"`
	TransactionID  string             `json:"transaction_id,omitempty"`
	Interval       int                `json:"interval,omitempty"`
}

// Deferred says that the credentials are not ready: the answer is a 202 (§8.3,
// §9.2).
func (r CredentialResponse) Deferred() bool { return r.TransactionID != "" }

// IssuedCredential is one credential: a string for dc+sd-jwt, a JSON object
// (map or raw JSON) for ldp_vc (OID4VCI 1.0 appendix A).
type IssuedCredential struct {
	Credential any `json:"credential"`
}

// NewCredentialResponse answers with credentials, one for each key of the
// request; notificationID stands for all of them (§11.1).
func NewCredentialResponse(notificationID string, credentials ...any) CredentialResponse {
	r := CredentialResponse{NotificationID: notificationID}
	for _, c := range credentials {
		r.Credentials = append(r.Credentials, IssuedCredential{Credential: c})
	}
	return r
}
