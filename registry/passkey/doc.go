// Package passkey runs the ceremonies of Web Authentication (W3C WebAuthn Level 3):
// how a passkey is made, and how its owner signs in with it. It decides what is asked
// for: keys that are found without a user name, user verification always, no
// attestation. It keeps nothing: the caller keeps challenges and credentials.
//
// No other package imports github.com/go-webauthn.
package passkey
