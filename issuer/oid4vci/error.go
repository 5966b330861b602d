package oid4vci

import "socialregistry/issuer/oauth"

// The error codes of the credential endpoint (OID4VCI 1.0 §8.3.1.2), of the
// deferred credential endpoint (§9.3) and of the notification endpoint (§11.3).
const (
	CodeInvalidCredentialRequest       = "invalid_credential_request"
	CodeUnknownCredentialConfiguration = "unknown_credential_configuration"
	CodeUnknownCredentialIdentifier    = "unknown_credential_identifier"
	CodeInvalidProof                   = "invalid_proof"
	CodeInvalidNonce                   = "invalid_nonce"
	CodeInvalidEncryptionParameters    = "invalid_encryption_parameters"
	CodeCredentialRequestDenied        = "credential_request_denied"
	CodeInvalidTransactionID           = "invalid_transaction_id"
	CodeInvalidNotificationID          = "invalid_notification_id"
	CodeInvalidNotificationRequest     = "invalid_notification_request"
)

// InvalidCredentialRequest: the request is malformed, misses a parameter or has
// one that is not supported.
func InvalidCredentialRequest(description string) *oauth.Error {
	return oauth.NewError(CodeInvalidCredentialRequest, description, 400)
}

// UnknownCredentialConfiguration: no such credential_configuration_id.
func UnknownCredentialConfiguration(description string) *oauth.Error {
	return oauth.NewError(CodeUnknownCredentialConfiguration, description, 400)
}

// UnknownCredentialIdentifier: no such credential_identifier.
func UnknownCredentialIdentifier(description string) *oauth.Error {
	return oauth.NewError(CodeUnknownCredentialIdentifier, description, 400)
}

// InvalidProof: proofs are missing, or a proof is not good.
func InvalidProof(description string) *oauth.Error {
	return oauth.NewError(CodeInvalidProof, description, 400)
}

// InvalidNonce: the c_nonce in a proof is not ours, over or used; the wallet
// should ask for a new one and try again.
func InvalidNonce(description string) *oauth.Error {
	return oauth.NewError(CodeInvalidNonce, description, 400)
}

// InvalidEncryptionParameters: the wallet wants an encrypted answer in a way
// that the issuer does not support.
func InvalidEncryptionParameters(description string) *oauth.Error {
	return oauth.NewError(CodeInvalidEncryptionParameters, description, 400)
}

// CredentialRequestDenied: the issuer refuses; the wallet should not retry.
func CredentialRequestDenied(description string) *oauth.Error {
	return oauth.NewError(CodeCredentialRequestDenied, description, 400)
}

// InvalidTransactionID: the transaction_id is unknown, used, over, or another's
// (§9.3); one text for all of them, so that it tells nothing.
func InvalidTransactionID() *oauth.Error {
	return oauth.NewError(CodeInvalidTransactionID, "The transaction_id is not valid, or its credentials were given out.", 400)
}

// InvalidNotificationID: the notification_id is unknown, over, or another's
// (§11.3); one text for all of them.
func InvalidNotificationID() *oauth.Error {
	return oauth.NewError(CodeInvalidNotificationID, "The notification_id is not valid.", 400)
}

// InvalidNotificationRequest: the notification is malformed or misses a member
// (§11.3).
func InvalidNotificationRequest(description string) *oauth.Error {
	return oauth.NewError(CodeInvalidNotificationRequest, description, 400)
}
