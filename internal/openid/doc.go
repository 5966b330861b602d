// Package openid lets people sign in by an OpenID Provider: discovery, the
// authorization code flow with PKCE (S256), private_key_jwt, the ID Token and
// UserInfo. It reaches the provider's own host and no other, within bounds of time
// and size, and keeps what it discovered while the provider is away.
//
// It knows nothing of accounts: whoever calls it makes state, nonce and verifier,
// binds them to a browser, and decides whom the claims stand for.
package openid
