// Package ariesvdr resolves DIDs with the verifiable data registry of
// aries-framework-go v0.3.2: did:key and did:web by its own methods, did:jwk by
// a small one plugged in here. It is the only importer of aries' DID packages,
// so that an archived dependency can be taken out in one place.
//
// It guards what aries leaves open: lengths, panics, and for did:web the list
// of hosts, private addresses, redirects, time, size, and the document's id.
// It gives the verification methods as they stand in the document; their keys
// are checked in package did.
package ariesvdr
