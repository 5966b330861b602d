// Package totp makes and checks the codes of authenticator apps (RFC 6238): six digits,
// a new code every 30 seconds, HMAC-SHA-1, which is what every app knows.
//
// It keeps nothing. The caller keeps the secret sealed, and the step of the last code
// that was right, so that no code does twice.
package totp
