// Package contexts holds the JSON-LD contexts that this service signs and
// verifies under, embedded, and turns a JSON-LD document into the canonical
// N-Quads that a Data Integrity signature covers.
//
// It implements RDF Dataset Canonicalization 1.0 (RDFC-1.0, W3C Recommendation
// of 21 May 2024) over JSON-LD 1.1 expansion. Nothing is ever fetched: a context
// that is neither embedded nor given to New is an error. Whatever expansion or
// the conversion to RDF would drop without a word, and so leave unsigned, is an
// error too. It signs nothing and knows no credential. It is the only importer
// of json-gold.
//
// SOURCES.md says where each embedded context is from, its licence and hash.
package contexts
