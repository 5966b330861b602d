// Package attestation holds the rules by which values of a record become
// attested: the states and the moves between them, the policy that a field can
// have, and what the clock does.
//
// It is pure: it is told where a value stands and who decides, reads nothing and
// knows no field by name. Who holds which role, and what a record says, is the
// registry's business.
//
// Requirements: line R8 of docs/compliance/social-registry.md.
package attestation
