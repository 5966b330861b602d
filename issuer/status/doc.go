// Package status encodes and decodes the two kinds of status lists, and spreads
// consecutive numbers over a list so that an index says nothing about when, or
// to whom, it was given out.
//
// It implements the lists of Token Status List (draft-ietf-oauth-status-list-20
// §4) and of Bitstring Status List 1.0 (W3C Recommendation of 15 May 2025 §3).
// It signs nothing and keeps nothing: who has which index is in issuer/ledger.
package status
