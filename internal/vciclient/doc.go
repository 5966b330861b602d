// Package vciclient is the wallet's side of OpenID4VCI 1.0 (Final) and of what it
// stands on: PAR, PKCE, DPoP, client authentication by private_key_jwt and by
// wallet attestation, the credential, deferred, nonce and notification endpoints,
// encryption of requests and answers.
//
// It is written from the specifications and shares no protocol code with the
// issuer, so that one misreading cannot pass on both sides. It takes nothing on
// trust that the specification lets it check. Each step is made before it is
// sent (Request), so that a conformance test can send it changed.
//
// It keeps nothing, and it does not check credentials: cmd/srwallet does.
package vciclient
