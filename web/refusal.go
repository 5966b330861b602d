package web

// refusals are the error codes that a wallet can meet, in the order in which it
// meets them, with the endpoint where it first does. Their words are in the
// locales; a test holds the list against the codes of the protocol packages.
func refusals() []refusal {
	return []refusal{
		{Code: "invalid_request", Where: "/oid4vci/par"},
		{Code: "invalid_client", Where: "/oid4vci/par"},
		{Code: "unauthorized_client", Where: "/oid4vci/par"},
		{Code: "invalid_client_attestation", Where: "/oid4vci/par"},
		{Code: "use_attestation_challenge", Where: "/oid4vci/par"},
		{Code: "invalid_dpop_proof", Where: "/oid4vci/par"},
		{Code: "use_dpop_nonce", Where: "/oid4vci/par"},
		{Code: "invalid_scope", Where: "/oid4vci/par"},
		{Code: "invalid_authorization_details", Where: "/oid4vci/par"},
		{Code: "invalid_target", Where: "/oid4vci/par"},
		{Code: "request_not_supported", Where: "/oid4vci/par"},
		{Code: "unsupported_response_type", Where: "/oid4vci/par"},
		{Code: "invalid_request_uri", Where: "/oid4vci/authorize"},
		{Code: "access_denied", Where: "/oid4vci/authorize"},
		{Code: "invalid_grant", Where: "/oid4vci/token"},
		{Code: "unsupported_grant_type", Where: "/oid4vci/token"},
		{Code: "unsupported_token_type", Where: "/oid4vci/revoke"},
		{Code: "invalid_token", Where: "/oid4vci/credential"},
		{Code: "insufficient_scope", Where: "/oid4vci/credential"},
		{Code: "invalid_credential_request", Where: "/oid4vci/credential"},
		{Code: "unknown_credential_configuration", Where: "/oid4vci/credential"},
		{Code: "unknown_credential_identifier", Where: "/oid4vci/credential"},
		{Code: "invalid_proof", Where: "/oid4vci/credential"},
		{Code: "invalid_nonce", Where: "/oid4vci/credential"},
		{Code: "invalid_encryption_parameters", Where: "/oid4vci/credential"},
		{Code: "credential_request_denied", Where: "/oid4vci/credential"},
		{Code: "invalid_transaction_id", Where: "/oid4vci/deferred"},
		{Code: "invalid_notification_id", Where: "/oid4vci/notification"},
		{Code: "invalid_notification_request", Where: "/oid4vci/notification"},
		{Code: "temporarily_unavailable", Where: "*"},
		{Code: "server_error", Where: "*"},
	}
}
