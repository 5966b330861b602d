// Package conformance holds the server to the issuer modules of the OpenID
// Foundation's conformance suite: each module is a subtest that carries its name.
//
// The server is the program as it is delivered, in a process of its own behind its
// own TLS. The browser's step fills in the forms of the pages. Wallets are made by
// internal/vciclient, which shares no protocol code with the server. What must be
// refused is written out as bytes, a good request with one change. It has no code
// but tests.
package conformance
