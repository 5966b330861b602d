// Package ledger keeps the state of the issuer in the database: wrapped signing
// keys, credential configurations, offers, grants, ids that may be used once,
// issuances, status lists, standing re-issues and the follower's position.
//
// Every exported method is one transaction. The package decides whether a step
// may happen (a code twice, a nonce twice, a record that moved); it neither
// signs nor reads a person's values. Of a credential it stores keyed hashes of
// the issued values, never the values.
package ledger
