// Package specimen makes the test vectors of offline verification: credentials of
// every format, good and bad, each with the outcome that it was made to have.
//
// One file drives every verifier: package verify, the ES module and the page. Write
// it by
//
//	go run ./scripts/vectors FILE
//
// It is JSON: {"about", "bundles": {name: payload of a trust bundle}, "vectors":
// [{"name", "format", "outcome", "at", "bundle", "data", "claims"?, "binding"?,
// "holder"?, "refresh"?, "messages"?}]}. A vector's data is the text of the credential
// as srverify reads it, and bundle the name of what the verifier trusts. The outcome is
// what the maker meant, never what a verifier said. Claims stand where something may be
// shown: they are all that may. Where binding {"nonce", "audience"} stands, the
// verifier asked for a proof of who holds it, and holder is the result of that check.
// Refresh and messages are hints of the status.
//
// All of it follows from a seed, salts and signatures too (RFC 6979): two runs make the
// same bytes. Nothing of it is secret, and nothing here is for
// use outside of tests: it makes what must be refused.
package specimen
