// Package journal keeps, in a folder outside the database, what a restored backup
// of the database must not undo: which positions of status lists were leased, what
// became of credentials, which keys were revoked, and how far the life of the
// issuer had come. It is written ahead of every effect: before an index is handed
// out, and before a status list shows a withdrawal.
//
// The file is append-only; each line carries a MAC under a key that is derived
// from the master key. It holds indices and ids, and nothing about a person.
// Several processes may share one folder. It knows no database: what follows from
// a journal that knows more than the database is decided in package issuer.
package journal
