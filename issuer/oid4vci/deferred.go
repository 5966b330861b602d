package oid4vci

// maxTransactionID bounds a transaction_id and a notification_id, in bytes.
const maxTransactionID = 4096

// DeferredRequest is a parsed request to the deferred credential endpoint
// (OID4VCI 1.0 §9.1). Its encryption replaces that of the first request; without
// any, the answer goes in the clear.
type DeferredRequest struct {
	TransactionID string
	Encryption    *ResponseEncryption
}

// ParseDeferredRequest reads the body of a deferred credential request. Unknown
// members are ignored. Errors are *oauth.Error (§9.3): invalid_credential_request,
// invalid_transaction_id, invalid_encryption_parameters.
func ParseDeferredRequest(body []byte, policy RequestPolicy) (DeferredRequest, error) {
	members, err := decodeRequest(body)
	if err != nil {
		return DeferredRequest{}, err
	}
	var req DeferredRequest
	v, given := members["transaction_id"]
	req.TransactionID, _ = v.(string)
	switch {
	case !given:
		return DeferredRequest{}, InvalidCredentialRequest("The member transaction_id is missing.")
	case req.TransactionID == "":
		return DeferredRequest{}, InvalidCredentialRequest("The member transaction_id must be a string.")
	case len(req.TransactionID) > maxTransactionID:
		return DeferredRequest{}, InvalidTransactionID()
	}
	if req.Encryption, err = responseEncryption(members, policy); err != nil {
		return DeferredRequest{}, err
	}
	return req, nil
}
